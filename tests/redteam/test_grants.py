"""What a cheat may not use: a question that is blocked, a grant that is old or another's, a clock that is wrong."""

import time
from typing import Any

import pytest

from tests.redteam.people import SLACK_MS, Person, at_once, play
from tests.redteam.site import Site

pytestmark = [pytest.mark.stack, pytest.mark.django_db, pytest.mark.once]
DAY_S = 24 * 3600


@pytest.fixture
def asked(site: Site) -> tuple[Person, str, dict[str, Any], int]:
    """A person to whom a question was just sent: person, session, what the server said, next number."""
    person = Person(site, site.somebody(presence_minutes=10))
    # The first one after a second of credit.
    site.shell(
        "from classroom.progress.models import PersonClock\n"
        f"PersonClock.objects.filter(user__enrolments={person.facts['enrolment']}).update(presence_left_ms=1000)\n"
    )
    session = person.open()
    _, seq = play(person, session, 1.6)
    said = person.beat(session, seq)
    assert said["presence"], said
    return person, session, said, seq + 1


def test_a_blocked_presence_check_earns_nothing_however_long_one_plays(asked):
    person, session, said, seq = asked
    before, media = said["covered_ms"], said["furthest_ms"]
    play(person, session, 2, media=media, seq=seq)
    again = person.open()
    time.sleep(1)
    answer = person.beat(again, 0, (media, media + 900, 0, 900))
    assert answer["covered_ms"] == before
    assert answer["presence"]["id"] == said["presence"]["id"]
    assert answer["missing"][-1][0] == said["coverage"][-1][1]


def test_an_answer_gives_back_what_was_held_and_nobody_elses_does(asked, stranger: Person):
    person, session, said, seq = asked
    play(person, session, 1, media=said["furthest_ms"], seq=seq)
    path = f"/api/learning/sessions/{session}/presence/{said['presence']['id']}/"
    assert stranger.post(path, {"action": "answer"})[0] == 404
    assert stranger.post(path, {"action": "extend"})[0] == 404
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
    printed = person.site.shell(NEW_EDITION.format(**facts)).split()
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


def test_session_time_that_is_a_day_ahead_earns_nothing_and_spoils_nothing(person: Person):
    """A client that takes its wall clock for the session's: refused with the reason, and then credited."""
    session = person.open()
    time.sleep(1)
    day = DAY_S * 1000
    said = person.beat(session, 0, (0, 900, day, day + 900))
    assert said["covered_ms"] == 0
    assert [one["rule"] for one in said["refused"]] == ["past"]
    assert said["refused"][0]["reason"]
    now = person.clock(session)
    assert person.beat(session, 1, (0, now, 0, now))["covered_ms"] == now


STREAM = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from classroom.enrolment.models import Enrolment
from media.playback import prefix_of
lesson = Enrolment.objects.unscoped("test").get(pk={enrolment}).edition.lessons.get(key="{lesson}")
default_storage.save(prefix_of(lesson.encode_id) + "/master.m3u8", ContentFile(b"#EXTM3U"))
"""


def test_a_grant_that_is_passed_on_streams_nothing_to_anybody_else(person: Person, stranger: Person):
    person.site.shell(STREAM.format(**person.facts))
    grant, other = person.grant(), person.other_browser()
    address = grant["manifest_url"]
    assert person.ask("GET", address)[0] == 200
    for who in (stranger, other, Person(person.site, {**person.facts, "cookie": ""})):
        assert who.ask("GET", address)[0] == 403
        assert who.post("/api/playback/renew/", {"url": address})[0] in (401, 403)
    # The same person at another browser opens a viewing there, and the grant of that one is of no use here.
    theirs = other.grant()["manifest_url"]
    assert (other.ask("GET", theirs)[0], person.ask("GET", theirs)[0]) == (200, 403)


def test_a_viewing_that_is_passed_on_earns_neither_its_owner_nor_anybody_else(
    person: Person, stranger: Person
):
    """A stranger reports to it what they watched, in their own session's stead and in both at once."""
    session, own = person.open(), stranger.open()
    time.sleep(0.8)
    body = {"seq": 0, "spans": [{"s": 0, "e": 700, "t0": 0, "t1": 700, "rate": 1}]}
    path = f"/api/learning/sessions/{session}/heartbeat/"
    results = at_once(
        *[lambda: stranger.post(path, body)[0]] * 3, lambda: stranger.beat(own, 0, (0, 700, 0, 700))
    )
    assert results[:3] == [404] * 3
    assert results[3]["covered_ms"] == 700
    assert person.beat(session, 0)["coverage"] == []


def test_two_browsers_of_one_person_that_share_a_viewing_earn_one_life(jumper: Person):
    """Its number was copied by hand; both report to it all the time that passes, each another part."""
    session, other = jumper.open(), jumper.other_browser()
    seq, before, said = 0, 0, []
    for _ in range(3):
        time.sleep(0.5)
        now = jumper.clock(session)
        spans = [(hour + before * 2, hour + before + now, before, now) for hour in (0, 3_600_000)]
        acts = [
            lambda n=n, who=who, span=span: who.beat(session, n, span)
            for n, (who, span) in enumerate(zip((jumper, other), spans, strict=True), seq)
        ]
        said = at_once(*acts)
        seq, before = seq + 2, now
    assert max(one["covered_ms"] for one in said) == before <= jumper.at_most_ms - SLACK_MS
