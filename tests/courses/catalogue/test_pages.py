"""The catalogue's pages: what visitors see, that it is the edition and not the draft, and how it is found."""

import re
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from courses.catalogue import course_view, finder, pages_context
from courses.catalogue.models import CoursePage, Edition, HomePage, NoticePage, Topic
from courses.catalogue.services import freeze_edition
from tests.factories.catalogue import CoursePageFactory, catalogue_page
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _chinese() -> None:
    translation.activate("zh-hans")


def publish(**fields: object) -> CoursePage:
    """Return a live course page with its edition frozen."""
    page: CoursePage = CoursePageFactory(live=True, **fields)
    freeze_edition(page=page, by=None)
    return page


def notice(title: str, day: date, kind: str = "notice") -> NoticePage:
    """Return a published notice under the front page."""
    catalogue_page()
    home = HomePage.objects.get()
    page: NoticePage = home.add_child(
        instance=NoticePage(title=title, slug=f"n-{day}", kind=kind, date=day, body="<p>请按期完成。</p>")
    )
    return page


def test_a_visitor_finds_search_curriculum_topics_mandatory_news_and_verification(client: Client) -> None:
    publish(code="B1", title="监督管理办法与报告合规", credit_hours=1)
    notice("九月三十日前完成", date(2026, 9, 11))
    html = client.get("/").content.decode()
    assert html.count("<h1") == 1
    assert 'role="search"' in html
    assert 'aria-label="全部课程按学时排在一把尺上，共 1 学时"' in html
    for topic in Topic.objects.all():
        assert topic.name in html
    assert "必修" in html
    assert "九月三十日前完成" in html
    assert 'name="surname"' in html
    assert "style=" not in html


def test_an_empty_house_has_a_front_page_and_a_catalogue_that_say_so(client: Client) -> None:
    catalogue_page()
    assert "课程正在准备" in client.get("/").content.decode()
    html = client.get("/courses/").content.decode()
    assert "还没有发布课程" in html
    assert "empty" in html


def test_english_is_whole_and_takes_english_titles(client: Client) -> None:
    publish(code="B1", title_en="Supervision rules and compliant reports", credit_hours=1)
    client.cookies["django_language"] = "en"
    html = client.get("/").content.decode()
    assert '<html lang="en"' in html
    assert "Supervision rules and compliant reports" in html
    assert "A public classroom<wbr> for people in inspection and testing" in html
    assert "1 credit hours, 2 lessons" in html or "credit hours" in html


@pytest.mark.parametrize("path", ["/", "/courses/"])
def test_lists_ask_the_database_the_same_for_one_and_for_three(client: Client, path: str) -> None:
    publish()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    publish()
    publish()
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)
    assert len(one) <= 12


def test_the_course_page_shows_the_edition_and_not_the_draft(client: Client) -> None:
    page = publish(code="B1", title="旧标题", purpose="旧目的")
    page.title = "新标题"
    page.purpose = "新目的"
    page.save_revision()
    CoursePage.objects.filter(pk=page.pk).update(title="新标题", purpose="新目的")
    html = client.get("/courses/b1/").content.decode()
    assert "旧标题" in html
    assert "旧目的" in html
    assert "新标题" not in html
    assert "新目的" not in html
    assert html.count("<h1") == 1


def test_the_course_page_says_rules_exam_basis_and_leads_to_sign_in(client: Client) -> None:
    publish(code="B1", pass_mark=80, exam_minutes=60, exam_attempts=3, presence_minutes=15)
    html = client.get("/courses/b1/").content.decode()
    assert "1 讲看满" in html
    assert "读完 1 份材料" in html
    assert "每看 15 分钟出现一次确认" in html
    assert "考试，80% 合格" in html
    assert "两次之间隔 1 天" in html
    assert "《检验检测机构监督管理办法》" in html
    assert "/sign-in/?next=/courses/b1/" in html
    assert "/certificates/specimen/B1.png" in html


def test_who_is_signed_in_enrols_by_a_protected_post(client: Client) -> None:
    publish(code="B1")
    client.force_login(UserFactory())
    html = client.get("/courses/b1/").content.decode()
    form = re.search(r'<form method="post" action="/courses/enrol/B1/">(.*?)</form>', html, re.S)
    assert form is not None
    assert "csrfmiddlewaretoken" in form[1]


