"""The server's clock: the last moment, one past it, late hands, waits between attempts, the sweep."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from classroom.exams import errors, queries, services, words
from classroom.exams.models import Attempt
from classroom.exams.queries import Reason

MS, US = timedelta(milliseconds=1), timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def save(attempt, now, revision=1, place=0):
    return services.save_answer(
        attempt=attempt,
        version_id=attempt.paper[place]["version"],
        choice=["A"],
        is_flagged=False,
        revision=revision,
        now=now,
    )


@pytest.mark.parametrize(
    ("after", "is_taken"),
    [(-MS, True), (-US, True), (timedelta(0), False), (US, False), (timedelta(days=1), False)],
)
def test_an_answer_is_taken_before_the_deadline_and_never_at_it(enrolled, sit, after, is_taken):
    attempt = sit(enrolled(), hand_in=False)
    if is_taken:
        assert save(attempt, attempt.deadline_at + after).accepted
    else:
        with pytest.raises(errors.DeadlinePassed):
            save(attempt, attempt.deadline_at + after)
    assert attempt.answers.count() == int(is_taken)


@pytest.mark.parametrize(
    ("after", "is_auto"), [(-MS, False), (timedelta(0), True), (MS, True), (timedelta(days=3), True)]
)
def test_handing_in_counts_at_the_deadline_at_the_latest(enrolled, sit, after, is_auto):
    attempt = sit(enrolled(), hand_in=False)
    graded = services.submit(attempt=attempt, now=attempt.deadline_at + after)
    assert graded.is_auto_submitted is is_auto
    assert graded.submitted_at == attempt.deadline_at + min(after, timedelta(0))


def test_an_answer_refused_for_lateness_does_not_touch_the_one_that_stands(enrolled, sit):
    attempt = sit(enrolled(), hand_in=False)
    first = save(attempt, attempt.deadline_at - MINUTE).answer
    with pytest.raises(errors.DeadlinePassed):
        save(attempt, attempt.deadline_at, revision=2)
    kept = attempt.answers.get()
    assert (kept.revision, kept.saved_at) == (1, first.saved_at)


def test_a_browser_with_a_wrong_clock_changes_nothing(client, enrolled, sit):
    """Whatever time the client claims: nothing in the request is a time, and the answer bears the server's."""
    attempt = sit(enrolled(), hand_in=False)
    client.force_login(attempt.enrolment.user)
    body = {
        "version": attempt.paper[0]["version"],
        "choice": ["A"],
        "revision": 1,
        "saved_at": "1999-01-01T00:00:00Z",
        "deadline_at": "2099-01-01T00:00:00Z",
    }
    response = client.put(
        reverse("api:exam-answers", args=[attempt.pk]),
        json.dumps(body),
        "application/json",
        headers={"Date": "Fri, 01 Jan 1999 00:00:00 GMT"},
    )
    assert response.status_code == 200
    attempt.refresh_from_db()
    assert abs(attempt.answers.get().saved_at - timezone.now()) < MINUTE
    assert attempt.deadline_at - attempt.started_at == 60 * MINUTE


def test_the_page_carries_the_clock_in_milliseconds_of_the_server(client, enrolled, sit):
    attempt = sit(enrolled(minutes=45), hand_in=False)
    client.force_login(attempt.enrolment.user)
    before = timezone.now().timestamp()
    data = client.get(reverse("exams:sitting", args=[attempt.pk])).context["data"]
    assert data["deadline_ms"] - data["start_ms"] in (45 * 60_000, 45 * 60_000 + 1, 45 * 60_000 - 1)
    assert before * 1000 - 1 <= data["now_ms"] <= timezone.now().timestamp() * 1000


def test_reading_state_does_not_stop_or_stretch_the_time(client, enrolled, sit):
    attempt = sit(enrolled(), hand_in=False)
    client.force_login(attempt.enrolment.user)
    deadline = attempt.deadline_at
    for _ in range(3):
        client.get(reverse("exams:sitting", args=[attempt.pk]))
        client.get(reverse("api:exam-attempt", args=[attempt.pk]))
    attempt.refresh_from_db()
    assert attempt.deadline_at == deadline


