"""Take an existing library of lectures in: files and folders, through the same pipeline."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path, PurePath
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext, pgettext

from media import beside, ingest, leases, queries, sources, store, tasks
from media.errors import SAID_TO_RETRY, MediaError, held_of, reason_of
from media.models import Encode, Lecture, Source

_ENDED = {Encode.State.PUBLISHED, Encode.State.FAILED}


class Command(BaseCommand):
    """One line a file at its end; files that are in already are not taken in again."""

    help = "Take lectures (files or folders) in through the running workers, or in this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of text")
        parser.add_argument("--owner", help="mobile or e-mail of the trainer; else the first operator")
        parser.add_argument("--tenant", default="", help="whose quota and whose turn it is")
        parser.add_argument("--language", default="zh-Hans", help="spoken language")
        parser.add_argument(
            "--inline", action="store_true", help="do the work in this process instead of the workers"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Take in, wait, report. The exit code is 1 where a file failed."""
        self.as_json = options["json"]
        self.inline = options["inline"]
        owner = self._owner(options["owner"])
        waiting: dict[Path, Lecture] = {}
        self.captions: dict[Path, list[dict[str, str]]] = {}
        self.failed = 0
        for path in self._files(options["paths"]):
            try:
                lecture = leases.patiently(
                    lambda: self._take_in(path, owner, options["tenant"], options["language"])  # noqa: B023 - called at once
                )
                self.captions[path] = leases.patiently(
                    lambda: beside.take(lecture=lecture, path=path, by=owner)  # noqa: B023 - called at once
                )
                waiting[path] = lecture
            except MediaError as error:
                self._refused(path, error.code)
            except OSError as error:
                self._refused(path, "storage", str(error))
        self._wait(waiting)
        if self.failed:
            raise SystemExit(1)

    def _owner(self, name: str | None) -> Any:
        people = get_user_model()._default_manager.all()
        if name:
            found = people.filter(mobile=name).first() or people.filter(email__iexact=name).first()
            if found is None:
                raise CommandError(gettext("No person has the mobile or e-mail %(name)s.") % {"name": name})
            return found
        found = people.filter(is_superuser=True).order_by("pk").first() or people.order_by("pk").first()
        if found is None:
            raise CommandError(gettext("There is no person yet who could own the lectures."))
        return found

    def _files(self, paths: list[Path]) -> list[Path]:
        found: list[Path] = []
        for path in paths:
            if path.is_dir():
                inside = (item for item in sorted(path.rglob("*")) if item.is_file())
                found += [item for item in inside if beside.is_recording(item.relative_to(path))]
            elif path.is_file():
                found.append(path)
            else:
                raise CommandError(gettext("There is no file %(path)s.") % {"path": ingest.readable(path)})
        return list(dict.fromkeys(found))

    def _take_in(self, path: Path, owner: Any, tenant: str, language: str) -> Lecture:
        """Return the lecture of a file; one that was taken in before is not taken in twice.

        Where it failed and not by its own fault, it goes on from where it stood. What somebody put into the bin is
        not brought back: raises `MediaError` "in_bin".
        """
        self._say(f"{ingest.readable(path)}: {pgettext('ingest', 'reading')}")
        name = ingest.readable(path.name)
        if path.stat().st_size:
            source = Source.objects.filter(size=path.stat().st_size, digest=store.digest_of(path)).first()
            known = Lecture.objects.filter(
                encodes__source=source, encodes__filename=name[:255], owner=owner, tenant=tenant
            )
            lecture = (
                known.order_by("pk").filter(trashed_at__isnull=True).first() or known.order_by("pk").first()
            )
            if source is not None and lecture is not None:
                self._go_on(lecture, source, path)
                return lecture
        title = PurePath(name).stem
        return ingest.ingest_file(path=path, title=title, owner=owner, tenant=tenant, language=language)

    def _go_on(self, lecture: Lecture, source: Source, path: Path) -> None:
        """Let a lecture that is in go on where it failed and another try may end otherwise."""
        if lecture.trashed_at is not None:
            raise MediaError("in_bin")
        encode = lecture.encodes.order_by("-number").first()
        if encode is None or encode.state != Encode.State.FAILED:
            return
        if encode.reason == "source_missing" and encode.source_id == source.pk:
            sources.adopt(path=path, digest=source.digest, size=source.size)
        elif encode.reason not in SAID_TO_RETRY:
            return
        ingest.retry(encode=encode)

    def _wait(self, waiting: dict[Path, Lecture]) -> None:
        """Watch until every file has ended; do the work here where asked to, or where no worker does it."""
        shown: dict[Path, str] = {}
        moved = time.monotonic()
        while waiting:
            if self.inline:
                leases.patiently(tasks.do_one)
            for path, lecture in list(waiting.items()):
                words = leases.patiently(lambda: self._standing(path, lecture))  # noqa: B023 - called at once
                if not words:
                    del waiting[path]
                    moved = time.monotonic()
                elif shown.get(path) != words:
                    shown[path] = words
                    moved = time.monotonic()
                    self._say(f"{ingest.readable(path)}: {words}")
            if not waiting or self.inline:
                continue
            if time.monotonic() - moved > 60 and leases.patiently(lambda: leases.due_count(limit=1)):
                self._say(gettext("No worker answers: the work is done in this process."))
                self.inline = True
            time.sleep(0.5)

    def _standing(self, path: Path, lecture: Lecture) -> str:
        """Return how far a lecture is; "" once it has ended and its line is written."""
        encode = Encode.objects.filter(lecture=lecture).order_by("-number")[:1].get()
        if encode.state in _ENDED:
            self._report(path, encode)
            return ""
        state = queries.state_of(lecture)
        return f"{state.stage} {state.percent} %" + (
            f": {held_of(state.reason).reason}" if state.is_held else ""
        )

    def _refused(self, path: Path, code: str, detail: str = "") -> None:
        self.failed += 1
        self._line(path, state="failed", code=code, detail=detail)

    def _report(self, path: Path, encode: Encode) -> None:
        self.failed += encode.state == Encode.State.FAILED
        self._line(
            path,
            state=encode.state,
            code=encode.reason,
            detail=encode.detail,
            duration=encode.duration_ms / 1000,
            width=encode.width,
            height=encode.height,
            renditions=[rendition.name for rendition in encode.renditions.order_by("pk")],
            warnings=encode.warnings,
            lecture=encode.lecture_id,
        )

    def _line(self, path: Path, *, state: str, code: str = "", **facts: Any) -> None:
        ready = state == Encode.State.PUBLISHED
        said = reason_of(code)
        row = {
            "path": ingest.readable(path),
            "state": "ready" if ready else "failed",
            "code": code,
            "reason": "" if ready else str(said.reason),
            "remedy": "" if ready else str(said.remedy),
            "duration": 0.0,
            "width": 0,
            "height": 0,
            "renditions": [],
            "warnings": [],
            "captions": self.captions.get(path, []),
            **facts,
        }
        if self.as_json:
            self.stdout.write(json.dumps(row, ensure_ascii=False))
            return
        if ready:
            made = " ".join(row["renditions"])
            text = f"{row['duration']:.1f} s  {row['width']}x{row['height']}  {made}  {' '.join(row['warnings'])}"
        else:
            text = f"{row['reason']} {row['remedy']}"
        self.stdout.write(f"{row['state']:<7} {row['path']}  {text}")
        for track in row["captions"]:
            self.stdout.write(
                f"  {track['state']:<7} {track['file']}  {track['language']}  {track['reason']}"
            )

    def _say(self, text: str) -> None:
        self.stderr.write(text)
