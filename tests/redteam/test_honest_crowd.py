"""Honest people over real HTTP, whatever happens to them: nobody loses more than five seconds.

Each test says what was really shown and compares it with what the server has. Nobody gains either.
"""

import email.utils
import http.client
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.redteam.people import Person, Told, play
from tests.redteam.site import Site

pytestmark = [pytest.mark.stack, pytest.mark.django_db, pytest.mark.once]
LOST_AT_MOST_MS = 5_000
DAY_S = 24 * 3600


def lost(person: Person, shown: int) -> int:
    """Return how much of the lecture, of which so much was shown from its beginning on, is not credited."""
    grant = person.grant()
    assert grant["covered_ms"] <= min(shown, person.at_most_ms), "nobody gains"
    return shown - int(grant["covered_ms"])


def test_playing_is_credited_to_the_second(person: Person):
    shown, _ = play(person, person.open(), 1)
    assert lost(person, shown) == 0


def test_reloading_each_second_loses_nothing_that_was_kept(person: Person):
    shown = 0
    for _ in range(4):
        session = person.open()
        time.sleep(0.5)
        now = person.clock(session)
        person.beat(session, 0, (shown, shown + now, 0, now))
        shown += now
    assert lost(person, shown) == 0


# How long the device was away in seconds, and whether its steady clock counted that.
AWAY = {
    "a night's sleep through which the clock ran on": (9 * 3_600, True),
    "an hour's sleep through which the clock stood still": (3_600, False),
    "ten minutes in the background": (600, True),
    "an hour in WeChat's background": (3_600, True),
}


@pytest.mark.parametrize("name", AWAY)
def test_whoever_was_away_loses_nothing_and_plays_on(person: Person, name: str):
    """Twenty seconds were shown and not yet reported; then the element stopped, and the span with it."""
    away, counts = AWAY[name]
    session = person.opened_ago(away + 20)
    if not counts:
        person.opened[session] = time.monotonic() - 20
    said = person.beat(session, 0, (0, 12_000, 0, 12_000))
    # The page sets its clock by the answer, and sends what else it had kept; some of it comes twice.
    person.hear(session, said)
    person.beat(session, 1, (12_000, 20_000, 12_000, 20_000))
    person.beat(session, 0, (0, 12_000, 0, 12_000))
    shown, _ = play(person, session, 0.8, media=20_000, seq=2)
    assert lost(person, shown) == 0


def test_a_pause_in_the_background_erases_nothing(person: Person):
    session = person.open()
    shown, seq = play(person, session, 0.5)
    for _ in range(2):
        # The page is hidden: it says goodbye, and later hello, and has nothing to tell in between.
        before = person.beat(session, seq)["coverage"]
        time.sleep(0.3)
        assert person.beat(session, seq + 1)["coverage"] == before == [[0, shown]]
        shown, seq = play(person, session, 0.5, media=shown, seq=seq + 2)
    assert lost(person, shown) == 0


def test_a_tunnel_of_fourteen_minutes_comes_back_all_at_once(person: Person):
    """Reports of 15 s that were kept go out in any order, some twice, several at the same moment."""
    dice = random.Random(20261123)
    session = person.opened_ago(14 * 60)
    kept: list[tuple[int, Told]] = [(n, (n * 15_000, n * 15_000 + 15_000) * 2) for n in range(56)]
    sent = [*kept, *dice.sample(kept, 14)]
    dice.shuffle(sent)
    with ThreadPoolExecutor(4) as lines:
        list(lines.map(lambda one: person.beat(session, *one), sent))
    said = person.beat(session, 56)
    assert (said["coverage"], said["highest_seq"]) == ([[0, 840_000]], 56)
    shown, _ = play(person, session, 0.5, media=840_000, seq=57)
    assert lost(person, shown) == 0


def test_two_devices_that_take_over_from_each_other_end_with_the_union(person: Person):
    """What the first still holds when it is taken over from comes late, when the second has long played on."""
    devices, kept, shown = [person, person.other_browser()], [], 0
    for turn in range(4):
        device = devices[turn % 2]
        session = device.open()
        for old, before, span in kept:
            assert old.beat(before, 1, span)["has_lease"] is False
        shown, _ = play(device, session, 0.5, media=shown)
        start = device.clock(session)
        time.sleep(0.3)
        now = device.clock(session)
        kept = [(device, session, (shown, shown + now - start, start, now))]
        shown += now - start
    for device, session, span in kept:
        device.beat(session, 1, span)
    assert lost(person, shown) == 0


def test_late_and_doubled_and_reordered_reports_end_alike(person: Person):
    session = person.open()
    time.sleep(1.1)
    spans = [(n * 200, n * 200 + 200, n * 200, n * 200 + 200) for n in range(5)]
    for number in (3, 1, 1, 4, 0, 3, 2, 0):
        said = person.beat(session, number, spans[number])
    assert (said["coverage"], said["highest_seq"]) == ([[0, 1_000]], 4)


def test_a_server_that_is_killed_in_the_middle_of_a_report_costs_nothing(site: Site, person: Person):
    """Three times a second something is told; what the server wrote and did not answer comes twice."""
    session, ends = person.open(), threading.Event()
    shown, failed = [0], []

    def watch() -> None:
        start, kept, seq = 0, [], 0
        while not ends.is_set() or kept:
            time.sleep(0.02)
            now = person.clock(session)
            kept.append((shown[0], shown[0] + now - start, start, now))
            shown[0], start = shown[0] + now - start, now
            try:
                while kept:
                    person.beat(session, seq, kept[0])
                    kept, seq = kept[1:], seq + 1
            except (OSError, http.client.HTTPException):  # it may end in the middle of an answer
                failed.append(seq)
                time.sleep(0.3)

    with ThreadPoolExecutor(1) as player:
        playing = player.submit(watch)
        time.sleep(0.7)
        site.kill()
        site.start()
        time.sleep(0.5)
        ends.set()
        playing.result(60)
    assert failed, "it was away while something was told"
    assert lost(person, shown[0]) == 0


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day_neither_gains_nor_loses(person: Person, days: int):
    """An honest device whose wall clock is a day off says so in every header; only session time is told."""
    wrong = {"Date": email.utils.formatdate(time.time() + days * DAY_S, usegmt=True)}
    path = "/api/learning/sessions/"
    body = {"enrolment": person.facts["enrolment"], "lesson": person.facts["lesson"]}
    status, grant = person.post(path, body, **wrong)
    assert status == 201
    opened = time.monotonic()
    time.sleep(1)
    now = int((time.monotonic() - opened) * 1000)
    span = {"s": 0, "e": now, "t0": 0, "t1": now, "rate": 1}
    status, said = person.post(f"{path}{grant['session']}/heartbeat/", {"seq": 0, "spans": [span]}, **wrong)
    assert (status, said["covered_ms"], said["refused"]) == (200, now, [])
    assert abs(said["session_ms"] - now) < 1_000
