"""Search as people type: ranks, topics, mixed widths, operators, wildcards, and what must never be found."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.catalogue import services
from courses.catalogue.models import CoursePage, Topic
from courses.catalogue.queries import MOST_FOUND, search_courses
from courses.catalogue.terms import LONGEST_QUERY, MOST_TERMS, terms_of, variants
from tests.factories.catalogue import CoursePageFactory
from tests.factories.media import TrackFactory

pytestmark = pytest.mark.django_db


def codes(query, **filters):
    return [found.course.code for found in search_courses(query, **filters)]


@pytest.fixture
def catalogue(publish):
    """Four courses whose words hardly meet."""
    plain = {"outcomes": [], "legal_basis": [], "teacher": "某人", "audience": "众人"}
    publish(
        code="B701",
        title="资质认定评审准则",
        title_en="Assessment criteria",
        purpose="读懂通用要求。",
        **plain,
    )
    publish(code="B702", title="CMA标志与报告签章", title_en="Seals", purpose="会用章。", **plain)
    publish(
        code="D701",
        title="免予办理流程",
        title_en="Exemption",
        purpose="办得成。",
        is_mandatory=False,
        topic=Topic.objects.get(code="ccc"),
        **plain,
    )
    publish(
        code="E701",
        title="绿色产品",
        title_en="Green products",
        purpose="提到资质一次。",
        is_mandatory=False,
        topic=Topic.objects.get(code="green"),
        **plain,
    )


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # Widths, cases and spaces as they come from a keyboard in China.
        ("ＣＭＡ", {"B701", "B702"}),
        ("cma", {"B701", "B702"}),
        ("Ｃma 签章", {"B702"}),
        ("资质　认定", {"B701"}),
        ("\t资质\n认定 ", {"B701"}),
        ("Ｂ７０２", {"B702"}),
        ("CMA标志", {"B702"}),
        ("标志CMA", {"B702"}),
        ("资质、认定", {"B701"}),
        ("《资质认定》", {"B701", "B702"}),
        ("“绿色”", {"E701"}),
        # What an engine or a database might take for more than words.
        ("资质 XOR 认定", set()),
        ("资质 OR 绿色", set()),
        ("NOT 资质", set()),
        ("资质*", {"B701", "E701"}),
        ("绿_产", set()),
        ("%", set()),
        ("_", set()),
        ("绿%", set()),
        ("title:绿色", set()),
        ('"绿色产品"', {"E701"}),
        ('"绿色', {"E701"}),
        ("(绿色)", {"E701"}),
        ("绿色; DROP TABLE", set()),
        ("-绿色", {"E701"}),
        ("绿色:A", set()),
        ("' OR 1=1 --", set()),
        # English, whole words only, any case.
        ("GREEN", {"E701"}),
        ("green products", {"E701"}),
        ("products green", {"E701"}),
        ("gre", set()),
        # Pinyin, in full, by initials, and parts of neither.
        ("lvse", {"E701"}),
        ("lscp", {"E701"}),
        ("lüse", set()),
        ("mianyu", {"D701"}),
        ("q", set()),
    ],
)
def test_what_is_typed_finds_what_is_meant(query, found):
    result = set(codes(query))
    if query in {"绿%", "绿_产", "lüse", "绿色:A", "-绿色", "资质*"}:
        # Signs are spaces, so that the words on both sides of them still have to be there.
        assert result <= {"E701", "B701"}
    else:
        assert result == found


@pytest.mark.usefixtures("catalogue")
def test_words_narrow_each_other():
    assert set(codes("资质")) == {"B701", "E701"}
    assert codes("资质 评审") == ["B701"]
    assert codes("资质 免予") == []


@pytest.mark.usefixtures("catalogue")
def test_a_title_outranks_a_mention():
    assert codes("资质") == ["B701", "E701"]


@pytest.mark.usefixtures("catalogue")
def test_a_synonym_finds_and_is_shown_as_it_stands():
    (found, *_) = search_courses("认证机构评审准则"[:2])
    assert found.course.code == "B701"
    assert found.hits[0].excerpt.hit == "认定"


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("length", [LONGEST_QUERY, LONGEST_QUERY + 1, 300, 5000])
def test_a_long_query_is_cut_and_answered(length):
    assert codes(("绿色产品" * 2000)[:length]) == []
    assert codes("绿色 " + " " * length) == ["E701"]


def test_what_stands_after_the_cut_does_not_matter():
    words = "a" * LONGEST_QUERY
    assert terms_of(words + "b") == terms_of(words) == [words]
    assert len(terms_of(" ".join("abcdefghijk"))) == MOST_TERMS


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"B701", "B702", "D701", "E701"}),
        ({"topic": "ccc"}, {"D701"}),
        ({"topic": "cma"}, set()),
        ({"topic": "nowhere"}, set()),
        ({"topic": ""}, {"B701", "B702", "D701", "E701"}),
        ({"mandatory": True}, {"B701", "B702"}),
        ({"mandatory": False}, {"D701", "E701"}),
        ({"topic": "green", "mandatory": True}, set()),
        ({"topic": "green", "mandatory": False}, {"E701"}),
    ],
)
def test_filters_narrow_with_and_without_words(filters, found):
    assert set(codes("", **filters)) == found
    assert set(codes("资质", **filters)) == found & {"B701", "E701"}


@pytest.mark.usefixtures("catalogue")
def test_without_words_the_order_is_the_catalogues():
    assert codes("") == ["B701", "B702", "D701", "E701"]


def test_a_draft_is_never_found_and_a_newer_draft_not_by_its_words(publish):
    page = publish(code="B711", title="公开的标题")
    CoursePageFactory(code="B712", title="草稿的标题").save_revision()
    draft = page.get_latest_revision_as_object()
    draft.title = "将来的标题"
    draft.save_revision()
    assert codes("标题") == ["B711"]
    assert codes("将来") == []
    assert codes("草稿") == []


def test_what_is_taken_down_is_gone_and_comes_back_with_its_words(publish):
    page = publish(code="B713", title="独一无二的词")
    page.unpublish()
    assert codes("独一无二") == []
    assert codes("") == []
    page.get_latest_revision().publish()
    assert codes("独一无二") == ["B713"]


def test_a_deleted_pages_course_is_not_offered(publish):
    page = publish(code="B714", title="独一无二的词")
    page.unpublish()
    page.delete()
    assert codes("独一无二") == []


def test_the_words_of_an_older_edition_do_not_find(publish, revise):
    page = publish(code="B715", purpose="从前的说法")
    revise(page, purpose="如今的说法")
    assert codes("从前") == []
    assert codes("如今") == ["B715"]


def test_lessons_outcomes_and_law_are_found_and_told_by_name(publish):
    page = publish(code="B716")
    found = {word: search_courses(word)[0].hits[0] for word in ("主体责任", "情形", "第十三条", "报告负责")}
    assert {word: hit.field for word, hit in found.items()} == {
        "主体责任": "lesson",
        "情形": "outcome",
        "第十三条": "legal_basis",
        "报告负责": "reading",
    }
    assert found["主体责任"].lesson_key == page.lessons[0].id
    assert found["报告负责"].lesson_title == "法规原文导读"


def test_markup_of_a_text_is_not_searched(publish):
    page = CoursePageFactory(code="B717")
    raw = list(page.lessons.raw_data)
    raw[1]["value"]["body"] = '<p class="warning">报告</p><a href="https://example.test">看</a>'
    page.lessons = raw
    page.save_revision().publish()
    assert codes("warning") == []
    assert codes("example") == []
    assert codes("报告") == ["B717"]


def spoken(page, *cues):
    lines = [f"00:{at:02d}.000 --> 00:{at + 2:02d}.000\n{text}\n" for at, text in cues]
    TrackFactory(lecture=page.lessons[0].value["lecture"], vtt="WEBVTT\n\n" + "\n".join(lines))
    services.transcribe(edition=page.course.current)


def test_moments_come_in_their_order_and_not_more_than_fit(publish):
    page = publish(code="B718")
    spoken(page, *[(at * 4, f"均匀分布第{at}次") for at in range(6)])
    (found,) = search_courses("均匀分布")
    assert [moment.start_ms for moment in found.moments] == sorted(m.start_ms for m in found.moments)
    assert 1 <= len(found.moments) <= 3
    assert found.moments[0].clock == "0:00"


def test_what_is_said_ranks_below_what_a_course_is_called(publish):
    spoken(publish(code="B719", title="别的课程"), (1, "均匀分布"))
    publish(code="B720", title="均匀分布")
    assert codes("均匀分布") == ["B720", "B719"]


@pytest.mark.parametrize("query", ["", "报告", "bao gao"])
def test_three_courses_cost_as_many_queries_as_one(publish, django_assert_num_queries, query):
    publish()
    with CaptureQueriesContext(connection) as one:
        search_courses(query)
    publish()
    publish()
    with django_assert_num_queries(len(one)):
        search_courses(query)


def test_there_is_an_end_to_what_is_returned(publish):
    assert MOST_FOUND == 200
    publish()
    assert len(search_courses("")) == 1


@pytest.mark.parametrize(
    ("term", "others"),
    [("认证", {"认定"}), ("RENZHENG", {"认定"}), ("认证人员", {"认定人员"}), ("xyz", set())],
)
def test_synonyms_are_added_and_the_term_itself_stays_first(term, others):
    found = variants(term)
    assert found[0] == term
    assert others <= set(found)
    assert len(set(found)) == len(found)


def test_the_admin_finds_drafts_too(member, browser_of):
    CoursePageFactory(code="B721", title="尚未发布的课程").save_revision()
    text = browser_of(member("Trainers")).get("/admin/pages/search/", {"q": "尚未"}).content.decode()
    assert "尚未发布的课程" in text
    assert CoursePage.objects.count() == 1
