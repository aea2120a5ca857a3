"""The cast on stage: whole after a kill, unchanged by a second start, and valid to every rule of the platform."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from classroom.institutions.codes import cma_warnings
from classroom.institutions.models import CmaCertificate, Institution, Membership, Post, RegulatorGrant
from classroom.institutions.permissions import is_manager, is_regulator
from classroom.institutions.queries import employer_of, scope_of
from classroom.people.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from classroom.people.models import AuditEntry, User
from classroom.people.permissions import is_operator, is_reviewer, is_trainer
from config.demo import cast, population

pytestmark = pytest.mark.django_db
WHY = "the test counts the demo"


def counts() -> dict[str, int]:
    return {
        "people": User.objects.count(),
        "institutions": Institution.objects.unscoped(WHY).count(),
        "memberships": Membership.objects.unscoped(WHY).count(),
        "posts": Post.objects.count(),
        "grants": RegulatorGrant.objects.count(),
        "approvals": CmaCertificate.objects.count(),
        "trail": AuditEntry.objects.count(),
    }


def test_everybody_is_there_once_and_has_a_place() -> None:
    found = population.people()
    assert len(found) == len(cast.ACCOUNTS) + len(cast.staff())
    for person in cast.staff():
        user = found[person.email]
        employer = employer_of(user)
        assert employer is not None
        assert employer.uscc == next(house.uscc for house in cast.HOUSES if house.key == person.house)
        assert set(
            Post.objects.filter(membership__user=user, ended_on=None).values_list("kind", flat=True)
        ) == set(person.posts)
        assert is_manager(user) == person.is_manager


def test_each_role_may_do_what_it_is_called() -> None:
    people = {email.split("@")[0]: user for email, user in population.people().items()}
    assert is_trainer(people["trainer"])
    assert not is_reviewer(people["trainer"])
    assert is_reviewer(people["reviewer"])
    assert not is_trainer(people["reviewer"])
    assert is_operator(people["operator"])
    assert is_manager(people["manager"])
    assert is_regulator(people["district"])
    assert is_regulator(people["city"])
    for name in ("learner", "manager", "district", "city"):
        assert not people[name].is_staff, name
    for name in ("learner", "trainer", "reviewer", "operator"):
        assert not is_manager(people[name])
        assert not is_regulator(people[name])


def test_the_district_sees_its_own_and_the_city_all() -> None:
    people = population.people()
    seen = {
        name: set(
            Institution.objects.visible_to(scope_of(people[f"{name}@demo.example"])).values_list(
                "uscc", flat=True
            )
        )
        for name in ("district", "city", "learner")
    }
    assert seen["city"] == {house.uscc for house in cast.HOUSES}
    assert seen["district"] == {house.uscc for house in cast.HOUSES if house.authority == "SH-310115"}
    assert len(seen["learner"]) <= 1


def test_every_row_passes_its_own_rules() -> None:
    population.people()
    broken = []
    for model in (Institution, Membership):
        for row in model.objects.unscoped(WHY).order_by("pk"):
            try:
                row.full_clean()
            except ValidationError as error:
                broken.append((row, error.message_dict))
    for number in CmaCertificate.objects.order_by("pk").values_list("number", flat=True):
        assert cma_warnings(number) == []
    assert broken == []


def test_approvals_last_six_years_and_all_are_in_force() -> None:
    population.people()
    today = timezone.localdate()
    assert CmaCertificate.objects.count() == len(cast.HOUSES)
    for approval in CmaCertificate.objects.order_by("pk"):
        assert approval.issued_on <= today < approval.valid_until
        assert approval.valid_until.year - approval.issued_on.year == 6


def test_a_second_start_changes_nothing() -> None:
    first = population.people()
    before = counts()
    passwords = dict(User.objects.values_list("pk", "password"))
    second = population.people()
    assert {email: user.pk for email, user in first.items()} == {
        email: user.pk for email, user in second.items()
    }
    assert counts() == before
    assert dict(User.objects.values_list("pk", "password")) == passwords


def test_a_start_in_another_year_issues_no_second_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    population.people()
    before = counts()
    later = timezone.localdate() + timedelta(days=400)
    monkeypatch.setattr(population.timezone, "localdate", lambda: later)
    population.people()
    assert counts() == before


@pytest.mark.parametrize("step", ["register_person", "_place"])
def test_killed_at_any_person_it_goes_on_and_nobody_stays_half(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(population, step)
    calls = []

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(population, step, dies)
        with pytest.raises(KeyboardInterrupt):
            population.people()
    assert User.objects.filter(email__endswith="@demo.example").count() == 19
    population.people()
    whole = counts()
    assert whole["people"] == len(cast.ACCOUNTS) + len(cast.staff())
    assert whole["memberships"] == sum(bool(p.house) for p in [*cast.ACCOUNTS, *cast.staff()])
    assert whole["posts"] == sum(len(p.posts) for p in [*cast.ACCOUNTS, *cast.staff()] if p.house)
    assert whole["grants"] == 2
    assert all(user.check_password(DEMO_PASSWORD) for user in User.objects.order_by("pk"))


@pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.key)
def test_each_role_can_sign_in_with_what_is_printed(client: Client, account: Any) -> None:
    population.people()
    response = client.post("/sign-in/", {"username": account.email, "password": DEMO_PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email=account.email).pk)


def test_what_somebody_changed_since_is_kept() -> None:
    population.people()
    learner = User.objects.get(email="learner@demo.example")
    learner.set_password("another-of-their-own-7")
    learner.name = "陈思远（新）"
    learner.save()
    population.people()
    learner.refresh_from_db()
    assert learner.check_password("another-of-their-own-7")
    assert learner.name == "陈思远（新）"


def test_people_joined_before_the_history_begins() -> None:
    population.people()
    starts = Membership.objects.unscoped(WHY).values_list("started_on", flat=True)
    assert max(starts) <= timezone.localdate() - timedelta(days=400)
