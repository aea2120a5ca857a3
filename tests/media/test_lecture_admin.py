"""The lecture admin as people use it: who sees what, live rows, captions, posters, the bin."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from media import lectures, playback
from media.models import Encode, Lecture, Track
from media.plan import Look, make_plan
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    LectureFactory,
    RenditionFactory,
    TrackFactory,
    UploadFactory,
)
from tests.media.test_plan import a_video, some_facts
from tests.media.visitors import entered, member

pytestmark = pytest.mark.django_db

LIST = "/admin/lectures/"
SRT = "1\n00:00:01,000 --> 00:00:04,000\n资质认定\n"


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return str(response.content.decode())


def detail(lecture: Lecture) -> str:
    return f"{LIST}{lecture.pk}/"


# --- who sees what


def test_a_trainer_sees_own_lectures_only(owner: Any, lecture: Lecture) -> None:
    LectureFactory(title="Another's")
    html = page(entered(owner), LIST)
    assert "Subcontracting" in html
    assert "Another&#x27;s" not in html
    assert "data-up-drop" in html


@pytest.mark.parametrize("group", ["Reviewers", "Operators"])
def test_reviewers_and_operators_see_everyones(group: str, lecture: Lecture) -> None:
    html = page(entered(member(group)), LIST)
    assert "Subcontracting" in html
    assert lecture.owner.name in html
    assert "data-up-drop" not in html


# --- the list


def test_each_row_shows_its_stage(owner: Any) -> None:
    encode = EncodeFactory(lecture__owner=owner, state="transcoding", planned_ms=100, duration_ms=2_040_000)
    ChunkFactory(encode=encode, done_ms=64)
    EncodeFactory(lecture__owner=owner, failed=True, reason="no_streams")
    html = page(entered(owner), LIST)
    assert "Encoding 64 %" in html
    assert "34:00" in html
    assert "The file has neither picture nor sound." in html
    assert "Export the recording again" in html
    assert "Try again as it is" in html
    assert "1 failed." in html


def test_an_interrupted_upload_can_be_continued_or_given_up(owner: Any) -> None:
    stale = timezone.now() - timedelta(minutes=5)
    upload = UploadFactory(owner=owner, length=2_000_000_000, offset=1_240_000_000, updated_at=stale)
    html = page(entered(owner), LIST)
    assert "Interrupted at 62 %" in html
    assert f'data-up-resume="/api/uploads/{upload.pk}/"' in html
    assert 'data-size="2000000000"' in html
    assert "1 interrupted while uploading." in html
    upload.updated_at = timezone.now()
    upload.save()
    assert "Uploading 62 %" in page(entered(owner), LIST)


def test_search_and_pages(owner: Any) -> None:
    for number in range(23):
        LectureFactory(owner=owner, title=f"Part {number:02}")
    client = entered(owner)
    assert len(re.findall("data-row=", page(client, LIST))) == 20
    assert len(re.findall("data-row=", page(client, f"{LIST}?p=2"))) == 3
    assert len(re.findall("data-row=", page(client, f"{LIST}?q=Part+07"))) == 1
    assert "No lecture has these words" in page(client, f"{LIST}?q=nothing%22%27")


def test_rows_move_without_a_reload(owner: Any, django_assert_max_num_queries: Any) -> None:
    encode = EncodeFactory(lecture__owner=owner, state="transcoding", planned_ms=100)
    chunk = ChunkFactory(encode=encode, done_ms=10)
    client = entered(owner)
    url = f"{LIST}live/?rows=lecture-{encode.lecture_id},lecture-999,x&uploads=1"
    first = client.get(url)
    assert first.json()["moving"] is True
    assert "Encoding 10 %" in first.json()["rows"][f"lecture-{encode.lecture_id}"]
    assert "private, no-cache" in first["Cache-Control"]
    with django_assert_max_num_queries(12):
        same = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    chunk.done_ms = 55
    chunk.save()
    assert "Encoding 55 %" in str(client.get(url, headers={"If-None-Match": first["ETag"]}).json())


# --- one lecture


def test_the_page_says_what_is_known(owner: Any, lecture: Lecture) -> None:
    facts = some_facts(a_video(), audio=0)
    plan = {**make_plan(facts, Look(0.0, 0.001)).to_json(), "why": ["content_still", "copy_top", "unknown"]}
    Encode.objects.filter(pk=lecture.current_id).update(
        plan=plan, facts=facts.to_json(), warnings=["no_audio", "unknown"]
    )
    RenditionFactory(encode=lecture.current, bandwidth=2_000_000, average_bandwidth=1_200_000, size=5_000_000)
    TrackFactory(lecture=lecture)
    html = page(entered(owner), detail(lecture))
    for said in (
        "Still slides",
        "taken over from the file unchanged",
        "There is no sound.",
        "1280×720",
        "1200",
        "3:00",
    ):
        assert said in html
    assert 'srclang="zh-Hans"' in html
    assert 'style="' not in html.split("<main", 1)[1].split("</main>", 1)[0]


def test_the_preview_is_for_this_browser_only(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    found = re.search(r'data-manifest="([^"]+)"', page(client, detail(lecture)))
    assert found is not None
    assert Client().get(found[1]).status_code == 403
    assert client.get(found[1]).status_code == 404  # the right holds; no file lies behind this encode


def test_title_and_language(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    sent = {"form": "about", "title": "Reports", "language": "en"}
    assert client.post(detail(lecture), sent).status_code == 302
    lecture.refresh_from_db()
    assert (lecture.title, lecture.language) == ("Reports", "en")
    for bad in ({**sent, "title": ""}, {**sent, "language": "xx"}, {**sent, "title": "x" * 201}):
        assert client.post(detail(lecture), bad).status_code == 422
    assert client.post(detail(lecture), {"form": "nothing"}).status_code == 404


def _send(client: Client, lecture: Lecture, data: bytes, **more: Any) -> Any:
    sent = {"form": "captions", "language": "zh-Hans", "file": SimpleUploadedFile("第3讲.srt", data), **more}
    return client.post(detail(lecture), sent, follow=True)


def test_captions_are_uploaded_replaced_and_deleted(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    answer = _send(client, lecture, SRT.encode("gb18030"))
    assert "1 captions kept (SRT, GB18030)" in answer.content.decode()
    track = Track.objects.get()
    assert (track.language, track.label, track.filename) == ("zh-Hans", "中文（简体）", "第3讲.srt")
    assert "资质认定" in track.vtt
    _send(client, lecture, SRT.replace("认定", "认可").encode())
    assert "资质认可" in Track.objects.get().vtt
    _send(client, lecture, SRT.encode(), language="en")
    assert Track.objects.count() == 2
    got = client.get(f"{detail(lecture)}captions/en.vtt")
    assert got["Content-Disposition"] == f'attachment; filename="lecture-{lecture.pk}.en.vtt"'
    assert client.get(f"{detail(lecture)}captions/fr.vtt").status_code == 404
    assert client.get(f"{detail(lecture)}captions/en/delete/").status_code == 405
    client.post(f"{detail(lecture)}captions/en/delete/")
    assert Track.objects.get().language == "zh-Hans"


def test_bad_captions_are_refused_with_their_lines(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    bad = SRT + "\n2\n00:00:09,000 --> 00:00:08,000\nx\n"
    answer = _send(client, lecture, bad.encode())
    assert answer.status_code == 422
    assert "Line 6: The caption ends before it begins." in answer.content.decode()
    assert not Track.objects.exists()
    again = _send(client, lecture, bad.encode(), skip_bad="on")
    assert "Line 6" in again.content.decode()
    assert Track.objects.exists()
    for data, said in ((b"%PDF-1.7 1", "Line 1"), (b"x" * (9 << 20), "8 MB"), (b" \n", "empty")):
        assert said in _send(client, lecture, data).content.decode()


def _picture(size: tuple[int, int] = (1600, 1200), fmt: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, "#3f9380")
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (31.0, 13.0, 0.0)}
    written = BytesIO()
    image.save(written, fmt, exif=exif)
    return written.getvalue()


def test_a_poster_is_cut_and_says_nothing_of_the_place(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    sent = {"form": "poster", "picture": SimpleUploadedFile("p.jpg", _picture())}
    assert client.post(detail(lecture), sent).status_code == 302
    lecture.refresh_from_db()
    with default_storage.open(lecture.poster) as file, Image.open(file) as kept:
        assert (kept.size, kept.format, dict(kept.getexif())) == ((1280, 720), "JPEG", {})
    assert lecture.current is not None
    assert Client().get(playback.poster_url(lecture.current)).status_code == 200
    client.post(detail(lecture), {"form": "poster", "clear": "1"})
    lecture.refresh_from_db()
    assert lecture.poster == ""


@pytest.mark.parametrize(
    "data",
    [b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(50), _picture((9000, 6000), "PNG")],
    ids=["text", "cut off", "too large"],
)
def test_what_is_no_picture_is_refused(owner: Any, lecture: Lecture, data: bytes) -> None:
    sent = {"form": "poster", "picture": SimpleUploadedFile("p.png", data)}
    answer = entered(owner).post(detail(lecture), sent)
    assert answer.status_code == 422
    assert "not a picture that can be read" in answer.content.decode()
    lecture.refresh_from_db()
    assert lecture.poster == ""


def test_a_small_picture_is_not_blown_up(lecture: Lecture) -> None:
    lectures.set_poster(lecture=lecture, picture=BytesIO(_picture((320, 320), "PNG")))
    with default_storage.open(lecture.poster) as file, Image.open(file) as kept:
        assert kept.size == (320, 180)


def test_a_failed_encode_is_tried_again(owner: Any) -> None:
    encode = EncodeFactory(lecture__owner=owner, failed=True)
    client = entered(owner)
    assert client.get(f"{LIST}{encode.lecture_id}/retry/").status_code == 405
    client.post(f"{LIST}{encode.lecture_id}/retry/")
    encode.refresh_from_db()
    assert (encode.state, encode.reason) == ("received", "")


def test_the_bin_is_deliberate_and_can_be_undone(owner: Any, lecture: Lecture) -> None:
    client = entered(owner)
    url = f"{detail(lecture)}trash/"
    assert "into the bin?" in page(client, url)
    assert client.post(url).status_code == 422
    assert client.post(url, {"is_sure": "on"}).status_code == 302
    lecture.refresh_from_db()
    assert lecture.trashed_at is not None
    assert "data-row=" not in page(client, LIST)
    assert "Subcontracting" in page(client, f"{LIST}?bin=1")
    assert "This lecture is in the bin" in page(client, detail(lecture))
    client.post(f"{detail(lecture)}restore/")
    lecture.refresh_from_db()
    assert lecture.trashed_at is None


# --- operators and the chooser


def test_operators_see_what_runs_where() -> None:
    encode = EncodeFactory(state="transcoding", planned_ms=100, lecture__title="Sampling")
    ChunkFactory(encode=encode, state="leased", worker="encoder-7", leased_until=timezone.now())
    EncodeFactory(failed=True, reason="stalled", detail="no frame for 60 s")
    client = entered(member("Operators"))
    for url in (f"{LIST}running/", f"{LIST}running/?part=1"):
        html = page(client, url)
        for said in ("encoder-7", "Sampling", "stalled", "no frame for 60 s"):
            assert said in html
    assert "<main" not in page(client, f"{LIST}running/?part=1")
    assert entered(member("Trainers")).get(f"{LIST}running/").status_code in {302, 403}


def test_the_chooser_offers_what_may_be_used(owner: Any, lecture: Lecture) -> None:
    LectureFactory(owner=owner, title="In the bin", trashed_at=timezone.now())
    LectureFactory(title="Another's")
    EncodeFactory(lecture__owner=owner, lecture__title="Sampling", failed=True)
    client = entered(owner)
    modal = client.get(reverse("lecture_chooser:choose")).json()["html"]
    assert "Subcontracting" in modal
    assert "Sampling" in modal
    assert "3:00" in modal
    assert "failed" in modal
    assert "In the bin" not in modal
    assert "Another" not in modal
    found = page(client, reverse("lecture_chooser:choose_results") + "?q=Subcon")
    assert "Subcontracting" in found
    assert "Sampling" not in found
