"""A completion that two persons withdrew: no certificate of it holds, whatever else happens at that moment."""

import time
from threading import Event

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from classroom.certificates import errors, services
from classroom.certificates.models import Certificate, SerialCounter
from classroom.completion.models import Completion
from classroom.enrolment.services import take_back_completion
from classroom.people.models import User
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.people import UserFactory
from tests.threads import in_threads


def in_force() -> int:
    return Certificate.objects.unscoped("test").filter(state="issued").count()


def operator() -> User:
    person: User = UserFactory()
    person.groups.add(Group.objects.get_or_create(name="Operators")[0])
    return person


def withdraw(completion: Completion, by: User) -> None:
    """Take a completion back as an approved correction does, in one transaction."""
    with transaction.atomic():
        take_back_completion(enrolment=completion.enrolment, at=completion.at)
        services.revoke_withdrawn(completion=completion, by=by, note="撤回")


@pytest.mark.django_db
def test_it_earns_none_and_burns_no_number() -> None:
    completion = CompletionFactory()
    withdraw(completion, UserFactory())
    with pytest.raises(errors.CompletionWithdrawn):
        services.award(completion=completion)
    assert in_force() == 0
    assert not SerialCounter.objects.exists()


@pytest.mark.django_db
def test_the_one_that_was_revoked_with_it_is_still_what_an_award_returns() -> None:
    completion = CompletionFactory()
    certificate = services.award(completion=completion)
    withdraw(completion, UserFactory())
    assert services.award(completion=completion) == certificate
    assert in_force() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["award", "replace"])
def test_one_that_is_issued_at_the_same_moment_is_revoked_too(act: str) -> None:
    completion, by = CompletionFactory(), operator()
    held = CertificateFactory(completion=completion) if act == "replace" else None
    is_issued = Event()

    def issue() -> None:
        with transaction.atomic():
            if held is None:
                services.award(completion=completion)
            else:
                changes = {"name": "欧阳婧"}
                services.replace(
                    certificate=held, by=by, reason="facts_corrected", note="更名", changes=changes
                )
            is_issued.set()
            # Long enough for the other to look and find nothing, if it did not wait.
            time.sleep(0.3)

    def take_back() -> None:
        is_issued.wait(5)
        withdraw(completion, by)

    assert in_threads(2, lambda n: (issue, take_back)[n]()) == []
    assert in_force() == 0
