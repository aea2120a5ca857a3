"""Reports at the limits of the database's side: numbers, sessions at hand, withdrawal, leases, repeats."""

import uuid
from datetime import timedelta

import pytest
from django.utils import translation

from classroom.enrolment.models import Enrolment
from classroom.progress import errors, services, spans, words
from classroom.progress.intervals import intervals
from classroom.progress.models import Evidence, LessonProgress, PersonClock, PlaySession
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.services.credit import _EARLY_AT_MOST, LIFE_AT_MOST
from classroom.progress.spans import Refused, Rule, Span
from tests.learner import BEGIN, Learner

pytestmark = pytest.mark.django_db

RULES = [value for name, value in vars(Rule).items() if name.isupper()]


def watch_rows(learner: Learner):
    return Evidence.rows.filter(enrolment=learner.enrolment, kind="watch").order_by("index")


def stored(learner: Learner) -> tuple:
    """Everything that a report may change."""
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    progress = learner.progress
    return (
        watch_rows(learner).count(),
        progress.coverage,
        progress.waiting,
        progress.slack_ms,
        progress.position_ms,
        clock.life,
        clock.sessions,
        clock.heads,
    )


# Numbers of reports.


@pytest.mark.parametrize(
    ("order", "highest"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([2, 1, 0], [-1, -1, 2]),
        ([1, 3, 0, 2], [-1, -1, 1, 3]),
        ([5], [-1]),
        ([0, 4, 2, 1, 3], [0, 0, 0, 2, 4]),
    ],
)
def test_the_highest_number_without_a_gap_is_told(learner, order, highest):
    learner.open()
    assert [learner.report(seq=number).highest_seq for number in order] == highest


def test_a_number_that_leaves_as_many_missing_as_allowed_is_taken_and_one_more_is_not(learner):
    learner.open()
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    clock.sessions[str(learner.session.pk)]["early"] = list(range(10, 10 + _EARLY_AT_MOST - 1))
    clock.save()
    assert learner.report(seq=5_000).highest_seq == -1
    before = stored(learner)
    with pytest.raises(errors.TooFarAhead):
        learner.report(seq=6_000)
    assert stored(learner) == before
    # The missing ones still come, and then there is room again.
    assert [learner.report(seq=number).highest_seq for number in range(10)][-1] == 10 + _EARLY_AT_MOST - 2
    assert learner.report(seq=6_000).covered_ms == 0


def test_the_greatest_number_that_the_wire_allows_is_stored(learner):
    learner.open()
    assert learner.report(learner.span(0, 5), seq=2**31 - 1).covered_ms == 5_000
    assert watch_rows(learner).get().seq == 2**31 - 1


@pytest.mark.parametrize("times", [1, 3])
def test_repeats_change_nothing_that_is_stored(learner, times):
    learner.open()
    span = learner.span(0, 15)
    learner.report(span)
    before = stored(learner)
    for _ in range(times):
        learner.wait(1)
        answer = learner.report(span, seq=0)
        assert (answer.is_repeat, answer.newly_ms, answer.crossed) == (True, 15_000, False)
    assert stored(learner) == before


def test_other_spans_under_a_number_that_was_used_are_not_even_looked_at(learner):
    learner.open()
    learner.report(learner.span(0, 15))
    forged = learner.span(15, 60)
    answer = learner.report(forged, seq=0)
    assert answer.is_repeat
    assert learner.progress.coverage == [[0, 15_000]]


def test_a_repeat_tells_the_refusals_of_then_with_the_coverage_of_now(learner):
    learner.open()
    learner.wait(30)
    ahead = Span(60_000, 70_000, 0, 10_000)
    first = learner.report(ahead)
    assert [one.rule for one in first.refused] == [Rule.FIRST_VIEW]
    learner.report(learner.span(0, 60))
    again = learner.report(ahead, seq=0)
    assert again.refused == first.refused
    assert again.coverage == [(0, 70_000)]


# Spans over the door.


