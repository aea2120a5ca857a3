"""The audit: every verb of the room writes who, whom, when and with what result; nothing unwrites it."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from classroom.people import errors, services
from classroom.people.append_only import AppendOnly
from classroom.people.models import AuditEntry, Consent, User
from classroom.people.queries import find_entries
from tests.factories.people import AuditEntryFactory, ConsentFactory, TokenFactory, UserFactory

pytestmark = pytest.mark.django_db
Verb = Callable[[User, User], object]


def session_of(person: User) -> int:
    row = services.open_session(user=person, session_key=f"k{person.pk}", device="Firefox", address="")
    AuditEntry.objects.all()._raw_delete(AuditEntry.objects.db)
    return row.pk


def profile(person: User, by: User) -> User:
    return services.update_profile(
        user=person, name="新名", romanised_name="", mobile=person.mobile, email=None, language="en", by=by
    )


# Each verb, the action it writes, whether the person (not the operator) is who acts.
VERBS: list[tuple[str, Verb, bool]] = [
    ("people.update", profile, False),
    (
        "people.change_password",
        lambda person, by: services.change_password(user=person, password="kiln-and-crane-4", by=by),
        False,
    ),
    (
        "people.set_roles",
        lambda person, by: services.set_roles(user=person, roles=["Trainers"], by=by),
        False,
    ),
    ("people.close", lambda person, by: services.close_account(user=person, by=by), False),
    ("people.request_closure", lambda person, by: services.request_closure(user=person), True),
    (
        "people.consent",
        lambda person, by: services.record_consent(user=person, subject="x", version="1", basis="duty"),
        True,
    ),
    (
        "people.sign_in",
        lambda person, by: services.open_session(user=person, session_key="k", device="", address=""),
        True,
    ),
    (
        "people.end_session",
        lambda person, by: services.end_session(user=person, sign_in_id=session_of(person)),
        True,
    ),
    (
        "people.end_other_sessions",
        lambda person, by: services.end_other_sessions(user=person, keep=""),
        True,
    ),
]


@pytest.mark.parametrize(("action", "verb", "is_own"), VERBS, ids=[row[0] for row in VERBS])
def test_every_verb_says_who_did_what_to_whom(
    person: User, operator: User, action: str, verb: Verb, is_own: bool
) -> None:
    before = timezone.now()
    verb(person, operator)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.result) == (action, f"user:{person.pk}", "ok")
    assert entry.actor == (person if is_own else operator)
    assert before <= entry.at <= timezone.now()


@pytest.mark.parametrize(("action", "verb", "is_own"), VERBS[:4], ids=[row[0] for row in VERBS[:4]])
def test_what_is_rolled_back_was_never_done(
    person: User, operator: User, action: str, verb: Verb, is_own: bool
) -> None:
    def act_and_fail() -> None:
        with transaction.atomic():
            verb(person, operator)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    assert not AuditEntry.objects.exists()
    fresh = User.objects.get(pk=person.pk)
    assert (fresh.name, fresh.is_active, fresh.password) == (person.name, True, person.password)


@pytest.mark.parametrize("has_actor", [True, False])
def test_registering_is_audited_with_whoever_did_it(operator: User, has_actor: bool) -> None:
    by = operator if has_actor else None
    made = services.register_person(name="新人", mobile="13911112222", by=by)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.actor) == ("people.register", f"user:{made.pk}", by)


def test_a_refused_registration_leaves_no_entry(person: User) -> None:
    with pytest.raises(errors.IdentifierTaken):
        services.register_person(name="新人", mobile=person.mobile)
    assert not AuditEntry.objects.exists()


def test_tokens_are_audited_by_number_and_never_by_secret(person: User) -> None:
    token, secret = services.issue_token(user=person, label="脚本", days=30)
    services.revoke_token(user=person, token_id=token.pk)
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.action for entry in entries] == ["people.issue_token", "people.revoke_token"]
    assert {entry.target for entry in entries} == {f"token:{token.pk}"}
    assert secret not in json.dumps([entry.detail for entry in entries])


def test_a_failed_verb_on_anothers_token_leaves_no_entry(person: User) -> None:
    theirs = TokenFactory()
    with pytest.raises(errors.UnknownToken):
        services.revoke_token(user=person, token_id=theirs.pk)
    with pytest.raises(errors.UnknownSession):
        services.end_session(user=person, sign_in_id=session_of(UserFactory()))
    assert not AuditEntry.objects.exists()


def test_a_profile_entry_names_the_fields_and_not_their_values(person: User, operator: User) -> None:
    profile(person, operator)
    entry = AuditEntry.objects.get()
    assert entry.detail == {"changed": ["name", "email"]}
    kept = str(AuditEntry.objects.values().get())
    assert "新名" not in kept
    assert "chen@lab.example" not in kept


def test_a_saved_profile_without_a_change_says_so(person: User) -> None:
    services.update_profile(
        user=person,
        name=person.name,
        romanised_name="",
        mobile=person.mobile,
        email=person.email,
        language=person.language,
        by=person,
    )
    assert AuditEntry.objects.get().detail == {"changed": []}


ROWS = [AuditEntryFactory, ConsentFactory]


@pytest.mark.parametrize("factory", ROWS)
def test_a_row_of_record_is_not_changed_by_any_road(factory: Callable[[], AuditEntry | Consent]) -> None:
    row = factory()
    model = type(row)
    fresh = model.objects.get(pk=row.pk)
    for attempt in (
        row.save,
        fresh.save,
        row.delete,
        fresh.delete,
        model.objects.all().delete,
        model.objects.filter(pk=row.pk).delete,
        lambda: model.objects.update(at=timezone.now()),
        lambda: model.objects.filter(pk=row.pk).update(at=timezone.now()),
        lambda: model.objects.bulk_update([row], ["at"]),
        lambda: model.objects.update_or_create(pk=row.pk, defaults={"at": timezone.now()}),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            attempt()
    assert model.objects.get(pk=row.pk).at == row.at


def test_a_person_in_the_record_cannot_be_deleted(person: User) -> None:
    """Closing erases the name; the row of the account stays, since the record refers to it."""
    from django.db.models import ProtectedError

    services.record_consent(user=person, subject="privacy", version="1", basis="duty")
    with pytest.raises(ProtectedError):
        person.delete()
    assert AuditEntry.objects.filter(actor=person).count() == 1


def test_closing_an_account_keeps_its_record(person: User, operator: User) -> None:
    services.record_consent(user=person, subject="privacy", version="1", basis="duty")
    services.close_account(user=person, by=operator)
    assert person.consents.count() == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "people.consent",
        "people.close",
    ]


def test_the_id_of_the_request_ties_entries_to_the_log(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/me/privacy/", headers={"X-Request-ID": "gateway-0123456789"})
    assert AuditEntry.objects.get().request_id == "gateway-0123456789"


@pytest.mark.parametrize("given", ["x", "a" * 65, "evil\nline-1234", "空格不可以用作编号"])
def test_a_made_up_request_id_is_not_taken_over(client: Client, person: User, given: str) -> None:
    client.force_login(person)
    client.post("/me/privacy/", HTTP_X_REQUEST_ID=given)
    assert AuditEntry.objects.get().request_id not in {"", given}


def test_the_audit_reads_newest_first_and_by_the_beginning_of_an_action() -> None:
    now = timezone.now()
    old = AuditEntryFactory(action="people.sign_in", at=now - timedelta(hours=1))
    new = AuditEntryFactory(action="people.sign_in", at=now)
    same_moment = AuditEntryFactory(action="people.update", at=now)
    AuditEntryFactory(action="reports.export", at=now)
    assert list(find_entries("people.")) == [same_moment, new, old]
    assert list(find_entries("people.sign_in\x00")) == [new, old]
    assert not find_entries("sign_in").exists()
    assert find_entries("").count() == 4


def test_a_percent_sign_is_a_letter_to_the_search() -> None:
    AuditEntryFactory(action="people.sign_in")
    assert not find_entries("%").exists()
    assert not find_entries("people_").exists()


def test_a_target_is_cut_where_the_column_ends(person: User) -> None:
    entry = services.audit(actor=person, action="people.x", target="长" * 300)
    entry.refresh_from_db()
    assert entry.target == "长" * 128
    assert connection.is_usable()
