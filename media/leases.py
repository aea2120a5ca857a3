"""Who works on what: claims with a lease, a heartbeat, and what happens when work fails.

The database is the truth of what is due. A claim is one conditional UPDATE, so of any number of workers
exactly one gets a row. A lease lasts half a minute and is renewed every five seconds; a worker that
dies lets it run out, and the next one takes the work over. Whatever a worker does afterwards with a
lease that is no longer its own has no effect, since every write names the lease.
"""

import contextlib
import logging
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import DatabaseError, Error, OperationalError, close_old_connections, connection, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from media.errors import PATIENT, LeaseLost, MediaError
from media.models import Chunk, Encode

LEASE = timedelta(seconds=30)
BEAT_S = 5.0
MAX_ATTEMPTS = 4
# A worker that is killed says nothing. Restarts and deployments kill now and then; what is begun this
# often without an end kills whoever takes it, and must not go round for ever.
MAX_CLAIMS = 10
_BACKOFF_S = (5, 20, 80, 320)
_PATIENCE = timedelta(seconds=30)
_STEPS = (Encode.State.RECEIVED, Encode.State.PROBED, Encode.State.PACKAGING)
# What makes a lecture watchable goes before what makes it better.
_ORDER = {"copy": 0, "opening": 0, "audio": 1, "video": 2}
# So many of the best pieces of each institution are read to choose from, and so often anew where other
# workers took all of them meanwhile.
_OF_EACH = 16
_ROUNDS = 5
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Job:
    """One claimed row: a step of an encode, or a chunk."""

    encode_id: uuid.UUID
    lease: uuid.UUID
    chunk_id: int | None = None


@dataclass(frozen=True)
class _Candidate:
    key: tuple[object, ...]
    encode_id: uuid.UUID
    chunk_id: int | None
    attempts: int


def claim(worker: str) -> Job | None:
    """Claim the best piece of work that is due, or return None. Locks nothing beyond the one update."""
    for _round in range(_ROUNDS):
        candidates = _candidates()
        for candidate in candidates:
            job = Job(candidate.encode_id, uuid.uuid4(), candidate.chunk_id)
            if not _take(job, worker):
                continue
            if candidate.attempts < MAX_CLAIMS:
                return job
            fail(job, MediaError("gave_up", f"begun {candidate.attempts} times"), for_good=True)
        # Others were quicker with each of these: there may be more behind them.
        if not candidates:
            break
    return None


def due_count(limit: int = 64) -> int:
    """Return how many pieces of work are due or abandoned, counted up to `limit`."""
    return min(limit, _due_steps()[:limit].count() + _due_chunks()[:limit].count())


def _due_steps() -> QuerySet[Encode]:
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return Encode.objects.filter(free, state__in=_STEPS, due_at__lte=now)


def _due_chunks() -> QuerySet[Chunk]:
    now = timezone.now()
    due = Q(state=Chunk.State.DUE, due_at__lte=now)
    abandoned = Q(state=Chunk.State.LEASED, leased_until__lt=now)
    # The encode by a query of its own, not by a join: an UPDATE of these rows then has the chunk's own
    # columns in its condition, which PostgreSQL looks at again once a rival's claim is committed.
    return Chunk.objects.filter(
        due | abandoned, encode__in=Encode.objects.filter(state=Encode.State.TRANSCODING)
    )


def _candidates() -> list[_Candidate]:
    """Return due work, the fairest first: the best few pieces of every institution.

    Priority; then whoever has the least under way, and got the least in the last hour (in minutes of
    video), so that a hundred uploads of one institution do not hold up the one of another; then steps
    (short) before first renditions before the rest; then what is nearest to its end.
    """
    busy, served = _load()
    found = []
    for encode_id, priority, created_at, tenant, owner, tries in _best_steps():
        whose = _tenant(tenant, owner)
        rank = (-priority, busy.get(whose, 0), served.get(whose, 0), 0, 0, created_at, 0, 0)
        found.append(_Candidate(rank, encode_id, None, tries))
    for (
        pk,
        encode_id,
        priority,
        part,
        total,
        created_at,
        order,
        index,
        tenant,
        owner,
        tries,
    ) in _best_chunks():
        whose = _tenant(tenant, owner)
        load = (busy.get(whose, 0), served.get(whose, 0))
        rank = (-priority, *load, part, total, created_at, order, index)
        found.append(_Candidate(rank, encode_id, pk, tries))
    return sorted(found, key=lambda candidate: candidate.key)


