"""Accounts are made: in one form, without a second one for the same number, by operators only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from classroom.people import errors, permissions, queries, services
from classroom.people.models import AuditEntry, User
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
DIRECTORY = "/operator/people/"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"mobile": "+86 138 0000 0001"}, ("13800000001", None)),
        ({"mobile": "１３８０００００００１"}, ("13800000001", None)),
        ({"email": "ＣＨＥＮ@Lab.example"}, (None, "chen@lab.example")),
        ({"mobile": "", "email": "a@b.example"}, (None, "a@b.example")),
        ({"mobile": "\u200b", "email": "a@b.example"}, (None, "a@b.example")),
    ],
)
def test_identifiers_are_kept_in_one_form(given: dict[str, str], kept: tuple[str | None, ...]) -> None:
    person = services.register_person(name="新人", **given)
    person.refresh_from_db()
    assert (person.mobile, person.email) == kept


@pytest.mark.parametrize("nothing", ["", " ", "\u3000", "\u200b", "-"])
def test_nothing_visible_is_no_identifier(nothing: str) -> None:
    with pytest.raises(errors.NoIdentifier):
        services.register_person(name="新人", mobile=nothing, email="")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "again",
    [
        {"mobile": "+8613800000001"},
        {"mobile": "138 0000 0001"},
        {"email": "A@LAB.EXAMPLE"},
        {"email": "ａ@lab.example"},
        {"mobile": "13800000002", "email": "a@lab.example"},
    ],
)
def test_another_spelling_is_no_second_account(again: dict[str, str]) -> None:
    services.register_person(name="张三", mobile="13800000001", email="a@lab.example")
    with pytest.raises(errors.IdentifierTaken) as refused:
        services.register_person(name="李四", **again)
    assert "Somebody already signs in" in str(refused.value)
    assert User.objects.count() == 1


def test_two_people_may_have_no_address_and_no_number() -> None:
    """Unknown is NULL, and NULL equals nothing."""
    for number in range(2):
        services.register_person(name="甲", mobile=f"1380000000{number}")
        services.register_person(name="乙", email=f"{number}@lab.example")
    assert User.objects.count() == 4


def test_an_account_without_a_password_opens_to_none(sign_in: Callable[..., Any]) -> None:
    person = services.register_person(name="新人", mobile="13800000001")
    for guess in ("", "!", person.password, "None"):
        assert sign_in(Client(), "13800000001", guess or "x").status_code == 401


def test_a_refused_change_leaves_the_transaction_usable(person: User) -> None:
    other = UserFactory(mobile="13800000001")
    with pytest.raises(errors.IdentifierTaken):
        services.update_profile(
            user=person,
            name="x",
            romanised_name="",
            mobile=other.mobile,
            email=None,
            language="en",
            by=person,
        )
    person.refresh_from_db()
    assert person.name == "陈思远"
    assert not AuditEntry.objects.filter(action="people.update").exists()


def test_nobody_gives_up_the_last_identifier(person: User) -> None:
    with pytest.raises(errors.NoIdentifier):
        services.update_profile(
            user=person, name="x", romanised_name="", mobile=" ", email=None, language="en", by=person
        )
    person.refresh_from_db()
    assert person.mobile == "13812341234"


@pytest.fixture
def desk(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def test_an_operator_makes_an_account_however_the_number_is_written(desk: Client, operator: User) -> None:
    answer = desk.post(DIRECTORY, {"name": " 阿依古丽•买买提 ", "mobile": "+86 139-1111 2222", "email": ""})
    made = User.objects.get(mobile="13911112222")
    assert answer.headers["Location"] == f"/operator/people/{made.pk}/"
    assert made.name == "阿依古丽·买买提"
    entry = AuditEntry.objects.get(action="people.register")
    assert (entry.actor, entry.target) == (operator, f"user:{made.pk}")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_number_in_use_is_told_to_the_operator(desk: Client, person: User, language: str) -> None:
    before = User.objects.count()
    data = {"name": "新人", "mobile": "138 1234 1234", "email": ""}
    answer = desk.post(DIRECTORY, data, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 400
    words = {"en": "Somebody already signs in", "zh-hans": "已有人"}[language]
    assert words in answer.content.decode()
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "data",
    [
        {"name": "\u200b", "mobile": "13911112222"},
        {"name": "长" * 65, "mobile": "13911112222"},
        {"name": "新人", "mobile": "1391111222"},
        {"name": "新人", "mobile": "13٨12341234"},
        {"name": "新人", "email": "no-at"},
        {"name": "新人", "email": "x" * 250 + "@lab.example"},
    ],
)
def test_a_bad_account_is_refused_with_its_field(desk: Client, data: dict[str, str]) -> None:
    before = User.objects.count()
    answer = desk.post(DIRECTORY, {"mobile": "", "email": ""} | data)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert User.objects.count() == before
    assert not AuditEntry.objects.filter(action="people.register").exists()


POSTS = ["", "{pk}/roles/", "{pk}/link/", "{pk}/close/"]


@pytest.mark.parametrize("path", POSTS)
def test_a_forged_form_of_an_operator_does_nothing(operator: User, person: User, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    services.request_closure(user=person)
    answer = strict.post(DIRECTORY + path.format(pk=person.pk), {"name": "x", "mobile": "13911112222"})
    assert answer.status_code == 403
    person.refresh_from_db()
    assert person.is_active
    assert not AuditEntry.objects.filter(actor=operator).exists()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("group", ["Trainers", "Reviewers", None])
def test_nobody_else_works_at_the_operators_desk(
    client: Client, person: User, path: str, group: str | None
) -> None:
    stranger = UserFactory(is_staff=True)
    if group:
        stranger.groups.add(Group.objects.get(name=group))
    client.force_login(stranger)
    data = {"name": "x", "mobile": "13911112222", "roles": ["Operators"]}
    assert client.post(DIRECTORY + path.format(pk=person.pk), data).status_code == 403
    assert not person.groups.exists()
    assert not User.objects.filter(mobile="13911112222").exists()


def test_an_operator_who_lost_the_role_is_out_at_once(desk: Client, operator: User) -> None:
    assert desk.get(DIRECTORY).status_code == 200
    services.set_roles(user=operator, roles=[], by=UserFactory())
    assert desk.get(DIRECTORY).status_code == 403


def test_a_role_that_is_none_changes_nothing_and_says_so(desk: Client, person: User) -> None:
    services.set_roles(user=person, roles=["Trainers"], by=UserFactory())
    path = f"/operator/people/{person.pk}/roles/"
    page = desk.post(path, {"roles": ["Superusers"]}, follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "There is no such role" in page.content.decode()
    assert [group.name for group in person.groups.all()] == ["Trainers"]


def test_roles_are_read_anew_after_a_change(person: User, operator: User) -> None:
    assert not permissions.is_trainer(person)
    services.set_roles(user=person, roles=["Trainers"], by=operator)
    assert permissions.is_trainer(person)
    services.set_roles(user=person, roles=["Reviewers"], by=operator)
    assert not permissions.is_trainer(person)
    assert permissions.is_reviewer(person)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("陈", ["陈思远"]),
        ("思远", ["陈思远"]),
        ("1381234", ["陈思远"]),
        ("1234", []),
        ("CHEN@", ["陈思远"]),
        ("买买提", ["阿依古丽·买买提"]),
        ("𠮷", ["𠮷田"]),
        ("%", []),
        ("_", []),
        ("\x00", ["𠮷田", "阿依古丽·买买提", "陈思远"]),
        ("", ["𠮷田", "阿依古丽·买买提", "陈思远"]),
    ],
)
def test_people_are_found_by_what_operators_know(person: User, search: str, found: list[str]) -> None:
    UserFactory(name="阿依古丽·买买提", mobile="13900000002", email="a@x.example")
    UserFactory(name="𠮷田", mobile="13900000003", email="j@x.example")
    UserFactory(name="超级陈", mobile="13812340000", email="chen@root.example", is_superuser=True)
    assert [row.name for row in queries.find_people(search)] == found


def test_a_link_is_for_whoever_may_still_come_in(desk: Client, person: User, operator: User) -> None:
    services.request_closure(user=person)
    services.close_account(user=person, by=operator)
    assert desk.post(f"/operator/people/{person.pk}/link/").status_code == 404
    assert not AuditEntry.objects.filter(action="people.link").exists()


def test_the_link_is_absolute_and_kept_nowhere(desk: Client, person: User, settings: Any) -> None:
    settings.SITE_URL = "https://classroom.example"
    answer = desk.post(f"/operator/people/{person.pk}/link/")
    assert "https://classroom.example/welcome/" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "welcome" not in str(AuditEntry.objects.get(action="people.link").detail)
