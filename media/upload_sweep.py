"""What the pipeline's sweep does for uploads: forget, finish, clear away. Safe to run twice and at once."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from media import direct, spool, uploads
from media.models import Upload
from media.upload_rules import UploadRefused

log = logging.getLogger(__name__)

# A complete transfer whose lecture was not made (the store was away) is taken up again after this.
_FINISH_AGAIN = timedelta(minutes=1)
_SWEEP_AT_ONCE = 200
# A file of no upload may belong to a row that is about to be written.
_ORPHAN_AGE = timedelta(days=1)


def sweep_expired(now: datetime) -> int:
    """Forget lapsed uploads, finish complete ones that were left, remove files of nobody; return how many.

    Each step is conditional on the row's state.
    """
    return _forget_lapsed(now) + _finish_left(now) + _remove_orphans(now) + direct.sweep(now)


def _forget_lapsed(now: datetime) -> int:
    count = 0
    waiting = Q(state=Upload.State.RECEIVING) | Q(state=Upload.State.FINISHED, concat="partial")
    for upload in _by_tus().filter(waiting, expires_at__lte=now)[:_SWEEP_AT_ONCE]:
        uploads.drop(upload, Upload.State.EXPIRED)
        count += 1
    return count


def _finish_left(now: datetime) -> int:
    """Finish the uploads that are complete and were left: the store was away, or the process was killed.

    The file says whether one is complete, so all are looked at: hundreds of interrupted ones must not
    hide it.
    """
    count = 0
    left = _by_tus().filter(
        state=Upload.State.RECEIVING, expires_at__gt=now, updated_at__lt=now - _FINISH_AGAIN
    )
    for upload in left.order_by("updated_at").iterator():
        if upload.concat != "final" and spool.size(upload.pk) != upload.length:
            continue
        try:
            uploads.finish(upload=upload)
            count += 1
        except UploadRefused as refused:
            log.info("upload %s not finished: %s", upload.pk, refused.code)
        except Exception:
            log.exception("upload %s could not be stored; the next sweep tries again", upload.pk)
        if count == _SWEEP_AT_ONCE:
            break
    return count


def _by_tus() -> QuerySet[Upload]:
    """Return the uploads whose bytes are in the spool."""
    return Upload.objects.filter(direct__isnull=True)


def _remove_orphans(now: datetime) -> int:
    """Remove the files that no upload needs. Parts that are being put together belong to their whole."""
    waiting = Upload.objects.filter(
        Q(state=Upload.State.RECEIVING) | Q(state=Upload.State.FINISHED, concat="partial")
    )
    known = set()
    for pk, parts in waiting.values_list("pk", "parts"):
        known |= {pk.hex, *(part.replace("-", "") for part in parts)}
    orphans = spool.orphans(known, (now - _ORPHAN_AGE).timestamp())
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
