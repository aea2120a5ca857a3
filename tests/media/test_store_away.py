"""A file store that is away: readers are asked to come back, operators are told, and work waits for it."""

import logging
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from media import playback, sources
from media.errors import StoreAway
from media.models import Encode, Lecture, Source
from tests.factories.media import LectureFactory, SourceFactory
from tests.media.buckets import refusing, silent, unreachable
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db
SAYS = {"en": "The file store cannot be reached now.", "zh-hans": "文件存储暂时无法访问"}


def asked(client: Client, encode: Encode, file: str, language: str = "en") -> Any:
    granted = playback.grant(encode=encode, person="p-1", session="s-1")
    return client.get(
        granted.manifest_url.replace("master.m3u8", file), headers={"accept-language": language}
    )


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def unreadable(key: str) -> None:
    """Let a file of the local storage be there and not be read, as on a share that went away."""
    path = Path(default_storage.path(key))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("away", "language"),
    [(unreachable, "en"), (refusing, "zh-hans"), (silent, "en")],
    ids=["unreachable", "refusing", "silent"],
)
def test_a_playlist_that_no_bucket_gives_is_asked_for_again(
    lecture: Lecture, settings: Any, caplog: pytest.LogCaptureFixture, away: Any, language: str
) -> None:
    with away(settings):
        answer = asked(Client(), lecture.current, "master.m3u8", language)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
    assert SAYS[language] in answer.content.decode()
    (said,) = told(caplog)
    assert answer.wsgi_request.path in said


@pytest.mark.parametrize("file", ["master.m3u8", "v720/seg-1.m4s", "storyboard.vtt"])
def test_a_file_that_a_disk_does_not_give_is_no_lost_one(
    lecture: Lecture, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    unreadable(f"lectures/{lecture.current.pk}/{file}")
    answer = asked(Client(), lecture.current, file)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    (said,) = told(caplog)
    assert "the file store cannot be used" in said


def test_a_poster_comes_back_with_the_store(client: Client, lecture: Lecture) -> None:
    unreadable(f"lectures/{lecture.current.pk}/poster.jpg")
    answer = client.get(playback.poster_url(lecture.current))
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")


def test_who_is_watching_goes_on_without_thumbnails(lecture: Lecture, settings: Any) -> None:
    with unreachable(settings):
        assert playback.grant(encode=lecture.current, person="p", session="s").storyboard_url is None
    key = f"lectures/{lecture.current.pk}/storyboard.vtt"
    default_storage.save(key, BytesIO(b"WEBVTT\n"))
    # What was not known then is asked again at once.
    assert playback.grant(encode=lecture.current, person="p", session="s").storyboard_url


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_trainer_whose_poster_cannot_be_kept_reads_a_page_and_not_a_fault(
    owner: Any,
    entered: Callable[..., Client],
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    language: str,
) -> None:
    lecture = LectureFactory(owner=owner, published=True)
    picture = BytesIO()
    Image.new("RGB", (320, 180)).save(picture, "PNG")
    picture.name, _ = "poster.png", picture.seek(0)
    client = entered(owner)
    client.cookies["django_language"] = language
    with unreachable(settings):
        page = client.post(f"{LECTURES}{lecture.pk}/", {"form": "poster", "picture": picture})
    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "60", "no-store")
    html = page.content.decode()
    says = ["cannot be used now", "could not be reached", "Try again in a minute"]
    if language != "en":
        says = ["文件存储暂时不可用", "请一分钟后再试"]
    assert [words for words in says if words not in html] == []
    (said,) = told(caplog)
    assert f"POST {LECTURES}{lecture.pk}/" in said
    assert page["X-Request-ID"] in html
    lecture.refresh_from_db()
    assert lecture.poster == ""


def test_a_direct_upload_is_told_when_to_come_back(
    owner: Any, entered: Callable[..., Client], settings: Any
) -> None:
    with unreachable(settings):
        refused = entered(owner).post(
            "/api/uploads/direct/", {"length": 100, "filename": "a.mp4"}, content_type="application/json"
        )
    assert (refused.status_code, refused["Retry-After"]) == (503, "60")


def test_an_original_is_not_taken_for_lost_while_nobody_can_tell(tmp_path: Path, settings: Any) -> None:
    kept = SourceFactory(size=4)
    unreadable(kept.key)
    with pytest.raises(StoreAway):
        sources.lost_key(kept.digest, 4)
    path = tmp_path / "a.mp4"
    path.write_bytes(b"four")
    with unreachable(settings), pytest.raises(StoreAway):
        sources.adopt(path=path, digest="f" * 64, size=4)
    assert list(Source.objects.all()) == [kept]
