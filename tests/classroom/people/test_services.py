"""Accounts, tokens, sessions, consents: what changes, what is refused, what is audited."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.utils import timezone

from classroom.people import errors, services
from classroom.people.models import AuditEntry, SignIn, Token, User
from classroom.people.tasks import clear_sessions
from classroom.people.trace import request_id
from tests.factories.people import ConsentFactory, TokenFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_person_is_registered_with_normalised_identifiers() -> None:
    person = services.register_person(name=" 张三 ", mobile="138 0000-0001", email=" A@B.Example ")
    assert (person.name, person.mobile, person.email) == ("张三", "13800000001", "a@b.example")
    assert not person.has_usable_password()


def test_without_an_identifier_nobody_is_registered() -> None:
    with pytest.raises(errors.NoIdentifier):
        services.register_person(name="张三", mobile=" ", email="")
    assert User.objects.count() == 0


@pytest.mark.parametrize("taken", [{"mobile": "13800000001"}, {"email": "a@b.example"}])
def test_an_identifier_in_use_is_refused(taken: dict[str, str]) -> None:
    services.register_person(name="张三", mobile="13800000001", email="a@b.example")
    with pytest.raises(errors.IdentifierTaken):
        services.register_person(name="李四", **taken)
    assert User.objects.count() == 1


def test_audit_keeps_the_request_id() -> None:
    token = request_id.set("abcdef0123456789")
    try:
        entry = services.audit(actor=None, action="people.sign_in", target="x" * 300, result="refused")
    finally:
        request_id.reset(token)
    assert (entry.request_id, entry.result, len(entry.target)) == ("abcdef0123456789", "refused", 128)


def test_a_profile_is_corrected_and_audited_without_values() -> None:
    person = UserFactory(name="旧名")
    services.update_profile(
        user=person, name="新名", romanised_name="", mobile=None, email=person.email, language="en", by=person
    )
    person.refresh_from_db()
    assert (person.name, person.mobile, person.language) == ("新名", None, "en")
    entry = AuditEntry.objects.get(action="people.update")
    assert entry.detail == {"changed": ["name", "mobile"]}


def test_a_profile_cannot_take_anothers_number() -> None:
    other, person = UserFactory(), UserFactory()
    with pytest.raises(errors.IdentifierTaken):
        services.update_profile(
            user=person,
            name="名",
            romanised_name="",
            mobile=other.mobile,
            email=None,
            language="en",
            by=person,
        )
    person.refresh_from_db()
    assert person.mobile != other.mobile


def test_a_token_is_kept_as_a_digest_and_found_by_it() -> None:
    person = UserFactory()
    token, secret = services.issue_token(user=person, label="脚本", days=30)
    assert secret.startswith("cc_")
    assert secret not in str(Token.objects.values().get())
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


def test_ten_live_tokens_are_enough() -> None:
    person = UserFactory()
    later = timezone.now() + timedelta(days=1)
    TokenFactory.create_batch(10, user=person, expires_at=later)
    with pytest.raises(errors.TooManyTokens):
        services.issue_token(user=person, label="脚本", days=30)
    TokenFactory.create_batch(10, user=UserFactory(), expires_at=timezone.now() - timedelta(days=1))


def test_nobody_revokes_anothers_token() -> None:
    token = TokenFactory()
    with pytest.raises(errors.UnknownToken):
        services.revoke_token(user=UserFactory(), token_id=token.pk)
    token.refresh_from_db()
    assert token.revoked_at is None
    services.revoke_token(user=token.user, token_id=token.pk)
    services.revoke_token(user=token.user, token_id=token.pk)
    assert AuditEntry.objects.filter(action="people.revoke_token").count() == 1


def _session(person: User) -> SignIn:
    store = SessionStore()
    store["x"] = 1
    store.save()
    assert store.session_key is not None
    return services.open_session(
        user=person, session_key=store.session_key, device="Firefox", address="10.0.0.*"
    )


def test_ending_a_session_makes_its_cookie_worthless() -> None:
    person = UserFactory()
    mine, other = _session(person), _session(person)
    services.end_session(user=person, sign_in_id=other.pk)
    assert not SessionStore().exists(other.session_key)
    assert SessionStore().exists(mine.session_key)
    other.refresh_from_db()
    assert other.ended_at is not None


def test_nobody_ends_anothers_session() -> None:
    theirs = _session(UserFactory())
    with pytest.raises(errors.UnknownSession):
        services.end_session(user=UserFactory(), sign_in_id=theirs.pk)
    assert SessionStore().exists(theirs.session_key)


def test_all_other_sessions_end() -> None:
    person = UserFactory()
    kept, gone, foreign = _session(person), _session(person), _session(UserFactory())
    assert services.end_other_sessions(user=person, keep=kept.session_key) == 1
    assert [SessionStore().exists(row.session_key) for row in (kept, gone, foreign)] == [True, False, True]


def test_old_sign_ins_are_forgotten_and_live_ones_stay() -> None:
    person = UserFactory()
    live, run_out, old = _session(person), _session(person), _session(person)
    SignIn.objects.filter(pk=run_out.pk).update(at=timezone.now() - timedelta(days=20))
    SignIn.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=31))
    assert clear_sessions() == 1
    assert clear_sessions() == 0
    assert {row.pk: row.ended_at is None for row in SignIn.objects.all()} == {
        live.pk: True,
        run_out.pk: False,
    }


def test_a_new_password_ends_every_session() -> None:
    person = UserFactory()
    open_one = _session(person)
    services.change_password(user=person, password="another-kiln-9", by=person)
    person.refresh_from_db()
    assert person.check_password("another-kiln-9")
    assert not SessionStore().exists(open_one.session_key)


def test_asking_twice_for_closure_is_asking_once() -> None:
    person = UserFactory()
    services.request_closure(user=person)
    services.request_closure(user=person)
    assert AuditEntry.objects.filter(action="people.request_closure").count() == 1


def test_closing_erases_who_it_was_and_keeps_the_pseudonym() -> None:
    person = UserFactory(name="张三", is_staff=True)
    pseudonym = person.pseudonym
    TokenFactory(user=person)
    open_one = _session(person)
    operator = UserFactory()
    services.close_account(user=person, by=operator)
    services.close_account(user=person, by=operator)
    person.refresh_from_db()
    assert (person.mobile, person.email, person.is_active, person.is_staff) == (None, None, False, False)
    assert person.pseudonym == pseudonym
    assert "张三" not in person.name
    assert person.tokens.filter(revoked_at__isnull=True).count() == 0
    assert not SessionStore().exists(open_one.session_key)
    assert AuditEntry.objects.filter(action="people.close").count() == 1


def test_roles_make_staff_and_taking_them_unmakes() -> None:
    person, operator = UserFactory(), UserFactory()
    services.set_roles(user=person, roles=["Trainers", "Reviewers"], by=operator)
    person.refresh_from_db()
    assert person.is_staff
    assert sorted(person.groups.values_list("name", flat=True)) == ["Reviewers", "Trainers"]
    services.set_roles(user=person, roles=[], by=operator)
    person.refresh_from_db()
    assert not person.is_staff


def test_consents_are_appended_never_changed() -> None:
    first = ConsentFactory()
    services.record_consent(
        user=first.user, subject="privacy", version="2026-01", basis="consent", granted=False
    )
    assert list(first.user.consents.order_by("pk").values_list("granted", flat=True)) == [True, False]
