"""What the conductor settles and awards, in which order, and what a failure on the way may cost."""

import io
import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from classroom.certificates.models import Certificate, SerialCounter
from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.exams import services as exams
from classroom.exams.models import Attempt
from classroom.learning import exam_flow, services, settling
from classroom.learning.tasks import sweep
from classroom.progress.services import hold_clock
from courses.questions.models import QuestionVersion
from tests.factories.catalogue import EditionFactory, complete_edition
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.people import UserFactory
from tests.learner import Learner
from tests.threads import in_threads

WHY = "the test looks at everybody's"


def examined(user=None, *, asks=(), videos=0):
    """Return an enrolment that an exam completes, once the courses in `asks` are complete."""
    edition = complete_edition(videos=videos, reading=False)
    if asks:
        before = {"kind": "prerequisites", "courses": [one.course.code for one in asks]}
        edition.rule = {**edition.rule, "all": [*edition.rule["all"], before]}
        edition.save()
    return EnrolmentFactory(user=user or UserFactory(), edition=edition)


def sit(enrolment):
    """Start the exam and answer everything right."""
    attempt = exams.start_attempt(enrolment=enrolment)
    for item in attempt.paper:
        exams.save_answer(
            attempt=attempt,
            version_id=item["version"],
            choice=QuestionVersion.objects.get(pk=item["version"]).answers,
            is_flagged=False,
            revision=1,
        )
    return attempt


def passed(enrolment):
    """The exam was handed in by itself, and passed."""
    return AttemptFactory(enrolment=enrolment, exam=enrolment.edition.exam, graded=True, number=1)


def state(enrolment):
    return Enrolment.objects.unscoped(WHY).get(pk=enrolment.pk).state


def certificates():
    return Certificate.objects.unscoped(WHY)


# A certificate that cannot be made.


@pytest.mark.django_db
def test_a_certificate_that_cannot_be_made_does_not_cost_the_hand_in(client, settings):
    enrolment = examined()
    attempt = sit(enrolment)
    right, settings.CERTIFICATE_PREFIX = settings.CERTIFICATE_PREFIX, "检测"
    client.force_login(enrolment.user)
    response = client.post(reverse("learning:submit_exam", args=[attempt.pk]))
    assert response["Location"] == reverse("exams:result", args=[attempt.pk])
    attempt.refresh_from_db()
    assert (attempt.state, attempt.is_passed, state(enrolment)) == ("graded", True, "completed")
    assert not certificates().exists()
    settings.CERTIFICATE_PREFIX = right
    assert sweep() == {"completed": 0, "awarded": 1}
    assert certificates().get().serial == 1


@pytest.mark.django_db
def test_one_certificate_that_fails_does_not_cost_the_next(settings):
    """The course that was unlocked has a code that makes no number."""
    first = examined()
    second = examined(first.user, asks=[first])
    passed(second)
    second.course.code = "检测"
    second.course.save()
    exam_flow.submit_exam(user=first.user, attempt=sit(first))
    assert (state(first), state(second)) == ("completed", "completed")
    assert certificates().get().completion.enrolment == first


@pytest.mark.django_db
@pytest.mark.parametrize("at_most", [1, 2])
def test_completions_that_never_get_a_certificate_keep_no_other_waiting(at_most):
    for code in ("检测", "标准"):
        broken = CompletionFactory()
        broken.enrolment.course.code = code
        broken.enrolment.course.save()
    good = CompletionFactory()
    awarded = 0
    for _ in range(200):
        awarded += services.award_missing(at_most=at_most)
        if awarded:
            break
    assert certificates().get().completion == good


# The sweep after exams that were handed in by themselves.


@pytest.mark.django_db
def test_who_passed_and_still_has_to_watch_keeps_no_older_pass_waiting():
    older = examined()
    passed(older)
    for _ in range(2):
        passed(examined(videos=1))
    assert [services.settle_passed(at_most=2) for _ in range(2)] in ([0, 1], [1, 0])
    assert state(older) == "completed"
    assert certificates().get().user == older.user


@pytest.mark.django_db
def test_a_pass_is_settled_once_and_what_is_missing_then_settles_by_itself():
    enrolment = examined(videos=1)
    attempt = passed(enrolment)
    assert services.settle_passed() == 0
    attempt.refresh_from_db()
    assert attempt.settled_at is not None
    with CaptureQueriesContext(connection) as queries:
        assert services.settle_passed() == 0
    assert len(queries) == 1
    lesson = enrolment.edition.lessons.get()
    enrolment.progress.create(lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000)
    services._settle(enrolment.pk)
    assert state(enrolment) == "completed"


@pytest.mark.django_db
def test_what_was_handed_in_by_hand_is_not_settled_again_by_the_sweep():
    enrolment = examined(videos=1)
    attempt = exam_flow.submit_exam(user=enrolment.user, attempt=sit(enrolment))
    attempt.refresh_from_db()
    assert (attempt.is_passed, state(enrolment)) == (True, "active")
    assert attempt.settled_at is not None
    again = exam_flow.submit_exam(user=enrolment.user, attempt=attempt)
    again.refresh_from_db()
    assert again.settled_at == attempt.settled_at


