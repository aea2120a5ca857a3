"""Grants and what they open: signatures, expiry, browsers, ranges, caches, paths that try to escape."""

import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as live_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from media import playback
from media.models import Encode
from tests.factories.media import LectureFactory, TrackFactory
from tests.factories.people import UserFactory
from tests.media.buckets import bucket

pytestmark = pytest.mark.django_db

SEGMENT = bytes(range(256)) * 40


@pytest.fixture
def encode() -> Encode:
    """A published encode with a playlist, a segment and a poster in the storage."""
    encode = LectureFactory(published=True).current
    prefix = playback.prefix_of(encode.pk)
    default_storage.save(f"{prefix}/master.m3u8", ContentFile(b"#EXTM3U\nv720/index.m3u8\n"))
    default_storage.save(f"{prefix}/v720/seg-1.m4s", ContentFile(SEGMENT))
    default_storage.save(f"{prefix}/poster.jpg", ContentFile(b"\xff\xd8poster"))
    return encode


def _grant(encode: Encode, **more: Any) -> playback.PlaybackGrant:
    return playback.grant(encode=encode, person="p-1", session="s-1", **more)


def _beside(granted: playback.PlaybackGrant, name: str) -> str:
    return granted.manifest_url.replace("master.m3u8", name)


def _body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_prefix_is_where_the_pipeline_writes(encode: Encode) -> None:
    assert playback.prefix_of(encode.pk) == encode.prefix


def test_grant_names_what_a_player_needs(encode: Encode) -> None:
    TrackFactory(lecture=encode.lecture, language="en", label="English")
    TrackFactory(lecture=encode.lecture, language="zh-Hans", label="中文")
    granted = _grant(encode, lifetime_s=60)
    assert granted.manifest_url.endswith(f"/p-1/s-1/{encode.pk}/master.m3u8")
    assert [link["language"] for link in granted.captions] == ["zh-Hans", "en"]
    assert granted.captions[0]["url"] == _beside(granted, "captions/zh-Hans.vtt")
    assert granted.storyboard_url is None
    left = granted.expires_at - timezone.now()
    assert timedelta(seconds=58) < left <= timedelta(seconds=60)


def test_storyboard_is_named_once_it_is_there(encode: Encode) -> None:
    default_storage.save(f"{playback.prefix_of(encode.pk)}/storyboard.vtt", ContentFile(b"WEBVTT\n"))
    granted = _grant(encode)
    assert granted.storyboard_url == _beside(granted, "storyboard.vtt")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 65, "é"])
def test_grant_refuses_names_that_would_break_the_address(encode: Encode, name: str) -> None:
    with pytest.raises(ValueError):
        playback.grant(encode=encode, person=name, session="s")
    with pytest.raises(ValueError):
        playback.grant(encode=encode, person="p", session=name)


def test_playlist_is_sent_and_revalidated(client: Client, encode: Encode) -> None:
    response = client.get(_grant(encode).manifest_url)
    assert response.status_code == 200
    assert _body(response) == b"#EXTM3U\nv720/index.m3u8\n"
    assert response["Content-Type"] == "application/vnd.apple.mpegurl"
    assert response["Cache-Control"] == "private, no-cache"
    again = client.get(_grant(encode).manifest_url, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_segment_costs_no_query_and_never_changes(
    client: Client, encode: Encode, django_assert_num_queries: Any
) -> None:
    address = _beside(_grant(encode), "v720/seg-1.m4s")
    with django_assert_num_queries(0):
        response = client.get(address)
        assert _body(response) == SEGMENT
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["Content-Type"] == "video/iso.segment"
    assert response["Content-Length"] == str(len(SEGMENT))
    assert response["Accept-Ranges"] == "bytes"
    assert "Set-Cookie" not in response.headers


def test_segment_costs_no_query_for_someone_signed_in(
    client: Client, encode: Encode, django_assert_num_queries: Any
) -> None:
    client.force_login(UserFactory())
    address = _beside(_grant(encode), "v720/seg-1.m4s")
    with django_assert_num_queries(0):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=10000-", 10000, len(SEGMENT) - 1),
        ("bytes=-5", len(SEGMENT) - 5, len(SEGMENT) - 1),
        ("bytes=-99999999", 0, len(SEGMENT) - 1),
        ("bytes=5-99999999", 5, len(SEGMENT) - 1),
    ],
)
def test_ranges(client: Client, encode: Encode, asked: str, start: int, end: int) -> None:
    response = client.get(_beside(_grant(encode), "v720/seg-1.m4s"), headers={"Range": asked})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/{len(SEGMENT)}"
    assert response["Content-Length"] == str(end - start + 1)
    assert _body(response) == SEGMENT[start : end + 1]


