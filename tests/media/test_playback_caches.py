"""What caches are told of the files of a lecture: those in between, and those of browsers."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from media import playback, store
from media.models import Encode
from tests.factories.media import LectureFactory
from tests.media.buckets import s3

pytestmark = pytest.mark.django_db


@pytest.fixture
def encode() -> Encode:
    return LectureFactory(published=True).current


@pytest.mark.parametrize(
    ("name", "kind"), [("v720/1.m4s", "video/iso.segment"), ("poster.jpg", "image/jpeg"), ("master.m3u8", "")]
)
def test_what_a_browser_fetches_from_a_bucket_says_that_it_never_changes(
    encode: Encode, settings: Any, name: str, kind: str
) -> None:
    """Playlists go through us; only what the browser is sent to has to say for itself what it is."""
    key = f"{playback.prefix_of(encode.pk)}/{name}"
    with s3(settings) as made:
        store.put(key, b"bytes")
        told = made.client.head_object(Bucket=made.name, Key=key)
    if kind:
        assert told["ContentType"] == kind
        assert told["CacheControl"] == "private, max-age=31536000, immutable"
    else:
        assert "CacheControl" not in told


def test_a_cache_in_between_keeps_one_poster_for_everybody(encode: Encode) -> None:
    """Whatever they read, and whatever part of it they ask for; a refused part is kept by nobody."""
    default_storage.save(f"{playback.prefix_of(encode.pk)}/poster.jpg", ContentFile(b"0123456789"))
    where = playback.poster_url(encode)
    for more in ({}, {"Accept-Language": "en"}, {"Range": "bytes=0-4"}):
        answer = Client().get(where, headers=more)
        assert (answer["Cache-Control"], answer.get("Vary")) == ("public, max-age=3600", None)
    refused = Client().get(where, headers={"Range": "bytes=10-"})
    assert (refused.status_code, refused["Cache-Control"]) == (416, "no-store")
