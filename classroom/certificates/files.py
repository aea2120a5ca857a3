"""Is this file what we issued? Checks of an uploaded PDF or credential, and of the stored PDF."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from classroom.certificates import services, signing
from classroom.certificates.models import Certificate
from media import store, stored
from media.errors import StoreAway

MAX_BYTES = 5 * 1024 * 1024
ISSUED, GENUINE, ALTERED, FOREIGN, UNREADABLE = "issued", "genuine", "altered", "foreign", "unreadable"
BLOATED = "bloated"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a file is, and the certificate that it speaks of where there is one.

    `issued`: byte for byte the file issued. `genuine`: signed by us and intact, though not the file
    that is issued now (rendered again since). `altered`: changed after signing. `foreign`: not signed
    by us. `unreadable`: neither a PDF nor a credential. `bloated`: unpacks to far more than a
    certificate, so it was not read to its end.
    """

    verdict: str
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of the stored PDF.

    `is_intact` says whether it is as it was signed; None while there is none, and where the store is away.
    """

    is_intact: bool | None = None
    is_store_away: bool = False


def _issued_file(content: bytes) -> Certificate | None:
    digest = hashlib.sha256(content).hexdigest()
    every = Certificate.objects.unscoped("public verification of a file that is held")
    return every.select_related("replaced_by").filter(file_digest=digest).first()


def _of_credential(credential: Any) -> Certificate | None:
    """Return the certificate that a genuine credential speaks of, by the link in it."""
    try:
        token = str(credential["id"]).rstrip("/").rpartition("/")[2]
        number = credential["credentialSubject"]["licenseNumber"]
    except (KeyError, TypeError):
        return None
    every = Certificate.objects.unscoped("public verification of a credential that is held")
    return every.select_related("replaced_by").filter(token=token, number=number).first()


def embedded_credential(pdf: bytes) -> Any:
    """Return the credential inside a PDF, or None. Any PDF may be broken in any way."""
    try:
        names = signing.open_pdf(pdf).root["/Names"]["/EmbeddedFiles"]["/Names"]
        for place in range(1, len(names), 2):
            return json.loads(names[place]["/EF"]["/F"].data)
    except Exception:
        return None
    return None


def _check_pdf(content: bytes) -> FileCheck:
    issued = _issued_file(content)
    if issued is not None:
        return FileCheck(ISSUED, issued)
    signature = signing.check_pdf(content)
    if signature.is_bloated:
        return FileCheck(BLOATED)
    if not signature.is_signed or not signature.is_ours:
        credential = embedded_credential(content)
        ours = isinstance(credential, dict) and signing.check_credential(credential).is_genuine
        # Our credential in a PDF without our signature: somebody made another sheet around it.
        return FileCheck(ALTERED if ours or (signature.is_signed and not signature.is_intact) else FOREIGN)
    if not signature.is_intact:
        return FileCheck(ALTERED)
    certificate = _of_credential(embedded_credential(content))
    return FileCheck(GENUINE, certificate) if certificate else FileCheck(FOREIGN)


def _check_json(content: bytes) -> FileCheck:
    try:
        credential = json.loads(content)
    except (ValueError, RecursionError):
        return FileCheck(UNREADABLE)
    if not isinstance(credential, dict) or "proof" not in credential:
        return FileCheck(UNREADABLE)
    check = signing.check_credential(credential)
    if not check.is_intact:
        return FileCheck(ALTERED)
    certificate = _of_credential(credential) if check.is_ours else None
    if certificate is None:
        return FileCheck(FOREIGN)
    return FileCheck(ISSUED if certificate.credential == credential else GENUINE, certificate)


def check(content: bytes) -> FileCheck:
    """Return what an uploaded file is. Never raises; the file is not kept."""
    if b"%PDF-" in content[:1024]:
        return _check_pdf(content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _check_json(content)
    return FileCheck(UNREADABLE)


def stored_is_intact(certificate: Certificate) -> bool | None:
    """Return whether the stored PDF is as it was signed; None where there is none yet.

    One that is lost is made due again, and the sweep makes it: the page says that it is being made. Raises
    `StoreAway` where nobody can tell now.

    Reading and checking takes some ten milliseconds, so an answer is kept for an hour by its digest.
    """
    if not certificate.file:
        return None
    key = f"certificates:intact:{certificate.file_digest}"
    known = cache.get(key)
    if known is None:
        try:
            known = _read_and_check(certificate)
        except stored.FileLost:
            services.render_lost(certificate=certificate)
            return None
        cache.set(key, known, timeout=3600 if known else 60)
    return bool(known)


def known_of_stored(certificate: Certificate, *, asked: str) -> StoredFile:
    """Return what can be told of the stored PDF now, and tell the operators where the store is away.

    What a certificate says stands in the database, and that is what people come for: it is told all the same.
    `asked` is the address that was asked for.
    """
    try:
        return StoredFile(is_intact=stored_is_intact(certificate))
    except StoreAway as away:
        stored.tell_away(away, asked=asked)
        return StoredFile(is_store_away=True)


def _read_and_check(certificate: Certificate) -> bool:
    row = f"certificates.Certificate {certificate.number}"
    with store.reaching(), stored.open_named(certificate.file, row=row) as file:
        content = file.read()
    same = hashlib.sha256(content).hexdigest() == certificate.file_digest
    return same and signing.check_pdf(content).is_genuine
