"""The order of the pipeline, written once, and its sweep.

    (a direct upload -> direct_check -> received)
    received  -> find_facts  -> probed
    probed    -> lay_out     -> transcoding (its chunks are due)
    chunks    -> encode_chunk; the last one -> packaging
    packaging -> publish     -> published

and once nothing of this is due: slides.do_one, one scan at a time, of what the sweep enlisted.

Each arrow is a piece of work that a worker claims with a lease; see `leases`. Celery carries nothing but
the hint that there is work.
"""

import contextlib
import errno
import logging

from celery import shared_task
from django.db import close_old_connections
from django.utils import timezone

from media import (
    bin,
    caption_jobs,
    direct_check,
    leases,
    prepare,
    proposals,
    publish,
    slides,
    tidy,
    transcode,
    upload_sweep,
    worker,
)
from media.errors import LeaseLost, MediaError, NoSpace, UnusableSource
from media.leases import Job
from media.models import CaptionJob, Chunk, Encode
from media.wake import wake

_log = logging.getLogger(__name__)
# How many hints one sweep gives at most; each worker that finds work gives the next hint itself.
_HINTS = 8


@shared_task(name="media.work", ignore_result=True)
def work() -> bool:
    """Do the best piece of work that is due, and pass the hint on while there is more."""
    close_old_connections()
    did = do_one() or slides.do_one() or proposals.do_one(CaptionJob.Kind.SPEECH)
    if did and (count := _due_count()):
        wake(min(count, 2))
    return did


@shared_task(name="media.sweep", ignore_result=True)
def sweep() -> int:
    """Find work that is due or was abandoned, and wake workers for it; clear what has expired."""
    upload_sweep.sweep_expired(timezone.now())
    slides.enlist()
    count = _due_count()
    if count:
        wake(count)
    return count


def _due_count() -> int:
    """Return how many hints are due."""
    return min(
        _HINTS,
        direct_check.due_count(limit=_HINTS)
        + leases.due_count(limit=_HINTS)
        + slides.due_count(limit=1)
        + caption_jobs.due_count(limit=_HINTS),
    )


@shared_task(name="media.tidy", ignore_result=True)
def clear_away() -> int:
    """Remove what nobody needs any more: lectures after their days in the bin, and what crashes left."""
    now = timezone.now()
    count = bin.purge_due(now) + bin.drop_unused_sources(now) + bin.clear_leftovers()
    return count + tidy.sweep_spool(now)


def do_one() -> bool:
    """Claim one piece of work and do it to its end; return False where nothing is due.

    A file that came straight into the bucket becomes a lecture first. Captions that lie in a file take seconds;
    speech, which takes long, is for `work` at the very end.
    """
    if direct_check.do_one():
        return True
    if proposals.do_one(CaptionJob.Kind.EMBEDDED):
        return True
    job = leases.claim(worker.name())
    if job is None:
        return False
    perform(job)
    return True


def do_all() -> int:
    """Do everything that is due in this process, and return how many pieces that was."""
    count = 0
    while do_one():
        count += 1
    return count


def perform(job: Job) -> None:
    """Do a claimed piece of work; record whatever goes wrong."""
    try:
        if job.chunk_id is not None:
            transcode.encode_chunk(job)
        else:
            _step(job)
    except (LeaseLost, Encode.DoesNotExist, Chunk.DoesNotExist):
        _log.info("lease lost: %s", job)
    except UnusableSource as error:
        _fail(job, error, for_good=True)
    except MediaError as error:
        _fail(job, error)
    except OSError as error:
        _fail(job, _from_system(error))
    except (KeyboardInterrupt, SystemExit):
        # Asked to stop: the work goes back at once instead of waiting for its lease to run out.
        with contextlib.suppress(Exception):
            leases.release(job)
        raise
    except Exception as error:
        _log.exception("media work failed: %s", job)
        _fail(job, MediaError("internal", f"{type(error).__name__}: {error}"))


def _step(job: Job) -> None:
    state = Encode.objects.values_list("state", flat=True).get(pk=job.encode_id)
    with leases.Heart(job) as beating:
        if state == Encode.State.RECEIVED:
            prepare.find_facts(job, beating)
        elif state == Encode.State.PROBED:
            prepare.lay_out(job, beating)
        elif state == Encode.State.PACKAGING:
            publish.publish(job, beating)


def _fail(job: Job, error: MediaError, *, for_good: bool = False) -> None:
    _log.warning("media work failed: %s %s", job, error.code)
    leases.patiently(lambda: leases.fail(job, error, for_good=for_good))


def _from_system(error: OSError) -> MediaError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoSpace("disk_full", str(error))
    return MediaError("storage", f"{type(error).__name__}: {error}")
