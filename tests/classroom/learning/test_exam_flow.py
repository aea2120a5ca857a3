"""From the last answer to the certificate: one transaction, once."""

import pytest
from django.urls import reverse

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.exams import services as exams
from classroom.exams.admission import admission_of as asked
from classroom.exams.models import Attempt
from classroom.learning import exam_flow
from classroom.progress.models import LessonProgress
from courses.questions.models import QuestionVersion
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory


@pytest.fixture
def enrolment(db):
    return EnrolmentFactory(edition=complete_edition(videos=1))


def learn_all(enrolment):
    for lesson in enrolment.edition.lessons.all():
        LessonProgress.objects.create(
            enrolment=enrolment,
            lesson=lesson,
            coverage=[[0, lesson.duration_ms]] if lesson.duration_ms else [],
            covered_ms=lesson.duration_ms,
            acknowledged_at=None if lesson.duration_ms else enrolment.enrolled_at,
        )


def answer_right(attempt):
    for item in attempt.paper:
        exams.save_answer(
            attempt=attempt,
            version_id=item["version"],
            choice=QuestionVersion.objects.get(pk=item["version"]).answers,
            is_flagged=False,
            revision=1,
        )


def certificates():
    return Certificate.objects.unscoped("test")


class TestAdmission:
    def test_the_exams_room_asks_the_conductor(self, enrolment):
        state = asked(enrolment)
        assert (state.is_met, state.have, state.need) == (False, 0, 2)
        learn_all(enrolment)
        assert asked(enrolment).is_met

    def test_before_the_lessons_the_exam_is_closed(self, client, enrolment):
        client.force_login(enrolment.user)
        response = client.post(reverse("learning:start_exam", args=[enrolment.pk]))
        assert response["Location"] == reverse("exams:cover", args=[enrolment.pk])
        assert not Attempt.objects.unscoped("test").exists()

    def test_after_them_it_opens(self, client, enrolment):
        learn_all(enrolment)
        client.force_login(enrolment.user)
        response = client.post(reverse("learning:start_exam", args=[enrolment.pk]))
        attempt = Attempt.objects.unscoped("test").get()
        assert response["Location"] == reverse("exams:sitting", args=[attempt.pk])


class TestSubmit:
    @pytest.fixture
    def attempt(self, enrolment):
        learn_all(enrolment)
        return exam_flow.start_exam(user=enrolment.user, enrolment=enrolment)

    def test_passing_completes_the_course_and_awards_the_certificate(self, client, enrolment, attempt):
        answer_right(attempt)
        client.force_login(enrolment.user)
        response = client.post(reverse("learning:submit_exam", args=[attempt.pk]))
        assert response["Location"] == reverse("exams:result", args=[attempt.pk])
        enrolment.refresh_from_db()
        assert enrolment.state == "completed"
        certificate = certificates().get()
        assert certificate.user == enrolment.user
        assert certificate.facts["score"] == "100.0"
        assert [lesson["seconds"] for lesson in certificate.facts["lessons"]] == [180]

    def test_handing_in_twice_awards_once(self, enrolment, attempt):
        answer_right(attempt)
        for _ in range(2):
            exam_flow.submit_exam(user=enrolment.user, attempt=attempt)
        assert certificates().count() == 1
        assert Completion.objects.unscoped("test").count() == 1

    def test_failing_awards_nothing(self, enrolment, attempt):
        graded = exam_flow.submit_exam(user=enrolment.user, attempt=attempt)
        enrolment.refresh_from_db()
        assert (graded.is_passed, enrolment.state) == (False, "active")
        assert not certificates().exists()


class TestStrangers:
    def test_nobody_starts_or_hands_in_for_another(self, client, enrolment):
        learn_all(enrolment)
        attempt = exam_flow.start_exam(user=enrolment.user, enrolment=enrolment)
        stranger = UserFactory()
        with pytest.raises(Enrolment.DoesNotExist):
            exam_flow.start_exam(user=stranger, enrolment=enrolment)
        with pytest.raises(Attempt.DoesNotExist):
            exam_flow.submit_exam(user=stranger, attempt=attempt)
        client.force_login(stranger)
        assert client.post(reverse("learning:start_exam", args=[enrolment.pk])).status_code == 404
        assert client.post(reverse("learning:submit_exam", args=[attempt.pk])).status_code == 404
        assert client.get(reverse("learning:submit_exam", args=[attempt.pk])).status_code == 405
        attempt.refresh_from_db()
        assert attempt.state == "in_progress"
