"""Render a certificate's PDF: leased, repeatable, retried. It is made from the frozen facts alone."""

import hashlib
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classroom.certificates import credential, errors, press, sheet, signing
from classroom.certificates.models import Certificate
from classroom.certificates.permissions import may_end
from classroom.certificates.queries import verify_url
from classroom.people.models import User
from classroom.people.services import audit
from media import store
from media.stored import reason_to_wait

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
ATTEMPTS = 10
_PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A signed PDF with the credential inside it."""

    pdf: bytes
    credential: dict[str, Any]


def due(*, now: datetime | None = None) -> list[int]:
    """Return the ids of certificates whose PDF is due and not being made, the oldest first."""
    now = now or timezone.now()
    every = Certificate.objects.unscoped("the sweep renders everybody's")
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    waiting = every.exclude(rendering=Certificate.Rendering.READY).filter(
        free, render_due_at__lte=now, state=Certificate.State.ISSUED
    )
    return list(waiting.order_by("render_due_at").values_list("pk", flat=True)[:200])


@transaction.atomic
def _claim(certificate_id: int, now: datetime) -> Certificate | None:
    """Take the lease. Locks the row; None where it is ready, ended, or another holds the lease."""
    every = Certificate.objects.unscoped("rendering is the system's own act")
    certificate = every.select_for_update(of=("self",), no_key=True).get(pk=certificate_id)
    leased = certificate.leased_until is not None and certificate.leased_until > now
    if certificate.rendering == Certificate.Rendering.READY or leased:
        return None
    if certificate.state != Certificate.State.ISSUED:
        return None
    certificate.lease, certificate.leased_until = uuid.uuid4(), now + LEASE
    certificate.render_attempts += 1
    certificate.save(update_fields=["lease", "leased_until", "render_attempts"])
    return certificate


def make(certificate: Certificate) -> Rendered:
    """Make the signed PDF and its credential in memory. Raises `CannotRender` and others."""
    url = verify_url(certificate)
    unsigned = credential.build(
        certificate.facts,
        facts_digest=certificate.facts_digest,
        did=signing.issuer_did(),
        site_url=settings.SITE_URL,
        verify_url=url,
    )
    created = certificate.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = signing.sign_credential(unsigned, created=created)
    data = sheet.data(certificate.facts, facts_digest=certificate.facts_digest, verify_url=url)
    data["credential"] = json.dumps(signed, ensure_ascii=False, separators=(",", ":"))
    return Rendered(signing.sign_pdf(press.pdf(data), reason=f"结业证书签发 {certificate.number}"), signed)


def _store(certificate: Certificate, pdf: bytes) -> str:
    """Write the file beside the one in use, which stays; a half-written one of before gives way."""
    stem = f"certificates/{certificate.year}/{certificate.number}"
    name = f"{stem}-2.pdf" if certificate.file == f"{stem}.pdf" else f"{stem}.pdf"
    with store.reaching():
        if default_storage.exists(name):
            default_storage.delete(name)
        return str(default_storage.save(name, ContentFile(pdf)))


@transaction.atomic
def _keep(certificate: Certificate, rendered: Rendered) -> bool:
    """Store the file and say so, where the lease still stands; else touch nothing.

    Locks the row: a renderer that comes late must not write over the file of the one after it.
    """
    held = _held(certificate).select_for_update(of=("self",), no_key=True).first()
    if held is None:
        return False
    former, file = held.file, _store(held, rendered.pdf)
    _held(certificate).update(
        rendering=Certificate.Rendering.READY,
        file=file,
        file_digest=hashlib.sha256(rendered.pdf).hexdigest(),
        credential=rendered.credential,
        render_failure="",
        render_due_at=None,
        lease=None,
        leased_until=None,
    )
    if former and former != file:
        transaction.on_commit(lambda: default_storage.delete(former))
    return True


def _held(certificate: Certificate) -> Any:
    """Return the queryset of the row while the lease that was taken still stands."""
    return Certificate.objects.unscoped("rendering").filter(pk=certificate.pk, lease=certificate.lease)


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(30 * 2 ** (attempts - 1), 6 * 3600))


def render(*, certificate_id: int) -> bool:
    """Make, sign and store the PDF; return whether this call did it.

    Safe to repeat and to kill: the row is leased, and becomes ready only after its file is stored.
    A failure is recorded with its reason and tried again later, at most ten times; a store that is away or
    full is not counted. No lock is held while rendering, only while the file is stored.
    """
    certificate = _claim(certificate_id, timezone.now())
    if certificate is None:
        return False
    try:
        return _keep(certificate, make(certificate))
    except Exception as error:
        _failed(certificate, error)
        return False


def _failed(certificate: Certificate, error: Exception) -> None:
    if reason_to_wait(error):
        log.warning("certificate %s waits for the file store: %s", certificate.number, error)
        _held(certificate).update(
            rendering=Certificate.Rendering.DUE,
            render_failure=_said(error),
            render_attempts=certificate.render_attempts - 1,
            render_due_at=timezone.now() + _PATIENCE,
            lease=None,
            leased_until=None,
        )
        return
    log.warning("certificate %s could not be rendered", certificate.number, exc_info=error)
    spent = certificate.render_attempts >= ATTEMPTS
    _held(certificate).update(
        rendering=Certificate.Rendering.FAILED,
        render_failure=_said(error),
        render_due_at=None if spent else timezone.now() + _backoff(certificate.render_attempts),
        lease=None,
        leased_until=None,
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


@transaction.atomic
def render_again(*, certificate: Certificate, by: User) -> None:
    """Make the PDF due again, from the same frozen facts. Locks the row.

    The file in use stays until the new one is stored. Raises `NotPermitted`, `AlreadyEnded`.
    """
    if not may_end(by):
        raise errors.NotPermitted
    every = Certificate.objects.unscoped("operators render anybody's again")
    certificate = every.select_for_update(of=("self",), no_key=True).get(pk=certificate.pk)
    if certificate.state != Certificate.State.ISSUED:
        raise errors.AlreadyEnded
    certificate.rendering, certificate.render_attempts = Certificate.Rendering.DUE, 0
    certificate.render_due_at, certificate.render_failure = timezone.now(), ""
    certificate.save(update_fields=["rendering", "render_attempts", "render_due_at", "render_failure"])
    audit(actor=by, action="certificates.render_again", target=f"certificate:{certificate.number}")


@transaction.atomic
def render_lost(*, certificate: Certificate) -> bool:
    """Make the PDF due again whose stored file is missing; return whether this call did. Locks the row.

    Only where the row still promises that file: one that is being made, or was made anew meanwhile, stays
    as it is, so that any number of readers cause one rendering. Audited as the platform's own act.
    """
    every = Certificate.objects.unscoped("a lost file is made again for everybody")
    held = every.select_for_update(of=("self",), no_key=True).get(pk=certificate.pk)
    promised = held.rendering == Certificate.Rendering.READY and held.file == certificate.file
    if not promised or held.state != Certificate.State.ISSUED:
        return False
    held.rendering, held.render_attempts = Certificate.Rendering.DUE, 0
    held.render_due_at, held.render_failure = timezone.now(), ""
    held.save(update_fields=["rendering", "render_attempts", "render_due_at", "render_failure"])
    detail = {"file": held.file}
    audit(actor=None, action="certificates.file_lost", target=f"certificate:{held.number}", detail=detail)
    return True
