"""Many devices of one person at once: nothing counts twice, nothing is lost, the chain has no gap."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from classroom.completion.models import Completion, CreditEntry
from classroom.completion.services import settle
from classroom.enrolment import services as enrolments
from classroom.enrolment.models import Enrolment
from classroom.progress import services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Evidence, LessonProgress, PersonClock
from tests.factories.catalogue import complete_edition
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> None:
    """Run all acts at the same moment, each with a connection of its own; raise what any raised."""
    start, failed = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait(20)
            act()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


def test_devices_that_report_at_once_share_one_life_and_one_chain():
    learner = Learner.on_edition()
    lessons = list(learner.enrolment.edition.lessons.all())
    sessions = [learner.open(lesson) for lesson in (*lessons, *lessons)]
    span = learner.span(0, 60)

    def report(session):
        return lambda: services.receive(
            session_id=session.pk, user_id=learner.enrolment.user_id, seq=0, spans=[span], now=learner.now
        )

    at_once(*(report(session) for session in sessions))
    covered = sum(row.covered_ms for row in LessonProgress.objects.filter(enrolment=learner.enrolment))
    assert covered == 60_000
    report_ = verifier.verify(export_lines(learner.enrolment))
    assert report_.faults == []
    assert report_.rows == 8


def test_one_report_sent_four_times_at_once_is_one_row():
    learner = Learner.on_edition()
    session, span = learner.open(), learner.span(0, 15)
    answers = []

    def send():
        answers.append(
            services.receive(
                session_id=session.pk, user_id=learner.enrolment.user_id, seq=0, spans=[span], now=learner.now
            )
        )

    at_once(*[send] * 4)
    assert [answer.covered_ms for answer in answers] == [15_000] * 4
    assert sum(not answer.is_repeat for answer in answers) == 1
    assert Evidence.objects.unscoped("test").filter(kind="watch").count() == 1


def test_sessions_opened_at_once_leave_one_with_the_lease():
    learner = Learner.on_edition()
    at_once(
        *[lambda: services.open_session(enrolment=learner.enrolment, lesson=learner.lesson, now=learner.now)]
        * 3
    )
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    assert len(clock.sessions) == 3
    assert str(clock.session_id) in clock.sessions
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


def test_enrolling_at_once_makes_one_enrolment():
    user, edition = UserFactory(), complete_edition(exam=False, reading=False, videos=1)
    at_once(*[lambda: enrolments.enrol(user=user, edition=edition)] * 4)
    assert Enrolment.objects.unscoped("test").filter(user=user).count() == 1


def test_settling_at_once_decides_once():
    learner = Learner.on_edition()
    for lesson in learner.enrolment.edition.lessons.all():
        LessonProgress.objects.create(
            enrolment=learner.enrolment, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
        )
    at_once(*[lambda: settle(enrolment=learner.enrolment)] * 4)
    assert Completion.objects.unscoped("test").count() == 1
    assert CreditEntry.objects.count() == 1
