"""An honest crowd over the whole way of a report: nobody is blocked, nobody loses more than five seconds.

Each person lives through mishaps drawn by chance: reloads, sleep, tunnels, doubled and disordered
delivery, a server that dies with an answer on its lips, a second device, a clock wrong by a day. The
player kept here follows the rules of the real one: spans of five seconds, reports of fifteen, all kept
until acknowledged, and it stops rather than play what cannot count.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from classroom.progress import services, verifier
from classroom.progress.export import export_lines
from classroom.progress.intervals import intervals, size, union
from classroom.progress.spans import Rule, Span, Standing, Terms, judge
from tests.learner import BEGIN, Learner

DAY_MS = 24 * 3_600_000
ALLOWANCE = 900_000
# What a person may be refused although honest: a clash with their own other device, and what waits.
KIND = {Rule.FIRST_VIEW, Rule.LIFE}


@dataclass
class Viewing:
    """A page with a lesson: its session, and reports that the server has not acknowledged."""

    terms: Terms
    heard: list[tuple[int, int]]
    contact: int
    kept: list[Span] = field(default_factory=list)


class Player:
    """Plays one lesson in the simulated world and keeps the server's side beside it."""

    def __init__(self, rng: random.Random, duration: int) -> None:
        self.rng, self.duration = rng, duration
        self.now = 1_700_000_000_000
        self.server = Standing()
        self.media = 0
        self.shown: list[tuple[int, int]] = []
        self.refused: list[str] = []
        self.viewing = self.open()

    def open(self) -> Viewing:
        terms = Terms(duration=self.duration, opened=self.now, until=self.now + 12 * 3_600_000)
        return Viewing(terms, [(self.now, self.now + ALLOWANCE)], self.now)

    def receive(self, viewing: Viewing, spans: list[Span], at: int) -> None:
        """The server takes a report."""
        before = Standing(
            self.server.coverage,
            self.server.slack,
            self.server.waiting,
            [],
            self.server.life,
            0,
            [],
            viewing.heard,
        )
        verdict = judge(spans, terms=viewing.terms, standing=before, now=at)
        self.server, viewing.heard = verdict.standing, verdict.standing.heard
        self.refused += [one.rule for one in verdict.refused if one.rule not in KIND]

    def deliver(self, viewing: Viewing) -> None:
        """Everything kept goes out, some of it twice and in any order."""
        reports = [viewing.kept[at : at + 3] for at in range(0, len(viewing.kept), 3)]
        reports += [one for one in reports if self.rng.random() < 0.2]
        self.rng.shuffle(reports)
        for spans in reports or [[]]:
            self.now += self.rng.randrange(5, 200)
            self.receive(viewing, spans, self.now)
        viewing.kept, viewing.contact = [], self.now

    def play(self, seconds: float, *, online: bool) -> None:
        """Play on for a while; spans are closed each five seconds."""
        left = int(seconds * 1000)
        while left > 0 and self.media < self.duration:
            step = min(5_000, left, self.duration - self.media)
            if self.now + step - self.viewing.contact > ALLOWANCE:
                return
            start = self.now - self.viewing.terms.opened
            drift = int(step * self.rng.uniform(0.999, 1.001))
            self.viewing.kept.append(Span(self.media, self.media + step, start, start + max(1, drift)))
            self.shown.append((self.media, self.media + step))
            self.media, self.now, left = self.media + step, self.now + max(step, drift), left - step
            if online and len(self.viewing.kept) >= 3:
                self.deliver(self.viewing)

    @property
    def lost(self) -> int:
        return size(union(self.shown)) - size(self.server.coverage)


def reload_page(player: Player) -> None:
    """The last span may not have reached the disk; all others are delivered by the next page."""
    old = player.viewing
    if old.kept and player.rng.random() < 0.5:
        player.media = old.kept.pop().s
        player.shown.pop()
    player.now += player.rng.randrange(200, 2_000)
    player.viewing = player.open()
    player.deliver(old)


def tunnel(player: Player) -> None:
    player.play(player.rng.randrange(30, 800), online=False)
    player.now += player.rng.randrange(0, 600_000)
    player.deliver(player.viewing)


def sleep(player: Player) -> None:
    """The element stops with the machine; afterwards the page makes contact before it plays on."""
    player.now += player.rng.randrange(60_000, 8 * 3_600_000)
    if player.now - player.viewing.terms.opened > 11 * 3_600_000:
        reload_page(player)
    player.deliver(player.viewing)


def lost_answer(player: Player) -> None:
    """The server took the report and died before it answered; the client sends it all again."""
    player.play(5, online=False)
    player.receive(player.viewing, list(player.viewing.kept), player.now + 50)
    player.now += player.rng.randrange(1_000, 60_000)
    player.deliver(player.viewing)


def other_device(player: Player) -> None:
    """The second device takes over; what the first still holds comes later."""
    first = player.viewing
    player.viewing = player.open()
    player.play(20, online=True)
    player.deliver(first)


def wrong_clock(player: Player) -> None:
    """The wall clock jumps by a day: only the session's own clock is ever told, so nothing changes."""
    wall = player.now + player.rng.choice([-DAY_MS, DAY_MS])
    assert wall != player.now
    player.play(15, online=True)


