"""Writes about people, one module a subject."""

from classroom.people.services.accounts import (
    change_password,
    choose_language,
    close_account,
    register_person,
    request_closure,
    set_roles,
    update_profile,
)
from classroom.people.services.audits import audit
from classroom.people.services.consents import record_consent
from classroom.people.services.locks import forget_failures
from classroom.people.services.sessions import end_other_sessions, end_session, forget_ended, open_session
from classroom.people.services.tokens import issue_token, revoke_token

__all__ = [
    "audit",
    "change_password",
    "choose_language",
    "close_account",
    "end_other_sessions",
    "end_session",
    "forget_ended",
    "forget_failures",
    "issue_token",
    "open_session",
    "record_consent",
    "register_person",
    "request_closure",
    "revoke_token",
    "set_roles",
    "update_profile",
]
