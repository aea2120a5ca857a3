"""Holds every decision against its inputs, its ledger, the progress it tells of and the chain of evidence."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom.completion.services.enlisting import enlist
from classroom.completion.verification import verify


class Command(BaseCommand):
    """`manage.py verify_completions [--enrolment N] [--enlist]`."""

    help = "Decide every completion once more from its own inputs, and say where it would not be the same."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--enrolment` and `--enlist`."""
        parser.add_argument("--enrolment", type=int, help="only this enrolment")
        parser.add_argument(
            "--enlist",
            action="store_true",
            help="chain what was decided before decisions were chained; look at the list without it first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """List what does not hold; leave with an error where there is anything."""
        count = faults = unchained = 0
        for found in verify(options["enrolment"]):
            pk, done = found.enrolment_id, found.completion
            count += done is not None
            faults += len(found.faults)
            for words in found.faults:
                self.stdout.write(f"FAULT  enrolment {pk}: {words}")
            if done is None or not found.unchained:
                continue
            if options["enlist"] and enlist(completion=done):
                self.stdout.write(f"ENLISTED  enrolment {pk}: {len(found.unchained)} rows")
                continue
            unchained += 1
            self.stdout.write(
                f"UNCHAINED  enrolment {pk}: decided before decisions were chained, or written beside the platform"
            )
        if faults:
            raise CommandError(f"Of {count} completions not all hold: {faults} faults.")
        if unchained:
            raise CommandError(
                f"{unchained} of {count} completions hold, but no chain has them."
                " Once you know that they are yours: --enlist"
            )
        self.stdout.write(f"{count} completions hold.")
