"""The public API of topics and courses."""

import pytest
from django.urls import reverse

from courses.catalogue.models import CoursePage
from courses.catalogue.tasks import freeze_due
from tests.factories.catalogue import CoursePageFactory, complete_edition
from tests.factories.media import TrackFactory

pytestmark = pytest.mark.django_db


def published(**fields):
    page = CoursePageFactory(**fields)
    page.save_revision().publish()
    return CoursePage.objects.get(pk=page.pk)


@pytest.fixture
def page():
    return published(code="B701", title="监督管理办法与报告合规")


def test_topics_are_listed_with_counts(client, page, django_assert_num_queries):
    with django_assert_num_queries(2):
        answer = client.get(reverse("api:topics"))
    rows = answer.json()["results"]
    assert [row["code"] for row in rows] == ["cma", "compliance", "ccc", "green"]
    assert [row["courses"] for row in rows] == [0, 1, 0, 0]
    assert [row["letters"] for row in rows] == ["A", "BC", "D", "E"]


def test_courses_are_listed(client, page):
    CoursePageFactory()
    (row,) = client.get(reverse("api:courses")).json()["results"]
    assert (row["code"], row["topic"], row["title"]) == ("B701", "compliance", page.title)
    assert (row["credit_hours"], row["is_mandatory"], row["teacher"]) == ("1.0", True, "林若曦")
    assert (row["edition"], row["hits"], row["moments"]) == (page.course.current.number, [], [])
    assert row["url"].endswith("/courses/b701/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"topic": "compliance"}, ["B701", "B702"]),
        ({"topic": "green"}, []),
        ({"topic": "nowhere"}, []),
        ({"mandatory": "true"}, ["B701"]),
        ({"mandatory": "false"}, ["B702"]),
        ({"mandatory": "maybe"}, ["B701", "B702"]),
        ({"q": "报告", "mandatory": "1"}, ["B701"]),
        ({"q": '"%_\\ \x00'}, []),
    ],
)
def test_courses_are_filtered(client, page, query, found):
    published(code="B702", title="方法验证报告", is_mandatory=False)
    answer = client.get(reverse("api:courses"), query)
    assert [row["code"] for row in answer.json()["results"]] == found


def test_a_search_says_where(client, page):
    TrackFactory(lecture=page.lessons[0].value["lecture"])
    freeze_due()
    (row,) = client.get(reverse("api:courses"), {"q": "评审准则"}).json()["results"]
    assert [(moment["start_ms"], moment["hit"]) for moment in row["moments"]] == [(4000, "评审准则")]
    (row,) = client.get(reverse("api:courses"), {"q": "报告"}).json()["results"]
    assert (row["hits"][0]["field"], row["hits"][0]["hit"]) == ("title", "报告")


def test_a_course_is_told_with_outline_and_rule(client, page):
    answer = client.get(reverse("api:course", args=["b701"]))
    body = answer.json()
    assert answer.status_code == 200
    assert [(lesson["kind"], lesson["minutes"]) for lesson in body["lessons"]] == [
        ("video", 50),
        ("reading", 10),
    ]
    assert body["exam"] == {
        "questions": 3,
        "minutes": 60,
        "pass_mark": 60,
        "attempts_allowed": 3,
        "interval_minutes": 1440,
    }
    assert len(body["rule"]) == 3
    assert body["legal_basis"][0]["effective_from"] == "2021-06-01"
    assert body["outcomes"] == ["说出不实报告的情形"]
    assert body["digest"] == page.course.current.digest


def test_no_question_and_no_answer_is_told(client, page):
    for address in (reverse("api:courses"), reverse("api:course", args=["B701"])):
        text = client.get(address).content.decode()
        assert "资质认定证书的有效期" not in text
        assert "answers" not in text.replace("shows_answers", "")


def test_what_is_not_taught_is_not_found(client, page):
    draft = CoursePageFactory()
    page.unpublish()
    for code in (draft.code, "B701", "nothing"):
        answer = client.get(reverse("api:course", args=[code]))
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
    assert client.post(reverse("api:courses")).status_code in (403, 405)


def test_the_list_takes_the_same_queries_for_any_number(client, django_assert_max_num_queries):
    complete_edition()
    with django_assert_max_num_queries(8) as one:
        client.get(reverse("api:courses"), {"q": "报告"})
    for _ in range(2):
        complete_edition()
    with django_assert_max_num_queries(8) as three:
        client.get(reverse("api:courses"), {"q": "报告"})
    assert len(one) >= len(three) - 1