def _best_steps() -> QuerySet[Encode, tuple[Any, ...]]:
    # Of each institution so many, not so many of all: a cut across them would leave out whoever comes
    # after one that sent a thousand.
    order = [F("priority").desc(), F("created_at"), F("pk")]
    best = _due_steps().annotate(place=_place("lecture", order)).filter(place__lte=_OF_EACH)
    return best.values_list(
        "id", "priority", "created_at", "lecture__tenant", "lecture__owner_id", "attempts"
    )


def _best_chunks() -> QuerySet[Chunk, tuple[Any, ...]]:
    opens = Q(encode__playable_at__isnull=True, index=0)
    kinds = [When(opens & Q(kind=kind), then=Value(order)) for kind, order in _ORDER.items()]
    part = Case(When(opens, then=Value(1)), default=Value(2))
    order = [F("encode__priority").desc(), F("part"), F("encode__planned_ms"), F("encode__created_at")]
    best = (
        _due_chunks()
        .annotate(part=part, order=Case(*kinds, default=Value(2)))
        .annotate(place=_place("encode__lecture", [*order, F("order"), F("index"), F("pk")]))
        .filter(place__lte=_OF_EACH)
    )
    return best.order_by("encode_id", "kind", "index").values_list(
        "id", "encode_id", "encode__priority", "part", "encode__planned_ms", "encode__created_at",
        "order", "index", "encode__lecture__tenant", "encode__lecture__owner_id", "attempts",
    )  # fmt: skip


def _place(lecture: str, order: list[Any]) -> Window:
    """Return the place of a row among what its institution has due."""
    tenant = f"{lecture}__tenant"
    owner = Case(When(**{tenant: ""}, then=F(f"{lecture}__owner_id")), default=Value(0))
    return Window(RowNumber(), partition_by=[F(tenant), owner], order_by=order)


def _tenant(tenant: str, owner_id: int) -> str:
    return tenant or f"owner:{owner_id}"


def _load() -> tuple[dict[str, int], dict[str, int]]:
    """Return what each tenant has under way now, and the minutes of work it got in the last hour."""
    now = timezone.now()
    busy: dict[str, int] = {}
    served: dict[str, int] = {}
    names = ("encode__lecture__tenant", "encode__lecture__owner_id")
    running = Chunk.objects.filter(state=Chunk.State.LEASED, leased_until__gte=now)
    for tenant, owner, count in running.order_by().values_list(*names).annotate(n=Count("id")):
        busy[_tenant(tenant, owner)] = busy.get(_tenant(tenant, owner), 0) + count
    recent = Chunk.objects.filter(encode__started_at__gte=now - timedelta(hours=1))
    for tenant, owner, done in recent.order_by().values_list(*names).annotate(n=Sum("done_ms")):
        served[_tenant(tenant, owner)] = served.get(_tenant(tenant, owner), 0) + (done or 0) // 60_000
    return busy, served


def _take(job: Job, worker: str) -> bool:
    until = timezone.now() + LEASE
    if job.chunk_id is None:
        rows = _due_steps().filter(pk=job.encode_id)
        return bool(
            rows.update(
                lease=job.lease,
                leased_until=until,
                attempts=F("attempts") + 1,
                worker=worker[:128],
                held_reason="",
            )
        )
    chunks = _due_chunks().filter(pk=job.chunk_id)
    return bool(
        chunks.update(
            lease=job.lease,
            leased_until=until,
            state=Chunk.State.LEASED,
            attempts=F("attempts") + 1,
            worker=worker[:128],
            held_reason="",
            done_ms=0,
        )
    )