class TestWaiting:
    @pytest.mark.parametrize(("after", "opens"), [(-US, False), (timedelta(0), True), (US, True)])
    def test_the_wait_ends_sharply(self, enrolled, sit, after, opens):
        enrolment = enrolled(interval_minutes=30)
        first = sit(enrolment)
        moment = first.submitted_at + 30 * MINUTE + after
        assert queries.eligibility(enrolment, now=moment).can_start is opens

    def test_it_says_from_when(self, enrolled, sit):
        enrolment = enrolled(interval_minutes=1440)
        first = sit(enrolment)
        verdict = queries.eligibility(enrolment)
        assert (verdict.reason, verdict.next_at) == (Reason.INTERVAL, first.submitted_at + 1440 * MINUTE)
        assert verdict.left == 2

    def test_it_counts_from_the_deadline_of_one_that_nobody_handed_in(self, enrolled, sit):
        enrolment = enrolled(interval_minutes=30)
        attempt = sit(enrolment, hand_in=False)
        services.close_overdue(now=attempt.deadline_at + 20 * MINUTE)
        assert queries.eligibility(enrolment, now=attempt.deadline_at + 30 * MINUTE).can_start

    def test_one_that_is_overdue_is_handed_in_even_where_the_next_must_wait(self, enrolled, sit):
        enrolment = enrolled(interval_minutes=30)
        attempt = sit(enrolment, hand_in=False)
        with pytest.raises(errors.NotEligible) as refusal:
            services.start_attempt(enrolment=enrolment, now=attempt.deadline_at + MINUTE)
        assert refusal.value.reason == Reason.INTERVAL
        attempt.refresh_from_db()
        assert attempt.state == Attempt.State.GRADED

    def test_no_attempt_left_goes_before_the_wait(self, enrolled, sit):
        enrolment = enrolled(interval_minutes=30, attempts_allowed=1)
        sit(enrolment)
        verdict = queries.eligibility(enrolment)
        assert (verdict.reason, verdict.next_at, verdict.left) == (Reason.NO_ATTEMPTS, None, 0)

    def test_fewer_attempts_allowed_than_were_sat_leave_none_and_not_less(self, enrolled, sit):
        enrolment = enrolled(attempts_allowed=3)
        for _ in range(2):
            sit(enrolment)
        exam = enrolment.edition.exam
        exam.attempts_allowed = 1
        exam.save()
        assert queries.eligibility(enrolment).left == 0


class TestWords:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_every_refusal_says_in_both_languages_what_holds(self, enrolled, sit, language):
        waits, spent, passed = enrolled(interval_minutes=30), enrolled(attempts_allowed=1), enrolled()
        sit(waits)
        sit(spent)
        sit(passed, right=4)
        with translation.override(language):
            said = [str(queries.eligibility(one).words) for one in (waits, spent, passed)]
        assert len(set(said)) == 3
        assert all(said)
        assert all(any("\u4e00" <= c <= "\u9fff" for c in one) for one in said) is (language == "zh-hans")

    @pytest.mark.parametrize(
        ("minutes", "said"), [(0, ""), (1, "1 minute"), (59, "59 minutes"), (60, "1 hour"), (90, "90 minutes"), (1440, "24 hours")]
    )  # fmt: skip
    def test_a_wait_is_said_in_its_largest_whole_unit(self, minutes, said):
        with translation.override("en"):
            assert words.span_of_minutes(minutes) == said

    @pytest.mark.parametrize("minutes", [1, 5, 20, 45, 60, 90, 120, 180, 300, 1440])
    def test_the_time_scale_begins_at_nought_stays_inside_and_has_few_figures(self, minutes):
        ticks = words.clock_ticks(minutes)
        places = [tick["x"] for tick in ticks]
        assert places == sorted(places)
        assert (places[0], max(places) <= 100) == (0, True)
        assert 1 <= len([tick for tick in ticks if tick["label"]]) <= 7
        assert len(ticks) <= 120

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_the_script_gets_its_words_with_every_brace_kept(self, language):
        with translation.override("en"):
            english = words.for_script()
        with translation.override(language):
            here = words.for_script()
        for name, text in english.items():
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", here[name])), name


class TestSweep:
    def test_at_the_deadline_it_is_due_and_a_moment_before_not(self, enrolled, sit):
        attempt = sit(enrolled(), hand_in=False)
        assert list(queries.overdue_attempts(attempt.deadline_at - US)) == []
        assert list(queries.overdue_attempts(attempt.deadline_at)) == [attempt]

    def test_what_was_saved_is_graded_as_if_handed_in(self, enrolled, sit):
        attempt = sit(enrolled(), right=3, hand_in=False)
        assert services.close_overdue(now=attempt.deadline_at) == 1
        attempt.refresh_from_db()
        assert (str(attempt.score), attempt.is_passed, attempt.is_auto_submitted) == ("75.0", True, True)

    def test_twice_is_once_and_graded_or_voided_ones_are_left_alone(self, enrolled, sit):
        done, open_one = sit(enrolled(), right=4), sit(enrolled(), hand_in=False)
        voided = sit(enrolled(), hand_in=False)
        Attempt.objects.unscoped("test").filter(pk=voided.pk).update(state="voided")
        later = open_one.deadline_at + MINUTE
        assert [services.close_overdue(now=later), services.close_overdue(now=later)] == [1, 0]
        for attempt, state in ((done, "graded"), (voided, "voided")):
            submitted = attempt.submitted_at
            attempt.refresh_from_db()
            assert (attempt.state, attempt.submitted_at) == (state, submitted)
