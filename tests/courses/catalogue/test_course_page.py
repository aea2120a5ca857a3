"""The page of a course for each who may open it: visitors, learners, those who finished, and nobody."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from classroom.enrolment.models import Enrolment
from courses.catalogue import pages_context
from courses.catalogue.models import CoursePage, Edition
from tests.factories.catalogue import CoursePageFactory, lesson_blocks
from tests.factories.enrolment import EnrolmentFactory

pytestmark = pytest.mark.django_db
ENROL = "/courses/enrol/"


def html_of(browser, page, language="zh-hans"):
    browser.cookies["django_language"] = language
    answer = browser.get(page.url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def page(publish):
    return publish(code="B1", title="报告合规", title_en="Compliant reports", purpose_en="Where the line is.")


@pytest.fixture
def learner(member):
    return member()


def enrolled(learner, page, **fields):
    return EnrolmentFactory(user=learner, edition=page.course.current, **fields)


def test_a_visitor_is_led_to_sign_in_and_back(page, client):
    html = html_of(client, page)
    assert f"/sign-in/?next={page.url}" in html
    assert ENROL not in html


def test_who_is_signed_in_may_enrol(page, learner, browser_of):
    html = html_of(browser_of(learner), page)
    assert f'action="{ENROL}B1/"' in html
    assert "/sign-in/?next" not in html


@pytest.mark.parametrize("state", [{}, {"completed": True}])
def test_who_takes_part_is_not_asked_to_enrol_again(page, learner, browser_of, state):
    enrolled(learner, page, **state)
    html = html_of(browser_of(learner), page)
    assert f'action="{ENROL}B1/"' not in html
    assert "报告合规" in html


def test_who_left_may_enrol_again(page, learner, browser_of):
    enrolled(learner, page, withdrawn=True)
    assert f'action="{ENROL}B1/"' in html_of(browser_of(learner), page)


def test_a_learner_keeps_the_edition_that_was_enrolled_in(page, learner, browser_of, client, revise):
    enrolled(learner, page)
    page = revise(page, purpose="换了目的。")
    assert "换了目的。" in html_of(client, page)
    assert Enrolment.objects.unscoped("the test looks at what is kept").get().edition.number.endswith(".1")


@pytest.mark.parametrize("who", ["visitor", "learner"])
def test_a_draft_has_no_page(who, learner, browser_of, client):
    page = CoursePageFactory(code="B2")
    page.save_revision()
    browser = client if who == "visitor" else browser_of(learner)
    assert browser.get("/courses/b2/").status_code == 404


def test_a_course_that_was_taken_down_has_no_page_and_cannot_be_enrolled_in(page, learner, browser_of):
    page.unpublish()
    browser = browser_of(learner)
    assert browser.get("/courses/b1/").status_code == 404
    assert browser.post(f"{ENROL}B1/").status_code in (302, 404, 409, 410, 422)
    assert not Enrolment.objects.unscoped("the test looks at what is kept").exists()


def test_an_edition_taken_back_under_a_live_page_is_not_offered_in_the_list(page, client):
    Edition.objects.update(withdrawn_at="2026-01-01T00:00:00Z")
    assert "报告合规" not in client.get("/courses/").content.decode()


@pytest.mark.parametrize(
    ("language", "title", "purpose", "words"),
    [
        ("zh-hans", "报告合规", "弄清不实报告与虚假报告的界限。", "登录"),
        ("en", "Compliant reports", "Where the line is.", "Sign in and enrol"),
    ],
)
def test_the_page_speaks_the_readers_language(page, client, language, title, purpose, words):
    html = html_of(client, page, language)
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}' in html or f'lang="{language}' in html
    for text in (title, purpose, words):
        assert text in html


def test_what_was_not_translated_is_chinese_in_english_too(publish, client):
    page = publish(code="B3", title="只有中文", title_en="", purpose="只有中文的目的", purpose_en="")
    html = html_of(client, page, "en")
    assert "只有中文" in html
    assert "只有中文的目的" in html


def test_what_a_trainer_types_is_shown_as_text(publish, client):
    page = publish(code="B4", title="<script>alert(1)</script>", purpose='"><img src=x onerror=alert(2)>')
    html = html_of(client, page)
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_no_answer_and_no_question_is_on_the_page(page, client, learner, browser_of):
    for html in (html_of(client, page), html_of(browser_of(learner), page)):
        assert "资质认定证书的有效期" not in html


def test_a_law_that_is_superseded_is_marked_with_its_successor(publish, client):
    value = {
        "document": "《旧法》",
        "clauses": "",
        "lessons": "",
        "effective_from": None,
        "superseded_by": "《新法》",
    }
    html = html_of(client, publish(code="B5", legal_basis=[{"type": "reference", "value": value}]))
    row = html[html.index("《旧法》") :][:400]
    assert "《新法》" in row
    assert "—" in html


def test_without_exam_law_and_outcomes_their_parts_are_left_out(publish, client):
    page = publish(
        code="B6",
        question_bank=None,
        exam_single=0,
        exam_multiple=0,
        exam_true_false=0,
        legal_basis=[],
        outcomes=[],
    )
    html = html_of(client, page)
    assert 'id="basis"' not in html
    assert 'id="outcomes"' not in html
    assert "合格" not in re.sub(r"<[^>]+>", "", html.partition('id="rules"')[2].partition("</section>")[0])


def test_a_certificate_without_end_says_so(publish, client):
    assert "36 个月" in html_of(client, publish(code="B7", validity_months=36))
    forever = html_of(client, publish(code="B8", validity_months=None))
    assert "36 个月" not in forever
    with translation.override("zh-hans"):
        assert str(translation.gettext("It does not expire.")) in forever or "长期有效" in forever


@pytest.mark.parametrize("who", ["visitor", "learner", "enrolled"])
def test_a_page_of_three_lessons_costs_as_much_as_one_of_one(publish, learner, browser_of, who):
    few = publish(code="B9", lessons=lesson_blocks(videos=1, reading=False))
    many = publish(code="B10", lessons=lesson_blocks(videos=3, reading=False))
    browser = Client() if who == "visitor" else browser_of(learner)
    if who == "enrolled":
        for page in (few, many):
            enrolled(learner, page)
    counts = []
    for page in (few, few, many):
        with CaptureQueriesContext(connection) as caught:
            html_of(browser, page)
        counts.append(len(caught))
    assert counts[2] <= counts[1]
    assert counts[1] <= 24
    # The largest rows behind the page are read once for an answer.
    from_tables = [query["sql"].split(" FROM ", 1)[-1].split()[0].strip('"') for query in caught]
    assert from_tables.count("catalogue_course") == 1
    assert from_tables.count("catalogue_editionlesson") == (who == "enrolled")


@pytest.mark.parametrize("path", ["/", "/courses/", "/courses/?q=%E6%8A%A5%E5%91%8A"])
def test_lists_cost_the_same_for_one_course_and_for_three(publish, client, path):
    publish()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    publish()
    publish()
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)


# The length of a credit hour


def front(client, language="zh-hans"):
    client.cookies["django_language"] = language
    return client.get("/").content.decode()


def test_the_front_page_names_the_hour_that_all_courses_share(publish, client):
    publish()
    publish()
    assert "每学时 45 分钟" in front(client)
    assert "credit hours of 45 minutes" in front(client, "en")


@pytest.mark.parametrize(("seconds", "minutes"), [(3600, 60), (1800, 30)])
def test_another_hour_is_named_as_it_is(publish, client, seconds, minutes):
    publish(credit_hour_seconds=seconds)
    assert f"每学时 {minutes} 分钟" in front(client)


@pytest.mark.parametrize("units", [(2700, 3600), (137,), (2700, 137)])
def test_an_hour_that_is_not_shared_or_not_whole_minutes_is_not_named(publish, client, units):
    for unit in units:
        publish(credit_hour_seconds=unit)
    html = front(client)
    assert "每学时" not in html
    assert "学时" in html
    assert "45 minutes" not in front(client, "en")


def test_an_empty_programme_has_no_hour():
    assert pages_context.Programme(()).hour_minutes is None


# Landmarks of the admin


@pytest.mark.parametrize("path", ["/admin/", "/admin/pages/{catalogue}/"])
def test_each_search_of_the_admin_has_a_name_of_its_own(page, member, browser_of, path):
    address = path.format(catalogue=page.get_parent().pk)
    html = browser_of(member("Trainers")).get(address).content.decode()
    searches = re.findall(r'role="search"([^>]*)', html)
    assert searches
    assert all("aria-label=" in attributes for attributes in searches)


def test_the_editor_brings_the_script_that_keeps_it_within_the_policy(page, member, browser_of):
    html = browser_of(member("Trainers")).get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert re.search(r'<script type="module" src="[^"]*build/editor[^"]*\.js"></script>', html)
    assert CoursePage.objects.get(pk=page.pk).live
