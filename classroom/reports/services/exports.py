"""Exports: asked for, made under a lease, checked again when they are fetched."""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from classroom.institutions.models import Institution, SupervisingAuthority
from classroom.institutions.queries import scope_of
from classroom.institutions.scopes import Scope
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports import filters
from classroom.reports.errors import FileMissing, OutOfScope, ReportError, UnknownReport
from classroom.reports.models import ReportRun
from classroom.reports.queries import tables
from classroom.reports.queries.board import STATES
from classroom.reports.queries.rollups import SHOWS, Slice
from classroom.reports.sheets import WRITERS, Head
from media.errors import MediaError
from media.store import reaching
from media.stored import FileLost, open_named

log = logging.getLogger(__name__)
KINDS = ("institutions", "districts", "people")
# Up to so many rows an export is made while the reader waits: well under a second.
AT_ONCE = 2000
_LEASE = timedelta(minutes=10)
_ATTEMPTS = 3
_PATIENCE = timedelta(minutes=1)
KEPT = timedelta(days=30)


@transaction.atomic
def request_run(*, user: User, kind: str, file_format: str, spec: dict[str, str]) -> tuple[ReportRun, bool]:
    """Note that `user` wants this table; return the run and whether it is small enough to wait for.

    Audited. What it is about must lie in the person's scope now.

    `spec`: `authority` (code), `course`, `year`, `post`, `show`, `search` for tables of institutions;
    `institution` (id), `post`, `state`, `name` for people. Raises `UnknownReport`, `OutOfScope`.
    """
    if kind not in KINDS or file_format not in WRITERS:
        raise UnknownReport
    scope = scope_of(user)
    spec = clean_spec({key: str(value) for key, value in spec.items()})
    size = _table(scope, kind, spec).size
    run = ReportRun.objects.create(
        user=user,
        kind=kind,
        spec=spec,
        scope=_kept(scope),
        format=file_format,
    )
    audit(
        actor=user,
        action="reports.export",
        target=f"report:{run.pk}",
        detail={"kind": kind, "format": file_format, **spec},
    )
    return run, size <= AT_ONCE


def _kept(scope: Scope) -> dict[str, Any]:
    """Return a scope as the run keeps it."""
    return {
        "institutions": list(scope.institution_ids),
        "authorities": list(scope.authority_paths),
        "everything": scope.everything,
    }


def _table(scope: Scope, kind: str, spec: dict[str, str]) -> tables.Table:
    """Return the table that `spec` describes, read through `scope`. Raises `OutOfScope`."""
    if kind == "people":
        institution = _institution(scope, spec)
        if institution is None:
            raise OutOfScope
        chosen = {key: spec.get(key, "") for key in ("post", "state", "name")}
        return tables.people(
            scope=scope,
            institution=institution,
            today=timezone.localdate(),
            supervised_only=not (scope.everything or institution.pk in scope.institution_ids),
            filters=chosen,
        )
    part = slice_of(scope, spec)
    if kind == "districts":
        return tables.districts(part)
    return tables.institutions(part, spec.get("show", "all"), spec.get("search", ""))


def _institution(scope: Scope, spec: dict[str, str]) -> Institution | None:
    key = _whole(spec.get("institution"))
    return Institution.objects.visible_to(scope).filter(pk=key).first()


