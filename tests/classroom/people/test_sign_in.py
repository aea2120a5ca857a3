"""The door: every way of writing a name, one answer to every stranger, the lock and its way out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory
from django.utils import timezone

from classroom.people import services
from classroom.people.backends import lock_name
from classroom.people.invitations import invitation_path
from classroom.people.models import AuditEntry, SignIn, User
from tests.factories.people import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SignsIn = Callable[..., Any]
FAILURES = 8


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def fail(client: Client, sign_in: SignsIn, username: str, times: int, **browser: str) -> list[int]:
    return [sign_in(client, username, "wrong-one", **browser).status_code for _ in range(times)]


@pytest.mark.parametrize(
    "username",
    [
        "+86 138 1234 1234",
        "138-1234-1234",
        "１３８１２３４１２３４",
        "\u202d13812341234\u202c",
        "ＣＨＥＮ＠ｌａｂ．ｅｘａｍｐｌｅ",
        "  Chen@Lab.Example\u200b",
    ],
)
def test_a_person_comes_in_however_the_name_is_typed(
    client: Client, person: User, sign_in: SignsIn, username: str
) -> None:
    assert sign_in(client, username).status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("change", [" {}", "{} ", "{}\u3000", "{}\u200b"])
def test_a_password_is_taken_to_the_letter(
    client: Client, person: User, sign_in: SignsIn, change: str
) -> None:
    assert sign_in(client, person.mobile, change.format(PASSWORD)).status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), ("13812341234", ""), ("a\x00b", "x")])
def test_an_unfinished_form_is_no_attempt(
    client: Client, person: User, sign_in: SignsIn, username: str, password: str
) -> None:
    answer = sign_in(client, username, password)
    assert answer.status_code == 400
    assert b"field__error" in answer.content
    assert not AuditEntry.objects.exists()
    assert not AccessAttempt.objects.exists()


def test_every_stranger_gets_the_same_page(client: Client, person: User, sign_in: SignsIn) -> None:
    """Known or not, active or not, with a password or never with one: the answers are equal to the letter."""
    services.register_person(name="无密码", mobile="13800000009")
    UserFactory(mobile="13800000008", is_active=False)
    pages = set()
    for username in ("13812341234", "13800000009", "13800000008", "13800000007"):
        password = "wrong-one" if username == person.mobile else PASSWORD
        answer = sign_in(Client(), username, password)
        assert answer.status_code == 401
        token = answer.context["csrf_token"]
        pages.add(answer.content.decode().replace(str(token), "").replace(username, ""))
    assert len({_without_tokens(page) for page in pages}) == 1


def _without_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf" not in line and "nonce" not in line)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_stranger_costs_as_many_hashes_as_a_member(
    person: User, settings: Any, is_known: bool, django_assert_num_queries: Any
) -> None:
    """A name that is not there is hashed all the same, so that the clock tells nothing."""
    counted: list[str] = []

    class Counting(type(_hasher(settings))):  # type: ignore[misc]
        def encode(self, password: str, salt: str) -> str:
            counted.append(password)
            return str(super().encode(password, salt))

    Counting.__module__, Counting.__qualname__ = __name__, "COUNTING"
    globals()["COUNTING"] = Counting
    settings.PASSWORD_HASHERS = [f"{__name__}.COUNTING"]
    request = RequestFactory().post("/sign-in/")
    name = person.mobile if is_known else "13800000000"
    assert authenticate(request, username=name, password="wrong-one") is None
    assert counted == ["wrong-one"]


def _hasher(settings: Any) -> Any:
    from django.contrib.auth.hashers import get_hasher

    return get_hasher()


def test_a_lock_holds_for_every_way_of_writing_the_name(
    client: Client, person: User, sign_in: SignsIn
) -> None:
    """Each spelling would else be worth eight guesses more."""
    spellings = [
        "chen@lab.example",
        "CHEN@lab.example",
        "chen@LAB.example",
        " chen@lab.example",
        "chen＠lab.example",
        "Chen@Lab.Example",
        "cheN@lab.example",
        "chen@lab.examplE",
    ]
    answers = [sign_in(client, spelling, "wrong-one").status_code for spelling in spellings]
    assert answers == [401] * (FAILURES - 1) + [429]
    assert sign_in(client, "cHEN@lab.example").status_code == 429
    assert AccessAttempt.objects.get().username == "chen@lab.example"


@pytest.mark.parametrize("spelling", [" CHEN@lab.example", "chen＠lab.example", "chen@lab.example"])
def test_failures_are_counted_under_one_name_at_every_door(spelling: str) -> None:
    """Whatever form asks, be it one that does not tidy up what was typed."""
    request = RequestFactory().post("/elsewhere/", {"username": spelling})
    assert lock_name(request, {"username": spelling}) == "chen@lab.example"
    assert lock_name(request) == "chen@lab.example"
    assert lock_name(request, {"username": None}) == "chen@lab.example"
    assert len(lock_name(request, {"username": "x" * 999})) == 255


def test_seven_failures_are_no_lock_yet(client: Client, person: User, sign_in: SignsIn) -> None:
    assert fail(client, sign_in, person.mobile, FAILURES - 1) == [401] * (FAILURES - 1)
    assert sign_in(client, person.mobile).status_code == 302


@pytest.mark.parametrize("identifier", ["mobile", "email"])
def test_success_begins_the_count_anew(
    client: Client, person: User, sign_in: SignsIn, identifier: str
) -> None:
    name = getattr(person, identifier)
    fail(client, sign_in, name, FAILURES - 1)
    sign_in(client, name)
    assert fail(Client(), sign_in, name, FAILURES - 1) == [401] * (FAILURES - 1)


def test_a_lock_binds_the_name_to_the_address(person: User, sign_in: SignsIn) -> None:
    """A stranger elsewhere can lock nobody out, nor is a whole laboratory locked for one of its people."""
    other = UserFactory(mobile="13800000002")
    fail(Client(), sign_in, person.mobile, FAILURES, address="198.51.100.1")
    assert sign_in(Client(), person.mobile, address="198.51.100.1").status_code == 429
    assert sign_in(Client(), person.mobile, address="198.51.100.2").status_code == 302
    assert sign_in(Client(), other.mobile, address="198.51.100.1").status_code == 302


def test_another_browser_does_not_get_round_the_lock(person: User, sign_in: SignsIn) -> None:
    for number in range(FAILURES):
        fail(Client(), sign_in, person.mobile, 1, agent=f"Browser {number}")
    assert sign_in(Client(), person.mobile, agent="Another").status_code == 429


def age(minutes: int) -> None:
    """Let the failures be that much older."""
    for attempt in AccessAttempt.objects.all():
        attempt.attempt_time -= timedelta(minutes=minutes)
        attempt.save(update_fields=["attempt_time"])


def test_the_lock_ends_after_a_quarter_of_an_hour(client: Client, person: User, sign_in: SignsIn) -> None:
    fail(client, sign_in, person.mobile, FAILURES)
    age(14)
    assert sign_in(client, person.mobile).status_code == 429
    age(2)
    assert sign_in(client, person.mobile).status_code == 302


def test_trying_while_locked_makes_nobody_wait_longer(client: Client, person: User, sign_in: SignsIn) -> None:
    """The page says fifteen minutes; whoever tries after ten still waits five."""
    fail(client, sign_in, person.mobile, FAILURES)
    age(10)
    assert fail(client, sign_in, person.mobile, 3) == [429] * 3
    age(6)
    assert sign_in(client, person.mobile).status_code == 302


def test_a_locked_out_reader_learns_it_in_the_own_language(person: User, sign_in: SignsIn) -> None:
    for language, words in (("en", "15 minutes"), ("zh-hans", "15 分钟")):
        name = f"nobody-{language}@lab.example"
        client = Client()
        fail(client, sign_in, name, FAILURES, language=language)
        answer = sign_in(client, name, language=language)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        assert words in answer.content.decode()


def test_a_new_password_is_the_way_out_of_a_lock(client: Client, person: User, sign_in: SignsIn) -> None:
    """An operator's link sets a new password; the eight failures before it count no more, from nowhere."""
    for address in ("198.51.100.1", "198.51.100.2"):
        fail(Client(), sign_in, person.mobile, FAILURES, address=address)
        fail(Client(), sign_in, person.email, FAILURES, address=address)
    new = {"new": "harbour-crane-77", "again": "harbour-crane-77"}
    assert Client().post(invitation_path(person), new).status_code == 302
    assert not AccessAttempt.objects.exists()
    assert sign_in(client, person.mobile, "harbour-crane-77", address="198.51.100.1").status_code == 302


