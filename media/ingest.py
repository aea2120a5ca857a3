"""A source becomes an encode of a lecture, and the pipeline is told."""

import os
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from media import sources, store
from media.errors import UnusableSource
from media.models import Chunk, Encode, Lecture, Source, Track
from media.upload_rules import one_line
from media.wake import wake_on_commit

# The priority of what an operator lets go before everything else.
FIRST = 10
_LABELS = {"zh-Hans": "中文", "zh": "中文", "en": "English"}


def ingest_file(
    *,
    path: Path | str,
    title: str,
    owner: Any,
    tenant: str = "",
    language: str = "zh-Hans",
    captions: dict[str, str] | None = None,
) -> Lecture:
    """Make a lecture out of a file of this machine and schedule its encode on commit.

    The file is copied (or linked) block by block and stays where it is. `captions` maps a language to
    WebVTT. Raises `UnusableSource` for an empty file, `NoSpace` where there is no room.
    """
    path = Path(path)
    size = path.stat().st_size
    if size == 0:
        raise UnusableSource("empty")
    store.require_space(size)
    source = sources.adopt(path=path, digest=store.digest_of(path), size=size)
    with transaction.atomic():
        lecture = Lecture.objects.create(
            title=_title(title or path.stem), owner=owner, tenant=tenant, language=language
        )
        for tag, text in (captions or {}).items():
            Track.objects.create(lecture=lecture, language=tag, label=_LABELS.get(tag, tag), vtt=text)
        start_encode(lecture=lecture, source=source, filename=path.name)
    return lecture


def _title(told: str) -> str:
    """Return a title of one line; the time where a name has nothing that can be seen."""
    return one_line(readable(told))[:200].strip() or timezone.localtime().strftime("%Y-%m-%d %H:%M")


def readable(name: Path | str) -> str:
    """Return the name of a file as people read it: old archives of Chinese recordings name files in GBK."""
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def start_encode(*, lecture: Lecture, source: Source, filename: str) -> Encode:
    """Make the next encode of `lecture` over `source` and schedule it on commit.

    Locks the lecture, so that two replacements get two numbers.
    """
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=lecture.pk)
        last = Encode.objects.filter(lecture=lecture).aggregate(last=Max("number"))["last"] or 0
        encode = Encode.objects.create(
            lecture=lecture, source=source, number=last + 1, filename=one_line(readable(filename))[:255]
        )
        wake_on_commit()
    return encode


def retry(*, encode: Encode, by: Any = None) -> Encode:
    """Let a failed encode go on from where it stood; what was finished stays finished.

    `by` is who asked. Locks the Encode. An encode that has not failed is returned as it is.
    """
    now = timezone.now()
    with transaction.atomic():
        encode = Encode.objects.select_for_update().get(pk=encode.pk)
        if encode.state != Encode.State.FAILED:
            return encode
        encode.chunks.exclude(state=Chunk.State.DONE).update(
            state=Chunk.State.DUE,
            attempts=0,
            due_at=now,
            lease=None,
            leased_until=None,
            held_reason="",
            done_ms=0,
        )
        if not encode.facts or not encode.plan:
            # Probe again, by the rules of today.
            encode.state = Encode.State.RECEIVED
        elif encode.chunks.exclude(state=Chunk.State.DONE).exists():
            encode.state = Encode.State.TRANSCODING
        else:
            encode.state = Encode.State.PACKAGING
        encode.reason = encode.detail = encode.held_reason = ""
        encode.attempts = 0
        encode.due_at = now
        encode.lease = encode.leased_until = None
        encode.save()
        wake_on_commit()
    return encode


def raise_priority(*, encode: Encode, priority: int) -> None:
    """Set how soon an encode is worked on; higher goes first, 0 is usual."""
    Encode.objects.filter(pk=encode.pk).update(priority=priority)
