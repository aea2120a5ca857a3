"""The crediting rules, one by one, and as properties over anything that can be sent."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.progress import spans as rules
from classroom.progress.intervals import size
from classroom.progress.spans import SLACK_MS, Question, Refused, Rule, Span, Standing, Terms, judge

OPENED = 1_000_000_000_000
TERMS = Terms(duration=600_000, opened=OPENED, until=OPENED + 12 * 3_600_000)
START = Standing(heard=[(OPENED, OPENED + TERMS.allowance)])


def at(ms: int) -> int:
    return OPENED + ms


def played(
    *spans: tuple[int, int, int, int], now: int, standing: Standing = START, terms: Terms = TERMS, **kw
):
    return judge([Span(*span) for span in spans], terms=terms, standing=standing, now=at(now), **kw)


def test_an_honest_span_counts_whole():
    verdict = played((0, 15_000, 100, 15_100), now=15_200)
    assert verdict.kept == ((0, 15_000, at(100), at(15_100)),)
    assert verdict.refused == ()
    assert verdict.standing.coverage == [(0, 15_000)]
    assert verdict.standing.life == [(at(100), at(15_100))]
    assert verdict.standing.slack == SLACK_MS


@pytest.mark.parametrize(
    ("span", "now", "refused"),
    [
        ((0, 240_000, 0, 15_000), 15_000, Refused(Rule.POSSIBLE, 0, 240_000)),
        ((0, 590_000, 0, 1), 15_000, Refused(Rule.POSSIBLE, 0, 590_000)),
        ((600_000, 610_000, 0, 10_000), 15_000, Refused(Rule.ENCODE, 600_000, 610_000)),
        ((0, 10_000, 20_000, 30_000), 15_000, Refused(Rule.PAST, 0, 10_000)),
        ((0, 10_000, 6_600, 16_600), 15_000, Refused(Rule.PAST, 0, 10_000)),
        ((0, 10_000, 86_400_000, 86_410_000), 15_000, Refused(Rule.PAST, 0, 10_000)),
        ((300_000, 310_000, 0, 10_000), 15_000, Refused(Rule.FIRST_VIEW, 300_000, 310_000)),
    ],
)
def test_refusals(span, now, refused):
    verdict = played(span, now=now)
    assert verdict.kept == ()
    assert verdict.refused == (refused,)
    assert verdict.standing.coverage == []
    assert verdict.standing.life == []


def test_the_end_of_the_encode_cuts_a_span_and_keeps_the_rest():
    near = Standing(coverage=[(0, 590_000)], heard=START.heard)
    verdict = played((590_000, 600_500, 0, 10_500), now=11_000, standing=near)
    assert verdict.standing.coverage == [(0, 600_000)]
    assert verdict.refused == (Refused(Rule.ENCODE, 600_000, 600_500),)


def test_a_client_clock_a_little_ahead_loses_nothing():
    before = Standing(coverage=[(0, 20_000)], heard=START.heard, life=[(at(0), at(20_000))])
    verdict = played((20_000, 30_000, 21_500, 31_500), now=30_500, standing=before)
    assert verdict.kept == ((20_000, 30_000, at(20_500), at(30_500)),)
    assert verdict.refused == ()


@pytest.mark.parametrize("ppm", [-100, 50, 100, 200])
def test_a_device_whose_clock_drifts_through_a_long_sitting_misses_nothing(ppm):
    """Every span ends where its device says, which is more and more beside the server's time."""
    length, step = 2 * 3_600_000, 15_000
    terms = Terms(duration=length, opened=OPENED, until=TERMS.until)
    standing = START
    for start in range(0, length, step):
        wall = [moment + moment * ppm // 1_000_000 for moment in (start, start + step)]
        standing = played(
            (start, start + step, *wall), now=start + step + 40, standing=standing, terms=terms
        ).standing
    assert rules.is_seen(standing.coverage, length, terms.tolerance, 100)


def test_nothing_counts_after_the_grant_ended():
    short = Terms(duration=600_000, opened=OPENED, until=at(5_000))
    verdict = played((0, 10_000, 0, 10_000), now=10_000, terms=short)
    assert verdict.standing.coverage == [(0, 5_000)]
    assert verdict.refused == (Refused(Rule.GRANT, 5_000, 10_000),)
    assert played((0, 9_000, 6_000, 15_000), now=16_000, terms=short).kept == ()


def test_an_idle_hour_made_up_earns_the_allowance_even_after_a_contact():
    long = Terms(duration=3_600_000, opened=OPENED, until=TERMS.until)
    contact = played(now=3_600_000, terms=long)
    verdict = played((0, 3_600_000, 0, 3_600_000), now=3_600_000, terms=long, standing=contact.standing)
    assert size(verdict.standing.coverage) == 900_000
    assert verdict.refused == (Refused(Rule.HEARD, 900_000, 3_600_000),)


def test_one_life_credits_a_wall_second_once_over_all_devices():
    first = played((0, 10_000, 0, 10_000), now=10_000)
    second = played((10_000, 20_000, 5_000, 15_000), now=15_000, standing=first.standing)
    assert second.standing.coverage == [(0, 10_000), (15_000, 20_000)]
    assert second.refused == (Refused(Rule.LIFE, 10_000, 15_000),)


def test_replaying_the_same_report_as_a_new_one_earns_nothing():
    first = played((0, 10_000, 0, 10_000), now=10_000)
    again = played((0, 10_000, 0, 10_000), now=10_000, standing=first.standing)
    assert again.kept == ()
    assert again.standing.coverage == first.standing.coverage


def test_folded_life_stays_lived():
    standing = Standing(heard=START.heard, folded_until=at(6_000))
    verdict = played((0, 10_000, 0, 10_000), now=10_000, standing=standing)
    assert verdict.kept == ((6_000, 10_000, at(6_000), at(10_000)),)


def test_slack_is_spent_once_and_refilled_only_by_time_that_counted():
    standing = START
    for number in range(10):
        wall, media = number * 1_000, number * 3_000
        verdict = played((media, media + 3_000, wall, wall + 1_000), now=20_000, standing=standing)
        standing = verdict.standing
    assert size(standing.coverage) <= 10_000 + SLACK_MS
    # Slow spans over time that was lived already refill nothing.
    spent = Standing(heard=START.heard, life=[(at(0), at(10_000))], slack=0)
    verdict = played((0, 1, 0, 5_000), now=20_000, standing=spent)
    assert verdict.standing.slack == 0


def test_a_thousand_tiny_spans_share_one_slack():
    tiny = [(n * 1_999, n * 1_999 + 1_999, n, n + 1) for n in range(300)]
    verdict = played(
        *tiny, now=15_000, terms=Terms(duration=600_000, opened=OPENED, until=TERMS.until, free_seek=True)
    )
    assert size(verdict.standing.coverage) <= 300 + SLACK_MS


def test_a_faster_rate_counts_where_the_policy_allows_it():
    fast = Terms(duration=600_000, opened=OPENED, until=TERMS.until, cap=1500)
    assert size(played((0, 15_000, 0, 10_000), now=10_000, terms=fast).standing.coverage) == 15_000
    assert played((0, 20_000, 0, 10_000), now=10_000, terms=fast).kept == ()


def test_free_seek_lets_a_part_ahead_count():
    free = Terms(duration=600_000, opened=OPENED, until=TERMS.until, free_seek=True)
    assert played((300_000, 310_000, 0, 10_000), now=15_000, terms=free).standing.coverage == [
        (300_000, 310_000)
    ]


def test_a_report_that_arrives_early_waits_for_the_one_before_it():
    early = played((15_000, 30_000, 15_000, 30_000), now=30_000)
    assert early.standing.waiting == ((15_000, 30_000, at(15_000), at(30_000), ""),)
    then = played((0, 15_000, 0, 15_000), now=30_000, standing=early.standing)
    assert then.standing.coverage == [(0, 30_000)]
    assert then.standing.waiting == ()
    assert [piece[:2] for piece in then.kept] == [(0, 15_000), (15_000, 30_000)]


def test_what_waits_is_bounded_and_joined():
    standing = START
    for number in range(100):
        start = 100_000 + number * 1_000
        standing = played(
            (start, start + 1_000, number * 1_000, (number + 1) * 1_000), now=200_000, standing=standing
        ).standing
    assert len(standing.waiting) == 1
    for number in range(rules.WAITING_AT_MOST + 5):
        start, wall = 300_000 + number * 1_100, number * 1_000
        standing = played((start, start + 500, wall, wall + 500), now=300_000, standing=standing).standing
    assert len(standing.waiting) == rules.WAITING_AT_MOST
    one_more = played((590_000, 590_500, 299_000, 299_500), now=300_000, standing=standing)
    assert one_more.refused == (Refused(Rule.CROWDED, 590_000, 590_500),)
    known = played((300_000, 300_500, 0, 500), now=300_000, standing=standing)
    assert known.refused == (Refused(Rule.FIRST_VIEW, 300_000, 300_500),)


def test_what_two_sessions_showed_is_told_apart():
    first = replace(TERMS, session="first")
    second = replace(TERMS, session="second")
    early = played((15_000, 20_000, 15_000, 20_000), now=20_000, terms=first)
    more = played((20_000, 30_000, 20_000, 30_000), now=30_000, terms=second, standing=early.standing)
    assert [one[4] for one in more.standing.waiting] == ["first", "second"]
    then = played((0, 15_000, 0, 15_000), now=30_000, terms=second, standing=more.standing)
    assert then.standing.coverage == [(0, 30_000)]
    assert then.waited == ((15_000, 20_000, at(15_000), at(20_000), "first"),)
    assert [then.session_of(piece) for piece in then.kept] == [None, "first", None]


def test_gaps_are_what_was_left_out_and_not_what_waits_for_it():
    lacking = [(20_000, 600_000)]
    assert rules.left_out(lacking, [], 20_000) == []
    assert rules.left_out(lacking, [(30_000, 45_000)], 20_000) == [(20_000, 30_000)]
    assert rules.left_out([(5_000, 6_000), *lacking], [], 20_000) == [(5_000, 6_000)]


def test_while_a_presence_check_waits_time_is_held():
    asked = Question(at(5_000))
    verdict = played((0, 10_000, 0, 10_000), now=10_000, question=asked)
    assert verdict.kept == ((0, 5_000, at(0), at(5_000)),)
    assert verdict.held == ((5_000, 10_000, at(5_000), at(10_000)),)
    assert verdict.standing.coverage == [(0, 5_000)]
    assert verdict.standing.furthest == 10_000


def test_an_answered_check_releases_what_was_held_and_what_waited_behind():
    held = played((0, 10_000, 0, 10_000), now=10_000, question=Question(at(5_000)))
    ahead = played((30_000, 40_000, 30_000, 40_000), now=40_000, standing=held.standing)
    done = rules.release(held.held, terms=TERMS, standing=ahead.standing, now=at(41_000))
    assert done.standing.coverage == [(0, 10_000)]
    gap = played((10_000, 30_000, 45_000, 65_000), now=66_000, standing=done.standing)
    assert gap.standing.coverage == [(0, 40_000)]


def test_missed_time_is_made_up_by_playing_it_again():
    missed = Standing(
        coverage=[(0, 5_000)],
        heard=START.heard,
        absences=[(at(5_000), at(20_000))],
        life=[(at(0), at(5_000))],
    )
    late = played((5_000, 10_000, 5_000, 10_000), now=21_000, standing=missed)
    assert late.refused == (Refused(Rule.PRESENT, 5_000, 10_000),)
    again = played((5_000, 10_000, 21_000, 26_000), now=26_000, standing=late.standing)
    assert again.standing.coverage == [(0, 10_000)]


def test_missing_forgives_cuts_but_not_a_comb():
    assert rules.missing([(0, 100_000), (100_400, 599_900)], 600_000, 1_500) == []
    assert rules.is_seen([(0, 100_000), (100_400, 599_900)], 600_000, 1_500, 100)
    comb = [(n * 2_000, n * 2_000 + 1_000) for n in range(300)]
    assert size(rules.missing(comb, 600_000, 1_500)) == 300_000
    assert not rules.is_seen(comb, 600_000, 1_500, 100)
    assert rules.missing([(0, 300_000)], 600_000, 1_500) == [(300_000, 600_000)]
    assert rules.is_seen([(0, 300_000)], 600_000, 1_500, 50)
    assert not rules.is_seen([], 0, 1_500, 100)


def test_folding_life_closes_the_shortest_gaps_and_lets_the_old_go():
    life = [(0, 100), (110, 200), (900, 1_000), (1_005, 1_100)]
    assert rules.fold_life(life, 7, 2_000, 10_000, 4) == (life, 7)
    assert rules.fold_life(life, 0, 2_000, 10_000, 3) == ([(0, 100), (110, 200), (900, 1_100)], 0)
    assert rules.fold_life(life, 0, 2_000, 10_000, 2) == ([(0, 200), (900, 1_100)], 0)
    assert rules.fold_life(life, 0, 2_000, 1_500, 4) == (life[2:], 200)


# Properties


def honest_lesson(rng: random.Random) -> tuple[Terms, list[tuple[int, list[Span]]], int]:
    """One sitting: reports of 15 s in one piece each, with pauses; returns what was really shown, too."""
    duration = rng.randrange(60_000, 400_000)
    terms = Terms(duration=duration, opened=OPENED, until=OPENED + 12 * 3_600_000)
    reports, media, clock = [], 0, rng.randrange(0, 2_000)
    while media < duration:
        step = min(rng.randrange(2_000, 15_000), duration - media)
        reports.append((len(reports), [Span(media, media + step, clock, clock + step)]))
        media, clock = media + step, clock + step + rng.choice([0, 0, 0, rng.randrange(0, 20_000)])
    return terms, reports, clock


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_reports_gives_the_same_coverage(rng):
    terms, reports, end = honest_lesson(rng)
    standing = Standing(heard=[(OPENED, OPENED + terms.allowance)])
    for _, spans in reports:
        standing = judge(spans, terms=terms, standing=standing, now=OPENED + end).standing
    shuffled = [*reports, *rng.sample(reports, len(reports) // 2)]
    rng.shuffle(shuffled)
    other = Standing(heard=[(OPENED, OPENED + terms.allowance)])
    for _, spans in shuffled:
        other = judge(spans, terms=terms, standing=other, now=OPENED + end).standing
    assert standing.coverage == [(0, terms.duration)]
    assert other.coverage == standing.coverage
    assert other.life == standing.life


@st.composite
def anything(draw):
    """Reports that no player would send, over several sessions."""
    number = draw(st.integers(1, 4))
    moment = draw(st.integers(0, 1_000))
    events = []
    for _ in range(draw(st.integers(1, 25))):
        moment += draw(st.sampled_from([0, 10, 1_000, 15_000, 120_000, 3_000_000]))
        batch = []
        for _ in range(draw(st.integers(0, 6))):
            s, t0 = draw(st.integers(0, 700_000)), draw(st.integers(0, moment + 100_000))
            length = draw(st.sampled_from([1, 7, 999, 1_999, 60_000, 600_000]))
            batch.append(
                Span(s, s + length, t0, t0 + max(1, length // draw(st.sampled_from([1, 1, 2, 16, 1000]))))
            )
        events.append((moment, draw(st.integers(0, number - 1)), batch))
    return number, events, draw(st.sampled_from([1000, 1250, 2000])), draw(st.booleans())


@settings(max_examples=400, deadline=None)
@given(anything())
def test_no_cheat_passes_the_cap_times_elapsed_time_plus_the_slack(case):
    number, events, cap, free = case
    terms = [
        Terms(duration=600_000, opened=OPENED + n, until=OPENED + 10**9, cap=cap, free_seek=free)
        for n in range(number)
    ]
    heard = [[(one.opened, one.opened + one.allowance)] for one in terms]
    standing, walls, credited = Standing(), [], 0
    for moment, session, batch in events:
        before = Standing(
            coverage=standing.coverage,
            slack=standing.slack,
            waiting=standing.waiting,
            life=standing.life,
            heard=heard[session],
        )
        verdict = judge(batch, terms=terms[session], standing=before, now=OPENED + moment)
        standing, heard[session] = verdict.standing, verdict.standing.heard
        for s, e, a, b in verdict.kept:
            assert 0 <= s < e <= 600_000
            assert OPENED <= a < b <= OPENED + moment
            walls.append((a, b))
            credited += e - s
        lived = size(standing.life)
        assert credited <= lived * cap // 1000 + SLACK_MS
        assert lived <= moment
        assert size(standing.coverage) <= credited
    walls.sort()
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(walls))


def test_honest_people_over_bad_networks_lose_less_than_five_seconds():
    rng = random.Random(20261122)
    worst = 0
    for _ in range(1000):
        worst = max(worst, _lost(rng))
    assert worst <= 5_000


def _lost(rng: random.Random) -> int:
    """Play a lesson through on one or two devices over a bad network; return what was lost in ms."""
    duration = rng.randrange(60_000, 3_600_000)
    now, media, shared, seen = OPENED, 0, Standing(), []
    while media < duration:
        terms = Terms(duration=duration, opened=now, until=now + 12 * 3_600_000)
        heard = [(now, now + terms.allowance)]
        start = now = now + rng.randrange(20, 900)
        contact, queue, stay = terms.opened, [], rng.randrange(20_000, 2_000_000)

        def deliver(batch, heard, shared, terms=terms):
            for moment, spans in batch:
                before = Standing(shared.coverage, shared.slack, shared.waiting, [], shared.life, heard=heard)
                shared = judge(spans, terms=terms, standing=before, now=moment).standing
                heard = shared.heard
            return heard, shared

        while media < duration and now - start < stay:
            step = min(rng.randrange(2_000, 15_000), duration - media)
            if now + step - contact > terms.allowance:  # the player stops rather than play what cannot count
                now += rng.randrange(0, 60_000)
                heard, shared = deliver([(now, spans) for spans in [*queue, []]], heard, shared)
                queue, contact = [], now
            drift = int(step * rng.uniform(0.998, 1.002))
            queue.append([Span(media, media + step, now - start, now - start + drift)])
            seen.append((media, media + step))
            media, now = media + step, now + step
            if rng.random() < 0.1:
                now += rng.randrange(0, 600_000)
            if rng.random() < 0.7:
                batch = queue + [one for one in queue if rng.random() < 0.2]
                rng.shuffle(batch)
                heard, shared = deliver([(now + rng.randrange(0, 400), one) for one in batch], heard, shared)
                queue, contact = [], now
        heard, shared = deliver([(now + 500, one) for one in queue], heard, shared)
        now += rng.randrange(1_000, 30_000)
    return duration - size(shared.coverage)
