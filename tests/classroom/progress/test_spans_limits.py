"""Each rule of crediting exactly at its limit, one millisecond before it and one past it."""

import pytest

from classroom.progress import spans as rules
from classroom.progress.intervals import size
from classroom.progress.spans import SLACK_MS, Question, Refused, Rule, Span, Standing, Terms, judge

OPENED = 1_760_000_000_000
ALLOWANCE = 900_000


def terms(**more: object) -> Terms:
    return Terms(**{"duration": 600_000, "opened": OPENED, "until": OPENED + 12 * 3_600_000, **more})


def standing(**more: object) -> Standing:
    return Standing(**{"heard": [(OPENED, OPENED + ALLOWANCE)], **more})


def judged(*spans: tuple[int, int, int, int], now: int, of: Terms | None = None, on: Standing | None = None):
    return judge(
        [Span(*one) for one in spans], terms=of or terms(), standing=on or standing(), now=OPENED + now
    )


def covered(verdict) -> int:
    return size(verdict.standing.coverage)


# Possible: media against session time.


@pytest.mark.parametrize(
    ("cap", "wall", "media", "counts"),
    [
        (1000, 10_000, 10_000, 10_000),
        (1000, 10_000, 10_000 + SLACK_MS, 12_000),
        (1000, 10_000, 10_001 + SLACK_MS, 0),
        (1500, 10_000, 15_000 + SLACK_MS, 17_000),
        (1500, 10_000, 15_001 + SLACK_MS, 0),
        (2000, 10_000, 20_000, 20_000),
        (1000, 1, 1 + SLACK_MS, 2_001),
        (1000, 1, 2 + SLACK_MS, 0),
        (500, 10_000, 5_000 + SLACK_MS, 7_000),
        (500, 10_000, 5_001 + SLACK_MS, 0),
    ],
)
def test_a_span_may_run_ahead_of_the_cap_by_the_slack_and_not_a_millisecond_more(cap, wall, media, counts):
    verdict = judged((0, media, 0, wall), now=wall, of=terms(cap=cap))
    assert covered(verdict) == counts
    assert [one.rule for one in verdict.refused] == ([] if counts else [Rule.POSSIBLE])


def test_slack_that_was_spent_is_refilled_by_playing_slower_and_never_above_its_bucket():
    fast = judged((0, 12_000, 0, 10_000), now=10_000)
    assert fast.standing.slack == 0
    slow = judged((12_000, 13_500, 10_000, 12_500), now=12_500, on=fast.standing)
    assert slow.standing.slack == 1_000
    slower = judged((13_500, 14_000, 12_500, 32_500), now=32_500, on=slow.standing)
    assert slower.standing.slack == SLACK_MS


def test_without_slack_a_span_ahead_is_cut_where_its_time_ends():
    verdict = judged((0, 11_000, 0, 10_000), now=10_000, on=standing(slack=0))
    assert verdict.standing.coverage == [(0, 10_000)]
    assert verdict.refused == (Refused(Rule.POSSIBLE, 10_000, 11_000),)


# Inside the encode.


@pytest.mark.parametrize(
    ("s", "e", "kept"),
    [(599_000, 600_000, 1_000), (599_999, 600_000, 1), (600_000, 600_001, 0), (599_000, 601_000, 1_000)],
)
def test_the_end_of_the_lecture_is_the_end_of_what_counts(s, e, kept):
    before = standing(coverage=[(0, 599_000)])
    verdict = judged((s, e, 0, e - s), now=5_000, on=before)
    assert covered(verdict) - 599_000 == kept
    assert verdict.standing.coverage[-1][1] <= 600_000


def test_a_lecture_of_one_millisecond_can_be_seen():
    verdict = judged((0, 1, 0, 1), now=5, of=terms(duration=1))
    assert rules.is_seen(verdict.standing.coverage, 1, 1500, 100)


# Past: nothing counts before it happened.


@pytest.mark.parametrize(
    ("now", "counts"),
    [(10_000, 10_000), (9_999, 10_000), (8_500, 10_000), (8_499, 0), (0, 0)],
)
def test_a_span_that_ends_in_the_future_counts_within_the_tolerance_and_never_after_now(now, counts):
    verdict = judged((0, 10_000, 0, 10_000), now=now)
    assert covered(verdict) == counts
    assert {one.rule for one in verdict.refused} == (set() if counts else {Rule.PAST})
    assert all(end <= OPENED + now for _, _, _, end in verdict.kept)


def test_what_was_told_too_early_counts_when_it_is_told_again_in_its_time():
    early = judged((0, 10_000, 0, 10_000), now=9_000)
    late = judged((0, 10_000, 0, 10_000), now=10_000, on=early.standing)
    assert late.standing.coverage == [(0, 10_000)]


# Grant.


@pytest.mark.parametrize(("until", "counts"), [(10_000, 10_000), (9_999, 9_999), (1, 1), (0, 0)])
def test_a_grant_counts_to_its_last_millisecond(until, counts):
    verdict = judged((0, 10_000, 0, 10_000), now=20_000, of=terms(until=OPENED + until))
    assert covered(verdict) == counts
    assert sum(one.e - one.s for one in verdict.refused) == 10_000 - counts


# Heard: the offline allowance.