class Heartbeat(ABC):
    """Renews a lease from a thread of its own for the time of a block; `check` raises once it is lost.

    Who holds which row is for the kind of work to say: see `_renew`.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lost = False
        self.done_ms = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def check(self) -> None:
        """Raise `LeaseLost` where someone else has taken the work over."""
        if self._lost:
            raise LeaseLost

    def _run(self) -> None:
        try:
            while not self._stop.wait(BEAT_S):
                try:
                    self._beat()
                except DatabaseError as error:
                    # The database may be away for a minute: the work goes on, the end will tell.
                    _log.warning("heartbeat missed: %s", type(error).__name__)
                    close_old_connections()
        finally:
            connection.close()

    def _beat(self) -> None:
        self._lost = not self._renew(timezone.now() + LEASE)

    @abstractmethod
    def _renew(self, until: datetime) -> int:
        """Move the lease of the row that is worked on; return how many rows still bear it: one, or none."""


class Heart(Heartbeat):
    """Keeps the lease of a step of an encode, or of a chunk; of chunks it tells for how long somebody was at them."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._told = timezone.now()

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        # An estimate is worth no work that is done: without a database it does without these seconds.
        with contextlib.suppress(Error):
            self._tell_time()

    def _tell_time(self) -> None:
        """Add the time since the last telling; what another worker told of the same seconds counts once."""
        if self._job.chunk_id is None:
            return
        since, self._told = self._told, timezone.now()
        encode = Encode.objects.filter(pk=self._job.encode_id)
        told = encode.values_list("worked_at", flat=True).first()
        spent = self._told - max(since, told or since)
        if spent > timedelta():
            milliseconds = round(spent.total_seconds() * 1000)
            encode.filter(worked_at=told).update(
                worked_ms=F("worked_ms") + milliseconds, worked_at=self._told
            )

    def _renew(self, until: datetime) -> int:
        if self._job.chunk_id is None:
            rows = Encode.objects.filter(pk=self._job.encode_id, lease=self._job.lease)
            return rows.update(leased_until=until)
        chunks = Chunk.objects.filter(pk=self._job.chunk_id, lease=self._job.lease)
        renewed = chunks.update(leased_until=until, done_ms=self.done_ms)
        self._tell_time()
        return renewed


def patiently(write: Callable[[], _T], *, patience_s: float = 300) -> _T:
    """Run a write, again and again while the database cannot be reached; work done is not thrown away."""
    begin = time.monotonic()
    pause = 0.5
    while True:
        try:
            return write()
        except OperationalError:
            if connection.in_atomic_block or time.monotonic() - begin > patience_s:
                raise
            close_old_connections()
            time.sleep(pause)
            pause = min(pause * 2, 10)


def fail(job: Job, error: MediaError, *, for_good: bool) -> None:
    """Record a failure: try again later with growing pauses, or end the encode with its reason.

    What is nobody's fault (a full disk, a store that is away) waits without being counted. Locks the
    Encode. Without effect where the lease is lost.
    """
    patient = error.code in PATIENT
    with transaction.atomic():
        encode = Encode.objects.select_for_update().filter(pk=job.encode_id).first()
        row: Chunk | Encode | None = encode
        if job.chunk_id is not None:
            row = Chunk.objects.filter(pk=job.chunk_id).first()
        if encode is None or row is None or row.lease != job.lease:
            return
        row.lease = row.leased_until = None
        row.detail, row.held_reason = error.detail[-2000:], error.code
        if patient:
            row.attempts = max(0, row.attempts - 1)
            row.due_at = timezone.now() + _PATIENCE
        else:
            row.due_at = timezone.now() + timedelta(
                seconds=_BACKOFF_S[min(row.attempts, len(_BACKOFF_S)) - 1]
            )
        ended = not patient and (for_good or row.attempts >= MAX_ATTEMPTS)
        if isinstance(row, Chunk):
            row.state = Chunk.State.FAILED if ended else Chunk.State.DUE
            row.done_ms = 0
        row.save()
        if ended:
            Encode.objects.filter(pk=encode.pk).update(
                state=Encode.State.FAILED,
                reason=error.code,
                detail=error.detail[-2000:],
                failed_at=timezone.now(),
                held_reason="",
                lease=None,
                leased_until=None,
            )


def release(job: Job) -> None:
    """Give a claim back untouched, as a worker does that must stop in the middle."""
    now = timezone.now()
    if job.chunk_id is None:
        Encode.objects.filter(pk=job.encode_id, lease=job.lease).update(
            lease=None, leased_until=None, due_at=now, attempts=F("attempts") - 1
        )
    else:
        Chunk.objects.filter(pk=job.chunk_id, lease=job.lease).update(
            lease=None, leased_until=None, state=Chunk.State.DUE, due_at=now, attempts=F("attempts") - 1
        )
