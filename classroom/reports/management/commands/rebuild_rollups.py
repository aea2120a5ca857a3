"""Counts every rollup again from the facts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom.reports.services.rollups import rebuild


class Command(BaseCommand):
    """`manage.py rebuild_rollups [--check]`."""

    help = "Count all rollups from the facts, and say which had been wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Fail where a rollup had been wrong.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, then list the differences; after it the rollups equal the facts."""
        wrong = rebuild()
        for difference in wrong:
            self.stdout.write(
                f"institution {difference.institution_id}, course {difference.course_id}: "
                f"{difference.stored} -> {difference.counted}"
            )
        if rebuild():
            raise CommandError("Counting twice gave two results: facts change meanwhile. Run it again.")
        self.stdout.write(f"Rollups equal the facts; {len(wrong)} had differed.")
        if wrong and options["check"]:
            raise CommandError(f"{len(wrong)} rollups were wrong before.")
