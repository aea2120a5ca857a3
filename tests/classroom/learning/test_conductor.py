"""The conductor: what follows from a report, an answer, a reading and a sweep, once and in one piece."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion, CreditEntry, LessonCompletion
from classroom.enrolment.errors import NothingToEnrolIn
from classroom.enrolment.models import Enrolment
from classroom.learning import services
from classroom.learning.tasks import sweep
from classroom.people.models import User
from classroom.progress import errors
from classroom.progress.models import Evidence, LessonProgress
from classroom.progress.services import presence
from classroom.progress.spans import Span
from tests.factories.catalogue import EditionFactory, complete_edition
from tests.factories.exams import AttemptFactory
from tests.factories.people import UserFactory
from tests.learner import BEGIN, Learner

pytestmark = pytest.mark.django_db


def beat(learner: Learner, *spans: Span, seq: int | None = None) -> services.Beat:
    number = learner.seq if seq is None else seq
    learner.seq = max(learner.seq, number + 1)
    return services.take_heartbeat(
        user_id=learner.enrolment.user_id,
        session_id=learner.session.pk,
        seq=number,
        spans=spans,
        now=learner.now,
    )


def watch(learner: Learner, *, until: float = 180) -> services.Beat:
    """Open every lecture and watch it; the last report is returned."""
    said = None
    for lesson in learner.enrolment.edition.lessons.filter(kind="video").order_by("position"):
        learner.open(lesson)
        said = beat(learner, learner.span(0, until))
    assert said is not None
    return said


def state(enrolment: Enrolment) -> str:
    return str(Enrolment.objects.unscoped("test").get(pk=enrolment.pk).state)


def certificates():
    return Certificate.objects.unscoped("test")


# From the report.


def test_the_report_that_completes_a_lesson_decides_it_and_only_that_one(learner):
    learner.open()
    assert beat(learner, learner.span(0, 90)).credit.crossed is False
    assert not LessonCompletion.objects.exists()
    assert beat(learner, learner.span(90, 90)).credit.crossed is True
    done = LessonCompletion.objects.get()
    assert (done.enrolment, done.lesson) == (learner.enrolment, learner.lesson)
    beat(learner, learner.span(0, 30))
    assert LessonCompletion.objects.count() == 1
    assert state(learner.enrolment) == "active"


def test_the_last_lecture_completes_course_credit_and_certificate_together(learner):
    said = watch(learner)
    assert said.is_course_complete
    completion = Completion.objects.unscoped("test").get()
    assert completion.at == learner.now
    assert CreditEntry.objects.get().completion == completion
    assert said.certificate == certificates().get()
    assert state(learner.enrolment) == "completed"


def test_a_repeat_of_the_last_report_says_the_same_certificate_and_makes_none(learner):
    first = watch(learner)
    again = beat(learner, Span(0, 180_000, 0, 180_000), seq=0)
    assert again.credit.is_repeat
    assert again.certificate == first.certificate
    assert certificates().count() == 1
    assert Completion.objects.unscoped("test").count() == 1


def test_ninety_nine_percent_is_not_all_and_the_missing_second_completes(learner):
    watch(learner, until=177)
    assert state(learner.enrolment) == "active"
    for lesson in learner.enrolment.edition.lessons.order_by("position"):
        learner.open(lesson)
        said = beat(learner, learner.span(177, 3))
    assert said.is_course_complete


def test_with_an_exam_ahead_the_lectures_complete_nothing_but_themselves():
    learner = Learner.on_edition(exam=True)
    said = watch(learner)
    assert (said.is_course_complete, said.certificate) == (False, None)
    assert LessonCompletion.objects.count() == 2
    assert not Completion.objects.unscoped("test").exists()


def test_a_report_that_crosses_nothing_asks_completion_nothing(learner):
    learner.open()
    beat(learner, learner.span(0, 5))
    with CaptureQueriesContext(connection) as queries:
        beat(learner, learner.span(5, 5))
    tables = " ".join(one["sql"] for one in queries.captured_queries)
    assert "completion" not in tables
    assert "certificates" not in tables


def test_after_leaving_a_course_reports_are_kept_and_complete_nothing(learner):
    learner.open()
    span = learner.span(0, 180)
    Enrolment.objects.unscoped("test").filter(pk=learner.enrolment.pk).update(
        state=Enrolment.State.WITHDRAWN, withdrawn_at=BEGIN + timedelta(seconds=60)
    )
    said = beat(learner, span)
    assert said.credit.covered_ms == 60_000
    assert state(learner.enrolment) == "withdrawn"
    assert not Completion.objects.unscoped("test").exists()


# When the certificate cannot be made now.


@pytest.fixture
def mend(settings):
    """The prefix of the numbers is mis-set, so that no certificate can be made until this is called."""
    right, settings.CERTIFICATE_PREFIX = settings.CERTIFICATE_PREFIX, "检测"
    return lambda: setattr(settings, "CERTIFICATE_PREFIX", right)


def test_a_watched_second_is_never_lost_to_a_certificate_that_fails(learner, mend):
    said = watch(learner)
    assert said.certificate is None
    assert learner.progress.covered_ms == 180_000
    assert state(learner.enrolment) == "completed"
    assert not certificates().exists()
    mend()
    assert sweep() == {"completed": 0, "awarded": 1}
    assert certificates().get().user == learner.enrolment.user
    assert sweep() == {"completed": 0, "awarded": 0}


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_sweep_does_so_many_and_the_next_does_the_rest(most, mend):
    for _ in range(2):
        watch(Learner.on_edition(videos=1))
    mend()
    assert services.award_missing(at_most=most) == most
    assert services.award_missing() == 2 - most


def test_the_sweep_leaves_who_did_not_pass_and_who_left():
    failed, left = Learner.on_edition(exam=True), Learner.on_edition(exam=True)
    AttemptFactory(
        enrolment=failed.enrolment, exam=failed.enrolment.edition.exam, graded=True, is_passed=False, number=1
    )
    watch(left)
    Enrolment.objects.unscoped("test").filter(pk=left.enrolment.pk).update(
        state="withdrawn", withdrawn_at=BEGIN
    )
    AttemptFactory(enrolment=left.enrolment, exam=left.enrolment.edition.exam, graded=True, number=1)
    assert services.settle_passed() == 0
    assert state(left.enrolment) == "withdrawn"


# Readings.


def test_the_last_reading_completes_the_course_like_a_lecture():
    learner = Learner.on_edition(reading=True, videos=1)
    watch(learner)
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    assert state(learner.enrolment) == "active"
    row = services.acknowledge(enrolment=learner.enrolment, lesson=reading, now=learner.now)
    assert row.acknowledged_at == learner.now
    assert state(learner.enrolment) == "completed"
    services.acknowledge(enrolment=learner.enrolment, lesson=reading, now=learner.now)
    assert certificates().count() == 1
    assert Evidence.rows.filter(kind="read").count() == 1


def test_a_reading_that_is_refused_settles_nothing(learner):
    with pytest.raises(errors.LessonNotReadable):
        services.acknowledge(enrolment=learner.enrolment, lesson=learner.lesson)
    assert not LessonProgress.objects.exists()


# Presence.


def test_the_answer_that_gives_back_held_time_completes_the_course(monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 150_000)
    learner = Learner.on_edition(policy={"presence_minutes": 10}, videos=1)
    learner.open()
    asked = beat(learner, learner.span(0, 150)).credit.presence
    said = beat(learner, learner.span(150, 30))
    assert not said.is_course_complete
    user = User.objects.get(pk=learner.enrolment.user_id)
    assert services.answer_presence(user=user, check_id=asked.id, now=learner.now).is_passed
    assert state(learner.enrolment) == "completed"
    assert Completion.objects.unscoped("test").get().assurance == "A2"
    with pytest.raises(errors.CheckUnknown):
        services.answer_presence(user=UserFactory(), check_id=asked.id, now=learner.now)


# Enrolling.


def test_one_is_put_on_what_the_course_teaches_now_and_twice_is_once():
    user, old = UserFactory(), complete_edition(exam=False)
    first = services.enrol_in(user=user, course=old.course)
    assert services.enrol_in(user=user, course=old.course) == first
    newer = complete_edition(exam=False, course=old.course)
    old.course.refresh_from_db()
    assert old.course.current == newer
    assert services.enrol_in(user=UserFactory(), course=old.course).edition == newer


def test_a_course_that_teaches_nothing_yet_takes_nobody():
    edition = EditionFactory(is_current=False)
    with pytest.raises(NothingToEnrolIn):
        services.enrol_in(user=UserFactory(), course=edition.course)
    assert not Enrolment.objects.unscoped("test").exists()