def test_a_person_without_an_address_is_freed_as_well(client: Client, sign_in: SignsIn) -> None:
    person = UserFactory(mobile="13800000003", email=None)
    fail(client, sign_in, person.mobile, FAILURES - 1)
    sign_in(client, person.mobile)
    assert not AccessAttempt.objects.exists()


def test_no_password_and_no_whole_address_is_kept_of_an_attempt(
    client: Client, person: User, sign_in: SignsIn
) -> None:
    sign_in(client, person.mobile, "secret-guess-1", address="198.51.100.9")
    sign_in(client, person.mobile, address="198.51.100.9")
    entries = str(list(AuditEntry.objects.values()))
    assert "secret-guess-1" not in entries
    assert "198.51.100.9" not in entries
    assert "198.51.100.*" in entries
    assert not AccessLog.objects.exists()
    assert "198.51.100.9" not in str(list(SignIn.objects.values()))


def test_a_guess_is_not_kept_with_the_failures(client: Client, person: User, sign_in: SignsIn) -> None:
    sign_in(client, person.mobile, "secret-guess-1", next="/courses/")
    kept = str(list(AccessAttempt.objects.values()))
    assert "secret-guess-1" not in kept


def test_signing_in_again_ends_the_session_before(client: Client, person: User, sign_in: SignsIn) -> None:
    """Otherwise the list of devices fills with ghosts that nobody can tell from a stranger."""
    sign_in(client, person.mobile)
    sign_in(client, person.mobile)
    live = SignIn.objects.filter(user=person, ended_at__isnull=True)
    assert [row.session_key for row in live] == [client.session.session_key]
    assert SignIn.objects.filter(user=person).count() == 2


