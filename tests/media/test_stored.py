"""Files that a row names and the storage has lost: the viewer is told what to do, the operators which one it is."""

import logging
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from media import playback
from media.models import Encode, Slide
from tests.factories.media import EncodeFactory, LectureFactory, RenditionFactory, SlideFactory
from tests.media.buckets import bucket

pytestmark = pytest.mark.django_db


@pytest.fixture
def encode() -> Encode:
    """A published encode whose files are all gone."""
    encode = LectureFactory(published=True).current
    RenditionFactory(encode=encode, name="v720")
    return encode


def asked(client: Client, encode: Encode, file: str, language: str = "en") -> Any:
    granted = playback.grant(encode=encode, person="p-1", session="s-1")
    return client.get(
        granted.manifest_url.replace("master.m3u8", file), headers={"accept-language": language}
    )


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("file", ["master.m3u8", "v720/index.m3u8", "v720/seg-1.m4s", "slides/0001-ab.jpg"])
@pytest.mark.parametrize(
    ("language", "says"), [("en", "the operators have been told"), ("zh-hans", "已通知运维人员")]
)
def test_a_file_of_a_published_lecture_is_missed_and_told_once(
    client: Client, encode: Encode, caplog: pytest.LogCaptureFixture, file: str, language: str, says: str
) -> None:
    SlideFactory(encode=encode, state=Slide.State.PUBLISHED, file="slides/0001-ab.jpg")
    for _ in range(2):
        answer = asked(client, encode, file, language)
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
        assert says in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
    (said,) = told(caplog)
    assert f"lectures/{encode.pk}/{file}" in said
    assert f"media.Encode {encode.pk}" in said


@pytest.mark.parametrize("file", ["v1080/seg-1.m4s", "storyboard.vtt", "slides/0009-ab.jpg"])
def test_what_was_never_there_is_no_loss(
    client: Client, encode: Encode, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    assert "There is no such file" in asked(client, encode, file).content.decode()
    assert told(caplog) == []


def test_what_is_still_being_made_is_no_loss(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    encode = EncodeFactory(state=Encode.State.TRANSCODING)
    RenditionFactory(encode=encode, name="v720")
    for file in ("master.m3u8", "v720/index.m3u8"):
        assert asked(client, encode, file).status_code == 404
    assert told(caplog) == []


def test_a_playlist_that_a_bucket_has_lost_is_told_too(
    client: Client, encode: Encode, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with bucket(settings):
        assert asked(client, encode, "v720/index.m3u8").status_code == 404
    assert len(told(caplog)) == 1


def test_where_the_trainers_poster_is_lost_the_encodes_own_is_shown(
    client: Client, encode: Encode, caplog: pytest.LogCaptureFixture
) -> None:
    encode.lecture.poster = "posters/chosen.jpg"
    encode.lecture.save(update_fields=["poster"])
    url = playback.poster_url(encode)
    lost = client.get(url)
    assert (lost.status_code, lost["Cache-Control"]) == (404, "no-store")
    own = f"{playback.prefix_of(encode.pk)}/poster.jpg"
    default_storage.save(own, ContentFile(b"\xff\xd8poster"))
    shown = client.get(url)
    assert b"".join(shown.streaming_content) == b"\xff\xd8poster"
    assert [name for said in told(caplog) for name in ("posters/chosen.jpg", own) if name in said] == [
        "posters/chosen.jpg",
        own,
        "posters/chosen.jpg",
    ]
