"""Holds every decision against its inputs, its ledger and the progress it tells of."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom.completion.verification import every_completion, faults


class Command(BaseCommand):
    """`manage.py verify_completions [--enrolment N]`."""

    help = "Decide every completion once more from its own inputs, and say where it would not be the same."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--enrolment`."""
        parser.add_argument("--enrolment", type=int, help="only this enrolment")

    def handle(self, *args: Any, **options: Any) -> None:
        """List what does not hold; leave with an error where there is anything."""
        count = found = 0
        for completion in every_completion(options["enrolment"]):
            count += 1
            for words in faults(completion):
                found += 1
                self.stdout.write(f"FAULT  enrolment {completion.enrolment_id}: {words}")
        if found:
            raise CommandError(f"Of {count} completions not all hold: {found} faults.")
        self.stdout.write(f"{count} completions hold.")
