"""The end of a lecture: after its days in the bin, its rows go, then its files. Nothing that is used goes.

Files are deleted after the rows, from a list that the same transaction wrote (`Leftover`), so a crash at
any point leaves neither a row without its files nor files that nobody remembers.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from wagtail.models import ReferenceIndex

from media import store
from media.models import (
    CaptionJob,
    Chunk,
    Encode,
    Lecture,
    Leftover,
    Rendition,
    SlideScan,
    Source,
    Track,
)

_log = logging.getLogger(__name__)
# An upload may be about to make an encode over a source that has none yet.
_UNUSED_SOURCE_AGE = timedelta(days=1)


def purged_at(lecture: Lecture) -> datetime | None:
    """Return when a lecture in the bin may be removed; None for one that is not in it or stays for ever."""
    if lecture.trashed_at is None or settings.LECTURE_BIN_DAYS <= 0:
        return None
    return lecture.trashed_at + timedelta(days=settings.LECTURE_BIN_DAYS)


def purge_due(now: datetime) -> int:
    """Remove the lectures whose days in the bin are over and that nothing uses; return how many."""
    if settings.LECTURE_BIN_DAYS <= 0:
        return 0
    end = now - timedelta(days=settings.LECTURE_BIN_DAYS)
    due = Lecture.objects.filter(trashed_at__lte=end).order_by("trashed_at", "pk")
    return sum(purge(lecture_id=pk, end=end, now=now) for pk in list(due.values_list("pk", flat=True)))


def purge(*, lecture_id: int, end: datetime, now: datetime) -> bool:
    """Remove one lecture that was put into the bin by `end`; return whether it was.

    Locks the Lecture: who takes it out of the bin at the same moment has it. It stays where a page names
    it, where an edition or a play session keeps it, and while a worker is at it.
    """
    try:
        with transaction.atomic():
            lecture = (
                Lecture.objects.select_for_update(of=("self",))
                .filter(pk=lecture_id, trashed_at__isnull=False, trashed_at__lte=end)
                .first()
            )
            if lecture is None or _is_used(lecture, now):
                return False
            _delete(lecture)
    except (ProtectedError, IntegrityError):
        return False
    _log.info("lecture %s was purged from the bin", lecture_id)
    return True


def _is_used(lecture: Lecture, now: datetime) -> bool:
    steps = Encode.objects.filter(lecture=lecture, leased_until__gte=now)
    # Whoever holds one of these writes rows and files of the encode when it is done.
    chunks = Chunk.objects.filter(encode__lecture=lecture, leased_until__gte=now)
    made = CaptionJob.objects.filter(encode__lecture=lecture, leased_until__gte=now)
    scans = SlideScan.objects.filter(encode__lecture=lecture, leased_until__gte=now)
    references = ReferenceIndex.get_references_to(lecture)
    return any(rows.exists() for rows in (steps, chunks, made, scans, references))


def _delete(lecture: Lecture) -> None:
    """Delete the rows and note the files. Raises `ProtectedError` where other rooms keep one of them."""
    encodes = Encode.objects.filter(lecture=lecture)
    sources = set(encodes.values_list("source_id", flat=True))
    paths = [f"lectures/{pk}/" for pk in encodes.values_list("pk", flat=True)]
    paths.append(f"posters/{lecture.pk}/")
    Lecture.objects.filter(pk=lecture.pk).update(current=None)
    Chunk.objects.filter(encode__lecture=lecture).delete()
    Rendition.objects.filter(encode__lecture=lecture).delete()
    Track.objects.filter(lecture=lecture).delete()
    encodes.delete()
    lecture.delete()
    _note(paths)
    _delete_sources(Source.objects.filter(pk__in=sources))


def drop_unused_sources(now: datetime) -> int:
    """Let go of originals that no encode was made of: an upload was cancelled at its very end."""
    unused = Source.objects.filter(created_at__lt=now - _UNUSED_SOURCE_AGE)
    try:
        with transaction.atomic():
            return _delete_sources(unused)
    except IntegrityError:
        return 0


def _delete_sources(candidates: QuerySet[Source]) -> int:
    unused = dict(candidates.filter(encodes__isnull=True).values_list("pk", "key"))
    Source.objects.filter(pk__in=unused).delete()
    _note(list(unused.values()))
    return len(unused)


def _note(paths: list[str]) -> None:
    Leftover.objects.bulk_create([Leftover(path=path) for path in paths], ignore_conflicts=True)


def clear_leftovers() -> int:
    """Delete the noted files; return how many notes were done. What fails is tried at the next sweep."""
    count = 0
    for leftover in list(Leftover.objects.order_by("pk")):
        try:
            count += _clear(leftover)
        except Exception:
            _log.exception("%s could not be deleted; the next sweep tries again", leftover.path)
    return count


def _clear(leftover: Leftover) -> bool:
    if leftover.path.endswith("/"):
        # Named after a row that is gone and whose number never comes again.
        store.remove_tree(leftover.path)
        leftover.delete()
        return True
    # The same bytes may be uploaded again: whoever takes the row first decides (see sources.adopt).
    with transaction.atomic():
        taken, _rows = Leftover.objects.filter(pk=leftover.pk).delete()
        if taken:
            default_storage.delete(leftover.path)
    return bool(taken)
