"""Prove that the evidence was not changed: in the database, or in an export, or write an export."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Exists, OuterRef, Q

from classroom.enrolment.models import Enrolment
from classroom.progress import keys, verifier
from classroom.progress.export import checkpoint_line, export_lines, has_its_leaves
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf, Evidence, LessonProgress


class Command(BaseCommand):
    """Recomputes chains, folds, proofs and signatures."""

    help = "Verify the watch evidence of one enrolment or of all, or an exported file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to verify, and with which key."""
        parser.add_argument("--enrolment", type=int, help="only this enrolment")
        parser.add_argument("--file", type=Path, help="verify an export instead of the database")
        parser.add_argument("--export", type=Path, help="write the evidence of --enrolment to this file")
        parser.add_argument(
            "--key",
            action="append",
            help="a public key in hex; may be given again; this platform's own, former ones too, where left out",
        )
        parser.add_argument(
            "--checkpoints",
            type=Path,
            help="checkpoints that were published, as somebody kept them: JSON lines, or pages of the list",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify; leave with an error where something does not hold."""
        self.keys = options["key"] or keys.public_keys()
        kept = options["checkpoints"]
        copies = verifier.copies_of(kept.read_text("utf-8").splitlines()) if kept else []
        if options["file"]:
            with options["file"].open(encoding="utf-8") as file:
                report = verifier.verify(verifier.lines_of(file), *self.keys, copies=copies)
            self._close(self._show(str(options["file"]), report))
            return
        every = Enrolment.objects.unscoped("the operator verifies everybody's")
        if options["export"]:
            self._export(every, options["enrolment"], options["export"])
            return
        ids = Chain.objects.order_by("pk").values_list("pk", flat=True)
        if options["enrolment"]:
            ids = ids.filter(pk=options["enrolment"])
        faults = self._checkpoints() + self._without_evidence(options["enrolment"])
        faults += self._sealed(options["enrolment"]) + self._copies(copies)
        for pk in ids.iterator():
            report = verifier.verify(export_lines(every.get(pk=pk)), *self.keys)
            faults += self._show(f"enrolment {pk}", report)
        self._close(faults)

    def _export(self, every: Any, pk: int | None, path: Path) -> None:
        enrolment = every.filter(pk=pk).first() if pk else None
        if enrolment is None:
            raise CommandError("Name an enrolment that exists: --enrolment N --export FILE")
        with path.open("w", encoding="utf-8") as file:
            for line in export_lines(enrolment, every=True):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.stdout.write(f"{path}\npublic key {keys.public_key()}")

    def _checkpoints(self) -> int:
        """Verify that each checkpoint is signed, follows on the one before it and has all its leaves."""
        faults, previous = 0, "0" * 64
        for checkpoint in Checkpoint.objects.order_by("number").iterator():
            line = checkpoint_line(checkpoint)
            holds = line["previous"] == previous and line["hash"] == verifier.hash_checkpoint(line)
            if not (holds and verifier.is_signed(line, *self.keys)):
                faults += self._fault(
                    f"checkpoint {checkpoint.number} was changed or is not signed by this key"
                )
            if not has_its_leaves(checkpoint):
                faults += self._fault(f"checkpoint {checkpoint.number} sealed chains that are not here")
            previous = checkpoint.hash
        return faults

    def _without_evidence(self, pk: int | None) -> int:
        """Tell progress that no evidence bears out: its chain is gone, or there never was one."""
        begun = LessonProgress.objects.filter(Q(covered_ms__gt=0) | Q(acknowledged_at__isnull=False))
        ids = begun.filter(enrolment__chain__isnull=True).order_by("enrolment_id").distinct()
        found = ids.filter(enrolment=pk) if pk else ids
        numbers = found.values_list("enrolment_id", flat=True)
        return sum(self._fault(f"enrolment {number}: progress without evidence") for number in numbers)

    def _sealed(self, pk: int | None) -> int:
        """Hold every head that was ever sealed against the row that is there now: the last alone can be signed anew."""
        rows = Evidence.objects.unscoped("the operator verifies everybody's").filter(
            enrolment=OuterRef("enrolment"), index=OuterRef("length") - 1
        )
        leaves = CheckpointLeaf.objects.filter(Exists(rows.exclude(hash=OuterRef("head"))))
        found = (leaves.filter(enrolment=pk) if pk else leaves).order_by("enrolment_id", "length")
        told = found.values_list("enrolment_id", "checkpoint__number", "length")
        return sum(
            self._fault(f"enrolment {one}: checkpoint {number} sealed {length} rows that are not these")
            for one, number, length in told
        )

    def _copies(self, copies: list[dict[str, Any]]) -> int:
        """Hold copies of published checkpoints against those that are here: a dropped one is missed."""
        here = dict(Checkpoint.objects.values_list("number", "hash"))
        faults = verifier.faults_of_copies(copies, *self.keys)
        faults += [
            f"checkpoint {copy['number']} was published, and is not here as it was"
            for copy in copies
            if here.get(copy["number"]) != copy["hash"]
        ]
        return sum(map(self._fault, faults))

    def _fault(self, words: str) -> int:
        self.stdout.write(f"FAULT  {words}")
        return 1

    def _show(self, name: str, report: verifier.Report) -> int:
        for words in report.faults:
            self._fault(f"{name}: {words}")
        seconds = sum(report.covered_ms.values()) // 1000
        self.stdout.write(f"{name}: {report.rows} rows, {report.sealed} sealed, {seconds} s")
        return len(report.faults)

    def _close(self, faults: int) -> None:
        if faults:
            raise CommandError(f"The evidence does NOT hold: {faults} faults.")
        self.stdout.write("The evidence holds.")
