"""`manage.py demo`: fills in what is missing of the demo, through the same services as everybody."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo import history, population, stage
from config.demo.content import courses

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
        for number, total, made in stage.lectures(trainer):
            self.say(f"lecture {number} of {total}: {made.title}")
        for course in courses():
            deadline = time.monotonic() + _PATIENCE_S
            while missing := stage.waiting(course, trainer):
                if time.monotonic() > deadline:
                    raise CommandError(f"no worker has transcoded {missing[0]} in {_PATIENCE_S} s")
                time.sleep(0.5)
            stage.publish(course, banks[course.values["questions"]], trainer, reviewer)
            self.say(f"published {course.code} {course.title}")
        history.plans(people)
        for done, total in history.learn(people):
            self.say(f"history: {done} of {total} enrolments")
        history.report()
        self.say(f"the demo is whole ({time.monotonic() - begin:.0f} s)")

    def say(self, line: str) -> None:
        """Print one line at once."""
        self.stdout.write(line)
        self.stdout.flush()
