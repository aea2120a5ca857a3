"""Pages and API of exams: one's own, at any device, without a key in sight."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom.exams import services
from classroom.exams.models import Attempt
from courses.questions.models import QuestionVersion
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory


@pytest.fixture
def enrolment(db):
    return EnrolmentFactory(edition=complete_edition(videos=0, reading=False))


@pytest.fixture
def attempt(enrolment):
    return services.start_attempt(enrolment=enrolment)


@pytest.fixture
def learner(client, enrolment):
    client.force_login(enrolment.user)
    return client


def expire(attempt):
    past = timezone.now() - timedelta(hours=2)
    Attempt.objects.unscoped("test").filter(pk=attempt.pk).update(
        started_at=past, deadline_at=past + timedelta(hours=1)
    )


def put(client, attempt, **changes):
    body = {
        "version": attempt.paper[0]["version"],
        "choice": ["A"],
        "is_flagged": False,
        "revision": 1,
    } | changes
    return client.put(
        reverse("api:exam-answers", args=[attempt.pk]), json.dumps(body), content_type="application/json"
    )


class TestCover:
    def test_rules_and_start(self, learner, enrolment):
        html = learner.get(reverse("exams:cover", args=[enrolment.pk])).content.decode()
        assert reverse("learning:start_exam", args=[enrolment.pk]) in html
        assert "60" in html

    def test_under_way_it_leads_back(self, learner, attempt):
        html = learner.get(reverse("exams:cover", args=[attempt.enrolment_id])).content.decode()
        assert reverse("exams:sitting", args=[attempt.pk]) in html
        assert reverse("learning:start_exam", args=[attempt.enrolment_id]) not in html

    def test_it_lists_what_was_sat(self, learner, attempt):
        services.submit(attempt=attempt)
        html = learner.get(reverse("exams:cover", args=[attempt.enrolment_id])).content.decode()
        assert reverse("exams:result", args=[attempt.pk]) in html

    def test_a_course_without_exam_has_none(self, client, db):
        bare = EnrolmentFactory(edition=complete_edition(videos=0, exam=False))
        client.force_login(bare.user)
        assert client.get(reverse("exams:cover", args=[bare.pk])).status_code == 404


class TestSitting:
    def test_the_paper_without_its_key(self, learner, attempt):
        QuestionVersion.objects.update(explanation="WHY-IT-IS-SO", legal_basis="THE-LAW")
        response = learner.get(reverse("exams:sitting", args=[attempt.pk]))
        html = response.content.decode()
        assert html.count('class="question"') == 4
        assert "WHY-IT-IS-SO" not in html
        assert "THE-LAW" not in html
        assert "answers&quot;" not in html
        assert "no-store" in response["Cache-Control"]
        data = response.context["data"]
        assert set(data["questions"][0]) == {"number", "version", "choice", "is_flagged", "revision"}

    def test_another_device_finds_it_as_it_was_left(self, learner, attempt):
        put(learner, attempt, choice=["C"], is_flagged=True)
        other = Client()
        other.force_login(attempt.enrolment.user)
        response = other.get(reverse("exams:sitting", args=[attempt.pk]))
        assert response.context["data"]["questions"][0]["choice"] == ["C"]
        assert response.context["current"].number == 2
        assert (response.context["answered"], response.context["flagged"]) == (1, 1)

    @pytest.mark.parametrize(
        ("asked", "shown"), [("3", 3), ("9", 1), ("0", 1), ("x", 1), ("²", 1), ("9" * 99, 1)]
    )
    def test_any_question_can_be_asked_for(self, learner, attempt, asked, shown):
        response = learner.get(reverse("exams:sitting", args=[attempt.pk]), {"q": asked})
        assert response.context["current"].number == shown

    def test_when_the_time_is_up_it_is_handed_in(self, learner, attempt):
        expire(attempt)
        response = learner.get(reverse("exams:sitting", args=[attempt.pk]))
        assert response["Location"] == reverse("exams:result", args=[attempt.pk])
        attempt.refresh_from_db()
        assert attempt.is_auto_submitted

    def test_four_and_thirty_questions_cost_the_same_queries(
        self, learner, attempt, django_assert_max_num_queries
    ):
        counts = []
        for _ in range(2):
            with django_assert_max_num_queries(12) as queries:
                learner.get(reverse("exams:sitting", args=[attempt.pk]))
            counts.append(len(queries))
            for place, item in enumerate(attempt.paper):
                put(learner, attempt, version=item["version"], revision=1 + place)
        assert counts[0] == counts[1]


class TestPlainForm:
    def post(self, client, attempt, number=1, **body):
        body = {"choice": ["A"], "revision": "0", "is_flagged": "0", "go": "next"} | body
        return client.post(reverse("exams:answer", args=[attempt.pk, number]), body)

    def test_it_saves_and_goes_on(self, learner, attempt):
        response = self.post(learner, attempt)
        assert response["Location"].endswith("?q=2")
        assert attempt.answers.get().choice == ["A"]

    @pytest.mark.parametrize(
        ("number", "go", "place"),
        [
            (2, "previous", "?q=1"),
            (1, "previous", "?q=1"),
            (4, "next", "?q=4"),
            (4, "review", "?q=4&review=1"),
            (2, "x", "?q=2"),
        ],
    )
    def test_where_the_buttons_lead(self, learner, attempt, number, go, place):
        assert self.post(learner, attempt, number, go=go)["Location"].endswith(place)

    def test_the_flag_is_turned_over(self, learner, attempt):
        self.post(learner, attempt, go="flag")
        assert attempt.answers.get().is_flagged
        self.post(learner, attempt, go="flag", is_flagged="1", revision="1")
        assert not attempt.answers.get().is_flagged

    def test_a_stale_page_does_not_overwrite(self, learner, attempt):
        put(learner, attempt, choice=["D"], revision=4)
        self.post(learner, attempt, choice=["A"])
        assert attempt.answers.get().choice == ["D"]

    def test_too_late_is_told_and_shown(self, learner, attempt):
        expire(attempt)
        response = learner.post(
            reverse("exams:answer", args=[attempt.pk, 1]), {"choice": "A", "revision": "0"}, follow=True
        )
        assert response.redirect_chain[-1][0] == reverse("exams:result", args=[attempt.pk])
        assert not attempt.answers.exists()

    @pytest.mark.parametrize(("number", "revision"), [(0, "0"), (5, "0"), (1, "x"), (1, "-1"), (1, "9" * 30)])
    def test_nonsense_is_not_found(self, learner, attempt, number, revision):
        assert self.post(learner, attempt, number, revision=revision).status_code == 404


class TestResult:
    def test_failed_with_an_attempt_left_shows_no_key(self, learner, attempt):
        QuestionVersion.objects.update(explanation="WHY-IT-IS-SO")
        services.submit(attempt=attempt)
        response = learner.get(reverse("exams:result", args=[attempt.pk]))
        assert "WHY-IT-IS-SO" not in response.content.decode()
        assert response.context["may_sit_again"]

    def test_passed_shows_key_and_grounds(self, learner, attempt):
        QuestionVersion.objects.update(explanation="WHY-IT-IS-SO", legal_basis="THE-LAW")
        for item in attempt.paper:
            right = QuestionVersion.objects.get(pk=item["version"]).answers
            put(learner, attempt, version=item["version"], choice=right)
        services.submit(attempt=attempt)
        html = learner.get(reverse("exams:result", args=[attempt.pk])).content.decode()
        assert html.count("WHY-IT-IS-SO") == 4
        assert "THE-LAW" in html
        assert reverse("certificates:mine") in html

    def test_an_open_attempt_leads_back(self, learner, attempt):
        assert learner.get(reverse("exams:result", args=[attempt.pk]))["Location"] == reverse(
            "exams:sitting", args=[attempt.pk]
        )


class TestStrangers:
    def test_nobody_else_gets_in(self, client, attempt):
        pages = [
            ("get", reverse("exams:cover", args=[attempt.enrolment_id])),
            ("get", reverse("exams:sitting", args=[attempt.pk])),
            ("get", reverse("exams:result", args=[attempt.pk])),
            ("post", reverse("exams:answer", args=[attempt.pk, 1])),
            ("get", reverse("api:exam-attempt", args=[attempt.pk])),
        ]
        for method, address in pages:
            client.logout()
            assert getattr(client, method)(address).status_code in (302, 401, 403)
            client.force_login(UserFactory())
            assert getattr(client, method)(address).status_code == 404
        assert put(client, attempt).status_code == 404
        assert not attempt.answers.exists()

    def test_without_a_csrf_token_nothing_is_saved(self, attempt):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(attempt.enrolment.user)
        assert put(strict, attempt).status_code == 403
        assert strict.post(reverse("exams:answer", args=[attempt.pk, 1])).status_code == 403
        assert not attempt.answers.exists()


class TestApi:
    def test_an_acknowledgement_carries_the_servers_clock(self, learner, attempt):
        response = put(learner, attempt)
        body = response.json()
        assert response.status_code == 200
        assert (body["revision"], body["choice"]) == (1, ["A"])
        assert body["server_time"] >= body["saved_at"]

    def test_a_newer_answer_stands_and_is_returned(self, learner, attempt):
        put(learner, attempt, choice=["C"], revision=3)
        response = put(learner, attempt, choice=["A"], revision=2)
        assert response.status_code == 409
        assert response["Content-Type"].startswith("application/problem+json")
        assert response.json()["answer"]["choice"] == ["C"]
        assert response.json()["type"].endswith("newer_answer")

    def test_after_the_deadline_it_says_so(self, learner, attempt):
        expire(attempt)
        response = put(learner, attempt)
        assert response.status_code == 410
        assert response.json()["type"].endswith("deadline_passed")
        assert response.json()["detail"]
        assert not attempt.answers.exists()

    def test_after_handing_in_it_is_closed(self, learner, attempt):
        services.submit(attempt=attempt)
        response = put(learner, attempt)
        assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (409, "attempt_closed")

    @pytest.mark.parametrize(
        "changes",
        [
            {"choice": ["Z"]}, {"choice": "A"}, {"choice": ["A"] * 99}, {"version": 0}, {"version": 10**9},
            {"revision": 0}, {"revision": None}, {"revision": 10**12},
        ],
    )  # fmt: skip
    def test_bad_input_is_refused_and_changes_nothing(self, learner, attempt, changes):
        response = put(learner, attempt, **changes)
        assert response.status_code == 400
        assert response["Content-Type"].startswith("application/problem+json")
        assert not attempt.answers.exists()

    def test_where_it_stands(self, learner, attempt):
        put(learner, attempt, is_flagged=True)
        body = learner.get(reverse("api:exam-attempt", args=[attempt.pk])).json()
        assert body["state"] == "in_progress"
        assert [(one["choice"], one["is_flagged"]) for one in body["answers"]] == [(["A"], True)]
