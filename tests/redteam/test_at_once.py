"""What only happens where requests meet in the database: so these run on both engines.

The promise of all: what a person has is at most the time since their first viewing, at the rate cap of 1.0,
and the slack of 2 s, however many devices and tabs they have.
"""

import itertools
import time
from typing import Any

import pytest

from tests.redteam.people import SLACK_MS, Person, Told, at_once

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
HOUR_MS = 3_600_000


def claims(person: Person, sessions: list[str], before: list[int], greed: int) -> list[Told]:
    """Return for each viewing all its time since `before`, each with another hour of the lecture."""
    told = []
    for number, session in enumerate(sessions):
        now, begin = person.clock(session), before[number]
        media = number * HOUR_MS + begin * 4
        told.append((media, media + now - begin + greed, begin, now))
        before[number] = now
    return told


def report_at_once(devices: list[Person], sessions: list[str], seq: int, told: list[Told]) -> list[Any]:
    acts = [
        lambda device=device, session=session, span=span: device.beat(session, seq, span)
        for device, session, span in zip(devices, sessions, told, strict=True)
    ]
    return at_once(*acts)


@pytest.mark.parametrize(
    ("tabs", "greed"), [(True, 0), (False, 900)], ids=["tabs of one browser", "devices, a little faster"]
)
def test_viewings_that_report_at_the_same_moment_earn_one_life(jumper: Person, tabs: bool, greed: int):
    devices = [jumper] * 4 if tabs else [jumper, *(jumper.other_browser() for _ in range(3))]
    sessions = at_once(*(device.open for device in devices))
    for device in devices:
        jumper.opened |= device.opened
    before, said = [0] * 4, []
    for seq in range(4):
        time.sleep(0.4)
        said = report_at_once(devices, sessions, seq, claims(jumper, sessions, before, greed))
    lived = jumper.at_most_ms - SLACK_MS
    covered = max(one["covered_ms"] for one in said)
    claimed = sum(before) + 16 * greed
    assert claimed >= 1_600 * 4, "together they claim four lives"
    assert 1_500 <= covered <= lived + (SLACK_MS if greed else 0), "the time of one counts, and no more"
    assert sum(one["has_lease"] for one in said) == 1
    assert "life" in {part["rule"] for one in said for part in one["refused"]}


def test_two_tabs_of_one_viewing_cannot_send_two_reports_under_one_number(jumper: Person):
    session = jumper.open()
    time.sleep(0.8)
    told = [(number * HOUR_MS, number * HOUR_MS + 700, 0, 700) for number in range(6)]
    said = at_once(*(lambda span=span: jumper.beat(session, 0, span) for span in told))
    assert [one["covered_ms"] for one in said] == [700] * 6
    assert len({str(one["coverage"]) for one in said}) == 1
    assert jumper.beat(session, 1)["highest_seq"] == 1


def test_a_report_replayed_many_times_at_the_same_moment_counts_once(person: Person):
    session, other = person.open(), person.other_browser()
    time.sleep(0.8)
    told = (0, 700, 0, 700)
    first = at_once(*[lambda: person.beat(session, 0, told)] * 6)
    assert [one["coverage"] for one in first] == [[[0, 700]]] * 6
    # Under new numbers and in another browser's viewing it is the same time, and the same seconds again.
    second = other.open()
    acts = [lambda seq=seq: person.beat(session, seq, told) for seq in range(1, 5)]
    acts += [lambda seq=seq: other.beat(session, seq, (700, 1_400, 0, 700)) for seq in range(5, 8)]
    at_once(*acts)
    said = other.beat(second, 0)
    assert said["coverage"] == [[0, 700]]
    assert said["covered_ms"] <= person.at_most_ms - SLACK_MS


def test_devices_that_take_over_from_each_other_at_the_same_moment_lose_nothing(person: Person):
    """Each plays for a while, keeps its report, and sends it in the moment in which the other opens."""
    devices = itertools.cycle([person, person.other_browser()])
    device, other = next(devices), next(devices)
    session, media = device.open(), 0
    for _ in range(4):
        start = device.clock(session)
        time.sleep(0.4)
        now = device.clock(session)
        kept = (media, media + now - start, start, now)
        _, following = at_once(lambda d=device, s=session, k=kept: d.beat(s, 0, k), other.open)
        media += now - start
        assert device.beat(session, 1)["has_lease"] is False, "the first is told that it was followed"
        device, other, session = other, device, following
    said = device.beat(session, 0)
    assert (said["coverage"], said["has_lease"]) == ([[0, media]], True)
    assert media <= person.at_most_ms - SLACK_MS