@pytest.mark.parametrize("asked", [f"bytes={len(SEGMENT)}-", "bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client: Client, encode: Encode, asked: str) -> None:
    response = client.get(_beside(_grant(encode), "v720/seg-1.m4s"), headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(SEGMENT)}"


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "x" * 400]
)
def test_a_range_that_means_nothing_gets_the_whole(client: Client, encode: Encode, asked: str) -> None:
    response = client.get(_beside(_grant(encode), "v720/seg-1.m4s"), headers={"Range": asked})
    assert response.status_code == 200
    assert _body(response) == SEGMENT


def test_if_range_keeps_a_resumed_download_whole(client: Client, encode: Encode) -> None:
    address = _beside(_grant(encode), "v720/seg-1.m4s")
    etag = client.get(address)["ETag"]
    same = client.get(address, headers={"Range": "bytes=1-2", "If-Range": etag})
    other = client.get(address, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_has_headers_and_no_body(client: Client, encode: Encode) -> None:
    response = client.head(_beside(_grant(encode), "v720/seg-1.m4s"))
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(SEGMENT))
    assert _body(response) == b""


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_only_reading_is_allowed(client: Client, encode: Encode, method: str) -> None:
    assert getattr(client, method)(_grant(encode).manifest_url).status_code == 405


@pytest.mark.parametrize("part", [2, 3, 4, 5, 6])
def test_every_part_of_the_address_is_signed(client: Client, encode: Encode, part: int) -> None:
    other = LectureFactory(published=True).current
    pieces = _grant(encode).manifest_url.split("/")
    pieces[part] = {
        2: pieces[2][:-2] + ("AA" if pieces[2][-2:] != "AA" else "BB"),
        3: str(int(pieces[3]) + 3600),
        4: "someone-else",
        5: "another",
        6: str(other.pk),
    }[part]
    response = client.get("/".join(pieces), headers={"Accept-Language": "en"})
    assert response.status_code == 403
    assert "Open the lecture again" in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_expired_is_said_and_is_not_the_same_as_changed(client: Client, encode: Encode) -> None:
    address = _grant(encode, lifetime_s=-1).manifest_url
    response = client.get(address, headers={"Accept-Language": "en"})
    assert response.status_code == 410
    assert "expired" in response.content.decode()
    assert client.get(address.replace("/p-1/", "/p-2/")).status_code == 403


def test_a_grant_of_another_key_is_refused(client: Client, encode: Encode, settings: Any) -> None:
    address = _grant(encode).manifest_url
    settings.PLAYBACK_KEY = "another"
    assert client.get(address).status_code == 403


def test_a_grant_for_a_browser_is_of_no_use_in_another(client: Client, encode: Encode) -> None:
    client.force_login(UserFactory())
    request = RequestFactory().get("/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    browser = playback.browser_of(request)
    address = _grant(encode, browser=browser).manifest_url
    assert client.get(address).status_code == 200
    assert Client().get(address).status_code == 403
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(address).status_code == 403


def test_no_cookie_no_browser() -> None:
    assert playback.browser_of(RequestFactory().get("/")) == ""


@pytest.mark.parametrize(
    "name",
    [
        "../secret.mp4",
        "..%2fsecret.mp4",
        "%2e%2e/secret.mp4",
        "v720/../../secret.mp4",
        "/etc/passwd",
        "//etc/passwd.mp4",
        "v720\\..\\secret.mp4",
        "source",
        "v720",
        "",
        "x.py",
        "a/b/c/d/e.m4s",
        ".hidden.mp4",
        "v720/.m4s",
        "seg%00.m4s",
        "missing.m4s",
        "segm%0a.m4s",
    ],
)
def test_no_path_leaves_the_encode(client: Client, encode: Encode, name: str) -> None:
    Path(default_storage.path("lectures/secret.mp4")).write_bytes(b"the-bytes-outside")
    response = client.get(_beside(_grant(encode), name))
    assert response.status_code == 404
    assert b"the-bytes-outside" not in _body(response)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=60))
def test_no_name_is_a_server_error(encode: Encode, name: str) -> None:
    response = Client().get(_beside(_grant(encode), quote(name, safe="/")))
    assert response.status_code in {200, 301, 404}


def test_captions_are_served_as_they_are_now(
    client: Client, encode: Encode, django_assert_num_queries: Any
) -> None:
    track = TrackFactory(lecture=encode.lecture)
    address = _grant(encode).captions[0]["url"]
    with django_assert_num_queries(1):
        first = client.get(address)
    assert first.content.decode() == track.vtt
    assert first["Content-Type"] == "text/vtt; charset=utf-8"
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    track.vtt, track.updated_at = "WEBVTT\n", timezone.now() + timedelta(seconds=1)
    track.save()
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).content == b"WEBVTT\n"


def test_captions_of_another_lecture_stay_there(client: Client, encode: Encode) -> None:
    TrackFactory(language="en")
    assert client.get(_beside(_grant(encode), "captions/en.vtt")).status_code == 404


