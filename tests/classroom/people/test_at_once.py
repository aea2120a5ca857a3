"""A double click on registration, a token or a closure is one of each."""

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom.people import errors, services
from classroom.people.models import AuditEntry, User
from tests.classroom.institutions.threads import at_once
from tests.factories.people import TokenFactory, UserFactory

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
