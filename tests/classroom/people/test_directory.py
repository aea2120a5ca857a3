"""The operators' pages: accounts and roles, and nothing of what people learned."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from classroom.people import services
from classroom.people.models import AuditEntry, User
from tests.factories.people import AuditEntryFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> User:
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="Operators"))
    client.force_login(person)
    return person


PAGES = ["/operator/people/", "/operator/audit/"]


@pytest.mark.parametrize("path", PAGES)
def test_only_operators_come_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    for name in ("Trainers", "Reviewers", ""):
        person = UserFactory()
        if name:
            person.groups.add(Group.objects.get(name=name))
        client.force_login(person)
        assert client.get(path).status_code == 403


def test_an_account_is_made_and_invited(client: Client, operator: User) -> None:
    response = client.post("/operator/people/", {"name": "新人", "mobile": "13911112222", "email": ""})
    person = User.objects.get(mobile="13911112222")
    assert response.headers["Location"] == f"/operator/people/{person.pk}/"
    page = client.post(f"/operator/people/{person.pk}/link/").content.decode()
    assert "/welcome/" in page
    assert "/welcome/" not in client.get(f"/operator/people/{person.pk}/").content.decode()
    assert AuditEntry.objects.filter(action="people.link", actor=operator).count() == 1


@pytest.mark.parametrize("data", [{"name": ""}, {"mobile": "12"}, {"mobile": "", "email": ""}])
def test_a_bad_account_is_not_made(client: Client, operator: User, data: dict[str, str]) -> None:
    before = User.objects.count()
    sent = {"name": "新人", "mobile": "13911112222", "email": ""} | data
    assert client.post("/operator/people/", sent).status_code == 400
    assert User.objects.count() == before


def test_roles_are_set(client: Client, operator: User) -> None:
    person = UserFactory()
    client.post(f"/operator/people/{person.pk}/roles/", {"roles": ["Trainers"]})
    assert person.groups.get().name == "Trainers"
    client.post(f"/operator/people/{person.pk}/roles/", {"roles": ["Superusers"]})
    assert person.groups.get().name == "Trainers"


def test_no_operator_changes_oneself_or_a_superuser(client: Client, operator: User) -> None:
    root = UserFactory(is_superuser=True)
    for pk in (operator.pk, root.pk, 10**9):
        for what in ("", "roles/", "link/", "close/"):
            call = client.post if what else client.get
            assert call(f"/operator/people/{pk}/{what}").status_code == 404


def test_an_account_is_closed_only_on_request(client: Client, operator: User) -> None:
    person = UserFactory()
    client.post(f"/operator/people/{person.pk}/close/")
    person.refresh_from_db()
    assert person.is_active
    services.request_closure(user=person)
    client.post(f"/operator/people/{person.pk}/close/")
    person.refresh_from_db()
    assert not person.is_active
    assert client.get(f"/operator/people/{person.pk}/").status_code == 200


def test_the_audit_is_searched(client: Client, operator: User) -> None:
    AuditEntryFactory(action="reports.export", target="report:canary")
    AuditEntryFactory(action="people.sign_in", target="user:other")
    page = client.get("/operator/audit/", {"action": "reports."}).content.decode()
    assert "report:canary" in page
    assert "user:other" not in page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("count", [1, 3])
def test_lists_ask_a_fixed_number_of_queries(
    client: Client, operator: User, path: str, count: int, django_assert_max_num_queries: object
) -> None:
    for person in UserFactory.create_batch(count):
        services.set_roles(user=person, roles=["Trainers"], by=operator)
    with django_assert_max_num_queries(11):
        client.get(path)


def test_people_are_searched(client: Client, operator: User) -> None:
    UserFactory(name="寻找我")
    UserFactory(name="另一人")
    page = client.get("/operator/people/", {"search": "寻找"}).content.decode()
    assert "寻找我" in page
    assert "另一人" not in page
