"""Reads of certificates: one's own, the public page, the state."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from classroom.certificates import numbers
from classroom.certificates.models import Certificate
from classroom.certificates.sheet import plain
from classroom.institutions.queries import scope_of
from classroom.people.ids import mask_name

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
VALID, EXPIRED, REVOKED, REPLACED = "valid", "expired", "revoked", "replaced"


def verify_path(certificate: Certificate) -> str:
    """Return the path of the public page; the token in it cannot be guessed."""
    return f"/v/{certificate.token}/"


def verify_url(certificate: Certificate) -> str:
    """Return the address that the QR code carries."""
    return settings.SITE_URL + verify_path(certificate)


def status_of(certificate: Certificate, on: date | None = None) -> str:
    """Return what holds of a certificate on a day (today): valid, expired, revoked or replaced."""
    if certificate.state == Certificate.State.REVOKED:
        return REVOKED
    if certificate.state == Certificate.State.REPLACED:
        return REPLACED
    day = on or timezone.localdate()
    return EXPIRED if certificate.valid_until and certificate.valid_until < day else VALID


def own_certificates(user: Any) -> QuerySet[Certificate]:
    """Return a person's certificates, the newest first."""
    own = Certificate.objects.unscoped("one's own, by the filter").filter(user=user)
    return own.select_related("replaced_by").order_by("-issued_at", "-pk")


def readable(user: Any, number: str) -> Certificate:
    """Return the certificate that this person may open: the holder, the holder's manager, the regulator.

    Raises `Certificate.DoesNotExist` for anybody else.
    """
    visible = Certificate.objects.visible_to(scope_of(user))
    parsed = numbers.parse(number)
    if parsed is None:
        raise Certificate.DoesNotExist
    return visible.select_related("replaced_by").get(number=str(parsed))


def by_token(token: str) -> Certificate | None:
    """Return the certificate whose QR code carries this token, or None."""
    if not _TOKEN.fullmatch(token):
        return None  # PostgreSQL refuses to look for some characters at all
    public = Certificate.objects.unscoped("public verification by an unguessable token")
    return public.select_related("replaced_by").filter(token=token).first()


def by_number(number: str, surname: str) -> Certificate | None:
    """Return the certificate with this number if `surname` fits its holder, or None.

    A Chinese name fits by its first characters, any other by one of its words or the whole: a single
    letter is no surname, or else numbers could be gone through with twenty-six tries each. A wrong surname and an unknown number look the same, so numbers cannot be gone through.
    """
    parsed, surname = numbers.parse(number), "".join(surname.split()).casefold()
    if parsed is None or not surname:
        return None
    public = Certificate.objects.unscoped("public verification by number and surname")
    found = public.select_related("replaced_by").filter(number=str(parsed)).first()
    if found is None:
        return None
    holder = found.facts["holder"]
    return found if any(_fits(surname, holder[key]) for key in ("name", "romanised")) else None


def _fits(surname: str, name: str) -> bool:
    """Whether a surname, without blanks and in small letters, is that of a name."""
    words = name.casefold().replace("·", " ").split()
    if _HAN.search(name):
        return "".join(words).startswith(surname.replace("·", ""))
    return surname in {*words, "".join(words)}


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What everybody may read of a certificate: its state and its frozen facts, the holder masked."""

    status: str
    number: str
    holder: str
    institution: str
    course_code: str
    course_title: str
    course_title_en: str
    edition: str
    credit_hours: str
    score: str | None
    assurance: str
    issuer: str
    issued_on: date
    valid_until: date | None
    facts_digest: str
    ended_on: date | None
    reason: str
    replaced_by: str
    replaced_by_token: str
    is_demo: bool
    by_correction: bool = False


def _day(moment: datetime | None) -> date | None:
    return timezone.localtime(moment).date() if moment else None


def public_view(certificate: Certificate, on: date | None = None) -> PublicCertificate:
    """Return the public facts, from what was frozen at the award; internal notes stay inside."""
    facts, successor = certificate.facts, certificate.replaced_by
    until = facts["valid_until"]
    return PublicCertificate(
        status=status_of(certificate, on),
        number=certificate.number,
        holder=mask_name(facts["holder"]["name"]),
        institution=facts["institution"]["name"] if facts["institution"] else "",
        course_code=facts["course"]["code"],
        course_title=facts["course"]["title"],
        course_title_en=facts["course"]["title_en"],
        edition=facts["course"]["edition"],
        credit_hours=facts["credit_hours"],
        score=None if facts["score"] is None else plain(facts["score"]),
        assurance=facts["assurance"],
        issuer=facts["issuer"]["name"],
        issued_on=date.fromisoformat(facts["issued_on"]),
        valid_until=date.fromisoformat(until) if until else None,
        facts_digest=certificate.facts_digest,
        ended_on=_day(certificate.ended_at),
        reason=certificate.get_reason_display() if certificate.reason else "",
        replaced_by=successor.number if successor else "",
        replaced_by_token=successor.token if successor else "",
        is_demo=facts["is_demo"],
        by_correction=bool(facts.get("by_correction")),
    )


# What the admin's list can be narrowed to.
ADMIN_STATES = [*Certificate.State.values, "failed"]


def found(words: str, state: str) -> QuerySet[Certificate]:
    """Return everybody's certificates by number, holder or institution; for operators and reviewers.

    `state` is one of `ADMIN_STATES`; "failed" are those whose PDF could not be made.
    """
    every = Certificate.objects.unscoped("operators and reviewers search everybody's")
    listed = every.select_related("user", "institution").order_by("-issued_at", "-pk")
    if state == "failed":
        listed = listed.filter(rendering=Certificate.Rendering.FAILED)
    elif state in ADMIN_STATES:
        listed = listed.filter(state=state)
    if words:
        listed = listed.filter(
            Q(number__icontains=numbers.tidy(words))
            | Q(user__name__icontains=words)
            | Q(institution__name__icontains=words)
        )
    return listed
