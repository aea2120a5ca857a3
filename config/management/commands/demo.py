"""`manage.py demo`: fills in what is missing of the demo, through the same services as everybody."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo import corrections, history, population, stage
from config.demo.content import CourseText, courses
from courses.catalogue.models import CoursePage
from media.models import Lecture

_PATIENCE_S = 900


class Command(BaseCommand):
    """Safe to repeat and to kill: a second run goes on where the first one ended."""

    help = "Fill in the demo: people, courses with lectures, and a believable history."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run beside a worker, which transcodes; raise `CommandError` where it takes too long."""
        begin = time.monotonic()
        people = population.people()
        self.say(f"{len(people)} people in twelve institutions")
        trainer, reviewer = people["trainer@demo.example"], people["reviewer@demo.example"]
        banks = stage.banks(trainer)
        stage.notices()

        # Told is only what is made: a later start of a whole demo says one line.
        there = set(Lecture.objects.filter(owner=trainer).values_list("pk", flat=True))
        open_before = set(CoursePage.objects.live().values_list("code", flat=True))

        def publish(course: CourseText) -> None:
            stage.publish(course, banks[course.values["questions"]], trainer, reviewer)
            if course.code not in open_before:
                self.say(f"published {course.code} {course.title}")

        waiting = list(courses())
        for number, total, made in stage.lectures(trainer):
            if made.pk not in there:
                self.say(f"lecture {number} of {total}: {made.title}")
            # A course opens as soon as its own lectures can be played: who looks in early finds one.
            while waiting and number >= _last(waiting[0]) and not stage.waiting(waiting[0], trainer):
                publish(waiting.pop(0))
        for course in waiting:
            deadline = time.monotonic() + _PATIENCE_S
            while missing := stage.waiting(course, trainer):
                if time.monotonic() > deadline:
                    raise CommandError(f"no worker has transcoded {missing[0]} in {_PATIENCE_S} s")
                time.sleep(0.5)
            publish(course)
        history.plans(people)
        for done, enrolments in history.learn(people):
            self.say(f"history: {done} of {enrolments} enrolments")
        corrections.correct(people)
        history.report()
        self.say(f"the demo is whole ({time.monotonic() - begin:.0f} s)")

    def say(self, line: str) -> None:
        """Print one line at once."""
        self.stdout.write(line)
        self.stdout.flush()


def _last(course: CourseText) -> int:
    """Return the number of the course's last lecture among those of all courses."""
    before = 0
    for other in courses():
        before += sum(not lesson.is_reading for lesson in other.lessons)
        if other.code == course.code:
            break
    return before