@pytest.mark.django_db
@pytest.mark.parametrize("at_most", [1, 200])
def test_one_that_fails_keeps_nobody_waiting_and_is_tried_again(at_most):
    good, bad = examined(), examined()
    right, bad.edition.policy = bad.edition.policy, {"coverage_percent": "all"}
    bad.edition.save()
    for enrolment in (bad, good):
        passed(enrolment)
    for _ in range(200):
        if services.settle_passed(at_most=at_most):
            break
    assert (state(good), state(bad)) == ("completed", "active")
    assert Attempt.objects.unscoped(WHY).get(enrolment=bad).settled_at is None
    bad.edition.policy = right
    bad.edition.save()
    assert services.settle_passed(at_most=at_most) == 1
    assert state(bad) == "completed"


@pytest.mark.django_db
def test_progress_that_is_put_right_from_its_evidence_is_settled_with_it():
    """The sweep has looked at the pass already, and nothing more will be played."""
    learner = Learner.on_edition(videos=1, exam=True)
    learner.open()
    learner.play(0, 90, step_s=90)
    learner.enrolment.progress.update(coverage=[[30_000, 90_000]], covered_ms=60_000)
    learner.play(90, 180, step_s=90)
    passed(learner.enrolment)
    assert services.settle_passed() == 0
    call_command("rebuild_progress", write=True, stdout=io.StringIO())
    assert state(learner.enrolment) == "completed"
    assert certificates().get().user == learner.enrolment.user


# The order of locks.


def touched(queries, *tables):
    """Return which of `tables` each statement writes, in their order."""
    writes = [one["sql"] for one in queries if one["sql"].startswith(("UPDATE", "INSERT"))]
    return [table for sql in writes for table in tables if f'"{table}"' in sql.split("SET")[0].split("(")[0]]


@pytest.mark.django_db
def test_the_years_counter_is_taken_after_the_last_enrolment():
    first = examined()
    for _ in range(2):
        passed(examined(first.user, asks=[first]))
    attempt = sit(first)
    with CaptureQueriesContext(connection) as queries:
        exam_flow.submit_exam(user=first.user, attempt=attempt)
    assert certificates().count() == 3
    order = touched(queries, "enrolment_enrolment", "completion_completion", "certificates_serialcounter")
    assert order.count("completion_completion") == 3
    begin = order.index("certificates_serialcounter")
    assert set(order[begin:]) == {"certificates_serialcounter"}


@pytest.mark.django_db
def test_what_is_asked_for_is_settled_before_what_asks_for_it_whichever_is_older():
    first = examined()
    oldest = examined(first.user)
    middle = examined(first.user, asks=[first])
    edition = oldest.edition
    asked = {"kind": "prerequisites", "courses": [first.course.code, middle.course.code]}
    edition.rule = {**edition.rule, "all": [*edition.rule["all"], asked]}
    edition.save()
    passed(middle)
    passed(oldest)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        attempt = passed(first)
        done = settling.settle_courses([first.pk])
    assert [one.enrolment for one in done] == [first, middle, oldest]
    assert attempt.is_passed
    # Each was looked at once: nothing was settled in vain before its turn had come.
    locked = 'FROM "enrolment_enrolment" INNER JOIN "catalogue_edition"'
    looks = [
        one["sql"]
        for one in queries
        if locked in one["sql"] and '"enrolment_enrolment"."id" = ' in one["sql"]
    ]
    assert len(looks) == 3


codes = st.sampled_from("ABCDEF")


@given(st.dictionaries(codes, st.sets(codes)))
def test_ranks_rise_along_every_way_and_rings_end(asked):
    ranks = settling._ranks(asked)
    assert ranks.keys() == asked.keys()
    without_rings = {code: {one for one in before if one > code} for code, before in asked.items()}
    ranks = settling._ranks(without_rings)
    for code, before in without_rings.items():
        assert all(ranks[one] < ranks[code] for one in before if one in ranks)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one writer in at a time")
def test_two_exams_of_one_person_at_one_moment_wait_for_each_other_and_never_in_a_ring():
    """One completes a course for which the other waits; the other is itself about to be awarded."""
    user = UserFactory()
    first = examined(user)
    earlier = EditionFactory(course=first.course, is_current=False)
    CompletionFactory(enrolment=EnrolmentFactory(user=user, edition=earlier, completed=True))
    second = examined(user, asks=[first])
    attempts = [sit(first), sit(second)]
    second_is_locked, counter_is_taken = threading.Event(), threading.Event()

    def watching(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "certificates_serialcounter" in sql and "FOR UPDATE" in sql:
            counter_is_taken.set()
        return result

    def work(number):
        if number == 0:
            second_is_locked.wait(5)
            with connection.execute_wrapper(watching):
                exam_flow.submit_exam(user=user, attempt=attempts[0])
            return
        with transaction.atomic():
            hold_clock(user.pk)
            Enrolment.objects.unscoped(WHY).select_for_update(no_key=True).get(pk=second.pk)
            second_is_locked.set()
            counter_is_taken.wait(0.5)
            exam_flow.submit_exam(user=user, attempt=attempts[1])

    assert in_threads(2, work) == []
    assert [state(first), state(second)] == ["completed", "completed"]
    assert SerialCounter.objects.get().last == 2
    assert Completion.objects.unscoped(WHY).filter(certificates__isnull=False).count() == 2
