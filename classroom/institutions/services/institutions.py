"""Institutions themselves: registered, renamed, moved, merged, closed. History is never rewritten."""

import unicodedata
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from classroom.institutions.codes import cma_warnings, uscc_is_valid
from classroom.institutions.errors import (
    AlreadyThere,
    BadCertificateNumber,
    BadCreditCode,
    Ended,
    EndsBeforeStart,
    NotAllowed,
)
from classroom.institutions.models import CmaCertificate, Institution, SupervisingAuthority
from classroom.people.models import User
from classroom.people.permissions import is_operator
from classroom.people.services import audit

_WHY = "an operator's work, permission checked"


def _operators_only(by: User | None) -> None:
    if by is not None and not is_operator(by):
        raise NotAllowed


def _note(by: User | None, verb: str, institution: Institution, **detail: Any) -> None:
    detail["institutions"] = [institution.pk]
    audit(actor=by, action=f"institutions.{verb}", target=f"institution:{institution.pk}", detail=detail)


def _locked(institution: Institution) -> Institution:
    return Institution.objects.unscoped(_WHY).select_for_update(of=("self",)).get(pk=institution.pk)


@transaction.atomic
def register_institution(
    *,
    uscc: str,
    name: str,
    admin_division: str,
    authority: SupervisingAuthority,
    by: User | None,
    short_name: str = "",
    name_en: str = "",
) -> Institution:
    """Enter an institution; operators only (`by` None is the platform itself). Audited.

    Raises `NotAllowed`, `BadCreditCode`, `AlreadyThere` for a code that is in use.
    """
    _operators_only(by)
    # Narrow characters, since keyboards for Chinese type wide ones as well.
    code = unicodedata.normalize("NFKC", uscc).replace(" ", "").upper()
    if not uscc_is_valid(code):
        raise BadCreditCode
    try:
        with transaction.atomic():
            institution = Institution.objects.create(
                uscc=code,
                name=name.strip(),
                short_name=short_name.strip(),
                name_en=name_en.strip(),
                admin_division=admin_division,
                supervising_authority=authority,
            )
    except IntegrityError as error:
        raise AlreadyThere from error
    _note(by, "register", institution, uscc=code)
    return institution


@transaction.atomic
def rename_institution(*, institution: Institution, name: str, by: User | None) -> Institution:
    """Give an institution a new name; certificates keep the old one. Locks its row. Audited.

    Raises `NotAllowed`.
    """
    _operators_only(by)
    row = _locked(institution)
    before, row.name = row.name, name.strip()
    row.save(update_fields=["name"])
    _note(by, "rename", row, before=before)
    return row


@transaction.atomic
def move_institution(
    *, institution: Institution, authority: SupervisingAuthority, by: User | None
) -> Institution:
    """Put an institution under another authority, whose regulators see it from now on instead.

    Locks its row. Audited. Raises `NotAllowed`.
    """
    _operators_only(by)
    row = _locked(institution)
    before, row.supervising_authority = row.supervising_authority_id, authority
    row.save(update_fields=["supervising_authority"])
    _note(by, "move", row, before=before, after=authority.pk)
    return row


@transaction.atomic
def merge_institution(*, institution: Institution, into: Institution, by: User | None) -> Institution:
    """Note that an institution went up in another; its records stay under its own name. Audited.

    Locks both rows. Raises `NotAllowed`, `AlreadyThere` for itself or where it is not active any more,
    `Ended` where the other is not: two that went up in each other would leave none.
    """
    _operators_only(by)
    first, second = sorted((institution, into), key=lambda one: one.pk)
    rows = {one.pk: one for one in (_locked(first), _locked(second))}
    row, into = rows[institution.pk], rows[into.pk]
    if row.pk == into.pk or row.state != Institution.State.ACTIVE:
        raise AlreadyThere
    if into.state != Institution.State.ACTIVE:
        raise Ended
    row.state, row.merged_into = Institution.State.MERGED, into
    row.save(update_fields=["state", "merged_into"])
    _note(by, "merge", row, into=into.pk)
    return row


@transaction.atomic
def close_institution(*, institution: Institution, by: User | None) -> Institution:
    """Note that an institution ended; records stay. Locks its row. Audited.

    Raises `NotAllowed`, `AlreadyThere` where it ended before.
    """
    _operators_only(by)
    row = _locked(institution)
    if row.state != Institution.State.ACTIVE:
        raise AlreadyThere
    row.state = Institution.State.CLOSED
    row.save(update_fields=["state"])
    _note(by, "close", row)
    return row


@transaction.atomic
def add_cma_certificate(
    *, institution: Institution, number: str, issued_on: date, valid_until: date, by: User | None
) -> CmaCertificate:
    """Enter a CMA certificate; an institution may hold several. Audited.

    Raises `NotAllowed`, `BadCertificateNumber`, `EndsBeforeStart`, `AlreadyThere` for a number that is
    in use.
    """
    _operators_only(by)
    if "format" in cma_warnings(number):
        raise BadCertificateNumber
    if valid_until <= issued_on:
        raise EndsBeforeStart
    try:
        with transaction.atomic():
            certificate = CmaCertificate.objects.create(
                institution=institution, number=number, issued_on=issued_on, valid_until=valid_until
            )
    except IntegrityError as error:
        raise AlreadyThere from error
    _note(by, "add_cma", institution, number=number)
    return certificate
