"""Accounts: made, corrected, closed."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from classroom.people.errors import IdentifierTaken, NoIdentifier
from classroom.people.ids import normal_email, normal_mobile, normal_name
from classroom.people.models import User
from classroom.people.permissions import forget_groups
from classroom.people.services.audits import audit
from classroom.people.services.locks import forget_failures
from classroom.people.services.sessions import end_all_sessions


@transaction.atomic
def register_person(
    *,
    name: str,
    mobile: str | None = None,
    email: str | None = None,
    password: str | None = None,
    romanised_name: str = "",
    language: str = "zh-hans",
    by: User | None = None,
) -> User:
    """Make an account; without a password nobody can sign in to it until one is set. Audited.

    Raises `NoIdentifier` without mobile and e-mail, `IdentifierTaken` where either is in use.
    """
    person = User(
        name=normal_name(name),
        mobile=_mobile(mobile),
        email=_email(email),
        romanised_name=romanised_name.strip(),
        language=language,
    )
    if password is None:
        person.set_unusable_password()
    else:
        person.set_password(password)
    _save(person)
    audit(actor=by, action="people.register", target=f"user:{person.pk}")
    return person


@transaction.atomic
def update_profile(
    *,
    user: User,
    name: str,
    romanised_name: str,
    mobile: str | None,
    email: str | None,
    language: str,
    by: User,
) -> User:
    """Correct a person's name and identifiers (PIPL Art. 46). What is already certified keeps its facts.

    Raises `NoIdentifier`, `IdentifierTaken`. Locks the person's row.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    before = {field: getattr(person, field) for field in ("name", "romanised_name", "mobile", "email")}
    person.name, person.romanised_name = normal_name(name), romanised_name.strip()
    person.mobile, person.email, person.language = _mobile(mobile), _email(email), language
    _save(person)
    changed = [field for field, value in before.items() if getattr(person, field) != value]
    audit(actor=by, action="people.update", target=f"user:{person.pk}", detail={"changed": changed})
    return person


def choose_language(*, user: User, language: str) -> None:
    """Keep the language that a person reads in; mails and files that are made later speak it.

    The caller has seen that the site speaks it. A preference is no fact about a person: not audited.
    """
    User.objects.filter(pk=user.pk).exclude(language=language).update(language=language)


@transaction.atomic
def change_password(*, user: User, password: str, by: User) -> User:
    """Set a new password; the caller has validated it. Locks the person's row. Audited.

    All sessions of the person end; one's own page opens a new one at once. So does every lock after
    failures: a new password is the way out of it.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    person.set_password(password)
    person.save(update_fields=["password"])
    end_all_sessions(user=person)
    forget_failures(user=person)
    audit(actor=by, action="people.change_password", target=f"user:{person.pk}")
    return person


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[str], by: User) -> None:
    """Put a person into exactly these groups; whoever has one may open the admin.

    Locks the person's row. Raises `Group.DoesNotExist` for a name that is no group.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    groups = [Group.objects.get(name=role) for role in roles]
    person.groups.set(groups)
    person.is_staff = bool(groups) or person.is_superuser
    person.save(update_fields=["is_staff"])
    forget_groups(user)
    names = sorted(group.name for group in groups)
    audit(actor=by, action="people.set_roles", target=f"user:{person.pk}", detail={"roles": names})


@transaction.atomic
def request_closure(*, user: User) -> None:
    """Note that a person wants the account closed; an operator does it within 15 working days.

    Asking twice changes nothing. Locks the person's row.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.close_requested_at is None:
        person.close_requested_at = timezone.now()
        person.save(update_fields=["close_requested_at"])
        audit(actor=person, action="people.request_closure", target=f"user:{person.pk}")


@transaction.atomic
def close_account(*, user: User, by: User) -> User:
    """Erase who the person was and end all access (PIPL Art. 47). Locks the person's row.

    Evidence, completions and certificates stay: they refer to the pseudonym, and certificates keep
    the facts that were printed, since training records have a basis of their own. Closing twice
    changes nothing.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.closed_at is not None:
        return person
    person.name, person.romanised_name = f"已注销-{str(person.pseudonym)[:8]}", ""
    person.mobile = person.email = None
    person.id_kind = person.id_masked = person.id_digest = ""
    person.is_active = person.is_staff = person.is_superuser = False
    person.closed_at = timezone.now()
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.tokens.filter(revoked_at__isnull=True).update(revoked_at=person.closed_at)
    end_all_sessions(user=person)
    audit(actor=by, action="people.close", target=f"user:{person.pk}")
    return person


def _mobile(value: str | None) -> str | None:
    return normal_mobile(value or "") or None


def _email(value: str | None) -> str | None:
    return normal_email(value or "") or None


def _save(person: User) -> None:
    if person.mobile is None and person.email is None:
        raise NoIdentifier
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise IdentifierTaken from error