def test_preview_shows_the_draft_and_offers_nothing_to_press(rf: RequestFactory) -> None:
    page = publish(code="B1", title="旧标题")
    page.title = "新标题"
    request = rf.get("/")
    request.is_preview = True  # type: ignore[attr-defined]
    context = Context({"request": request, "page": page})
    source = "{% load catalogue_pages %}{% course_of page as course %}{{ course.title }}|{{ course.edition_number }}"
    assert Template(source).render(context) == "新标题|"
    html = Template(
        '{% load catalogue_pages %}{% course_of page as course %}{% include "catalogue/parts/enrol.html" %}'
    ).render(context)
    assert "disabled" in html
    assert "<form" not in html


def test_a_draft_with_nothing_in_it_can_be_previewed() -> None:
    page = CoursePageFactory(lessons=[], outcomes=[], legal_basis=[], question_bank=None)
    view = course_view.from_draft(page)
    assert (view.lessons, view.outcomes, view.basis, view.exam, view.minutes) == ((), (), (), None, 0)


def test_an_edition_without_course_facts_still_has_its_columns() -> None:
    page = publish(code="B1", title="标题")
    edition = Edition.objects.get()
    edition.manifest = {"version": 1}
    view = course_view.from_edition(edition)
    assert (view.code, view.title, view.lessons) == (page.code, "标题", ())


def test_captions_are_named_in_the_readers_language() -> None:
    page = publish(code="B1")
    edition = Edition.objects.get()
    lecture = edition.lessons.exclude(lecture=None).get().lecture
    assert lecture is not None
    for language in ("zh-Hans", "en", "zz"):
        lecture.tracks.create(language=language, label=language, vtt="WEBVTT\n")
    rendered = Template("{% load catalogue_pages %}{% captions_of page as l %}{{ l|join:'|' }}").render(
        Context({"page": page})
    )
    assert set(rendered.split("|")) == {"英语", "简体中文", "zz"}


def find(query: str) -> finder.Finding:
    return finder.find(pages_context.programme(None), QueryDict(query))


def codes(query: str) -> set[str]:
    return {card.course.code for card in find(query).page}


@pytest.fixture
def three_courses() -> None:
    ccc = Topic.objects.get(code="ccc")
    publish(code="B1", audience="全员", credit_hours=1, is_mandatory=True)
    publish(code="B2", audience="内审员、质量负责人", credit_hours=1, is_mandatory=False)
    publish(code="D1", audience="全员", credit_hours=1, is_mandatory=False, topic=ccc)


@pytest.mark.usefixtures("three_courses")
def test_groups_narrow_each_other_and_choices_in_a_group_widen() -> None:
    assert codes("") == {"B1", "B2", "D1"}
    assert codes("topic=ccc") == {"D1"}
    assert codes("topic=ccc&topic=compliance") == {"B1", "B2", "D1"}
    assert codes("audience=全员&topic=compliance") == {"B1"}
    assert codes("need=elective") == {"B2", "D1"}
    assert codes("need=mandatory&topic=ccc") == set()
    assert codes("hours=short") == {"B1", "B2", "D1"}
    assert codes("hours=long") == set()


@pytest.mark.usefixtures("three_courses")
@pytest.mark.parametrize("query", ["topic=nope", "need=all", "hours=x&audience=", "page=99", "page=x"])
def test_unknown_values_are_left_aside(query: str) -> None:
    assert codes(query) == {"B1", "B2", "D1"}
    assert find(query).chips == ()


@pytest.mark.usefixtures("three_courses")
def test_counts_are_what_choosing_would_leave() -> None:
    topic = next(group for group in find("audience=全员").groups if group.key == "topic")
    assert {option.value: option.count for option in topic.options} == {"compliance": 1, "ccc": 1}
    audience = next(group for group in find("topic=ccc").groups if group.key == "audience")
    assert {option.value: option.count for option in audience.options} == {
        "全员": 1,
        "内审员": 0,
        "质量负责人": 0,
    }


@pytest.mark.usefixtures("three_courses")
def test_a_chip_takes_away_only_itself() -> None:
    found = find("topic=ccc&need=elective&page=2")
    assert [(chip.label, chip.address) for chip in found.chips] == [
        ("免予办理CCC", "?need=elective"),
        ("选修", "?topic=ccc"),
    ]
    assert found.chosen_count == 2