@pytest.mark.parametrize(
    ("span", "rule"),
    [
        (Span(0, 120_000, 0, 10_000), Rule.POSSIBLE),
        (Span(180_000, 190_000, 0, 10_000), Rule.ENCODE),
        (Span(2**45 - 1_000, 2**45, 0, 1_000), Rule.ENCODE),
        (Span(0, 10_000, 86_400_000, 86_410_000), Rule.PAST),
        (Span(0, 10_000, 2**45 - 10_000, 2**45), Rule.PAST),
        (Span(100_000, 110_000, 0, 10_000), Rule.FIRST_VIEW),
    ],
)
def test_what_is_refused_is_written_down_with_its_rule_and_earns_nothing(learner, span, rule):
    learner.open()
    learner.wait(20)
    answer = learner.report(span)
    assert (answer.covered_ms, answer.newly_ms) == (0, 0)
    row = watch_rows(learner).get()
    assert row.kept == []
    assert [one[0] for one in row.refused] == [rule]
    assert row.spans == [[span.s, span.e, span.t0, span.t1, span.rate]]
    assert services.rebuild(enrolment=learner.enrolment) == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("rule", RULES)
def test_every_refusal_says_why_and_what_to_do(rule, language):
    with translation.override(language):
        said, unknown = words.why(rule), words.why("no such rule")
    assert said != unknown
    assert said.endswith("。" if language == "zh-hans" else ".")
    assert any("一" <= sign <= "鿿" for sign in said) is (language == "zh-hans")


def test_a_report_of_many_spans_is_judged_span_by_span(learner):
    learner.open()
    good = [learner.span(start, 5) for start in (0, 5, 10)]
    answer = learner.report(
        good[0], Span(90_000, 95_000, 0, 10), good[1], Span(500_000, 500_001, 0, 9), good[2]
    )
    assert answer.coverage == [(0, 15_000)]
    assert [one.rule for one in answer.refused] == [Rule.POSSIBLE, Rule.ENCODE]


# Whose, which lesson, and until when.


def test_reports_to_a_session_that_was_closed_count_up_to_its_end(learner):
    session = learner.open()
    span = learner.span(0, 20)
    PlaySession.objects.filter(pk=session.pk).update(
        closed_at=BEGIN + timedelta(seconds=12, milliseconds=345)
    )
    answer = learner.report(span)
    assert answer.coverage == [(0, 12_345)]
    assert answer.refused == (Refused(Rule.GRANT, 12_345, 20_000),)


@pytest.mark.parametrize(("hours", "counts"), [(0, 10_000), (11.99, 10_000), (12, 0), (24, 0), (24 * 30, 0)])
def test_a_viewing_counts_for_twelve_hours(learner, hours, counts):
    learner.open()
    learner.wait(hours * 3600)
    learner.report()
    assert learner.report(learner.span(0, 10)).covered_ms == counts


def test_completing_a_course_does_not_stop_its_reports(learner):
    learner.open()
    Enrolment.objects.unscoped("test").filter(pk=learner.enrolment.pk).update(
        state=Enrolment.State.COMPLETED, completed_at=BEGIN
    )
    answer = learner.report(learner.span(0, 10))
    assert (answer.covered_ms, answer.is_course_complete) == (10_000, True)


def test_a_session_of_an_old_edition_earns_nothing_in_the_new_one(learner):
    old = learner.open()
    span = learner.span(0, 20)
    newer = Learner.on_edition(course=learner.enrolment.course)
    newer.enrolment.user = learner.enrolment.user
    newer.enrolment.save()
    newer.now = learner.now
    newer.open()
    services.receive(
        session_id=old.pk, user_id=learner.enrolment.user_id, seq=0, spans=[span], now=learner.now
    )
    assert learner.progress.covered_ms == 20_000
    assert newer.progress.covered_ms == 0
    assert newer.report(Span(0, 20_000, 0, 20_000)).covered_ms == 0


