"""Prove that the evidence was not changed: in the database, or in an export, or write an export."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom.enrolment.models import Enrolment
from classroom.progress import keys, verifier
from classroom.progress.export import checkpoint_line, export_lines
from classroom.progress.models import Chain, Checkpoint


class Command(BaseCommand):
    """Recomputes chains, folds, proofs and signatures."""

    help = "Verify the watch evidence of one enrolment or of all, or an exported file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to verify, and with which key."""
        parser.add_argument("--enrolment", type=int, help="only this enrolment")
        parser.add_argument("--file", type=Path, help="verify an export instead of the database")
        parser.add_argument("--export", type=Path, help="write the evidence of --enrolment to this file")
        parser.add_argument("--key", help="the public key in hex; this platform's own where it is left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify; leave with an error where something does not hold."""
        self.key = options["key"] or keys.public_key()
        if options["file"]:
            with options["file"].open(encoding="utf-8") as file:
                self._close(
                    self._show(str(options["file"]), verifier.verify(verifier.lines_of(file), self.key))
                )
            return
        every = Enrolment.objects.unscoped("the operator verifies everybody's")
        if options["export"]:
            self._export(every, options["enrolment"], options["export"])
            return
        ids = Chain.objects.order_by("pk").values_list("pk", flat=True)
        if options["enrolment"]:
            ids = ids.filter(pk=options["enrolment"])
        faults = self._checkpoints()
        for pk in ids.iterator():
            report = verifier.verify(export_lines(every.get(pk=pk)), self.key)
            faults += self._show(f"enrolment {pk}", report)
        self._close(faults)

    def _export(self, every: Any, pk: int | None, path: Path) -> None:
        enrolment = every.filter(pk=pk).first() if pk else None
        if enrolment is None:
            raise CommandError("Name an enrolment that exists: --enrolment N --export FILE")
        with path.open("w", encoding="utf-8") as file:
            for line in export_lines(enrolment):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.stdout.write(f"{path}\npublic key {keys.public_key()}")

    def _checkpoints(self) -> int:
        """Verify that each checkpoint is signed and follows on the one before it."""
        faults, previous = 0, "0" * 64
        for checkpoint in Checkpoint.objects.order_by("number").iterator():
            line = checkpoint_line(checkpoint)
            holds = line["previous"] == previous and line["hash"] == verifier.hash_checkpoint(line)
            if not (holds and verifier.is_signed(line, self.key)):
                faults += 1
                self.stdout.write(
                    f"FAULT  checkpoint {checkpoint.number} was changed or is not signed by this key"
                )
            previous = checkpoint.hash
        return faults

    def _show(self, name: str, report: verifier.Report) -> int:
        for words in report.faults:
            self.stdout.write(f"FAULT  {name}: {words}")
        seconds = sum(report.covered_ms.values()) // 1000
        self.stdout.write(f"{name}: {report.rows} rows, {report.sealed} sealed, {seconds} s")
        return len(report.faults)

    def _close(self, faults: int) -> None:
        if faults:
            raise CommandError(f"The evidence does NOT hold: {faults} faults.")
        self.stdout.write("The evidence holds.")