def test_who_sat_there_before_is_signed_out(client: Client, person: User, sign_in: SignsIn) -> None:
    other = UserFactory(mobile="13800000004")
    sign_in(client, person.mobile)
    before = client.session.session_key
    sign_in(client, other.mobile)
    assert client.session["_auth_user_id"] == str(other.pk)
    assert not SignIn.objects.filter(user=person, ended_at__isnull=True).exists()
    assert not client.session.exists(before)


def test_the_browser_of_another_is_left_alone(person: User, sign_in: SignsIn) -> None:
    desk, phone = Client(), Client()
    sign_in(desk, person.mobile)
    sign_in(phone, person.email)
    assert SignIn.objects.filter(user=person, ended_at__isnull=True).count() == 2
    assert desk.get("/me/").status_code == 200


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/learn/?page=2#x", "/learn/?page=2#x"),
        ("http://testserver/learn/", "http://testserver/learn/"),
        ("https:evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\\evil.example", "/"),
        ("///evil.example", "/"),
        ("http:///evil.example", "/"),
        ("http://testserver@evil.example/", "/"),
        ("http://testserver.evil.example/", "/"),
        ("data:text/html,x", "/"),
        ("\x08//evil.example", "/"),
        ("http://[::1", "/"),
    ],
)
@pytest.mark.parametrize("where", ["form", "address", "already in"])
def test_no_next_leads_off_the_site(
    client: Client, person: User, sign_in: SignsIn, target: str, lands: str, where: str
) -> None:
    if where == "already in":
        client.force_login(person)
        answer = client.get("/sign-in/", {"next": target})
    elif where == "address":
        answer = client.post(
            "/sign-in/",
            {"username": person.mobile, "password": PASSWORD},
            query_params={"next": target},
        )
    else:
        answer = sign_in(client, person.mobile, next=target)
    assert answer.status_code == 302
    assert answer.headers["Location"] == lands


def test_a_line_break_in_next_writes_no_header(client: Client, person: User, sign_in: SignsIn) -> None:
    answer = sign_in(client, person.mobile, next="/learn/\r\nSet-Cookie: x=1")
    assert "x" not in answer.cookies
    assert "\n" not in answer.headers["Location"]


def test_next_is_escaped_where_it_is_carried_on(client: Client) -> None:
    page = client.get("/sign-in/", {"next": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


@pytest.mark.parametrize(("chosen", "kept"), [("", "en"), ("zh-hans", "zh-hans")])
def test_the_first_sign_in_brings_the_persons_language(
    client: Client, sign_in: SignsIn, chosen: str, kept: str
) -> None:
    person = UserFactory(language="en")
    if chosen:
        client.cookies["django_language"] = chosen
    sign_in(client, person.mobile)
    assert client.cookies["django_language"].value == kept


@pytest.mark.parametrize("verb", ["put", "delete", "patch"])
def test_the_door_knows_get_and_post(client: Client, verb: str) -> None:
    assert getattr(client, verb)("/sign-in/").status_code == 405


def test_the_door_is_never_kept_by_a_browser(client: Client) -> None:
    assert "no-store" in client.get("/sign-in/").headers["Cache-Control"]


def test_the_admin_has_no_door_of_its_own(client: Client) -> None:
    """A second form would know no lock, no audit and no list of devices."""
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in/")
    person = UserFactory(is_staff=True, is_superuser=True)
    client.post("/admin/login/", {"username": person.email, "password": PASSWORD})
    assert SignIn.objects.get(user=person).session_key == client.session.session_key
    client.post("/admin/logout/")
    assert not SignIn.objects.filter(user=person, ended_at__isnull=True).exists()
    assert not is_in(client)


def test_last_login_is_written(client: Client, person: User, sign_in: SignsIn) -> None:
    sign_in(client, person.mobile)
    person.refresh_from_db()
    assert person.last_login is not None
    assert timezone.now() - person.last_login < timedelta(minutes=1)