@pytest.mark.usefixtures("three_courses")
def test_filters_work_as_plain_links_and_forms(client: Client) -> None:
    html = client.get("/courses/?topic=ccc").content.decode()
    assert re.search(r'value="ccc"[^>]*checked', html)
    assert "/courses/d1/" in html
    assert "/courses/b1/" not in html
    assert "没有符合的课程" in client.get("/courses/?need=mandatory&topic=ccc").content.decode()


def test_search_marks_what_was_found_and_escapes_what_was_typed(client: Client) -> None:
    publish(code="B1", title="监督管理办法与报告合规", credit_hours=1)
    html = client.get("/courses/", {"q": "报告"}).content.decode()
    assert "<mark>报告</mark>" in html
    html = client.get("/courses/", {"q": '<script>"x'}).content.decode()
    assert "<script>&quot;" not in html
    assert '<script>"x' not in html


def test_a_hit_in_a_lecture_says_its_lesson_and_time(client: Client) -> None:
    publish(code="B1", title="监督管理办法", credit_hours=1)
    edition = Edition.objects.get()
    lesson = edition.lessons.exclude(lecture=None).get()
    edition.passages.create(lesson=lesson, start_ms=494_000, end_ms=500_000, text="原始记录对不上怎么办")
    call_command("update_index", verbosity=0)
    html = client.get("/courses/", {"q": "对不上"}).content.decode()
    assert "第 1 讲" in html
    assert "<mark>对不上</mark>" in html
    assert "8:14 起" in html


@pytest.mark.parametrize(
    ("text", "marks", "html"),
    [
        ("报告合规", ("报告",), "<mark>报告</mark>合规"),
        ("a<b>报告", ("报告",), "a&lt;b&gt;<mark>报告</mark>"),
        ("CCC免办", ("ccc",), "<mark>CCC</mark>免办"),
        ("(报告)", ("(",), "<mark>(</mark>报告)"),
        ("报告", (), "报告"),
        ("a&b", ("",), "a&amp;b"),
        ("不实报告", ("报告", "不实报告"), "<mark>不实报告</mark>"),
    ],
)
def test_highlight(text: str, marks: tuple[str, ...], html: str) -> None:
    assert finder.highlight(text, marks) == html


def test_notices_are_listed_newest_first_and_by_kind(client: Client) -> None:
    notice("旧的", date(2026, 1, 1))
    notice("新的", date(2026, 2, 1), kind="new_course")
    html = client.get("/notices/").content.decode()
    assert html.index("新的") < html.index("旧的")
    html = client.get("/notices/?kind=new_course").content.decode()
    assert "旧的" not in html
    assert "旧的" in client.get("/notices/?kind=nonsense").content.decode()
    assert client.post("/notices/").status_code == 405


def test_a_notice_has_its_own_page(client: Client) -> None:
    page = notice("九月三十日前完成", date(2026, 9, 11))
    response = client.get(page.url)
    assert response.status_code == 200
    assert "请按期完成" in response.content.decode()


def test_no_notices_is_said(client: Client) -> None:
    catalogue_page()
    assert "没有通知" in client.get("/notices/").content.decode()


def test_withdrawn_and_hidden_courses_are_not_taught() -> None:
    shown, hidden, withdrawn = publish(code="B1"), publish(code="B2"), publish(code="B3")
    hidden.unpublish()
    Edition.objects.filter(course__code="B3").update(withdrawn_at="2026-01-01T00:00:00Z")
    found = {course.code for course in pages_context.taught_courses(None)}
    assert found == {shown.code}
    assert withdrawn.code == "B3"


def test_progress_of_a_learner_is_drawn_where_a_room_above_gives_it(rf: RequestFactory) -> None:
    publish(code="B1", credit_hours=1)
    source = "{% load catalogue_pages %}{% curriculum_scale %}"
    plain = Template(source).render(Context({"request": rf.get("/")}))
    assert "ruler__band" not in plain
    drawn = Template(source).render(Context({"request": rf.get("/"), "curriculum_progress": {"B1": 0.5}}))
    assert 'class="ruler__band" x="0.000%" width="50.000%"' in drawn
