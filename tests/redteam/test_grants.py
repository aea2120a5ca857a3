"""What a cheat may not keep: a question that is blocked, a grant that is old, a clock that is wrong."""

import email.utils
import time
from typing import Any

import pytest

from tests.redteam.people import Person, Site, play, shell

pytestmark = [pytest.mark.stack]
DAY_S = 24 * 3600


def with_questions(person: Person) -> None:
    """Give this person's edition presence checks, the first of them after a second of credit."""
    shell(
        person.site,
        "from classroom.enrolment.models import Enrolment\n"
        "from classroom.progress.models import PersonClock\n"
        f"one = Enrolment.objects.unscoped('test').get(pk={person.facts['enrolment']})\n"
        "edition = one.edition\n"
        "edition.policy = {**edition.policy, 'presence_minutes': 10}\n"
        "edition.save()\n"
        "PersonClock.objects.filter(pk=one.user_id).update(presence_left_ms=1000)\n",
    )


@pytest.fixture
def asked(person: Person) -> tuple[Person, str, dict[str, Any], int]:
    """A person to whom the question was just sent: person, session, what the server said, next number."""
    with_questions(person)
    session = person.open()
    seq = play(person, session, 1.6)
    said = person.beat(session, seq)
    assert said["presence"], said
    return person, session, said, seq + 1


def test_a_blocked_presence_check_earns_nothing_however_long_one_plays(asked):
    person, session, said, seq = asked
    before, media = said["covered_ms"], said["furthest_ms"]
    clock = said["session_ms"]
    play(person, session, 2, media=media, clock=clock, seq=seq)
    again = person.open()
    time.sleep(1)
    answer = person.beat(again, 0, (media, media + 900, 0, 900))
    assert answer["covered_ms"] == before
    assert answer["presence"]["id"] == said["presence"]["id"]
    assert answer["missing"][-1][0] == said["coverage"][-1][1]


def test_an_answer_gives_back_what_was_held_and_nobody_elses_does(asked, site: Site):
    person, session, said, seq = asked
    media, clock = said["furthest_ms"], said["session_ms"]
    play(person, session, 1, media=media, clock=clock, seq=seq)
    path = f"/api/learning/sessions/{session}/presence/{said['presence']['id']}/"
    thief = Person(site, site.people[0])
    assert thief.post(path, {"action": "answer"})[0] == 404
    assert thief.post(path, {"action": "extend"})[0] == 404
    status, more = person.post(path, {"action": "extend"})
    assert (status, more["seconds_left"] > 60) == (200, True)
    assert person.post(path, {"action": "answer"}) == (200, {"id": said["presence"]["id"], "is_passed": True})
    after = person.beat(session, 900)
    assert after["covered_ms"] >= said["covered_ms"] + 500
    assert after["presence"] is None


NEW_EDITION = """
import uuid
from classroom.enrolment import services
from classroom.enrolment.models import Enrolment
from courses.catalogue.models import Edition, EditionLesson
old = Enrolment.objects.unscoped('test').get(pk={enrolment})
edition = old.edition
lesson = edition.lessons.get(key='{lesson}')
edition.pk, edition.number, edition.digest = None, uuid.uuid4().hex[:8], uuid.uuid4().hex * 2
edition.save()
lesson.pk, lesson.edition, lesson.key = None, edition, uuid.uuid4()
lesson.save()
services.withdraw(enrolment=old, by=old.user)
new = services.enrol(user=old.user, edition=edition)
print(new.pk, lesson.key)
"""


def test_an_old_editions_grant_earns_nothing_in_the_new_one(person: Person):
    """The course was revised and the person enrolled anew; the grant of before is kept and used."""
    old, facts = person.open(), dict(person.facts)
    time.sleep(0.6)
    assert person.beat(old, 0, (0, 500, 0, 500))["covered_ms"] == 500
    printed = shell(person.site, NEW_EDITION.format(**facts)).split()
    enrolment, lesson = int(printed[0]), printed[1]
    time.sleep(1)
    said = person.beat(old, 1, (500, 1_400, 10_000, 10_900), (500, 1_400, 3_000_000, 3_000_900))
    assert said["covered_ms"] == 500
    open_ = "/api/learning/sessions/"
    # Neither the old enrolment nor a mixture of both opens anything more.
    assert person.post(open_, {"enrolment": facts["enrolment"], "lesson": facts["lesson"]})[0] in (404, 409)
    assert person.post(open_, {"enrolment": facts["enrolment"], "lesson": lesson})[0] == 404
    assert person.post(open_, {"enrolment": enrolment, "lesson": facts["lesson"]})[0] == 404
    status, grant = person.post(open_, {"enrolment": enrolment, "lesson": lesson})
    assert (status, grant["covered_ms"], grant["coverage"]) == (201, 0, [])


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


def test_session_time_that_is_a_day_ahead_earns_nothing_and_spoils_nothing(person: Person):
    """A client that takes its wall clock for the session's: refused with the reason, and then credited."""
    session, opened = person.open(), time.monotonic()
    time.sleep(1)
    day = DAY_S * 1000
    said = person.beat(session, 0, (0, 900, day, day + 900))
    assert said["covered_ms"] == 0
    assert [one["rule"] for one in said["refused"]] == ["past"]
    assert said["refused"][0]["reason"]
    now = int((time.monotonic() - opened) * 1000)
    assert person.beat(session, 1, (0, now, 0, now))["covered_ms"] == now
