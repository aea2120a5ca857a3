"""What is handed in late: an hour that was idle, and reports that were kept on the device and edited there.

IndexedDB belongs to whoever sits before the browser. Over HTTP all its edits come down to reports of a viewing that
was opened a while ago, with whatever they like to say. What may count is the time for which the server had
really heard of the viewing lately (the allowance of 15 minutes), at the rate cap of 1.0, and the slack of 2 s.
"""

import pytest

from tests.redteam.people import ALLOWANCE_MS, LECTURE_MS, SLACK_MS, Person, Told, at_once, play

pytestmark = [pytest.mark.stack, pytest.mark.django_db, pytest.mark.once]
HOUR_MS = 3_600_000
MINUTE_MS = 60_000

IDLE_HOUR: dict[str, list[list[Told]]] = {
    "in one piece": [[(0, HOUR_MS, 0, HOUR_MS)]],
    "after a contact": [[], [(0, HOUR_MS, 0, HOUR_MS)]],
    "in spans of fifteen seconds": [[(n * 15_000, n * 15_000 + 15_000) * 2 for n in range(240)]],
    "the last minutes first": [
        [(HOUR_MS - (n + 1) * 5 * MINUTE_MS, HOUR_MS - n * 5 * MINUTE_MS) * 2] for n in range(12)
    ],
    "a little faster": [
        [(n * 15_200, n * 15_200 + 15_200, n * 15_000, n * 15_000 + 15_000) for n in range(240)]
    ],
    "told as the first quarter, again and again": [
        [(n * ALLOWANCE_MS, (n + 1) * ALLOWANCE_MS, 0, ALLOWANCE_MS)] for n in range(4)
    ],
}


@pytest.mark.parametrize("name", IDLE_HOUR)
def test_an_idle_hour_made_up_afterwards_earns_the_allowance_and_no_more(jumper: Person, name: str):
    session = jumper.opened_ago(3_600)
    reasons, covered = set(), 0
    for seq, told in enumerate(IDLE_HOUR[name]):
        said = jumper.beat(session, seq, *told)
        covered = said["covered_ms"]
        reasons |= {part["reason"] for part in said["refused"]}
    slack = SLACK_MS if name == "a little faster" else 0
    assert ALLOWANCE_MS - SLACK_MS <= covered <= ALLOWANCE_MS + slack
    assert reasons, "it is told in words why the rest does not count"
    assert all(reasons)


def test_an_idle_hour_is_no_longer_in_four_tabs_at_once(jumper: Person):
    sessions = [jumper.opened_ago(3_600) for _ in range(4)]
    hours = [(n * HOUR_MS, (n + 1) * HOUR_MS, 0, HOUR_MS) for n in range(4)]
    at_once(*(lambda s=s, h=h: jumper.beat(s, 0, h) for s, h in zip(sessions, hours, strict=True)))
    covered = jumper.beat(sessions[0], 1)["covered_ms"]
    # They were opened within the same second, each with an allowance of its own after that.
    spread = (max(jumper.opened.values()) - min(jumper.opened.values())) * 1000
    assert ALLOWANCE_MS <= covered <= ALLOWANCE_MS + spread + SLACK_MS


def test_what_is_played_after_an_idle_hour_counts_at_once(person: Person):
    session = person.opened_ago(3_600)
    person.hear(session, person.beat(session, 0))
    shown, seq = play(person, session, 0.8, seq=1)
    assert person.beat(session, seq)["coverage"] == [[0, shown]]


TEN_MINUTES = 600
# What is handed in under which number.
KEPT: dict[str, dict[int, list[Told]]] = {
    "all of the lecture": {0: [(0, LECTURE_MS, 0, 600_000)]},
    "sixteenfold, in small spans": {
        0: [(n * 40_000, n * 40_000 + 40_000, n * 2_500, n * 2_500 + 2_500) for n in range(240)]
    },
    "a second faster, each time": {
        0: [(n * 3_500, n * 3_500 + 3_500, n * 2_500, n * 2_500 + 2_500) for n in range(240)]
    },
    "the same minutes with other media": {
        n: [(n * 600_000, (n + 1) * 600_000, 0, 600_000)] for n in range(6)
    },
    "minutes that are still to come": {
        0: [(0, HOUR_MS, 0, HOUR_MS)],
        1: [(0, HOUR_MS, 600_000, 4_200_000)],
    },
    "each minute moved by a part of a second": {
        0: [(n * MINUTE_MS, (n + 1) * MINUTE_MS, n * 7, n * 7 + MINUTE_MS) for n in range(200)]
    },
    "under numbers that lie far ahead": {
        0: [],
        2_000_000_000: [(0, 600_000, 0, 600_000)],
        7: [(600_000, 1_200_000, 0, 600_000)],
    },
}


@pytest.mark.parametrize("name", KEPT)
def test_reports_that_were_edited_where_they_are_kept_earn_no_more_than_the_time(jumper: Person, name: str):
    """The viewing was opened ten minutes ago; what follows was never shown."""
    session, said = jumper.opened_ago(TEN_MINUTES), {}
    for seq, told in KEPT[name].items():
        said = jumper.beat(session, seq, *told)
    assert said["covered_ms"] <= jumper.at_most_ms
    assert said["lesson_completed"] is False
    # Handed in once more, by the next page or in another browser, it is what it was.
    again = jumper.other_browser()
    for seq, told in KEPT[name].items():
        assert again.beat(session, seq, *told)["coverage"] == said["coverage"]


def test_a_kept_report_that_was_acknowledged_cannot_be_made_longer(person: Person):
    session = person.opened_ago(TEN_MINUTES)
    assert person.beat(session, 0, (0, 15_000, 0, 15_000))["covered_ms"] == 15_000
    said = person.beat(session, 0, (0, 600_000, 0, 600_000))
    assert (said["coverage"], said["highest_seq"]) == ([[0, 15_000]], 0)


def test_kept_reports_of_another_person_are_nobodys(person: Person, stranger: Person):
    """The row's owner was changed in IndexedDB, so that the page of somebody else sends it."""
    session = person.opened_ago(TEN_MINUTES)
    body = {"seq": 0, "spans": [{"s": 0, "e": 60_000, "t0": 0, "t1": 60_000, "rate": 1}]}
    status, said = stranger.post(f"/api/learning/sessions/{session}/heartbeat/", body)
    assert (status, bool(said["detail"])) == (404, True)
    assert stranger.grant()["covered_ms"] == 0
    assert person.beat(session, 0)["covered_ms"] == 0, "and they do not use up a number of its owner's"