MISHAPS = [reload_page, tunnel, sleep, lost_answer, other_device, wrong_clock]


def lesson(rng: random.Random, mishaps) -> Player:
    player = Player(rng, rng.randrange(60_000, 1_200_000))
    while player.media < player.duration:
        player.play(rng.randrange(5, 300), online=True)
        rng.choice(mishaps)(player)
        if player.now - player.viewing.contact > ALLOWANCE - 30_000:
            player.deliver(player.viewing)
    player.deliver(player.viewing)
    return player


def test_a_thousand_honest_people_lose_nothing_and_none_is_blocked():
    rng = random.Random(20261123)
    for number in range(1_000):
        player = lesson(rng, MISHAPS)
        assert player.lost <= 5_000, (number, player.lost)
        assert player.refused == [], number
        assert player.server.coverage[0][0] == 0


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda one: one.__name__)
def test_each_mishap_alone_time_and_again_costs_less_than_five_seconds(mishap):
    rng = random.Random(mishap.__name__)
    for _ in range(40):
        player = lesson(rng, [mishap])
        assert player.lost <= 5_000
        assert player.refused == []


# The same mishaps against the database.


@pytest.mark.django_db
def test_a_page_that_reloads_each_second_loses_nothing_and_its_chain_holds(learner):
    at = 0.0
    for _ in range(30):
        learner.open()
        learner.report(learner.span(at, 1))
        learner.wait(0.1)
        at += 1
    assert learner.progress.coverage == [[0, 30_000]]
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


@pytest.mark.django_db
def test_a_tunnel_of_fourteen_minutes_is_made_up_whole():
    learner = Learner.on_edition(duration_ms=1_000_000)
    learner.open()
    learner.report()
    spans = [learner.span(start, 15) for start in range(0, 840, 15)]
    for span in spans:
        learner.wait(0.05)
        answer = learner.report(span)
        assert answer.refused == ()
    assert answer.coverage == [(0, 840_000)]


@pytest.mark.django_db
def test_a_night_of_sleep_between_two_halves_costs_nothing(learner):
    learner.open()
    learner.play(0, 90)
    learner.wait(9 * 3600)
    learner.report()
    assert learner.play(90, 180).is_seen


@pytest.mark.django_db
def test_a_night_longer_than_the_grant_asks_for_a_new_viewing_and_keeps_the_old_one(learner):
    learner.open()
    learner.play(0, 90)
    kept_back = learner.span(90, 10)
    first = learner.session
    learner.wait(13 * 3600)
    refused = learner.report(learner.span(100, 10))
    assert {one.rule for one in refused.refused} == {Rule.GRANT}
    first_seq = learner.seq
    learner.open()
    answer = services.receive(
        session_id=first.pk,
        user_id=learner.enrolment.user_id,
        seq=first_seq,
        spans=[kept_back],
        now=learner.now,
    )
    assert answer.coverage == [(0, 100_000)]
    assert learner.play(100, 180).is_seen


@pytest.mark.django_db
def test_a_clock_that_slept_with_the_machine_loses_nothing_once_it_is_set_by_the_answer(learner):
    """The session's clock stood still for two hours; the first answer says how late it is."""
    learner.open()
    learner.play(0, 60)
    asleep = learner.ms()
    learner.wait(2 * 3600)
    behind = Span(60_000, 70_000, asleep, asleep + 10_000)
    learner.wait(10)
    first = learner.report(behind)
    assert first.coverage == [(0, 70_000)]
    assert first.session_ms == learner.ms()
    learner.wait(0)
    assert learner.play(70, 180).is_seen


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_two_devices_with_bad_networks_end_with_the_union_of_what_was_shown(seed):
    rng = random.Random(seed)
    learner = Learner.on_edition()
    first = learner.open()
    shown, waiting, numbers = [], [], {first.pk: 0}
    second, opened = None, {first.pk: BEGIN}
    for start in range(0, 180, 10):
        if start == 90:
            second = learner.open()
            numbers[second.pk], opened[second.pk] = 0, learner.now
        session = second if second and rng.random() < 0.7 else first
        begin = (learner.now - opened[session.pk]) // timedelta(milliseconds=1)
        learner.wait(10)
        waiting.append((session, Span(start * 1000, start * 1000 + 10_000, begin, begin + 10_000)))
        shown.append((start * 1000, start * 1000 + 10_000))
        if rng.random() < 0.4:
            rng.shuffle(waiting)
            for session_, span in waiting:
                deliver(learner, session_, numbers, span)
            waiting = []
    for session_, span in waiting:
        deliver(learner, session_, numbers, span)
    assert intervals(learner.progress.coverage) == union(shown)
    assert services.rebuild(enrolment=learner.enrolment) == []


def deliver(learner: Learner, session, numbers: dict, span: Span) -> None:
    learner.wait(0.1)
    services.receive(
        session_id=session.pk,
        user_id=learner.enrolment.user_id,
        seq=numbers[session.pk],
        spans=[span],
        now=learner.now,
    )
    numbers[session.pk] += 1
