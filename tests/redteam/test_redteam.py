"""Cheats and honest people against a running server, over real HTTP, on the server's own clock.

After every attack the whole is held to the promise: what a person has in a lesson is at most the rate
cap (1.0) times the time that really passed, plus the stated slack of 2 s.
"""

import signal
import time
from typing import Any

import pytest

from tests.redteam.people import Person, Site, play

pytestmark = [pytest.mark.stack]
SLACK_MS = 2000
LONG = 10 * 3600 * 1000

ATTACKS = {
    "seek to the end": [(LONG - 60_000, LONG, 0, 900)],
    "16x": [(0, 16_000, 0, 900)],
    "a jump told as a span": [(0, LONG, 0, 900)],
    "future clock": [(0, 3_600_000, 0, 3_600_000)],
    "far future": [(0, 1_000, 86_400_000, 86_401_000)],
    "overlapping spans": [
        (0, 900, 0, 900),
        (900, 1_800, 0, 900),
        (1_800, 2_700, 0, 900),
        (0, 900, 100, 1_000),
    ],
    "tiny spans": [(n * 1_000, n * 1_000 + 999, n, n + 1) for n in range(240)],
    "slow then fast": [(0, 1, 0, 800), (1, 3_000, 0, 900), (3_000, 5_999, 800, 900), (5_999, 8_000, 0, 800)],
    "beyond the encode": [(LONG - 1, LONG + 3_600_000, 0, 900)],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_forged_span_gains_anything(site: Site, name: str):
    person = Person(site, site.people[0])
    session = person.open()
    time.sleep(1)
    total = 0
    for seq in range(4):
        total = person.beat(session, seq, *ATTACKS[name])["covered_ms"]
    # Everything that this person has over all attacks so far, against the time of all of them.
    begin = person.facts.setdefault("attacked_since", time.monotonic() - 1.2)
    assert total <= (time.monotonic() - begin) * 1000 + SLACK_MS


def test_a_replayed_report_and_a_changed_one_under_its_number_earn_nothing(person: Person):
    session = person.open()
    time.sleep(1)
    first = person.beat(session, 0, (0, 900, 0, 900))
    for changed in ((0, 900, 0, 900), (900, 1_800, 0, 900), (0, 60_000, 0, 60_000)):
        assert person.beat(session, 0, changed) == first


def test_parallel_tabs_and_devices_earn_one_life(person: Person):
    sessions = [person.open() for _ in range(5)]
    time.sleep(1)
    answers = [person.beat(one, 0, (n * 900, n * 900 + 900, 0, 900)) for n, one in enumerate(sessions)]
    elapsed = (time.monotonic() - person.began) * 1000
    assert answers[-1]["covered_ms"] <= elapsed
    assert [answer["has_lease"] for answer in answers] == [False] * 4 + [True]


def test_another_persons_session_is_closed_to_everybody_else(site: Site, person: Person):
    session = person.open()
    thief = Person(site, site.people[0])
    body = {"seq": 0, "spans": [{"s": 0, "e": 100, "t0": 0, "t1": 100}]}
    assert thief.post(f"/api/learning/sessions/{session}/heartbeat/", body)[0] == 404
    assert (
        thief.post(
            "/api/learning/sessions/",
            {"enrolment": person.facts["enrolment"], "lesson": person.facts["lesson"]},
        )[0]
        == 404
    )
    no_csrf = Person(site, {**person.facts, "csrf": "x" * 32})
    no_csrf.facts["cookie"] = ""
    assert no_csrf.post(f"/api/learning/sessions/{session}/heartbeat/", body)[0] == 401


@pytest.mark.parametrize(
    "bad", ["NaN", "-1", "1e400", "0.5", '"0"', "null", "true", "99999999999999999999999"]
)
def test_what_is_no_number_is_refused(site: Site, bad: str):
    person = Person(site, site.people[0])
    session = person.open()
    body = f'{{"seq": 0, "spans": [{{"s": {bad}, "e": 100, "t0": 0, "t1": 100}}]}}'
    status, said = person.post(f"/api/learning/sessions/{session}/heartbeat/", body)
    assert (status, bool(said["detail"])) == (400, True)


def test_honest_playing_is_credited_to_the_second(person: Person):
    session = person.open()
    play(person, session, 2)
    covered = person.beat(session, 100)["covered_ms"]
    assert 1_900 <= covered <= (time.monotonic() - person.began) * 1000


def test_reloading_each_half_second_loses_almost_nothing(person: Person):
    media, begin = 0, time.monotonic()
    for _ in range(5):
        session, opened = person.open(), time.monotonic()
        time.sleep(0.5)
        length = int((time.monotonic() - opened) * 1000)
        person.beat(session, 0, (media, media + length, 0, length))
        media += length
    assert person.beat(session, 1)["covered_ms"] >= media - 50
    assert media <= (time.monotonic() - begin) * 1000


def until_answered(person: Person, session: str, seq: int, span: tuple[int, int, int, int]) -> dict[str, Any]:
    """Send a report as the player does: again and again, until the server has it."""
    for _ in range(60):
        try:
            return person.beat(session, seq, span)
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the server did not come back")


def test_a_killed_server_costs_nothing(site: Site, person: Person):
    session, opened = person.open(), time.monotonic()
    time.sleep(0.5)
    person.beat(session, 0, (0, 400, 0, 400))
    site.stop(signal.SIGKILL)
    site.start()
    now = int((time.monotonic() - opened) * 1000)
    assert until_answered(person, session, 0, (0, 400, 0, 400))["covered_ms"] == 400
    said = until_answered(person, session, 1, (400, now, 400, now))
    assert said["coverage"] == [[0, now]]
    assert said["highest_seq"] == 1


def test_late_and_doubled_and_reordered_reports_end_alike(person: Person):
    session = person.open()
    time.sleep(1.1)
    spans = [(n * 200, n * 200 + 200, n * 200, n * 200 + 200) for n in range(5)]
    for number in (3, 1, 1, 4, 0, 3, 2, 0):
        said = person.beat(session, number, spans[number])
    assert (said["coverage"], said["highest_seq"]) == ([[0, 1_000]], 4)
