"""A right to watch under every bad address, range and header; and what changes while someone watches."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from media import playback
from media.models import Encode, Track
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory
from tests.factories.people import UserFactory
from tests.media.buckets import bucket

pytestmark = pytest.mark.django_db

BYTES = bytes(range(256)) * 8
SIZE = len(BYTES)


@pytest.fixture
def encode() -> Encode:
    encode = LectureFactory(published=True).current
    prefix = playback.prefix_of(encode.pk)
    for name, data in (("master.m3u8", b"#EXTM3U\n"), ("v720/1.m4s", BYTES), ("v720/empty.m4s", b"")):
        default_storage.save(f"{prefix}/{name}", ContentFile(data))
    return encode


def address(encode: Encode, name: str = "v720/1.m4s", **more: Any) -> str:
    given = {"person": "p-1", "session": "s-1", **more}
    return playback.grant(encode=encode, **given).manifest_url.replace("master.m3u8", name)


def ask(encode: Encode, name: str = "v720/1.m4s", **headers: str) -> Any:
    return Client().get(address(encode, name), headers={k.replace("_", "-"): v for k, v in headers.items()})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- ranges


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("bytes=0-", 206, f"bytes 0-{SIZE - 1}/{SIZE}"),
        (f"bytes={SIZE - 1}-", 206, f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
        (f"bytes={SIZE - 1}-{SIZE}", 206, f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
        (f"bytes={SIZE}-{SIZE}", 416, f"bytes */{SIZE}"),
        (f"bytes=-{SIZE}", 206, f"bytes 0-{SIZE - 1}/{SIZE}"),
        ("bytes=-1", 206, f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
        ("bytes=-0", 416, f"bytes */{SIZE}"),
        ("bytes=0-0,-1", 200, None),
        ("bytes=7-3", 200, None),
        ("bytes=--5", 200, None),
        ("bytes=+1-2", 200, None),
        ("bytes= 1 - 2", 200, None),
        ("bytes=1e1-", 200, None),
        ("Bytes=0-1", 200, None),
        ("bytes=0-1;q=1", 200, None),
        ("bytes=99999999999999999999-", 200, None),
        ("bytes=٣-٤", 200, None),
        ("", 200, None),
    ],
)
def test_each_form_of_a_range(encode: Encode, asked: str, status: int, said: str | None) -> None:
    response = ask(encode, Range=asked)
    assert response.status_code == status
    assert response.headers.get("Content-Range") == said
    if status == 200:
        assert body(response) == BYTES


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, SIZE + 20), length=st.integers(1, SIZE + 20))
def test_parts_are_the_bytes_that_they_say_they_are(encode: Encode, start: int, length: int) -> None:
    response = ask(encode, Range=f"bytes={start}-{start + length - 1}")
    if start >= SIZE:
        assert response.status_code == 416
        return
    got = body(response)
    assert got == BYTES[start : start + length]
    assert int(response["Content-Length"]) == len(got)
    assert response["Content-Range"] == f"bytes {start}-{start + len(got) - 1}/{SIZE}"


def test_parts_put_together_are_the_whole(encode: Encode) -> None:
    got = b"".join(body(ask(encode, Range=f"bytes={at}-{at + 299}")) for at in range(0, SIZE, 300))
    assert got == BYTES


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=0-0", "bytes=-5"])
def test_nothing_can_be_had_of_an_empty_file(encode: Encode, asked: str) -> None:
    response = ask(encode, "v720/empty.m4s", Range=asked)
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */0")
    assert body(ask(encode, "v720/empty.m4s")) == b""


def test_a_head_is_the_answer_of_a_get_without_its_body_and_knows_no_range(encode: Encode) -> None:
    got = ask(encode)
    head = Client().head(address(encode), headers={"Range": "bytes=0-9"})
    assert head.status_code == 200
    assert body(head) == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control", "Accept-Ranges", "Last-Modified"):
        assert head[name] == got[name]


def test_a_part_is_refused_when_the_file_is_another_one_now(encode: Encode) -> None:
    before = ask(encode)
    path = Path(default_storage.path(f"{encode.prefix}/v720/1.m4s"))
    path.write_bytes(BYTES + b"more")
    again = ask(encode, Range="bytes=5-6", If_Range=before["ETag"])
    assert (again.status_code, len(body(again))) == (200, SIZE + 4)
    assert again["ETag"] != before["ETag"]


def test_a_date_can_guard_a_part_and_a_weak_tag_cannot(encode: Encode) -> None:
    first = ask(encode)
    later = http_date(time.time() + 3600)
    assert ask(encode, Range="bytes=1-2", If_Range=first["Last-Modified"]).status_code == 206
    assert ask(encode, Range="bytes=1-2", If_Range=later).status_code == 200
    assert ask(encode, Range="bytes=1-2", If_Range=f"W/{first['ETag']}").status_code == 200


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"a", {tag}', "*", ' "x" ,W/{tag} '])
def test_what_a_browser_has_is_not_sent_again_even_in_part(encode: Encode, form: str) -> None:
    tag = ask(encode)["ETag"]
    response = ask(encode, If_None_Match=form.format(tag=tag), Range="bytes=0-9")
    assert (response.status_code, body(response)) == (304, b"")
    assert response["ETag"] == tag
    assert response["Cache-Control"].endswith("immutable")


def test_a_tag_outweighs_a_date(encode: Encode) -> None:
    later = http_date(time.time() + 3600)
    assert ask(encode, If_Modified_Since=later).status_code == 304
    assert ask(encode, If_Modified_Since=later, If_None_Match='"other"').status_code == 200
    assert ask(encode, If_Modified_Since="yesterday").status_code == 200


# --- addresses


@pytest.mark.parametrize("signature", ["é" * 43, "%00" * 43, "x", "-" * 43, "字" * 43])
def test_no_signature_is_a_server_error(encode: Encode, signature: str) -> None:
    forged = "/".join([*address(encode).split("/")[:2], signature, *address(encode).split("/")[3:]])
    assert Client().get(forged).status_code in {403, 404}
    assert Client().get(f"/stream/poster/{signature}/{encode.pk}.jpg").status_code in {403, 404}


@pytest.mark.parametrize("expiry", ["0", "1", "-5", "9" * 40, "1e9", "9" * 5000])
def test_no_expiry_is_a_server_error_or_a_way_in(encode: Encode, expiry: str) -> None:
    parts = address(encode).split("/")
    parts[3] = expiry
    assert Client().get("/".join(parts)).status_code in {403, 404}


def test_a_right_ends_at_its_second(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = int(time.time())
    monkeypatch.setattr(time, "time", lambda: float(begun))
    where = address(encode, lifetime_s=60)
    for seconds, status in ((60.0, 200), (60.5, 410), (61.0, 410)):
        monkeypatch.setattr(time, "time", lambda at=begun + seconds: at)
        assert Client().get(where).status_code == status


def test_the_same_right_opens_every_file_of_its_encode_and_none_of_the_next(encode: Encode) -> None:
    newer = EncodeFactory(lecture=encode.lecture, published=True)
    default_storage.save(f"{playback.prefix_of(newer.pk)}/v720/1.m4s", ContentFile(b"secret"))
    mine = address(encode)
    assert Client().get(mine).status_code == 200
    assert Client().get(mine.replace("v720/1.m4s", "master.m3u8")).status_code == 200
    swapped = mine.replace(str(encode.pk), str(newer.pk))
    assert Client().get(swapped).status_code == 403
    for way in (
        f"../{newer.pk}/v720/1.m4s",
        f"..%2F{newer.pk}%2Fv720%2F1.m4s",
        f"v720/../../{newer.pk}/v720/1.m4s",
    ):
        response = Client().get(mine.replace("v720/1.m4s", way))
        assert response.status_code == 404
        assert b"secret" not in body(response)


def test_a_link_out_of_the_storage_is_not_there_to_be_named(encode: Encode) -> None:
    for name in ("v720/1.M4S", "v720/1.m4s/", "v720/1.m4s.bak", "master.m3u8%20", "v720//1.m4s"):
        assert ask(encode, name).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_refusal_says_what_to_do_in_the_readers_language(encode: Encode, language: str) -> None:
    for lifetime, status in ((-1, 410), (60, 403)):
        where = address(encode, lifetime_s=lifetime)
        where = where.replace("/s-1/", "/s-2/") if status == 403 else where
        response = Client().get(where, headers={"Accept-Language": language})
        said = response.content.decode()
        assert response.status_code == status
        assert any("\u4e00" <= c <= "\u9fff" for c in said) == (language == "zh-Hans")
        assert response["Content-Type"].startswith("text/plain")


# --- keys that change


def test_a_former_key_still_opens_what_it_signed_and_signs_nothing_new(encode: Encode, settings: Any) -> None:
    old_right, old_poster = address(encode), playback.poster_url(encode)
    default_storage.save(f"{encode.prefix}/poster.jpg", ContentFile(b"\xff\xd8"))
    settings.PLAYBACK_KEY, settings.PLAYBACK_KEY_FALLBACKS = "of today", [settings.PLAYBACK_KEY]
    assert Client().get(old_right).status_code == 200
    assert Client().get(old_poster).status_code == 200
    new_right = address(encode)
    assert new_right.split("/")[2] != old_right.split("/")[2]
    settings.PLAYBACK_KEY_FALLBACKS = []
    assert Client().get(new_right).status_code == 200
    assert Client().get(old_right).status_code == 403
    assert Client().get(old_poster).status_code == 403


def test_a_right_bound_to_a_browser_outlives_a_change_of_keys_too(
    client: Client, encode: Encode, settings: Any
) -> None:
    user = UserFactory()
    client.force_login(user)
    browser = playback.browser_of(client.get("/sign-in/").wsgi_request)
    where = address(encode, person=str(user.pseudonym), browser=browser)
    settings.PLAYBACK_KEY, settings.PLAYBACK_KEY_FALLBACKS = "of today", [settings.PLAYBACK_KEY]
    assert client.get(where).status_code == 200
    assert Client().get(where).status_code == 403
    answer = client.post("/api/playback/renew/", {"url": where}, content_type="application/json")
    assert answer.status_code == 200
    settings.PLAYBACK_KEY_FALLBACKS = []
    assert client.get(answer.json()["manifest_url"]).status_code == 200
    assert client.get(where).status_code == 403


# --- while someone watches


def renewed(client: Client, url: Any) -> Any:
    return client.post("/api/playback/renew/", {"url": url}, content_type="application/json")


def test_renewal_while_running_leaves_the_old_right_as_it_was(client: Client, encode: Encode) -> None:
    user = UserFactory()
    client.force_login(user)
    old = address(encode, person=str(user.pseudonym), lifetime_s=120)
    answer = renewed(client, old)
    assert answer.status_code == 200
    assert client.get(old).status_code == 200
    assert answer.json()["expires_at"] > timezone.now().isoformat()
    fresh = answer.json()["manifest_url"]
    assert playback.claim_in(fresh).encode == encode.pk  # type: ignore[union-attr]
    assert renewed(client, fresh).status_code == 200


@pytest.mark.parametrize(
    "past", [playback.RENEWABLE_S - 30, playback.RENEWABLE_S + 30], ids=["within a day", "after a day"]
)
def test_a_day_after_its_end_a_right_is_gone(client: Client, encode: Encode, past: int) -> None:
    user = UserFactory()
    client.force_login(user)
    answer = renewed(client, address(encode, person=str(user.pseudonym), lifetime_s=-past))
    assert answer.status_code == (200 if past < playback.RENEWABLE_S else 410)


def test_the_encode_of_a_right_stays_when_the_lecture_gets_a_new_one(client: Client, encode: Encode) -> None:
    user = UserFactory()
    client.force_login(user)
    old = address(encode, person=str(user.pseudonym))
    lecture = encode.lecture
    lecture.current = EncodeFactory(lecture=lecture, published=True)
    lecture.trashed_at = timezone.now()
    lecture.save()
    assert client.get(old).status_code == 200
    assert str(encode.pk) in renewed(client, old).json()["manifest_url"]


@pytest.mark.parametrize("url", ["", "x" * 501, None, 5, ["a"], {"a": 1}, "/stream/", "\x00"])
def test_what_is_no_address_is_refused_in_words(client: Client, url: Any) -> None:
    client.force_login(UserFactory())
    answer = renewed(client, url)
    assert answer.status_code in {400, 403}
    assert answer["Content-Type"] == "application/problem+json"


def test_signing_in_anew_takes_the_old_right_away(client: Client, encode: Encode) -> None:
    user = UserFactory()
    client.force_login(user)
    browser = playback.browser_of(client.get("/sign-in/").wsgi_request)
    where = address(encode, person=str(user.pseudonym), browser=browser)
    client.logout()
    client.force_login(user)
    assert client.get(where).status_code == 403
    assert renewed(client, where).status_code == 403


# --- captions and pictures under a right


def test_captions_that_are_corrected_reach_a_running_player(encode: Encode) -> None:
    track = TrackFactory(lecture=encode.lecture)
    first = ask(encode, "captions/zh-Hans.vtt")
    Track.objects.filter(pk=track.pk).update(vtt="WEBVTT\n\nnew", updated_at=timezone.now())
    again = ask(encode, "captions/zh-Hans.vtt", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (200, b"WEBVTT\n\nnew")
    track.delete()
    assert ask(encode, "captions/zh-Hans.vtt").status_code == 404


@pytest.mark.parametrize(
    "name", ["captions/zh-hans.vtt", "captions/.vtt", "captions/en.jpg", "captions/a/b.vtt", "captions/en"]
)
def test_only_a_language_that_is_there_has_captions(encode: Encode, name: str) -> None:
    TrackFactory(lecture=encode.lecture, language="zh-Hans")
    assert ask(encode, name).status_code == 404


def test_captions_may_be_cached_but_are_asked_for_again(encode: Encode) -> None:
    TrackFactory(lecture=encode.lecture)
    response = ask(encode, "captions/zh-Hans.vtt")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Type"] == "text/vtt; charset=utf-8"


def test_a_poster_of_nobody_is_not_there(encode: Encode) -> None:
    stranger = EncodeFactory.build(lecture=encode.lecture, source=encode.source, id=uuid.uuid4(), number=9)
    assert Client().get(playback.poster_url(stranger)).status_code == 404


def test_whether_there_are_thumbnails_is_asked_once_of_what_no_longer_changes(encode: Encode) -> None:
    assert playback.grant(encode=encode, person="p", session="s").storyboard_url is None
    default_storage.save(f"{encode.prefix}/storyboard.vtt", ContentFile(b"WEBVTT\n"))
    assert playback.grant(encode=encode, person="p", session="s").storyboard_url is None
    cache.clear()
    assert playback.grant(encode=encode, person="p", session="s").storyboard_url


# --- other ways of sending


def test_a_gateway_is_told_only_of_what_the_right_opens(encode: Encode, settings: Any) -> None:
    settings.PLAYBACK_ACCEL_PREFIX = "/internal"
    assert ask(encode)["X-Accel-Redirect"] == f"/internal/{encode.prefix}/v720/1.m4s"
    for bad in (address(encode, lifetime_s=-1), address(encode).replace("/p-1/", "/p-2/")):
        response = Client().get(bad)
        assert response.status_code in {403, 410}
        assert "X-Accel-Redirect" not in response.headers
    assert "X-Accel-Redirect" not in ask(encode, "../x.m4s").headers


def test_a_bucket_costs_no_query_and_the_redirect_is_not_kept_longer_than_it_works(
    encode: Encode, settings: Any, django_assert_num_queries: Any
) -> None:
    where = address(encode)
    settings.PLAYBACK_OBJECT_SECONDS = 30
    with bucket(settings), django_assert_num_queries(0):
        response = Client().get(where)
        assert Client().get(where.replace("/p-1/", "/p-2/")).status_code == 403
    assert response.status_code == 302
    assert response["Cache-Control"] == "private, max-age=0"
    assert f"{encode.prefix}/v720/1.m4s" in response["Location"]
