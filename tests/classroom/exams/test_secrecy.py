"""No right answer leaves the server before nothing can be gained by it: pages, API, errors, lists."""

import json

import pytest
from django.urls import reverse

from classroom.exams import queries, services
from courses.questions.models import QuestionVersion

GROUNDS = ("EXPLANATION-MARK", "BASIS-MARK")


def mark_all():
    """Give every question grounds that can be searched for."""
    QuestionVersion.objects.update(explanation=GROUNDS[0], legal_basis=GROUNDS[1])


@pytest.fixture
def enrolment(enrolled):
    one = enrolled(attempts_allowed=2)
    mark_all()
    return one


@pytest.fixture
def learner(client, enrolment):
    client.force_login(enrolment.user)
    return client


def pages_of(client, *attempts):
    """Every address that speaks of these attempts, with what it answers."""
    addresses = [reverse("exams:cover", args=[attempts[0].enrolment_id])]
    for attempt in attempts:
        addresses += [
            reverse("exams:sitting", args=[attempt.pk]),
            reverse("exams:sitting", args=[attempt.pk]) + "?review=1",
            reverse("exams:result", args=[attempt.pk]),
            reverse("api:exam-attempt", args=[attempt.pk]),
        ]
    for address in addresses:
        response = client.get(address, follow=True)
        assert response.status_code == 200, address
        yield address, response.content.decode()


def assert_silent(client, *attempts):
    for address, text in pages_of(client, *attempts):
        for mark in (*GROUNDS, "is_key", "is-key", '"answers": ["'):
            assert mark not in text, f"{mark} in {address}"


def test_while_it_is_sat_no_page_and_no_answer_of_the_api_tells_a_key(learner, enrolment, sit):
    assert_silent(learner, sit(enrolment, right=2, hand_in=False))


def test_the_wire_looks_the_same_whichever_option_is_right(learner, enrolment):
    attempt = services.start_attempt(enrolment=enrolment)
    address = reverse("exams:sitting", args=[attempt.pk])

    def seen():
        data = learner.get(address).context["data"]
        return json.dumps(data["questions"]), [vars_of(one) for one in queries.questions_of(attempt)]

    def vars_of(question):
        return {name: getattr(question, name) for name in question.__slots__}

    before = seen()
    QuestionVersion.objects.filter(pk__in=[item["version"] for item in attempt.paper]).update(answers=["B"])
    assert seen() == before


def test_a_failed_first_attempt_stays_silent_while_the_last_one_is_under_way(learner, enrolment, sit):
    """The last attempt leaves none ahead, but it is open itself, and drawn from the same pool."""
    first = sit(enrolment)
    second = sit(enrolment, hand_in=False)
    assert queries.eligibility(enrolment).left == 0
    assert_silent(learner, first, second)


def test_when_the_last_attempt_is_failed_both_papers_are_explained(learner, enrolment, sit):
    attempts = [sit(enrolment), sit(enrolment)]
    for attempt in attempts:
        html = learner.get(reverse("exams:result", args=[attempt.pk])).content.decode()
        assert html.count(GROUNDS[0]) == len(attempt.paper)


def test_an_exam_that_never_shows_answers_keeps_to_it_after_passing(client, enrolled, sit):
    enrolment = enrolled(shows_answers=False)
    mark_all()
    client.force_login(enrolment.user)
    attempt = sit(enrolment, right=4)
    assert attempt.is_passed
    assert_silent(client, attempt)


@pytest.mark.parametrize(
    "changes", [{"choice": ["Z"]}, {"revision": 0}, {"version": 10**9}, {"choice": None}]
)
def test_a_refusal_tells_no_key(learner, enrolment, changes):
    attempt = services.start_attempt(enrolment=enrolment)
    body = {"version": attempt.paper[0]["version"], "choice": ["B"], "is_flagged": False, "revision": 1}
    response = learner.put(
        reverse("api:exam-answers", args=[attempt.pk]), json.dumps(body | changes), "application/json"
    )
    assert response.status_code == 400
    assert not any(mark in response.content.decode() for mark in GROUNDS)


def test_a_right_and_a_wrong_answer_are_acknowledged_alike(learner, enrolment):
    attempt = services.start_attempt(enrolment=enrolment)
    shapes = []
    for place, choice in enumerate((["A"], ["B"])):
        body = {"version": attempt.paper[place]["version"], "choice": choice, "revision": 1}
        response = learner.put(
            reverse("api:exam-answers", args=[attempt.pk]), json.dumps(body), "application/json"
        )
        shapes.append((response.status_code, sorted(response.json())))
    assert shapes[0] == shapes[1]


def test_the_score_by_kind_tells_no_key_of_a_question(learner, enrolment, sit):
    attempt = sit(enrolment, right=1)
    response = learner.get(reverse("exams:result", args=[attempt.pk]))
    assert response.context["marked"] == []
    tallies = response.context["tallies"]
    assert [(tally.right, tally.count) for tally in tallies] == [(1, 2), (0, 1), (0, 1)]
    assert not any(mark in response.content.decode() for mark in GROUNDS)
