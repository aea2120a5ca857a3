"""Prove that progress is the fold of its evidence, and make it so where it is not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from classroom.enrolment.models import Enrolment
from classroom.learning.services import settle_corrected
from classroom.progress.history import BlockUnreadable
from classroom.progress.services import rebuild


class Command(BaseCommand):
    """Folds the evidence of each enrolment and compares."""

    help = "Compare all progress with its evidence; --write corrects what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which enrolments, and whether to correct."""
        parser.add_argument("--enrolment", type=int, help="only this enrolment")
        parser.add_argument("--write", action="store_true", help="correct what differs, and settle it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare; leave with an error where something differs and was not corrected."""
        every, seen, found, lost = Enrolment.objects.unscoped("the operator compares everybody's"), 0, 0, 0
        # With evidence, or with progress that has none.
        compared = every.filter(Q(chain__isnull=False) | Q(progress__isnull=False)).distinct().order_by("pk")
        if options["enrolment"]:
            compared = compared.filter(pk=options["enrolment"])
        for pk in compared.values_list("pk", flat=True).iterator():
            try:
                differences = rebuild(enrolment=every.get(pk=pk), write=options["write"])
            except BlockUnreadable as error:
                lost += 1
                self.stdout.write(
                    f"enrolment {pk}: not compared, since a part of its evidence is lost: {error}"
                )
                continue
            for one in differences:
                self.stdout.write(
                    f"enrolment {pk}, lesson {one.lesson_id}: {one.field} is {one.stored}, evidence says {one.folded}"
                )
            if differences and options["write"]:
                settle_corrected(enrolment_id=pk)
            seen, found = seen + 1, found + len(differences)
        self.stdout.write(
            f"{seen} enrolments compared, {found} differences{' corrected' if options['write'] else ''}"
        )
        if lost:
            raise CommandError(
                f"The evidence of {lost} enrolments is not whole. Put the objects back from a copy."
            )
        if found and not options["write"]:
            raise CommandError("Progress differs from its evidence. Run again with --write to correct it.")
