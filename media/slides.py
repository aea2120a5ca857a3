"""The search for slides after an encode was published: found, kept as pictures, read, proposed.

Work of the lowest priority: it is taken only where no encode has anything due, one scan at a time on all
hosts, since reading takes most of a gigabyte, and between two readings it makes way for uploads. A scan is a
row with a lease like a chunk; every write names the lease, and pictures are named by their content, so a
second try does no harm and loses at most the readings of one process.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from media import chapters, leases, slides_ocr, store, worker
from media.errors import PATIENT, LeaseLost, MediaError
from media.models import Encode, Lecture, Slide, SlideScan
from media.slides_film import Film, has_slides

_log = logging.getLogger(__name__)
MAX_ATTEMPTS = 4
# So long after publication: what else a new lecture needs comes first.
_AFTER = timedelta(seconds=20)
_BACKOFF = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
# Readings of one process: loading the engine takes as long as two.
_BATCH = 6
_ENLISTED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed scan."""

    scan_id: int
    encode_id: uuid.UUID
    lease: uuid.UUID


class ScanHeart(leases.Heartbeat):
    """Keeps the lease of a scan."""

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self._claim = claim

    def _renew(self, until: datetime) -> int:
        return _mine(self._claim).update(leased_until=until)


def enlist() -> int:
    """Give every published encode that viewers get a scan, those of earlier times too; return how many."""
    before = timezone.now() - _AFTER
    current = Lecture.objects.filter(trashed_at__isnull=True, current__isnull=False).values("current")
    due = Encode.objects.filter(pk__in=current, slide_scan__isnull=True, published_at__lte=before)
    found = list(due.order_by("published_at")[:_ENLISTED_AT_ONCE])
    SlideScan.objects.bulk_create([SlideScan(encode=encode) for encode in found], ignore_conflicts=True)
    return len(found)


def due_count(limit: int = 8) -> int:
    """Return how many scans are due or abandoned, counted up to `limit`."""
    return _due()[:limit].count()


def do_one() -> bool:
    """Claim one scan and go on with it; return False where none is due or another one is under way."""
    claim = take()
    if claim is None:
        return False
    perform(claim)
    return True


def take() -> Claim | None:
    """Claim the scan that has waited longest. Locks nothing beyond the one update."""
    now = timezone.now()
    if SlideScan.objects.filter(state=SlideScan.State.LEASED, leased_until__gte=now).exists():
        return None
    for scan in _due().order_by("due_at", "pk")[:5]:
        claim = Claim(scan.pk, scan.encode_id, uuid.uuid4())
        taken = _due().filter(pk=scan.pk)
        if not taken.update(
            state=SlideScan.State.LEASED,
            lease=claim.lease,
            leased_until=now + leases.LEASE,
            attempts=F("attempts") + 1,
            worker=worker.name(),
        ):
            continue
        if scan.attempts < leases.MAX_CLAIMS:
            return claim
        _fail(claim, MediaError("gave_up", f"begun {scan.attempts} times"), for_good=True)
    return None


def perform(claim: Claim) -> None:
    """Go on with a claimed scan; record whatever goes wrong."""
    try:
        with ScanHeart(claim) as beating:
            _go_on(claim, beating)
    except (LeaseLost, SlideScan.DoesNotExist):
        _log.info("lease lost: %s", claim)
    except MediaError as error:
        _fail(claim, error)
    except OSError as error:
        _fail(claim, MediaError("storage", f"{type(error).__name__}: {error}"))
    except (KeyboardInterrupt, SystemExit):
        _release(claim)
        raise
    except Exception as error:
        _log.exception("the search for slides failed: %s", claim)
        _fail(claim, MediaError("internal", f"{type(error).__name__}: {error}"))


def search_again(*, encode: Encode) -> None:
    """Let a search that failed begin anew. One that has not failed stays as it is."""
    SlideScan.objects.filter(encode=encode, state=SlideScan.State.FAILED).update(
        state=SlideScan.State.DUE, attempts=0, due_at=timezone.now(), detail=""
    )


def _due() -> QuerySet[SlideScan]:
    now = timezone.now()
    due = Q(state=SlideScan.State.DUE, due_at__lte=now)
    abandoned = Q(state=SlideScan.State.LEASED, leased_until__lt=now)
    return SlideScan.objects.filter(due | abandoned)


