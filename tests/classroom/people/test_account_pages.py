"""One's own account: what a person sees, corrects, ends and takes along."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from classroom.people import services
from classroom.people.account_parts import parts_of, register_part
from classroom.people.models import AuditEntry, SignIn, User
from tests.factories.institutions import MembershipFactory, PostFactory
from tests.factories.people import PASSWORD, TokenFactory, UserFactory

pytestmark = pytest.mark.django_db
SignsIn = Callable[..., Any]
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
POSTS = [
    "/me/",
    "/me/password/",
    "/me/close/",
    "/me/tokens/",
    "/me/tokens/1/revoke/",
    "/me/sessions/1/end/",
    "/me/sessions/end-others/",
    "/me/privacy/",
]


@pytest.mark.parametrize("path", POSTS)
def test_a_forged_form_does_nothing(person: User, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    before = User.objects.values().get(pk=person.pk)
    answer = strict.post(path, {"name": "别名", "password": PASSWORD, "label": "x", "days": "30"})
    assert answer.status_code == 403
    assert User.objects.values().get(pk=person.pk) == before
    assert not AuditEntry.objects.exists()
    assert not person.tokens.exists()


@pytest.mark.parametrize("path", POSTS)
def test_strangers_are_sent_to_the_door(client: Client, path: str) -> None:
    answer = client.post(path, {}, headers={"referer": "http://testserver/me/"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=/me/&again=1"


@pytest.mark.parametrize("path", POSTS[3:])
def test_a_link_alone_changes_nothing(client: Client, person: User, path: str) -> None:
    client.force_login(person)
    assert client.get(path).status_code == 405


def save(client: Client, person: User, language: str = "en", **change: str) -> Any:
    data = {
        "name": person.name,
        "romanised_name": person.romanised_name,
        "mobile": person.mobile or "",
        "email": person.email or "",
        "language": "zh-hans",
    }
    return client.post("/me/", data | change, HTTP_ACCEPT_LANGUAGE=language)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"mobile": "+86 139-1111 2222"}, {"mobile": "13911112222"}),
        ({"mobile": "１３９１１１１２２２２"}, {"mobile": "13911112222"}),
        ({"mobile": "  "}, {"mobile": None}),
        ({"email": " New@Lab.Example "}, {"email": "new@lab.example"}),
        ({"email": ""}, {"email": None}),
        ({"name": "　阿依古丽•买买提 "}, {"name": "阿依古丽·买买提"}),
        ({"name": "𠮷㛃"}, {"name": "𠮷㛃"}),
        ({"name": "长" * 64}, {"name": "长" * 64}),
        ({"romanised_name": "CHEN Siyuan"}, {"romanised_name": "CHEN Siyuan"}),
    ],
)
def test_a_profile_is_kept_in_one_way(
    client: Client, person: User, change: dict[str, str], kept: dict[str, Any]
) -> None:
    client.force_login(person)
    assert save(client, person, **change).status_code == 302
    person.refresh_from_db()
    assert {field: getattr(person, field) for field in kept} == kept


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"mobile": "1381234123"}, "mobile"),
        ({"mobile": "138123412345"}, "mobile"),
        ({"mobile": "12812341234"}, "mobile"),
        ({"mobile": "13٨12341234"}, "mobile"),
        ({"name": "\u200b\u2060"}, "name"),
        ({"name": "长" * 65}, "name"),
        ({"email": "a@b"}, "email"),
        ({"email": "x" * 250 + "@lab.example"}, "email"),
        ({"romanised_name": "x" * 97}, "romanised_name"),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_stays(
    client: Client, person: User, change: dict[str, str], word: str
) -> None:
    client.force_login(person)
    answer = save(client, person, **change)
    assert answer.status_code == 400
    assert list(answer.context["profile_form"].errors) == [word]
    assert User.objects.values("name", "mobile", "email").get(pk=person.pk) == {
        "name": person.name,
        "mobile": person.mobile,
        "email": person.email,
    }


@pytest.mark.parametrize("field", ["mobile", "email"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nobody_takes_anothers_identifier_however_it_is_written(
    client: Client, person: User, field: str, language: str
) -> None:
    other = UserFactory(mobile="13800000001", email="other@lab.example")
    written = {"mobile": "+86 138 0000 0001", "email": "OTHER@lab.example"}[field]
    client.force_login(person)
    assert save(client, person, language, **{field: written}).status_code in {400, 409}
    person.refresh_from_db()
    assert getattr(person, field) != getattr(other, field)


def test_the_header_keeps_the_old_name_until_the_new_one_is_right(client: Client, person: User) -> None:
    client.force_login(person)
    page = save(client, person, name="不该显示", mobile="12").content.decode()
    assert page.count("不该显示") == 1  # in the field, and nowhere else


@pytest.mark.parametrize(("language", "words"), [("en", "Your profile is saved."), ("zh-hans", "已保存")])
def test_the_next_page_speaks_the_chosen_language(
    client: Client, person: User, language: str, words: str
) -> None:
    client.force_login(person)
    save(client, person, language=language)
    data = {"name": person.name, "romanised_name": "", "mobile": person.mobile, "email": ""}
    page = client.post("/me/", data | {"language": language}, follow=True)
    assert words in page.content.decode()
    assert page.headers["Content-Language"] == language
    person.refresh_from_db()
    assert person.language == language


def test_devices_are_told_apart_and_this_one_is_marked(person: User, sign_in: SignsIn) -> None:
    desk, phone = Client(), Client()
    sign_in(desk, person.mobile, agent=WINDOWS, address="203.0.113.77")
    sign_in(phone, person.mobile, agent=ANDROID, address="2001:db8:7:8::9")
    page = desk.get("/me/").content.decode()
    assert "Chrome, Windows" in page
    assert "Chrome, Android" in page
    assert "203.0.113.*" in page
    assert "203.0.113.77" not in page
    assert "2001:0db8:0007:*" in page
    assert page.count("tag--ok") == 1


def test_one_device_is_ended_from_another(person: User, sign_in: SignsIn) -> None:
    desk, phone = Client(), Client()
    sign_in(desk, person.mobile)
    sign_in(phone, person.mobile)
    lost = SignIn.objects.get(session_key=phone.session.session_key)
    assert desk.post(f"/me/sessions/{lost.pk}/end/").status_code == 302
    assert phone.get("/me/").status_code == 302
    assert desk.get("/me/").status_code == 200


def test_all_others_are_ended_and_this_one_goes_on(person: User, sign_in: SignsIn) -> None:
    clients = [Client() for _ in range(3)]
    stranger = UserFactory(mobile="13800000001")
    for client in clients:
        sign_in(client, person.mobile)
    outside = Client()
    sign_in(outside, stranger.mobile)
    clients[0].post("/me/sessions/end-others/")
    assert [client.get("/me/").status_code for client in clients] == [200, 302, 302]
    assert outside.get("/me/").status_code == 200


def test_anothers_device_is_not_ended(client: Client, person: User, sign_in: SignsIn) -> None:
    victim = Client()
    sign_in(victim, person.mobile)
    row = SignIn.objects.get(user=person)
    client.force_login(UserFactory())
    answer = client.post(f"/me/sessions/{row.pk}/end/", follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "not among yours" in answer.content.decode()
    assert victim.get("/me/").status_code == 200


def test_a_new_password_ends_every_other_device_and_keeps_this_one(person: User, sign_in: SignsIn) -> None:
    here, there = Client(), Client()
    sign_in(here, person.mobile)
    sign_in(there, person.email)
    key = here.session.session_key
    new = {"old": PASSWORD, "new": "harbour-crane-77", "again": "harbour-crane-77"}
    assert here.post("/me/password/", new).status_code == 302
    assert here.session.session_key != key
    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302
    live = SignIn.objects.filter(user=person, ended_at__isnull=True)
    assert [row.session_key for row in live] == [here.session.session_key]
    assert sign_in(Client(), person.mobile).status_code == 401
    assert sign_in(Client(), person.mobile, "harbour-crane-77").status_code == 302


@pytest.mark.parametrize(
    ("new", "again", "word"),
    [
        ("harbour-crane-77", "harbour-crane-78", "differ"),
        ("chen@lab.example", "chen@lab.example", "similar"),
        ("password123", "password123", "common"),
        ("x" * 9, "x" * 9, "at least 10"),
        ("13812341234", "13812341234", "numeric"),
    ],
)
def test_a_weak_new_password_is_told_why(
    client: Client, person: User, new: str, again: str, word: str
) -> None:
    client.force_login(person)
    answer = client.post(
        "/me/password/", {"old": PASSWORD, "new": new, "again": again}, HTTP_ACCEPT_LANGUAGE="en"
    )
    assert answer.status_code == 400
    assert word in answer.content.decode()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_no_password_comes_back_in_a_page(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post("/me/password/", {"old": "old-guess-99", "new": "new-guess-99", "again": "zzz"})
    assert b"old-guess-99" not in answer.content
    assert b"new-guess-99" not in answer.content


def test_closure_is_asked_for_once_and_told(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/me/close/", {"password": PASSWORD})
    person.refresh_from_db()
    first = person.close_requested_at
    client.post("/me/close/", {"password": PASSWORD})
    person.refresh_from_db()
    assert person.close_requested_at == first
    assert person.is_active
    assert AuditEntry.objects.filter(action="people.request_closure").count() == 1


def test_the_page_says_where_one_works_and_worked(client: Client, person: User) -> None:
    today = timezone.localdate()
    former = MembershipFactory(user=person, institution__name="旧机构", ended_on=today - timedelta(days=9))
    MembershipFactory(user=person, institution__name="新机构", started_on=today - timedelta(days=8))
    PostFactory(membership=former, kind="tester", ended_on=former.ended_on)
    MembershipFactory(institution__name="别人的机构")
    client.force_login(person)
    page = client.get("/me/").content.decode()
    assert page.index("新机构") < page.index("旧机构")
    assert "别人的机构" not in page


def test_a_room_above_adds_its_part_and_replaces_it(person: User) -> None:
    before = dict(parts_of(person))
    register_part("test_part", lambda user: user.name)
    register_part("test_part", lambda user: user.name * 2)
    try:
        assert parts_of(person) == before | {"test_part": person.name * 2}
    finally:
        from classroom.people import account_parts

        del account_parts._READERS["test_part"]


def test_ones_data_is_taken_along_whole_and_nobody_elses(client: Client, person: User) -> None:
    services.issue_token(user=person, label="我的脚本", days=30)
    services.record_consent(user=person, subject="privacy", version="2026-01", basis="duty")
    TokenFactory(label="别人的脚本")
    MembershipFactory(user=person, institution__name="我的机构")
    client.force_login(person)
    answer = client.get("/me/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(answer.content)
    assert data["account"]["name"] == "陈思远"
    assert [row["label"] for row in data["tokens"]] == ["我的脚本"]
    assert [row["institution"] for row in data["employments"]] == ["我的机构"]
    assert [row["subject"] for row in data["consents"]] == ["privacy"]
    assert "别人的脚本" not in answer.content.decode()
    for secret in ("digest", "password", "session_key", person.password):
        assert secret not in answer.content.decode()


def test_the_privacy_notice_is_open_and_asked_for_once(client: Client, person: User) -> None:
    client.force_login(person)
    form = 'action="/me/privacy/"'
    assert form in client.get("/me/").content.decode()
    client.post("/me/privacy/")
    page = client.get("/me/").content.decode()
    assert form not in page
    assert person.consents.get().basis == "duty"


def test_the_api_tells_who_one_is_and_no_document(client: Client) -> None:
    person = UserFactory(id_masked="310***********001X", id_digest="d" * 64, id_kind="resident")
    client.force_login(person)
    data = client.get("/api/me/").json()
    assert data["id_masked"] == "310***********001X"
    assert set(data) == {
        "pseudonym",
        "name",
        "romanised_name",
        "mobile",
        "email",
        "id_masked",
        "language",
    }
    assert client.put("/api/me/", {"name": "x"}, content_type="application/json").status_code == 405
