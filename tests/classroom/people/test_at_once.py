"""A double click on registration, a token or a closure is one of each."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import transaction
from django.utils import timezone

from classroom.people import errors, services
from classroom.people.models import AuditEntry, User
from tests.classroom.institutions.threads import at_once
from tests.factories.people import TokenFactory, UserFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
REFUSALS = (errors.PeopleError,)


def test_one_number_is_registered_once() -> None:
    answers = at_once(
        lambda n: services.register_person(name=f"人{n}", mobile="13800000001"), refusals=REFUSALS
    )
    assert answers == ["IdentifierTaken"] * 3 + ["ok"]
    assert User.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_the_tenth_token_is_not_made_twice() -> None:
    person = UserFactory()
    TokenFactory.create_batch(9, user=person, expires_at=timezone.now() + timedelta(days=1))
    answers = at_once(lambda n: services.issue_token(user=person, label=str(n), days=30), refusals=REFUSALS)
    assert answers == ["TooManyTokens"] * 3 + ["ok"]
    assert person.tokens.count() == 10


def test_an_account_is_closed_once() -> None:
    person, operator = UserFactory(), UserFactory()
    assert (
        at_once(lambda n: services.close_account(user=person, by=operator), refusals=REFUSALS) == ["ok"] * 4
    )
    assert AuditEntry.objects.filter(action="people.close").count() == 1


def test_a_session_that_is_read_while_it_ends_is_ended_all_the_same() -> None:
    person, store = UserFactory(), SessionStore()
    store["_auth_user_id"] = str(person.pk)
    store.create()
    key = store.session_key
    assert key is not None
    ending = services.open_session(user=person, session_key=key, device="Firefox", address="10.0.0.*")

    def look(_: int) -> None:
        assert SessionStore(key).load(), "not committed yet: it is still there for everybody else"

    with transaction.atomic():
        services.end_session(user=person, sign_in_id=ending.pk)
        assert in_threads(1, look) == []
    assert SessionStore(key).load() == {}
