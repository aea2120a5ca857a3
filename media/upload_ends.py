"""The two ends that tus and direct uploads share: what is asked before one begins, and what it becomes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media import ingest
from media.models import Lecture, Source, Tenant, Upload
from media.permissions import may_change, may_upload, tenant_of
from media.queries import used_bytes, visible_lectures
from media.upload_rules import Declared, Gone, NotAllowed, NotFound, OverQuota, declared_in, title_of


def lecture_to_replace(owner: Any, declared: Declared) -> Lecture | None:
    """Return the lecture whose video is to be replaced, if any; raise `NotAllowed` or `NotFound`."""
    if not may_upload(owner):
        raise NotAllowed
    if declared.lecture is None:
        return None
    lecture = visible_lectures(owner).filter(pk=declared.lecture, trashed_at__isnull=True).first()
    if lecture is None or not may_change(owner, lecture):
        raise NotFound
    return lecture


def known_source(owner: Any, digest: str, length: int) -> Source | None:
    """Return the source with these bytes if the person sees a lecture made of it."""
    if not digest:
        return None
    return (
        Source.objects.filter(digest=digest, size=length, encodes__lecture__in=visible_lectures(owner))
        .distinct()
        .first()
    )


@contextmanager
def room_for(upload: Upload, known: Source | None = None) -> Iterator[None]:
    """Save an upload, and what belongs to it, inside: where there is room for it in its tenant's quota.

    All that is kept and under way counts, and of bytes that are `known` nothing that the tenant keeps
    already. A transaction; locks the tenant, so that of two that begin at once the second counts the
    first. Raises `OverQuota`.
    """
    with transaction.atomic():
        if quota := settings.TENANT_QUOTA_BYTES:
            tenants = Tenant.objects
            tenants.bulk_create([Tenant(name=upload.tenant)], ignore_conflicts=True)
            tenants.select_for_update().get(name=upload.tenant)
            kept = known is not None and known.encodes.filter(lecture__tenant=upload.tenant).exists()
            if not kept and used_bytes(upload.tenant) + upload.length > quota:
                raise OverQuota
        yield


def expiry(now: datetime | None = None) -> datetime:
    """Return until when an upload is kept of which something is heard now."""
    return (now or timezone.now()) + timedelta(days=settings.UPLOAD_LIFETIME_DAYS)


def new_upload(owner: Any, declared: Declared, length: int, lecture: Lecture | None) -> Upload:
    """Return the row of an upload that is about to begin; it is not saved yet."""
    return Upload(
        owner=owner,
        # What replaces a video is kept on the account of the lecture, wherever its trainer works now.
        tenant=(lecture.tenant if lecture else "") or tenant_of(owner),
        filename=declared.filename,
        content_type=declared.content_type,
        metadata=declared.raw,
        length=length,
        digest=declared.digest,
        lecture=lecture,
        expires_at=expiry(),
    )


def become_lecture(upload: Upload, source: Source) -> None:
    """Make the lecture, or a new encode of the one to be replaced. Inside a transaction.

    Locks the upload's row: a cancellation that came first wins (`Gone`).
    """
    row = Upload.objects.select_for_update().get(pk=upload.pk)
    if row.state != Upload.State.RECEIVING:
        raise Gone
    declared = _declared_of(upload)
    lecture = upload.lecture
    if lecture is None:
        lecture = Lecture.objects.create(
            title=declared[0], owner_id=upload.owner_id, tenant=upload.tenant, language=declared[1]
        )
    ingest.start_encode(lecture=lecture, source=source, filename=upload.filename or lecture.title)
    upload.lecture, upload.state, upload.updated_at = lecture, Upload.State.FINISHED, timezone.now()
    upload.save(update_fields=["lecture", "state", "updated_at", "offset", "digest"])


def _declared_of(upload: Upload) -> tuple[str, str]:
    """Return title and language for the lecture of an upload."""
    declared = declared_in(upload.metadata)
    stamp = timezone.localtime(upload.created_at).strftime("%Y-%m-%d %H:%M")
    title = declared.title or (title_of(upload.filename) if upload.filename else stamp)
    return title, declared.language or "zh-Hans"
