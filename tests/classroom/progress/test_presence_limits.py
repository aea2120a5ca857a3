"""Presence checks at their limits: time, extensions, devices, lessons, what is held and what is let go."""

from datetime import timedelta

import pytest

from classroom.progress import errors, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Evidence, PersonClock, PresenceCheck
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.services import presence
from classroom.progress.spans import Rule, Span
from tests.learner import Learner

pytestmark = pytest.mark.django_db

EVERY = 30_000


@pytest.fixture
def learner(monkeypatch) -> Learner:
    """A learner whose questions come after each half minute of newly credited time."""
    monkeypatch.setattr(presence, "draw", lambda every: EVERY)
    return Learner.on_edition(policy={"presence_minutes": 10})


def asked(learner: Learner):
    """Play until the question comes and is shown."""
    learner.open()
    said = learner.play(0, 30)
    assert said.presence is not None
    return learner.report().presence


def answered(learner: Learner, check):
    return services.answer_check(check_id=check.id, user_id=learner.enrolment.user_id, now=learner.now)


def extended(learner: Learner, check):
    return services.extend_check(check_id=check.id, user_id=learner.enrolment.user_id, now=learner.now)


def stored(check) -> PresenceCheck:
    return PresenceCheck.objects.get(pk=check.id)


# When it is asked.


def test_it_is_asked_with_the_report_that_reaches_the_drawn_time_and_not_before(learner):
    learner.open()
    assert learner.report(learner.span(0, 29.999)).presence is None
    said = learner.report(learner.span(29.999, 0.001))
    assert said.presence is not None
    assert Evidence.rows.filter(facts__asked=str(said.presence.id)).count() == 1


def test_the_count_goes_on_over_reloads_lessons_and_days(learner):
    first, second = learner.enrolment.edition.lessons.order_by("position")
    learner.open(first)
    assert learner.play(0, 15).presence is None
    learner.wait(24 * 3600)
    learner.open(second)
    assert learner.play(0, 14).presence is None
    assert learner.play(14, 15, step_s=1).presence is not None


def test_an_edition_without_questions_never_shows_anothers(learner):
    asked(learner)
    plain = Learner.on_edition()
    plain.enrolment.user = learner.enrolment.user
    plain.enrolment.save()
    plain.now = learner.now
    plain.open()
    said = plain.play(0, 30)
    assert (said.presence, said.covered_ms) == (None, 30_000)


def test_the_next_question_is_drawn_only_when_this_one_is_answered(learner):
    check = asked(learner)
    assert PersonClock.objects.get(pk=learner.enrolment.user_id).presence_left_ms is None
    answered(learner, check)
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    assert (clock.presence_left_ms, clock.check_open_id) == (EVERY, None)
    assert learner.play(30, 59).presence is None
    assert learner.play(59, 60, step_s=1).presence is not None
    assert PresenceCheck.objects.count() == 2


# How long one has.


@pytest.mark.parametrize(
    ("after", "passes"), [(0, True), (59.9, True), (60, True), (60.001, False), (600, False)]
)
def test_the_minute_is_a_whole_minute(learner, after, passes):
    check = asked(learner)
    learner.wait(after)
    assert answered(learner, check).is_passed is passes
    assert stored(check).state == ("passed" if passes else "missed")


@pytest.mark.parametrize("waited", [0, 30, 3600, 24 * 3600])
def test_nobody_has_less_than_a_minute_from_the_moment_it_can_be_seen(learner, waited):
    learner.open()
    said = learner.play(0, 30).presence
    learner.wait(waited)
    shown = learner.report().presence
    assert shown.id == said.id
    assert shown.seconds_left == 60
    learner.wait(60)
    assert answered(learner, shown).is_passed


def test_a_question_whose_showing_was_never_heard_of_is_answered_in_time_whenever(learner):
    learner.open()
    said = learner.play(0, 30).presence
    learner.wait(5 * 3600)
    assert answered(learner, said).is_passed


def test_more_time_may_be_asked_before_the_server_heard_that_it_is_shown(learner):
    learner.open()
    said = learner.play(0, 30).presence
    learner.wait(90)
    more = extended(learner, said)
    assert (more.seconds_left, more.extensions_left) == (120, 9)
    assert stored(said).delivered_at == learner.now
    learner.wait(120)
    assert answered(learner, said).is_passed


@pytest.mark.parametrize(("after", "is_given"), [(0, True), (60, True), (60.001, False)])
def test_more_time_is_given_up_to_the_last_moment(learner, after, is_given):
    check = asked(learner)
    learner.wait(after)
    if is_given:
        assert extended(learner, check).seconds_left == 120 - after
    else:
        with pytest.raises(errors.NoMoreTime):
            extended(learner, check)


def test_an_answer_within_the_added_time_is_in_time(learner):
    check = asked(learner)
    extended(learner, check)
    held = learner.play(30, 90)
    learner.wait(60)
    assert held.covered_ms == 30_000
    assert answered(learner, check).is_passed
    assert learner.progress.coverage == [[0, 90_000]]


def test_a_question_that_was_answered_or_missed_cannot_be_extended(learner):
    check = asked(learner)
    answered(learner, check)
    with pytest.raises(errors.CheckUnknown):
        extended(learner, check)


