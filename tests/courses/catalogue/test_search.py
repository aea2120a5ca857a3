"""Chinese search: two characters, synonyms, pinyin, English, moments in lectures, odd input."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modelsearch.query import MATCH_ALL, And, Boost, Not, Or, Phrase, PlainText
from wagtail.models import Page

from courses.catalogue import services
from courses.catalogue.models import CoursePage
from courses.catalogue.queries import search_courses
from courses.catalogue.search import rewritten
from courses.catalogue.terms import excerpt, excerpt_by_sound, indexed, pieces, terms_of, variants
from courses.catalogue.wording import CJK, pinyin_of, plain, sounds
from tests.factories.catalogue import CoursePageFactory
from tests.factories.media import TrackFactory


def published(**fields):
    page = CoursePageFactory(**fields)
    page.save_revision().publish()
    return CoursePage.objects.get(pk=page.pk)


@pytest.fixture
def courses(db):
    published(
        code="B701",
        title="检验检测机构资质认定评审准则解读",
        title_en="Assessment criteria",
        teacher="林若曦",
    )
    published(
        code="B702",
        title="测量不确定度入门",
        title_en="Measurement uncertainty",
        teacher="陆子墨",
        purpose="会算。",
    )


def codes(query, **fields):
    return [one.course.code for one in search_courses(query, **fields)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("资质认定", {"B701"}),
        ("认定", {"B701"}),
        ("认证", {"B701"}),
        ("评审准则", {"B701"}),
        ("资质 解读", {"B701"}),
        ("评", {"B701"}),
        ("不确定度", {"B702"}),
        ("b702", {"B702"}),
        ("uncertainty", {"B702"}),
        ("Measurement UNCERTAINTY", {"B702"}),
        ("陆子墨", {"B702"}),
        ("zizhirending", {"B701"}),
        ("zzrd", {"B701"}),
        ("rending", {"B701"}),
        ("renzheng", {"B701"}),
        ("buquedingdu", {"B702"}),
        ("bqdd", {"B702"}),
        ("luzimo", {"B702"}),
        ("资质，认定！", {"B701"}),
        ("", {"B701", "B702"}),
        ("   ", {"B701", "B702"}),
        ("量子色动力学", set()),
        ("准审", set()),
        ("?!…", set()),
        ('"', set()),
    ],
)
def test_queries_find(courses, query, found):
    assert set(codes(query)) == found


def test_a_title_comes_before_a_mention(courses):
    published(code="B703", title="质量控制", purpose="也谈不确定度。")
    assert codes("不确定度") == ["B702", "B703"]


def test_filters_narrow(courses):
    assert codes("不确定度", topic="green") == []
    assert codes("不确定度", mandatory=False) == []
    assert codes("不确定度", topic="compliance", mandatory=True) == ["B702"]


def test_hits_say_where(courses):
    (found,) = search_courses("认证")
    assert [(hit.field, hit.excerpt.hit) for hit in found.hits] == [("title", "认定")]
    (found,) = search_courses("rending")
    assert found.hits[0].excerpt.hit == "认定"


def test_what_a_lecture_says_is_found_with_its_time(courses):
    page = CoursePage.objects.get(code="B702")
    TrackFactory(
        lecture=page.lessons[0].value["lecture"],
        vtt="WEBVTT\n\n00:07.500 --> 00:09.000\n均匀分布用半宽度除以根号三\n",
    )
    assert codes("均匀分布") == []
    services.transcribe(edition=page.course.current)
    (found,) = search_courses("均匀分布")
    (moment,) = found.moments
    assert (found.course.code, moment.start_ms, moment.clock) == ("B702", 7500, "0:07")
    assert (moment.excerpt.hit, moment.lesson_key) == ("均匀分布", page.lessons[0].id)


def test_what_is_withdrawn_is_not_found(courses):
    CoursePage.objects.get(code="B702").unpublish()
    assert codes("不确定度") == []


def test_the_former_words_are_not_found(courses):
    page = CoursePage.objects.get(code="B702").get_latest_revision_as_object()
    page.title = "改了名字"
    page.save_revision().publish()
    assert codes("不确定度入门") == []
    assert codes("改了名字") == ["B702"]


def test_questions_are_not_searched(courses):
    assert codes("选项A") == []
    assert codes("有效期为多少年") == []


def test_the_admin_finds_pages_by_two_characters(courses):
    assert [page.title for page in Page.objects.search("评审")] == ["检验检测机构资质认定评审准则解读"]
    assert list(Page.objects.search("量子")) == []
    assert list(Page.objects.autocomplete("量子")) == []


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=200))
def test_no_query_fails(courses, query):
    search_courses(query)


@pytest.mark.parametrize(
    "query", ["检" * 5000, "a " * 5000, "%s %d {}", "NEAR(a b)", "a AND", "*", "^检", "title:检", "\x00检"]
)
def test_odd_queries_do_not_fail(courses, query):
    search_courses(query)


@given(st.text(max_size=300))
def test_terms_hold_nothing_but_words(query):
    terms = terms_of(query)
    assert len(terms) <= 8
    # The blocks of Chinese reach further than the Unicode of an older Python knows.
    assert all(sign.isalnum() or re.match(f"[{CJK}]", sign) for term in terms for sign in term)


@given(
    st.text(alphabet="资质认定评审准则ab 1，", max_size=30),
    st.text(alphabet="资质认定评审准则", min_size=1, max_size=6),
)
def test_whatever_stands_in_a_text_has_its_pieces_in_the_index(rest, run):
    words = set(indexed(f"{rest}{run}{rest}").split())
    assert set(pieces(run)) <= words


def test_pieces():
    assert pieces("资质认定") == ["资质", "质认", "认定"]
    assert pieces("检") == ["检"]
    assert pieces("CMA") == ["cma"]
    assert pieces("认定", for_index=True) == ["认", "定", "认定"]


def test_variants_come_from_the_thesaurus():
    assert variants("认证") == ["认证", "认定"]
    assert "认定机构" in variants("认证机构")
    assert "认定" in variants("renzheng")
    assert variants("量子") == ["量子"]


def test_excerpts():
    assert excerpt("检验检测机构资质认定", ["资质"]) == ("检验检测机构", "资质", "认定")
    assert excerpt("x" * 30 + "资质" + "y" * 60, ["资质"]) == ("…" + "x" * 18, "资质", "y" * 42 + "…")
    assert excerpt("没有", ["资质"]) is None
    assert excerpt_by_sound("关于资质认定", "zzrd").hit == "资质认定"
    assert excerpt_by_sound("关于资质认定", "zizhi").hit == "资质"
    assert excerpt_by_sound("关于资质认定", "资质") is None
    assert excerpt_by_sound("关于资质认定", "xyz") is None


def test_sounds():
    assert {"zi", "zizhi", "zz", "zhiren"} <= sounds("资质认")
    assert "lvse" in sounds("绿色")
    assert "rzrk" in pinyin_of({"course": {"title": "认证认可"}, "lessons": []}).split()


def test_markup_is_no_word():
    assert plain("<p>报告<b>负责</b>。</p>") == "报告 负责 。"


def test_queries_are_rewritten_in_depth():
    assert repr(rewritten(PlainText("检"))) == repr(PlainText("检", operator="and"))
    assert isinstance(rewritten(Phrase("资质 认定")), And)
    assert isinstance(rewritten(And([PlainText("a"), Not(PlainText("b"))])), And)
    assert isinstance(rewritten(Or([PlainText("a")])), Or)
    assert isinstance(rewritten(PlainText("资质 认定", operator="or")), Or)
    assert rewritten(Boost(PlainText("a"), 2)).boost == 2
    assert rewritten(MATCH_ALL) is MATCH_ALL
