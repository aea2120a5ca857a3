"""The caption editor: what it is told, what it may save, conflicts, versions, files, and who gets in."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from media import captions
from media.models import Encode, Lecture, Track, TrackVersion
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

Enter = Callable[..., Client]
ROWS = [[0, 2000, "资质认定", "line:0"], [2000, 4000, "评审准则", ""]]


@pytest.fixture
def client(owner: Any, entered: Enter) -> Client:
    return entered(owner)


def url(lecture: Lecture, rest: str = "zh-Hans/") -> str:
    return f"{LECTURES}{lecture.pk}/captions/{rest}"


def save(client: Client, lecture: Lecture, rows: Any = ROWS, revision: Any = 0, **more: Any) -> Any:
    body = {"cues": rows, "revision": revision, "checked": False, **more}
    return client.post(url(lecture), json.dumps(body), content_type="application/json")


def page(client: Client, lecture: Lecture, rest: str = "zh-Hans/") -> str:
    response = client.get(url(lecture, rest))
    assert response.status_code == 200
    return str(response.content.decode())


def editor(client: Client, lecture: Lecture) -> dict[str, Any]:
    found: dict[str, Any] = client.get(url(lecture)).context["editor"]
    return found


# --- saving


def test_what_is_saved_is_what_viewers_and_the_editor_get(client: Client, lecture: Lecture) -> None:
    response = save(client, lecture)
    assert (response.status_code, response.json()["revision"]) == (200, 1)
    assert "edited here" in response.json()["versions"]
    track = Track.objects.get()
    assert (track.label, track.language) == ("中文（简体）", "zh-Hans")
    assert editor(client, lecture)["cues"] == ROWS
    told = client.get(f"{LECTURES}{lecture.pk}/").context["grant"].captions[0]["url"]
    assert "00:00:00.000 --> 00:00:02.000 line:0\n资质认定" in client.get(told).content.decode()


def test_text_is_cleaned_of_what_no_caption_has(client: Client, lecture: Lecture) -> None:
    rows = [[0, 2000, " a \n\n\u0000b\ud800\u202e ", "line:0 evil:javascript"]]
    assert save(client, lecture, rows).status_code == 200
    assert editor(client, lecture)["cues"] == [[0, 2000, "a\nb", "line:0"]]


def test_markup_is_text_in_the_page_and_in_the_file(client: Client, lecture: Lecture) -> None:
    save(client, lecture, [[0, 2000, "</script><b>x</b>", ""]])
    assert "<b>x" not in page(client, lecture)
    assert "<b>x" not in Track.objects.get().vtt
    assert editor(client, lecture)["cues"][0][2] == "</script><b>x</b>"


def test_each_error_is_told_with_its_cue_and_its_words(client: Client, lecture: Lecture) -> None:
    response = save(
        client, lecture, [[0, 1000, "a", ""], [3000, 2000, "b", ""], [-5, 10, "c", ""], [4000, 5000, " ", ""]]
    )
    assert response.status_code == 422
    faults = response.json()["faults"]
    assert [(fault["index"], fault["code"]) for fault in faults] == [
        (1, "backwards"),
        (2, "negative"),
        (3, "empty"),
    ]
    assert faults[0]["words"] == "The caption ends before it begins. Correct one of the two times."
    assert not Track.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "nonsense",
        "[]",
        "{}",
        '{"cues": []}',
        '{"cues": [], "revision": "1"}',
        '{"cues": [], "revision": true}',
        '{"cues": [], "revision": -1}',
        '{"cues": [], "revision": 99999999999}',
        '{"cues": {}, "revision": 0}',
        '{"cues": [[0, 1, "a"]], "revision": 0}',
        '{"cues": [[0.5, 1, "a", ""]], "revision": 0}',
        '{"cues": [[true, 1, "a", ""]], "revision": 0}',
        '{"cues": [[0, 1, null, ""]], "revision": 0}',
        '{"cues": [[0, 1, "a", 3]], "revision": 0}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_is_no_list_of_cues_is_refused(client: Client, lecture: Lecture, body: Any) -> None:
    response = client.post(url(lecture), body, content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"error": "malformed"})
    assert not TrackVersion.objects.exists()


def test_more_than_the_server_takes_is_refused_as_too_large(
    client: Client, lecture: Lecture, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert save(client, lecture, [[0, 1000, "x" * 200, ""]]).status_code == 413
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    monkeypatch.setattr(captions, "MAX_CUES", 1)
    assert save(client, lecture, ROWS[:1]).status_code == 200
    assert save(client, lecture, ROWS, 1).status_code == 400


# --- several at once


def test_a_tab_that_began_earlier_is_told_who_saved_and_loses_nothing(
    client: Client, lecture: Lecture, member: Callable[..., Any], entered: Enter
) -> None:
    save(client, lecture)
    other = member("Operators", name="吴操作")
    assert save(entered(other), lecture, ROWS[:1], 1).status_code == 200
    response = save(client, lecture, [[0, 1000, "mine", ""]], 1)
    assert response.status_code == 409
    assert response.json()["revision"] == 2
    assert response.json()["message"].startswith("吴操作 saved these captions at ")
    assert len(editor(client, lecture)["cues"]) == 1
    # On top of theirs, knowingly: both are among the versions.
    assert save(client, lecture, [[0, 1000, "mine", ""]], 2).json()["revision"] == 3
    assert TrackVersion.objects.count() == 3


def test_captions_that_were_deleted_meanwhile_are_told_and_can_be_written_again(
    client: Client, lecture: Lecture
) -> None:
    save(client, lecture)
    client.post(url(lecture, "zh-Hans/delete/"))
    response = save(client, lecture, ROWS[:1], 1)
    assert response.status_code == 409
    assert response.json()["revision"] == 0
    assert "were deleted after you opened them" in response.json()["message"]
    assert save(client, lecture, ROWS[:1], 0).json()["revision"] == 2


def test_a_request_sent_twice_makes_one_version(client: Client, lecture: Lecture) -> None:
    assert [save(client, lecture).json()["revision"] for _ in range(2)] == [1, 1]
    assert TrackVersion.objects.count() == 1


# --- versions


def restore(client: Client, lecture: Lecture, version: Any, revision: Any) -> Any:
    data = {"form": "restore", "version": version, "revision": revision}
    return client.post(url(lecture), data, follow=True)


def test_an_earlier_version_is_listed_downloaded_and_restored(client: Client, lecture: Lecture) -> None:
    save(client, lecture)
    save(client, lecture, [[0, 1000, "worse", ""]], 1)
    first = client.get(url(lecture, "zh-Hans.vtt?version=1"))
    assert first["Content-Disposition"] == f'attachment; filename="lecture-{lecture.pk}.zh-Hans.v1.vtt"'
    assert "资质认定" in first.content.decode()
    response = restore(client, lecture, 1, 2)
    assert "Version 1 is in force again." in response.content.decode()
    assert editor(client, lecture)["cues"] == ROWS
    listed = page(client, lecture).split("data-cap-versions", 1)[1]
    assert [
        listed.count(words) for words in ("an earlier version, restored", "edited here", ">in force<")
    ] == [
        1,
        2,
        1,
    ]


def test_restoring_from_a_page_that_is_old_changes_nothing(client: Client, lecture: Lecture) -> None:
    save(client, lecture)
    save(client, lecture, ROWS[:1], 1)
    save(client, lecture, ROWS[1:], 2)
    assert "after you opened them" in restore(client, lecture, 1, 2).content.decode()
    assert Track.objects.get().revision == 3


@pytest.mark.parametrize(
    ("version", "revision"), [("9", "1"), ("x", "1"), ("1", ""), ("1", "9" * 30), ("", "")]
)
def test_a_version_that_is_not_there_is_not_found(
    client: Client, lecture: Lecture, version: str, revision: str
) -> None:
    save(client, lecture)
    assert restore(client, lecture, version, revision).status_code in (
        {404} if version != "1" or not revision else {200, 404}
    )
    assert TrackVersion.objects.count() == 1
    for asked in ("9", "x", "-1", "9" * 30):
        assert client.get(url(lecture, f"zh-Hans.vtt?version={asked}")).status_code == 404


def test_deleted_captions_are_offered_on_the_lectures_page_and_restored(
    client: Client, lecture: Lecture
) -> None:
    TrackFactory(lecture=lecture, language="yue", label="粵語")
    assert client.get(url(lecture, "yue/delete/")).status_code == 405
    client.post(url(lecture, "yue/delete/"))
    detail = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert "deleted, can be restored" in detail
    data = {"form": "restore", "version": 1, "revision": 0}
    assert client.post(url(lecture, "yue/"), data).status_code == 302
    assert Track.objects.get().label == "粵語"


def test_the_page_costs_the_same_with_one_and_three_versions(
    client: Client, lecture: Lecture, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for number in range(3):
        save(client, lecture, [[0, 1000, f"v{number}", ""]], number)
        EncodeFactory(lecture=lecture, published=True)
        page(client, lecture)
        with django_assert_max_num_queries(40) as seen:
            page(client, lecture)
        counts.append(len(seen))
    assert counts[0] == counts[2]


# --- files


def test_both_formats_go_out_and_come_in_again_unchanged(client: Client, lecture: Lecture) -> None:
    save(client, lecture, [[0, 2000, "a < b --> c\n第二行", ""], [5_000_000, 5_001_000, "1", ""]])
    vtt = client.get(url(lecture, "zh-Hans.vtt"))
    srt = client.get(url(lecture, "zh-Hans.srt"))
    assert srt["Content-Type"] == "application/x-subrip; charset=utf-8"
    assert srt.content.decode().startswith(
        "1\r\n00:00:00,000 --> 00:00:02,000\r\na < b -> c\r\n第二行\r\n\r\n2\r\n01:23:20,000"
    )
    for name, body in (("a.vtt", vtt.content), ("a.srt", srt.content)):
        data = {"form": "upload", "file": SimpleUploadedFile(name, body)}
        assert "2 captions kept" in client.post(url(lecture), data, follow=True).content.decode()
        assert [cue[:2] for cue in editor(client, lecture)["cues"]] == [[0, 2000], [5_000_000, 5_001_000]]
    for suffix in ("ass", "txt"):
        assert client.get(url(lecture, f"zh-Hans.{suffix}")).status_code == 404


def test_without_script_a_file_is_uploaded_and_refused_at_its_field(client: Client, lecture: Lecture) -> None:
    assert "<noscript>" in page(client, lecture)
    bad = {"form": "upload", "file": SimpleUploadedFile("a.srt", b"1\n00:00:02,000 --> 00:00:01,000\nx\n")}
    response = client.post(url(lecture), bad)
    assert response.status_code == 422
    assert response.context["upload_form"].errors["file"] == [
        "Line 2: The caption ends before it begins. Correct one of the two times."
    ]
    assert client.post(url(lecture), {"form": "upload"}).status_code == 422
    assert client.post(url(lecture), {"form": "other"}).status_code == 404
    assert not Track.objects.exists()


# --- the page


def test_a_language_without_captions_begins_empty_and_an_unknown_one_is_not_found(
    client: Client, lecture: Lecture
) -> None:
    assert (editor(client, lecture)["cues"], editor(client, lecture)["revision"]) == ([], 0)
    for language in ("xx", "zh_Hans", "a" * 40):
        assert client.get(url(lecture, f"{language}/")).status_code == 404
    TrackFactory(lecture=lecture, language="yue")
    assert client.get(url(lecture, "yue/")).status_code == 200


def test_the_newest_picture_is_offered_for_watching(owner: Any, client: Client, lecture: Lecture) -> None:
    assert f"{lecture.current_id}/master.m3u8" in page(client, lecture)
    assert editor(client, lecture)["durationMs"] == 180_000
    bare = LectureFactory(owner=owner)
    assert "<video" not in page(client, bare)
    early = EncodeFactory(
        lecture=bare, state="transcoding", planned_ms=9, duration_ms=7000, playable_at=timezone.now()
    )
    assert f"{early.pk}/master.m3u8" in page(client, bare)


def replaced(lecture: Lecture, duration_ms: int) -> None:
    """Give the lecture another video, as publishing a replacement does."""
    encode: Encode = EncodeFactory(lecture=lecture, published=True, duration_ms=duration_ms)
    lecture.current = encode
    lecture.save(update_fields=["current"])


@pytest.mark.parametrize(
    ("duration", "is_told"), [(180_000, False), (181_000, False), (181_001, True), (170_000, True)]
)
def test_a_replaced_video_keeps_captions_and_tells_which_no_longer_fit(
    client: Client, lecture: Lecture, duration: int, is_told: bool
) -> None:
    save(client, lecture)
    replaced(lecture, duration)
    assert Track.objects.get().revision == 1
    detail = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert ("May no longer fit the video." in detail) == is_told
    assert ("data-cap-misfit" in page(client, lecture)) == is_told


def test_captions_from_before_are_held_against_the_video_of_their_day(
    client: Client, lecture: Lecture
) -> None:
    TrackFactory(lecture=lecture)
    replaced(lecture, 190_000)
    assert "10.0 s longer" in page(client, lecture)
    Track.objects.update(updated_at=timezone.now())
    assert "data-cap-misfit" not in page(client, lecture)


def test_a_trainer_who_checked_the_times_is_not_asked_again(client: Client, lecture: Lecture) -> None:
    save(client, lecture)
    replaced(lecture, 190_000)
    save(client, lecture, ROWS[:1], 1)
    assert "data-cap-misfit" in page(client, lecture)
    assert save(client, lecture, ROWS[:1], 2, checked=True).json()["revision"] == 3
    assert "data-cap-misfit" not in page(client, lecture)


# --- who gets in


@pytest.mark.parametrize("group", ["Trainers", None])
def test_the_lecture_of_another_does_not_exist(
    lecture: Lecture, member: Callable[..., Any], entered: Enter, group: str | None
) -> None:
    TrackFactory(lecture=lecture)
    stranger = entered(member(group) if group else None)
    for rest in ("zh-Hans/", "zh-Hans.srt", "zh-Hans.vtt?version=1"):
        assert stranger.get(url(lecture, rest)).status_code == (404 if group else 302)
    assert save(stranger, lecture, ROWS, 1).status_code == (404 if group else 302)
    assert Track.objects.get().revision == 1


def test_a_reviewer_reads_and_changes_nothing(
    lecture: Lecture, member: Callable[..., Any], entered: Enter
) -> None:
    TrackFactory(lecture=lecture)
    reviewer = entered(member("Reviewers"))
    shown = page(reviewer, lecture)
    assert "评审准则" in shown
    for part in ("cap-data", "build/captions.js", 'method="post"'):
        assert part not in shown.split('class="lec"', 1)[1]
    assert save(reviewer, lecture, ROWS, 1).status_code in {302, 403}
    assert restore(reviewer, lecture, 1, 1).status_code in {200, 403}
    assert (Track.objects.get().revision, TrackVersion.objects.count()) == (1, 0)


def test_nothing_is_saved_without_a_token(lecture: Lecture, owner: Any, entered: Enter) -> None:
    careful = entered(owner, enforce_csrf_checks=True)
    assert save(careful, lecture).status_code == 403
    assert not Track.objects.exists()


def test_the_page_speaks_chinese(lecture: Lecture, owner: Any) -> None:
    owner.language = "zh-hans"
    owner.save()
    reader = Client(headers={"Accept-Language": "zh-hans"})
    reader.force_login(owner)
    shown = page(reader, lecture)
    for words in ("保存", "拆分", "字幕"):
        assert words in shown
    assert (
        editor(reader, lecture)["words"]["rule.empty"]
        != "There is no text. Write what is said, or delete the caption."
    )
