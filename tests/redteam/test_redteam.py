"""Forged reports against a running server, over real HTTP, on the server's own clock.

After every attack the whole is held to the promise: what a person has in a lesson is at most the rate
cap (1.0) times the time that really passed, plus the stated slack of 2 s.
"""

import time
from typing import Any

import pytest

from tests.redteam.people import LECTURE_MS, Person
from tests.redteam.site import Site

pytestmark = [pytest.mark.stack, pytest.mark.django_db, pytest.mark.once]

ATTACKS = {
    "seek to the end": [(LECTURE_MS - 60_000, LECTURE_MS, 0, 900)],
    "16x": [(0, 16_000, 0, 900)],
    "a jump told as a span": [(0, LECTURE_MS, 0, 900)],
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
    "beyond the encode": [(LECTURE_MS - 1, LECTURE_MS + 3_600_000, 0, 900)],
}


@pytest.fixture(scope="module")
def begun(site: Site) -> dict[str, list[tuple[Person, str]]]:
    """Two people for each attack, with and without a course that lets one jump: they wait a second together."""
    people = {
        name: [Person(site, site.somebody(free_seek=jumps)) for jumps in (False, True)] for name in ATTACKS
    }
    opened = {name: [(one, one.open()) for one in some] for name, some in people.items()}
    time.sleep(1)
    return opened


@pytest.mark.parametrize("name", ATTACKS)
def test_no_forged_span_gains_anything(begun: dict[str, list[tuple[Person, str]]], name: str):
    for person, session in begun[name]:
        said: dict[str, Any] = {}
        for seq in range(4):
            said = person.beat(session, seq, *ATTACKS[name])
        assert said["covered_ms"] <= person.at_most_ms
        assert said["lesson_completed"] is False
        assert all(part["reason"] for part in said["refused"])
        assert said["refused"], "what was sent again, at the least"


def test_a_replayed_report_and_a_changed_one_under_its_number_earn_nothing(person: Person):
    session = person.open()
    time.sleep(1)
    first = person.beat(session, 0, (0, 900, 0, 900))
    for changed in ((0, 900, 0, 900), (900, 1_800, 0, 900), (0, 60_000, 0, 60_000)):
        assert person.beat(session, 0, changed) == first


def test_another_persons_session_is_closed_to_everybody_else(person: Person, stranger: Person):
    session = person.open()
    body = {"seq": 0, "spans": [{"s": 0, "e": 100, "t0": 0, "t1": 100}]}
    assert stranger.post(f"/api/learning/sessions/{session}/heartbeat/", body)[0] == 404
    asked = {"enrolment": person.facts["enrolment"], "lesson": person.facts["lesson"]}
    assert stranger.post("/api/learning/sessions/", asked)[0] == 404
    nobody = Person(person.site, {**person.facts, "cookie": "", "csrf": "x" * 32})
    assert nobody.post(f"/api/learning/sessions/{session}/heartbeat/", body)[0] == 401


NUMBERS = {"s": 0, "e": 100, "t0": 0, "t1": 100}
NO_NUMBERS = ["NaN", "-Infinity", "-1", "1e400", "0.5", '"0"', "null", "true", "[0]", "9" * 30]


@pytest.mark.parametrize("field", ["seq", *NUMBERS])
def test_what_is_no_whole_number_is_refused_and_told(person: Person, field: str):
    session = person.open()
    for bad in NO_NUMBERS:
        told = {"seq": "0", **{name: str(value) for name, value in NUMBERS.items()}, field: bad}
        span = ", ".join(f'"{name}": {told[name]}' for name in NUMBERS)
        body = f'{{"seq": {told["seq"]}, "spans": [{{{span}}}]}}'
        status, said = person.post(f"/api/learning/sessions/{session}/heartbeat/", body)
        assert status == 400, (bad, said)
        assert field in said["detail"] or bad in said["detail"], "it is told what is wrong"
    assert person.beat(session, 0)["covered_ms"] == 0, "and the number is not used up"