@pytest.mark.parametrize(
    ("begin", "counts"),
    [
        (ALLOWANCE - 10_000, 10_000),
        (ALLOWANCE - 9_999, 9_999),
        (ALLOWANCE - 1, 1),
        (ALLOWANCE, 0),
        (ALLOWANCE + 1, 0),
    ],
)
def test_the_allowance_ends_with_its_last_millisecond(begin, counts):
    verdict = judged((0, 10_000, begin, begin + 10_000), now=begin + 10_000)
    assert covered(verdict) == counts
    assert all(one.rule == Rule.HEARD for one in verdict.refused)


def test_an_allowance_of_nothing_credits_nothing_that_was_not_told_at_once():
    online_only = terms(allowance=0)
    verdict = judged((0, 10_000, 0, 10_000), now=10_000, of=online_only, on=Standing(heard=[]))
    assert verdict.kept == ()
    assert verdict.refused == (Refused(Rule.HEARD, 0, 10_000),)


def test_contacts_in_any_order_leave_the_same_heard_time():
    forth = back = [(OPENED, OPENED + ALLOWANCE)]
    moments = [OPENED + at for at in (5_000, 2_000_000, 1_000_000, 5_000_000)]
    for moment in moments:
        forth = rules.heard_at(forth, moment, ALLOWANCE)
    for moment in reversed(moments):
        back = rules.heard_at(back, moment, ALLOWANCE)
    assert forth == back
    assert forth == [
        (OPENED, OPENED + 5_000 + ALLOWANCE),
        (OPENED + 1_000_000, OPENED + 1_000_000 + ALLOWANCE),
        (OPENED + 2_000_000, OPENED + 2_000_000 + ALLOWANCE),
        (OPENED + 5_000_000, OPENED + 5_000_000 + ALLOWANCE),
    ]


# First view.


@pytest.mark.parametrize(("s", "is_taken"), [(31_500, True), (31_501, False), (30_000, True), (0, True)])
def test_a_first_view_may_skip_no_more_than_the_tolerance(s, is_taken):
    verdict = judged((s, s + 1_000, 0, 1_000), now=1_000, on=standing(coverage=[(0, 30_000)]))
    assert bool(verdict.kept) is is_taken
    assert bool(verdict.standing.waiting) is not is_taken


def test_what_waits_counts_at_the_time_when_it_was_shown_and_only_once():
    ahead = judged((20_000, 30_000, 0, 10_000), now=10_000)
    twice = judged((20_000, 30_000, 0, 10_000), now=11_000, on=ahead.standing)
    assert twice.standing.waiting == ahead.standing.waiting
    reached = judged((0, 20_000, 10_000, 30_000), now=30_000, on=twice.standing)
    assert reached.standing.coverage == [(0, 30_000)]
    assert reached.standing.life == [(OPENED, OPENED + 30_000)]


def test_what_waits_loses_the_time_that_was_lived_elsewhere_meanwhile():
    ahead = judged((20_000, 30_000, 0, 10_000), now=10_000)
    elsewhere = judged((0, 20_000, 5_000, 25_000), now=25_000, on=ahead.standing)
    assert elsewhere.standing.coverage == [(0, 25_000)]
    assert elsewhere.refused[-1] == Refused(Rule.LIFE, 25_000, 30_000)


# Present.


@pytest.mark.parametrize(
    ("asked", "kept", "held"),
    [(0, 0, 10_000), (1, 1, 9_999), (9_999, 9_999, 1), (10_000, 10_000, 0), (20_000, 10_000, 0)],
)
def test_a_question_parts_a_span_at_the_moment_it_was_asked(asked, kept, held):
    verdict = judge(
        [Span(0, 10_000, 0, 10_000)],
        terms=terms(),
        standing=standing(),
        now=OPENED + 10_000,
        question=Question(OPENED + asked),
    )
    assert (size(one[:2] for one in verdict.kept), size(one[:2] for one in verdict.held)) == (kept, held)


def test_an_absence_withholds_its_own_time_and_none_of_its_neighbours():
    away = standing(absences=[(OPENED + 3_000, OPENED + 4_000)])
    verdict = judged((0, 10_000, 0, 10_000), now=10_000, on=away)
    assert verdict.standing.coverage == [(0, 3_000), (4_000, 10_000)]
    assert verdict.refused == (Refused(Rule.PRESENT, 3_000, 4_000),)


# Seen.


@pytest.mark.parametrize(
    ("coverage", "percent", "seen"),
    [
        ([(0, 600_000)], 100, True),
        ([(0, 598_500)], 100, True),
        ([(0, 598_499)], 100, False),
        ([(0, 540_000)], 90, True),
        ([(0, 539_999)], 90, False),
        ([(0, 1)], 0, True),
        ([], 100, False),
        ([(1_000, 599_000)], 100, True),
        ([(1_001, 598_999)], 100, False),
        ([(0, 100_000), (101_500, 600_000)], 100, True),
        ([(0, 100_000), (101_501, 600_000)], 100, False),
    ],
)
def test_a_lecture_is_seen_exactly_when_its_share_is_there(coverage, percent, seen):
    assert rules.is_seen(coverage, 600_000, 1_500, percent) is seen


def test_playing_exactly_what_is_missing_makes_a_lecture_seen():
    coverage = [(0, 50_000), (80_000, 81_000), (300_000, 599_990)]
    now = 0
    state = standing(coverage=coverage)
    for s, e in rules.missing(coverage, 600_000, 1_500):
        now += e - s
        state = judged((s, e, now - (e - s), now), now=now, on=state).standing
    assert rules.is_seen(state.coverage, 600_000, 1_500, 100)
    assert rules.missing(state.coverage, 600_000, 1_500) == []