def _mine(claim: Claim) -> QuerySet[SlideScan]:
    return SlideScan.objects.filter(pk=claim.scan_id, lease=claim.lease, state=SlideScan.State.LEASED)


def _require(claim: Claim) -> None:
    """Hold the scan's row to the end of the transaction; raise `LeaseLost` where another worker has it."""
    if not _mine(claim).update(leased_until=timezone.now() + leases.LEASE):
        raise LeaseLost


def _go_on(claim: Claim, beating: ScanHeart) -> None:
    scan = _mine(claim).select_related("encode__lecture").get()
    encode = scan.encode
    if not scan.is_found:
        _find(claim, encode, beating)
    while batch := list(encode.slides.filter(is_read=False).order_by("number")[:_BATCH]):
        if leases.due_count(limit=1):
            # Someone's upload is due: it goes first.
            _release(claim)
            return
        if not _read(claim, encode, batch, beating):
            break
    _finish(claim, encode)


def _find(claim: Claim, encode: Encode, beating: ScanHeart) -> None:
    """Find the slides and keep their pictures; the rows come in one transaction, after the files.

    Begun anew where it was cut short: it is marked as done last.
    """
    rows = []
    if has_slides(encode):
        with store.workshop(str(encode.pk)) as folder:
            film = Film(encode, folder, beating.check)
            for number, found in enumerate(film.find(), 1):
                still = film.still(found)
                name = still.name(number)
                store.put(f"lectures/{encode.pk}/{name}", still.data)
                rows.append(
                    Slide(
                        encode=encode, number=number, file=name, start_ms=found.start_ms, end_ms=found.end_ms
                    )
                )
    beating.check()

    def keep() -> None:
        with transaction.atomic():
            _require(claim)
            encode.slides.all().delete()
            Slide.objects.bulk_create(rows)

    leases.patiently(keep)
    chapters.carry_over(encode=encode, searched=True)
    if not _mine(claim).update(is_found=True):
        raise LeaseLost


def _read(claim: Claim, encode: Encode, batch: Sequence[Slide], beating: ScanHeart) -> bool:
    """Read the text of some slides; return False where there is no engine."""
    with store.workshop(str(encode.pk)) as folder:
        pictures = []
        for slide in batch:
            path = folder / f"{slide.number}.jpg"
            path.write_bytes(store.get(f"lectures/{encode.pk}/{slide.file}"))
            pictures.append(path)
        reading = slides_ocr.read(pictures)
    beating.check()
    if not reading.engine:
        _log.warning("the text on slides is not read: %s", reading.why)
        return False
    for slide, page in zip(batch, reading.pages, strict=True):
        slide.title, slide.text, slide.is_read = page.title, page.text, True

    def keep() -> None:
        with transaction.atomic():
            # The attempt has brought something: a long lecture may be read in many.
            if not _mine(claim).update(engine=reading.engine, attempts=1):
                raise LeaseLost
            Slide.objects.bulk_update(batch, ["title", "text", "is_read"])

    leases.patiently(keep)
    return True


def _finish(claim: Claim, encode: Encode) -> None:
    def keep() -> None:
        with transaction.atomic():
            if not _mine(claim).update(state=SlideScan.State.DONE, lease=None, leased_until=None, detail=""):
                raise LeaseLost
            chapters.propose(encode=encode)

    leases.patiently(keep)


def _release(claim: Claim) -> None:
    """Give the scan back untouched."""
    _mine(claim).update(
        state=SlideScan.State.DUE,
        lease=None,
        leased_until=None,
        due_at=timezone.now(),
        attempts=F("attempts") - 1,
    )


def _fail(claim: Claim, error: MediaError, *, for_good: bool = False) -> None:
    """Record a failure: try again later, or end. A full disk or an absent store is not counted."""
    _log.warning("the search for slides failed: %s %s", claim, error)

    def keep() -> None:
        scan = _mine(claim).first()
        if scan is None:
            return
        patient = error.code in PATIENT
        ended = not patient and (for_good or scan.attempts >= MAX_ATTEMPTS)
        pause = _BACKOFF[min(scan.attempts, len(_BACKOFF)) - 1]
        _mine(claim).update(
            state=SlideScan.State.FAILED if ended else SlideScan.State.DUE,
            attempts=scan.attempts - patient,
            due_at=timezone.now() + pause,
            lease=None,
            leased_until=None,
            detail=str(error)[-2000:],
        )

    leases.patiently(keep)
