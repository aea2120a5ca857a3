"""Sessions by device, so that a person can see and end them."""

from datetime import timedelta
from functools import partial
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classroom.people.errors import UnknownSession
from classroom.people.models import SignIn, User
from classroom.people.services.audits import audit

# Ended sign-ins stay visible for a while; the audit keeps them longer (at least six months).
_KEEP_ENDED = timedelta(days=30)


def _forget(key: str) -> None:
    """Delete a session from Django's store, so that its cookie is worth nothing.

    Once more when that is committed: until then another request still reads the row, and would keep it
    in the cache for as long as a session lives.
    """
    forget = partial(import_module(settings.SESSION_ENGINE).SessionStore(key).delete, key)
    forget()
    transaction.on_commit(forget)


@transaction.atomic
def open_session(*, user: User, session_key: str, device: str, address: str, replaces: str = "") -> SignIn:
    """Record a session that was just signed in; `address` is masked already. Audited.

    `replaces` is the key that the browser had before: signing in anew ended that session, be it
    one's own or that of whoever sat there before.
    """
    if replaces and replaces != session_key:
        former = SignIn.objects.filter(session_key=replaces, ended_at__isnull=True)
        former.update(ended_at=timezone.now())
    sign_in, _ = SignIn.objects.update_or_create(
        session_key=session_key,
        defaults={"user": user, "device": device, "address": address, "ended_at": None},
    )
    audit(actor=user, action="people.sign_in", target=f"user:{user.pk}", detail={"device": device})
    return sign_in


@transaction.atomic
def end_session(*, user: User, sign_in_id: int) -> None:
    """End one of the person's own sessions. Raises `UnknownSession` for anybody else's."""
    sign_in = SignIn.objects.select_for_update().filter(pk=sign_in_id, user=user).first()
    if sign_in is None:
        raise UnknownSession
    _end([sign_in])
    audit(actor=user, action="people.end_session", target=f"user:{user.pk}")


@transaction.atomic
def end_other_sessions(*, user: User, keep: str) -> int:
    """End all sessions of the person but the one with the key `keep`; return how many."""
    others = list(
        SignIn.objects.select_for_update().filter(user=user, ended_at__isnull=True).exclude(session_key=keep)
    )
    _end(others)
    audit(actor=user, action="people.end_other_sessions", target=f"user:{user.pk}")
    return len(others)


def end_all_sessions(*, user: User) -> None:
    """End every session of the person; the caller audits why."""
    _end(list(SignIn.objects.select_for_update().filter(user=user, ended_at__isnull=True)))


def _end(sign_ins: list[SignIn]) -> None:
    for sign_in in sign_ins:
        _forget(sign_in.session_key)
    SignIn.objects.filter(pk__in=[sign_in.pk for sign_in in sign_ins]).update(ended_at=timezone.now())


def forget_ended() -> int:
    """Delete expired sessions, and sign-ins that ended or ran out some time ago; return how many of these."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    now = timezone.now()
    run_out = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    SignIn.objects.filter(ended_at__isnull=True, at__lt=run_out).update(ended_at=now)
    deleted, _ = SignIn.objects.filter(ended_at__lt=now - _KEEP_ENDED).delete()
    return deleted