def test_poster_is_public_and_cannot_be_guessed(client: Client, encode: Encode) -> None:
    address = playback.poster_url(encode)
    response = client.get(address)
    assert _body(response) == b"\xff\xd8poster"
    assert response["Cache-Control"].startswith("public")
    assert client.get(address.replace(str(encode.pk), str(uuid.uuid4()))).status_code == 403


def test_poster_may_be_the_trainers_choice(client: Client, encode: Encode) -> None:
    encode.lecture.poster = default_storage.save("posters/7/abc.jpg", ContentFile(b"chosen"))
    encode.lecture.save()
    assert _body(client.get(playback.poster_url(encode))) == b"chosen"


def test_a_gateway_may_send_the_files(client: Client, encode: Encode, settings: Any) -> None:
    settings.PLAYBACK_ACCEL_PREFIX = "/internal/"
    response = client.get(_beside(_grant(encode), "v720/seg-1.m4s"))
    assert response["X-Accel-Redirect"] == f"/internal/{encode.prefix}/v720/seg-1.m4s"
    assert response["Cache-Control"].endswith("immutable")
    assert response.content == b""


class Renewing:
    """Signed in as the person of the grant."""

    def __init__(self, client: Client, encode: Encode, **more: Any) -> None:
        self.user = UserFactory()
        client.force_login(self.user)
        person = str(self.user.pseudonym)
        self.old = playback.grant(encode=encode, person=person, session="s-9", **more)
        self.client = client

    def post(self, url: str, **more: Any) -> Any:
        return self.client.post("/api/playback/renew/", {"url": url}, content_type="application/json", **more)


def test_a_running_viewer_renews(client: Client, encode: Encode) -> None:
    renewing = Renewing(client, encode, lifetime_s=-60)
    assert client.get(renewing.old.manifest_url).status_code == 410
    answer = renewing.post(renewing.old.manifest_url)
    assert answer.status_code == 200
    assert client.get(answer.json()["manifest_url"]).status_code == 200
    assert "/s-9/" in answer.json()["manifest_url"]
    assert Client().get(answer.json()["manifest_url"]).status_code == 403  # bound to this browser now


def test_what_expired_long_ago_is_not_renewed(client: Client, encode: Encode) -> None:
    renewing = Renewing(client, encode, lifetime_s=-playback.RENEWABLE_S - 60)
    answer = renewing.post(renewing.old.manifest_url)
    assert answer.status_code == 410
    assert answer["Content-Type"] == "application/problem+json"


def test_a_strangers_or_forged_grant_is_not_renewed(client: Client, encode: Encode) -> None:
    renewing = Renewing(client, encode)
    strangers = _grant(encode).manifest_url
    forged = renewing.old.manifest_url.replace("s-9", "s-8")
    assert [renewing.post(url).status_code for url in (strangers, forged, "nonsense")] == [403, 403, 403]


def test_renewal_needs_a_person_and_a_token(client: Client, encode: Encode) -> None:
    old = _grant(encode).manifest_url
    assert (
        client.post("/api/playback/renew/", {"url": old}, content_type="application/json").status_code == 401
    )
    strict = Client(enforce_csrf_checks=True)
    renewing = Renewing(strict, encode)
    assert renewing.post(renewing.old.manifest_url).status_code == 403


def test_renewal_of_an_encode_that_is_gone(client: Client, encode: Encode) -> None:
    renewing = Renewing(client, encode)
    encode.lecture.current = None
    encode.lecture.save()
    encode.delete()
    assert renewing.post(renewing.old.manifest_url).status_code == 404


def test_claims_are_read_out_of_addresses(encode: Encode) -> None:
    claim = playback.claim_in(f"https://example.test{_grant(encode).manifest_url}")
    assert claim is not None
    assert (claim.person, claim.session, claim.encode) == ("p-1", "s-1", encode.pk)
    assert claim.expiry > time.time()
    for address in ("", "/stream/", _grant(encode).manifest_url.replace(str(encode.pk), "-" * 36)):
        assert playback.claim_in(address) is None


def test_bucket_sends_the_browser_to_the_object(client: Client, encode: Encode, settings: Any) -> None:
    granted = _grant(encode)
    with bucket(settings) as storage:
        prefix = playback.prefix_of(encode.pk)
        storage.save(f"{prefix}/master.m3u8", ContentFile(b"#EXTM3U\n"))
        storage.save(f"{prefix}/v720/seg-1.m4s", ContentFile(SEGMENT))
        playlist = client.get(granted.manifest_url)
        segment = client.get(_beside(granted, "v720/seg-1.m4s"))
        missing = client.get(_beside(granted, "v720/index.m3u8"))
    assert playlist.content == b"#EXTM3U\n"
    assert segment.status_code == 302
    assert "X-Amz-Signature" in segment["Location"]
    assert "X-Amz-Expires=900" in segment["Location"]
    assert segment["Cache-Control"] == "private, max-age=840"
    assert missing.status_code == 404
    assert live_settings.PLAYBACK_KEY not in segment["Location"]
