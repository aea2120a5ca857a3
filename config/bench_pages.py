"""A learner of a long course with years of evidence, and one of a short course: what their pages cost the server."""

import json
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.people.models import User
from classroom.progress.models import LessonProgress
from classroom.progress.services import open_session
from config.bench_heartbeat.prepare import grow
from config.bench_lectures import lecture_without_file
from config.demo import population, stage
from config.demo.content import FOLDER, CourseText, Lesson, parse
from courses.catalogue.models import Course, EditionLesson

_MINUTES = 20
_CREDIT_HOUR = 45
_WARM, _TIMES = 3, 15


class Cost(NamedTuple):
    """What a page costs: milliseconds until it is answered, those of the processor in it, and queries."""

    ms: float
    cpu_ms: float
    queries: int


def main(sizes: list[tuple[int, int]]) -> str:
    """Return, as JSON, the cost of each page for each size: lessons, rows of evidence."""
    people = population.people()
    trainer, reviewer = people["trainer@demo.example"], people["reviewer@demo.example"]
    banks = stage.banks(trainer)
    # Each with an account of its own: "my learning" shows all that a person is enrolled in.
    learners = (people["learner@demo.example"], people["manager@demo.example"])
    found = []
    for number, (learner, (lessons, rows)) in enumerate(zip(learners, sizes, strict=True), 1):
        text = _course(number, lessons)
        _lectures(text, trainer)
        stage.publish(text, banks[text.values["questions"]], trainer, reviewer)
        enrolment = enrol(user=learner, edition=_edition_of(text))
        _watched(enrolment, rows)
        found.append(_pages(learner, enrolment, text))
    return json.dumps(found)


def _course(number: int, lessons: int) -> CourseText:
    """Return a course of the demo with another code and so many lectures, and the hours that they are worth."""
    text = parse((FOLDER / "D1.md").read_text())
    text.code = f"D{number}"
    text.values["hours"] = str(max(1, lessons * _MINUTES // _CREDIT_HOUR))
    text.lessons = [
        Lesson(f"条款解读 {one}", f"Clause {one}", "逐条讲解", "国家免办系统")
        for one in range(1, lessons + 1)
    ]
    return text


def _lectures(text: CourseText, owner: User) -> None:
    """Make the course's lectures playable."""
    for number, lesson in enumerate(text.lessons, 1):
        lecture_without_file(
            title=stage.title_of(text, number, lesson), owner=owner, duration_ms=_MINUTES * 60_000
        )


def _edition_of(text: CourseText) -> Any:
    return Course.objects.select_related("current").get(code=text.code).current


def _watched(enrolment: Enrolment, rows: int) -> None:
    """Let every lecture be seen but for two pieces of it, with so many rows of evidence behind."""
    lessons = list(EditionLesson.objects.filter(edition=enrolment.edition, kind="video").order_by("position"))
    open_session(enrolment=enrolment, lesson=lessons[0], agent="Chrome Windows")
    seen = [[0, 300_000], [330_000, 900_000], [960_000, _MINUTES * 60_000]]
    fold = {
        "coverage": seen,
        "covered_ms": sum(end - start for start, end in seen),
        "furthest_ms": _MINUTES * 60_000,
        "updated_at": timezone.now(),
    }
    LessonProgress.objects.bulk_create(
        LessonProgress(enrolment=enrolment, lesson=lesson, **fold) for lesson in lessons[1:]
    )
    grow(enrolment.pk, rows)


def _pages(learner: User, enrolment: Enrolment, text: CourseText) -> dict[str, Cost]:
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    # Read again: the cast's password was set after it was made, and a session holds to it.
    client.force_login(User.objects.get(pk=learner.pk), settings.AUTHENTICATION_BACKENDS[-1])
    middle = list(enrolment.edition.lessons.filter(kind="video").order_by("position"))[len(text.lessons) // 2]
    addresses = {
        "outline of the course": f"/courses/{text.code.lower()}/",
        "player": reverse("learning:player", args=[enrolment.pk, middle.key]),
        "my learning": reverse("learning:my_learning"),
        "outline by the API": reverse("api:learning-outline", args=[enrolment.pk]),
    }
    return {name: _asked(client, address) for name, address in addresses.items()}


class _Count:
    """Counts the queries that go through a connection."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def listening(self) -> AbstractContextManager[None]:
        """Count what is asked inside."""
        return connection.execute_wrapper(self)


def _asked(client: Client, address: str) -> Cost:
    """Return the medians of a page's answers, and the queries of one."""
    times, worked, count = [], [], _Count()
    for number in range(_WARM + _TIMES):
        count = _Count()
        begin, began_work = time.perf_counter(), time.process_time()
        with count.listening():
            answer = client.get(address)
        if number >= _WARM:
            times.append((time.perf_counter() - begin) * 1000)
            worked.append((time.process_time() - began_work) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.get('Location', '')}")
    return Cost(statistics.median(times), statistics.median(worked), count.queries)
