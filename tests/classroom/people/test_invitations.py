"""Links by which a person sets a password: once, for three days, for nobody else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.people import services
from classroom.people.invitations import invitation_path, invited
from classroom.people.models import AuditEntry, SignIn, User
from tests.factories.people import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = {"new": "harbour-crane-77", "again": "harbour-crane-77"}


@pytest.fixture
def newcomer(db: None) -> User:
    return services.register_person(name="新人", mobile="13900000001")


def parts(path: str) -> tuple[str, str]:
    _, _, key, token, _ = path.split("/")
    return key, token


def path_made(person: User, ago: timedelta) -> str:
    """Return a link that was handed out a while ago."""

    class Earlier(PasswordResetTokenGenerator):
        def _now(self) -> datetime:
            return datetime.now() - ago  # noqa: DTZ005 - as Django's own

    key = urlsafe_base64_encode(force_bytes(person.pk))
    return f"/welcome/{key}/{Earlier().make_token(person)}/"


@pytest.mark.parametrize(
    ("ago", "status"),
    [
        (timedelta(days=3) - timedelta(minutes=1), 200),
        (timedelta(days=3, minutes=1), 410),
        (timedelta(days=400), 410),
    ],
)
def test_a_link_is_good_for_three_days(client: Client, newcomer: User, ago: timedelta, status: int) -> None:
    assert client.get(path_made(newcomer, ago)).status_code == status


def test_a_link_brings_in_whom_it_invites(client: Client, newcomer: User) -> None:
    page = client.get(invitation_path(newcomer))
    assert "13900000001" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert "no-referrer" in page.content.decode()
    assert client.post(invitation_path(newcomer), NEW).status_code == 302
    assert client.session["_auth_user_id"] == str(newcomer.pk)
    assert SignIn.objects.get(user=newcomer).session_key == client.session.session_key
    actions = AuditEntry.objects.filter(actor=newcomer).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["people.change_password", "people.sign_in"]


def test_looking_at_a_link_does_not_use_it_up(client: Client, newcomer: User) -> None:
    """Messengers open links to draw a picture of them."""
    path = invitation_path(newcomer)
    for verb in (client.get, client.head, client.get):
        assert verb(path).status_code == 200
    assert client.post(path, NEW).status_code == 302


@pytest.mark.parametrize("data", [{}, {"new": "short", "again": "short"}, {**NEW, "again": "x"}])
def test_a_weak_password_leaves_the_link_good(client: Client, newcomer: User, data: dict[str, str]) -> None:
    path = invitation_path(newcomer)
    assert client.post(path, data).status_code in {200, 400}
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()
    assert client.post(path, NEW).status_code == 302


def test_a_used_link_opens_for_nobody(client: Client, newcomer: User) -> None:
    path = invitation_path(newcomer)
    client.post(path, NEW)
    for browser in (client, Client()):
        answer = browser.post(path, {"new": "stolen-crane-88", "again": "stolen-crane-88"})
        assert answer.status_code == 410
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW["new"])


def test_of_two_links_the_first_used_ends_the_other(client: Client, newcomer: User) -> None:
    first, second = path_made(newcomer, timedelta(hours=1)), invitation_path(newcomer)
    assert first != second
    client.post(second, NEW)
    assert Client().get(first).status_code == 410


def test_a_person_who_signed_in_since_needs_no_link(person: User, sign_in: Callable[..., Any]) -> None:
    path = invitation_path(person)
    sign_in(Client(), person.mobile)
    assert Client().get(path).status_code == 410


def test_a_link_after_a_changed_address_is_void(person: User) -> None:
    path = invitation_path(person)
    User.objects.filter(pk=person.pk).update(email="other@lab.example")
    assert Client().get(path).status_code == 410


def test_a_closed_account_is_not_opened_by_an_old_link(newcomer: User, operator: User) -> None:
    path = invitation_path(newcomer)
    services.close_account(user=newcomer, by=operator)
    assert Client().post(path, NEW).status_code == 410
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()


def test_a_paused_account_is_not_opened_by_its_link(newcomer: User) -> None:
    path = invitation_path(newcomer)
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    assert Client().post(path, NEW).status_code == 410
    User.objects.filter(pk=newcomer.pk).update(is_active=True)
    assert Client().get(path).status_code == 200


def test_the_token_of_one_does_not_open_another(newcomer: User) -> None:
    victim = UserFactory()
    _, token = parts(invitation_path(newcomer))
    key, _ = parts(invitation_path(victim))
    assert invited(key, token) is None
    assert Client().post(f"/welcome/{key}/{token}/", NEW).status_code == 410
    victim.refresh_from_db()
    assert victim.check_password(PASSWORD)


def test_a_link_signs_out_whoever_sat_there(client: Client, person: User, newcomer: User) -> None:
    client.force_login(person)
    before = client.session.session_key
    client.post(invitation_path(newcomer), NEW)
    assert client.session["_auth_user_id"] == str(newcomer.pk)
    assert not client.session.exists(before)


def test_a_forged_form_sets_no_password(newcomer: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(invitation_path(newcomer), NEW).status_code == 403
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.one_of(
        st.text(max_size=20),
        st.integers().map(lambda number: urlsafe_base64_encode(str(number).encode())),
        st.sampled_from(["9" * 5000, "LTE", "MS4w", "%00", "AA", urlsafe_base64_encode("１".encode())]),
    ),
    st.text(max_size=40),
)
def test_no_made_up_link_makes_it_fall_over(newcomer: User, key: str, token: str) -> None:
    assert invited(key, token) is None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_dead_link_says_what_to_do(language: str) -> None:
    page = Client().get("/welcome/MQ/dead-link/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert {"en": "Ask your training manager", "zh-hans": "培训管理员"}[language] in page