def test_each_lesson_of_an_edition_has_progress_of_its_own(learner):
    first, second = learner.enrolment.edition.lessons.order_by("position")
    learner.open(first)
    learner.play(0, 30)
    learner.open(second)
    learner.play(0, 45)
    found = dict(LessonProgress.objects.values_list("lesson_id", "covered_ms"))
    assert found == {first.pk: 30_000, second.pk: 45_000}


def test_the_lease_goes_round_and_is_told_to_each(learner):
    sessions = [learner.open() for _ in range(3)]
    said = []
    for session in sessions:
        learner.session, learner.seq = session, 0
        said.append(learner.report().has_lease)
    assert said == [False, False, True]
    again = learner.open()
    learner.session = again
    assert learner.report().has_lease


def test_a_session_that_nobody_has_is_unknown_and_leaves_no_trace(learner):
    before = (Evidence.rows.count(), PersonClock.objects.count())
    with pytest.raises(errors.SessionUnknown):
        services.receive(session_id=uuid.uuid4(), user_id=learner.enrolment.user_id, seq=0, spans=[])
    assert (Evidence.rows.count(), PersonClock.objects.count()) == before


# Offline.


@pytest.mark.parametrize(
    ("allowance_s", "away_s", "counts"),
    [(900, 880, 895_000), (900, 895, 900_000), (60, 600, 60_000), (0, 30, 0)],
)
def test_what_was_played_without_contact_counts_up_to_the_allowance(allowance_s, away_s, counts):
    learner = Learner.on_edition(policy={"offline_allowance_s": allowance_s}, duration_ms=2_000_000)
    learner.open()
    spans = [learner.span(start, 5) for start in range(0, away_s + 15, 5)]
    covered = [learner.report(span).covered_ms for span in spans][-1]
    assert covered == counts


def test_an_idle_hour_made_up_at_once_earns_the_allowance_only():
    learner = Learner.on_edition(duration_ms=3_600_000)
    learner.open()
    learner.wait(3600)
    learner.report()
    answer = learner.report(
        *[Span(n * 15_000, n * 15_000 + 15_000, n * 15_000, n * 15_000 + 15_000) for n in range(240)]
    )
    assert answer.covered_ms == 900_000
    assert {one.rule for one in answer.refused} == {Rule.HEARD}


def test_what_is_older_than_a_week_can_earn_no_more_but_nothing_is_taken_back(learner):
    learner.open()
    learner.play(0, 60)
    learner.wait(8 * 24 * 3600)
    learner.open()
    answer = learner.play(60, 120)
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    assert clock.folded_until == to_ms(BEGIN) + 60_000
    assert len(clock.life) == 1
    assert answer.coverage == [(0, 120_000)]


def test_many_scattered_minutes_fold_into_a_bounded_row(learner):
    learner.open()
    for _ in range(LIFE_AT_MOST + 20):
        learner.report(learner.span(0, 1))
        learner.wait(1)
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    assert len(clock.life) <= LIFE_AT_MOST
    assert clock.folded_until == 0
    # What another device still holds counts, but for the shortest of the pauses.
    assert intervals(clock.life)[0][0] == to_ms(BEGIN)
    assert learner.progress.coverage == [[0, 1_000]]


# Positions.


@pytest.mark.parametrize(("told", "kept"), [(61_000, 61_000), (0, 0), (10**9, 180_000), (None, 10_000)])
def test_a_report_remembers_where_the_player_stands(learner, told, kept):
    learner.open()
    learner.report(learner.span(0, 10), position_ms=told)
    assert learner.progress.position_ms == kept


def test_resuming_on_another_device_begins_at_the_very_millisecond(learner):
    learner.open()
    learner.report(learner.span(0, 47.123), position_ms=47_123)
    other = Learner(learner.enrolment, learner.lesson, now=learner.now)
    assert other.open().progress.position_ms == 47_123
    assert other.progress.position_at == from_ms(to_ms(BEGIN) + 47_123)


def test_the_fold_and_the_rules_agree_on_what_is_still_to_be_watched(learner):
    learner.open()
    answer = learner.play(0, 100)
    assert answer.missing == spans.missing([(0, 100_000)], 180_000, 1_500) == [(100_000, 180_000)]