def _whole(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and value.isascii() and len(value) < 18 else 0


def slice_of(scope: Scope, spec: Mapping[str, str]) -> Slice:
    """Return the slice of these filters. Raises `OutOfScope` for an authority one does not supervise."""
    if not scope.everything and not scope.authority_paths:
        raise OutOfScope
    path = ""
    if authority := spec.get("authority", ""):
        found = SupervisingAuthority.objects.filter(code=authority.replace("\x00", "")).first()
        if found is None or not covers(scope, found.path):
            raise OutOfScope
        path = found.path
    return narrowed(scope, path, spec)


def narrowed(scope: Scope, path: str, spec: Mapping[str, str]) -> Slice:
    """Return the slice under an authority that the scope reaches, of these filters."""
    # Whoever also manages an institution elsewhere supervises nothing there.
    supervised = replace(scope, person_id=None, institution_ids=())
    return Slice(
        supervised,
        path,
        course_ids=tables.course_ids(spec.get("course", "")),
        year=filters.year_of(spec.get("year", "")),
        post=filters.post_of(spec.get("post", "")),
    )


def covers(scope: Scope, path: str) -> bool:
    """Whether the scope reaches the authority with this path."""
    return scope.everything or any(path.startswith(own) for own in scope.authority_paths)


def produce(*, run_id: UUID, now: datetime | None = None) -> ReportRun | None:
    """Make the file of a run, once: claims it with a lease, and does nothing where another has it.

    The scope is read afresh: what the asker lost since is not exported, the run then fails. Where the file store
    is away or full it stays due, and None is returned too.
    """
    run = _claim(run_id, now or timezone.now())
    if run is None:
        return None
    try:
        with translation.override(run.user.language):
            _write(run)
    except OutOfScope:
        _finish(run, state=ReportRun.State.FAILED)
    except MediaError as away:
        # The file store is away or full: that is no attempt, and the sweep comes back for it.
        log.warning("export %s waits for the file store: %s", run.pk, away)
        run.attempts, run.leased_until = run.attempts - 1, timezone.now() + _PATIENCE
        run.save(update_fields=["attempts", "leased_until"])
        return None
    return run


@transaction.atomic
def _claim(run_id: UUID, now: datetime) -> ReportRun | None:
    """Lease a due run, or give it up after three attempts. Locks its row."""
    run = (
        ReportRun.objects.unscoped("the worker makes everybody's")
        .select_for_update()
        .filter(pk=run_id)
        .first()
    )
    if run is None or run.state != ReportRun.State.QUEUED or (run.leased_until and run.leased_until > now):
        return None
    if run.attempts >= _ATTEMPTS:
        _finish(run, state=ReportRun.State.FAILED)
        return None
    run.attempts, run.leased_until = run.attempts + 1, now + _LEASE
    run.save(update_fields=["attempts", "leased_until"])
    return run


def _write(run: ReportRun) -> None:
    scope = scope_of(run.user)
    table = _table(scope, run.kind, run.spec)
    who = f"{run.user.name}（{str(run.user.pseudonym)[:8]}）"
    made = tables.moment(timezone.now())
    watermark = f"{who} {made} 导出，统计截止 {tables.moment(table.as_of)}，编号 {str(run.pk)[:8]}"
    head = Head(
        title=table.title,
        headings=table.headings,
        widths=table.widths,
        watermark=watermark,
        notes=[("导出", watermark), ("范围", _described(run)), *tables.definitions()],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"report.{run.format}"
        rows = WRITERS[run.format](path, head, table.rows())
        content = path.read_bytes()
        with path.open("rb") as file, reaching():
            name = default_storage.save(f"reports/{run.pk}.{run.format}", File(file))
    _finish(
        run,
        state=ReportRun.State.READY,
        # What was read is what must still be allowed when the file is fetched.
        scope=_kept(scope),
        file=name,
        digest=hashlib.sha256(content).hexdigest(),
        # The total is not a row of the table.
        rows_count=rows - (run.kind != "people"),
        as_of=table.as_of,
    )


def _described(run: ReportRun) -> str:
    return "；".join(f"{key}={value}" for key, value in sorted(run.spec.items())) or "全部"


def _finish(run: ReportRun, **values: Any) -> None:
    for key, value in {**values, "finished_at": timezone.now(), "leased_until": None}.items():
        setattr(run, key, value)
    run.save(update_fields=[*values, "finished_at", "leased_until"])


def open_file(*, user: User, run: ReportRun) -> Any:
    """Open a finished export for its asker, who must still have the scope of then; audited.

    Raises `OutOfScope` for anybody else, when a role was lost since or the institution moved away, and
    `FileMissing` for one's own where the file is not made yet, could not be made, or is no longer kept;
    `FileLost` where it should be in the storage and is not, `StoreAway` where nobody can tell now.
    """
    scope = scope_of(user)
    kept = scope.everything or (
        not run.scope["everything"]
        and set(run.scope["institutions"]) <= set(scope.institution_ids)
        and all(covers(scope, path) for path in run.scope["authorities"])
    )
    if run.kind == "people":
        kept = kept and _institution(scope, run.spec) is not None
    refusal: type[ReportError] | None = None
    if run.user_id != user.pk or not kept:
        refusal = OutOfScope
    elif run.state != ReportRun.State.READY or not run.file:
        refusal = FileMissing
    if refusal:
        audit(actor=user, action="reports.download", target=f"report:{run.pk}", result="refused")
        raise refusal
    try:
        file = open_named(run.file, row=f"reports.ReportRun {run.pk}")
    except FileLost:
        audit(actor=user, action="reports.download", target=f"report:{run.pk}", result="lost")
        raise
    audit(actor=user, action="reports.download", target=f"report:{run.pk}", detail={"digest": run.digest})
    return file


def due_runs(*, now: datetime) -> list[Any]:
    """Return the keys of the runs that nobody works on."""
    rows = ReportRun.objects.unscoped("the sweep drives everybody's").filter(state=ReportRun.State.QUEUED)
    return list(
        rows.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now)).values_list("pk", flat=True)
    )


def forget_old(*, now: datetime) -> int:
    """Delete the files of exports older than 30 days; the rows and their digests stay. Return how many."""
    old = ReportRun.objects.unscoped("files are kept for a month").filter(
        ~Q(file=""), finished_at__lt=now - KEPT
    )
    for run in old:
        with reaching():
            default_storage.delete(run.file)
        run.file = ""
        run.save(update_fields=["file"])
    return len(old)


def clean_spec(data: dict[str, str]) -> dict[str, str]:
    """Return the known filters among `data`, without values that no table knows.

    They are cut and cleaned as the pages do, so that page and export show the same.
    """
    texts = ("authority", "course", "search", "institution", "name")
    spec = {key: filters.plain(data.get(key, "")) for key in texts}
    spec["post"] = filters.post_of(data.get("post", ""))
    spec["year"] = data.get("year", "") if filters.year_of(data.get("year", "")) else ""
    spec["show"] = data.get("show", "") if data.get("show") in SHOWS else ""
    spec["state"] = data.get("state", "") if data.get("state") in STATES else ""
    return {key: value for key, value in spec.items() if value}
