"""Learners for the benchmark: signed in, each with an open session of a long lecture."""

import json
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone

from classroom.enrolment.services import enrol
from classroom.people.models import User
from classroom.people.services import register_person
from classroom.progress.models import Chain, Evidence, PersonClock
from classroom.progress.services import open_session
from config.bench_lectures import lecture_without_file
from courses.catalogue.models import Course, Edition, EditionLesson, Topic
from courses.catalogue.policy import Policy

DURATION_MS = 10 * 3600 * 1000


def learners(count: int) -> list[dict[str, Any]]:
    """Make learners and return what each client needs: cookies, token, session."""
    edition, lesson = edition_with_lesson()
    return [_learner(number, edition, lesson) for number in range(count)]


def edition_with_lesson() -> tuple[Edition, EditionLesson]:
    """Make an edition whose only lesson is a long lecture."""
    owner = register_person(name="基准", email=f"{uuid.uuid4().hex}@bench.example")
    lecture = lecture_without_file(title="基准", owner=owner, duration_ms=DURATION_MS)
    topic = Topic.objects.order_by("pk").first() or Topic.objects.create(
        code="bench", name="基准", name_en="Bench"
    )
    course = Course.objects.create(code=f"Z{uuid.uuid4().hex[:6].upper()}", topic=topic)
    edition = Edition.objects.create(
        course=course,
        number="1",
        title="基准",
        credit_hours=1,
        policy=Policy().to_dict(),
        rule={"version": 1, "all": [{"kind": "lessons", "keys": "all", "coverage_percent": 100}]},
        manifest={},
        digest=uuid.uuid4().hex * 2,
    )
    lesson = EditionLesson.objects.create(
        edition=edition,
        position=1,
        kind="video",
        title="基准",
        lecture=lecture,
        encode=lecture.current,
        duration_ms=DURATION_MS,
    )
    return edition, lesson


def _learner(number: int, edition: Edition, lesson: EditionLesson) -> dict[str, Any]:
    user = register_person(name=f"学员{number}", email=f"{uuid.uuid4().hex}@bench.example")
    enrolment = enrol(user=user, edition=edition)
    session = open_session(enrolment=enrolment, lesson=lesson, agent="Chrome Windows")
    return {
        "cookie": _signed_in(user),
        "csrf": _get_new_csrf_string(),
        "session": str(session.pk),
        "opened": session.opened_at.timestamp(),
        "enrolment": enrolment.pk,
        "lesson": str(lesson.key),
    }


def _signed_in(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def grow(enrolment_id: int, rows: int) -> None:
    """Lengthen the chain of an enrolment by so many rows, as years of watching would."""
    chain = Chain.objects.get(pk=enrolment_id)
    last = (
        Evidence.objects.unscoped("a benchmark's own").filter(enrolment_id=enrolment_id).order_by("-index")[0]
    )
    moment = timezone.now() - timedelta(days=1)
    for begin in range(0, rows, 5000):
        Evidence.objects.bulk_create(
            Evidence(
                enrolment_id=enrolment_id,
                lesson_id=last.lesson_id,
                kind=Evidence.Kind.READ,
                index=chain.length + begin + number,
                received_at=moment,
                kept=[[0, 15_000, 0, 15_000]],
                previous_hash=last.hash,
                hash=last.hash,
            )
            for number in range(min(5000, rows - begin))
        )
    PersonClock.objects.filter(user__enrolments=enrolment_id).update(heads={})


def main(what: str) -> str:
    """Do what the benchmark asks of a process with the server's database; answers in JSON."""
    verb, first, second = [*what.split(), "0"][:3]
    if verb == "grow":
        grow(int(first), int(second))
        return "{}"
    return json.dumps(learners(int(first)))