# What is held, and what is let go.


def test_what_is_held_is_told_apart_from_what_is_verified(learner):
    asked(learner)
    said = learner.play(30, 60)
    assert (said.covered_ms, said.newly_ms) == (30_000, 0)
    assert said.furthest_ms == 60_000
    assert said.missing == [(30_000, 180_000)]
    assert learner.progress.furthest_ms == 30_000


def test_a_miss_takes_back_nothing_that_was_verified_before(learner):
    check = asked(learner)
    before = learner.progress.coverage
    learner.play(30, 60)
    learner.wait(61)
    learner.report()
    assert stored(check).state == "missed"
    assert learner.progress.coverage == before


def test_what_was_held_is_named_where_it_is_dropped(learner):
    check = asked(learner)
    learner.play(30, 60)
    learner.wait(61)
    learner.report()
    row = Evidence.rows.filter(enrolment=learner.enrolment).order_by("-index").first()
    missed = row.facts["missed"]
    assert missed["check"] == str(check.id)
    assert [piece[1:3] for piece in missed["dropped"]] == [[30_000, 45_000], [45_000, 60_000]]
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


def test_time_under_a_missed_question_never_counts_even_if_it_is_told_later(learner):
    check = asked(learner)
    kept_back = learner.span(30, 20)
    learner.wait(45)
    learner.report()
    assert stored(check).state == "missed"
    late = learner.report(kept_back)
    assert {one.rule for one in late.refused} == {Rule.PRESENT}
    waiting = late.presence or learner.report().presence
    answered(learner, waiting)
    assert learner.progress.coverage == [[0, 30_000]]


def test_a_missed_stretch_is_made_up_and_the_lesson_is_seen(learner, monkeypatch):
    check = asked(learner)
    monkeypatch.setattr(presence, "draw", lambda every: 10**9)
    learner.play(30, 60)
    learner.wait(61)
    again = learner.play(60, 61, step_s=1).presence
    learner.report()
    assert again.id != check.id
    answered(learner, again)
    assert learner.play(30, 180).is_seen
    assert services.rebuild(enrolment=learner.enrolment) == []


def test_two_lessons_held_under_one_question_are_released_together(learner):
    first, second = learner.enrolment.edition.lessons.order_by("position")
    check = asked(learner)
    learner.play(30, 40)
    learner.open(second)
    learner.play(0, 20)
    assert learner.progress.covered_ms == 0
    answered(learner, check)
    assert learner.progress.coverage == [[0, 20_000]]
    learner.lesson = first
    assert learner.progress.coverage == [[0, 40_000]]
    rows = Evidence.rows.filter(kind="presence")
    assert {row.lesson_id for row in rows} == {first.pk, second.pk}
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


def test_a_part_ahead_that_waited_behind_what_was_held_counts_with_the_answer(learner):
    check = asked(learner)
    gap = learner.span(30, 10)
    behind = learner.span(40, 10)
    learner.report(behind)
    learner.report(gap)
    assert learner.progress.covered_ms == 30_000
    answered(learner, check)
    assert learner.progress.coverage == [[0, 50_000]]


def test_never_answering_gains_no_slack_to_run_ahead_with(learner):
    """Held spans that run behind the clock must not refill what spans ahead may spend."""
    learner.open()
    learner.report(learner.span(0, 28), Span(28_000, 30_000, 28_000, 28_001))
    learner.wait(2)
    learner.report(Span(28_000, 30_000, 28_000, 28_001))
    spent = learner.progress.slack_ms
    assert spent < 2_000
    for start in range(30, 60, 10):
        t0 = learner.ms()
        learner.wait(20)
        learner.report(Span(start * 1000, start * 1000 + 10_000, t0, t0 + 20_000))
    assert learner.progress.slack_ms == spent
    assert learner.progress.covered_ms == 30_000


def test_blocking_the_question_for_a_whole_course_earns_what_was_there_before(learner):
    asked(learner)
    for lesson in learner.enrolment.edition.lessons.order_by("position"):
        learner.open(lesson)
        learner.play(0, 180, step_s=15)
    total = sum(row.covered_ms for row in learner.enrolment.progress.all())
    assert total == 30_000
    open_ones = PresenceCheck.objects.filter(state="open")
    assert [one.session.clock_id for one in open_ones] == [learner.enrolment.user_id]


# Answering twice, and two at once.


def test_a_second_answer_says_the_same_and_writes_nothing(learner):
    check = asked(learner)
    assert answered(learner, check).is_passed
    rows = Evidence.rows.count()
    learner.wait(600)
    assert answered(learner, check).is_passed
    assert Evidence.rows.count() == rows


def test_a_second_answer_after_a_late_one_still_says_missed(learner):
    check = asked(learner)
    learner.wait(61)
    assert not answered(learner, check).is_passed
    assert not answered(learner, check).is_passed


def test_an_answer_is_evidence_with_its_time(learner):
    check = asked(learner)
    learner.wait(12.345)
    answered(learner, check)
    row = Evidence.rows.get(kind="presence")
    assert row.received_at == learner.now == from_ms(to_ms(learner.now))
    assert stored(check).answered_at == learner.now
    assert stored(check).expires_at - stored(check).issued_at >= timedelta(seconds=60)
