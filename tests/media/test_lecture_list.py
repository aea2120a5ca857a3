"""The list of lectures and its live rows: what each says, what changes by itself, how little it costs."""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from media import leases, queries, words
from media.errors import REASONS, MediaError, held_of
from media.leases import Job
from media.models import Chunk, Encode, Lecture, Upload
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    LectureFactory,
    RenditionFactory,
    TrackFactory,
    UploadFactory,
)
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

LIVE = f"{LECTURES}live/"


@pytest.fixture
def client(owner: Any, entered: Callable[..., Client]) -> Client:
    return entered(owner)


def live(client: Client, *lectures: Lecture, etag: str = "", uploads: int = 0) -> Any:
    rows = ",".join(f"lecture-{lecture.pk}" for lecture in lectures)
    headers = {"If-None-Match": etag} if etag else {}
    return client.get(f"{LIVE}?rows={rows}&uploads={uploads}", headers=headers)


def titles(client: Client, query: str = "") -> list[str]:
    html = client.get(LECTURES + query).content.decode()
    return re.findall(r'lec-row__title"[^>]*><a [^>]*>([^<]+)<', html)


# --- what is listed


def test_the_newest_is_first_and_pages_have_twenty(owner: Any, client: Client) -> None:
    now = timezone.now()
    for number in range(41):
        LectureFactory(owner=owner, title=f"L{number:02}", created_at=now - timedelta(hours=number))
    pages = [titles(client, f"?p={page}") for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 1]
    assert [title for page in pages for title in page] == [f"L{number:02}" for number in range(41)]


@pytest.mark.parametrize(("asked", "shown"), [("0", 2), ("-1", 2), ("99", 2), ("x", 1), ("", 1), ("²", 1)])
def test_a_page_that_is_not_there_is_the_nearest_one(
    owner: Any, client: Client, asked: str, shown: int
) -> None:
    for number in range(21):
        LectureFactory(owner=owner, title=f"L{number}")
    assert len(titles(client, f"?p={asked}")) == (20 if shown == 1 else 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("评审", {"评审准则解读 第三讲"}),
        ("第三讲 评审", {"评审准则解读 第三讲"}),
        ("ISO 17025", {"ISO/IEC 17025 uncertainty"}),
        ("iso UNCERT", {"ISO/IEC 17025 uncertainty"}),
        ("%", {"100 % sure"}),
        ("_", set()),
        ("评审 17025", set()),
        ("   ", {"评审准则解读 第三讲", "ISO/IEC 17025 uncertainty", "100 % sure"}),
        ("'; drop table media_lecture; --", set()),
    ],
)
def test_every_word_of_a_search_is_in_the_title(
    owner: Any, client: Client, query: str, found: set[str]
) -> None:
    for title in ("评审准则解读 第三讲", "ISO/IEC 17025 uncertainty", "100 % sure"):
        LectureFactory(owner=owner, title=title)
    response = client.get(LECTURES, {"q": query})
    assert {row.title for row in response.context["rows"]} == found


def test_a_search_is_said_again_as_text_and_cut(client: Client) -> None:
    html = client.get(LECTURES, {"q": '"><script>x</script>' + "y" * 300}).content.decode()
    assert "<script>x" not in html
    assert "y" * 81 not in html


def test_an_operator_finds_by_the_name_of_the_trainer_too(
    owner: Any, member: Callable[..., Any], entered: Callable[..., Client]
) -> None:
    LectureFactory(owner=owner, title="Sampling")
    LectureFactory(title="Others")
    response = entered(member("Operators")).get(LECTURES, {"q": f"{owner.name} Samp"})
    assert [row.title for row in response.context["rows"]] == ["Sampling"]


def test_the_bin_and_the_list_never_show_the_same(owner: Any, client: Client) -> None:
    LectureFactory(owner=owner, title="Kept")
    LectureFactory(owner=owner, title="Gone", trashed_at=timezone.now())
    UploadFactory(owner=owner, filename="new.mp4")
    assert titles(client) == ["Kept"]
    assert titles(client, "?bin=1") == ["Gone"]
    assert b"new.mp4" not in client.get(f"{LECTURES}?bin=1").content


def test_uploads_are_above_the_first_page_only_and_not_in_a_search(owner: Any, client: Client) -> None:
    for _ in range(21):
        LectureFactory(owner=owner)
    UploadFactory(owner=owner, filename="new.mp4")
    shows = [b"new.mp4" in client.get(LECTURES + query).content for query in ("", "?p=2", "?q=a")]
    assert shows == [True, False, False]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": Upload.State.FINISHED},
        {"state": Upload.State.TERMINATED},
        {"expires_at": timezone.now() - timedelta(minutes=1)},
        {"concat": "partial"},
    ],
)
def test_what_cannot_go_on_is_no_row(owner: Any, client: Client, fields: dict[str, Any]) -> None:
    UploadFactory(owner=owner, filename="old.mp4", **fields)
    assert b"old.mp4" not in client.get(LECTURES).content


# --- what a row says


@pytest.mark.parametrize(
    ("encode", "said"),
    [
        (None, "Nothing uploaded"),
        ({}, "waiting for a free worker."),
        ({"lease": uuid.uuid4()}, "being checked."),
        ({"state": "probed"}, "being planned."),
        ({"state": "transcoding", "planned_ms": 100}, "Encoding 0 %"),
        ({"state": "transcoding", "planned_ms": 100}, "waiting for a free worker."),
        (
            {
                "state": "packaging",
                "held_reason": "storage",
                "due_at": datetime(2100, 1, 1, 4, 5, tzinfo=UTC),
            },
            "it could not go on and is tried again by itself at 12:05:00.",
        ),
        ({"state": "packaging"}, "almost done."),
        ({"published": True}, "no captions"),
        ({"failed": True}, "Check failed"),
        ({"failed": True, "facts": {"a": 1}, "planned_ms": 100}, "Encode failed"),
    ],
)
def test_each_state_in_words(owner: Any, client: Client, encode: dict[str, Any] | None, said: str) -> None:
    lecture = LectureFactory(owner=owner)
    if encode is not None:
        EncodeFactory(lecture=lecture, **encode)
    assert said in client.get(LECTURES).content.decode()


@pytest.mark.parametrize(
    ("fields", "says", "not_said"),
    [
        ({}, "Until then the former video is shown.", "It can already be watched."),
        ({"playable_at": timezone.now()}, "It can already be watched.", "the former video"),
    ],
)
def test_a_video_that_replaces_another_is_not_said_to_be_watchable_before_it_is(
    owner: Any, client: Client, fields: dict[str, Any], says: str, not_said: str
) -> None:
    lecture = LectureFactory(owner=owner)
    lecture.current = EncodeFactory(lecture=lecture, published=True)
    lecture.save()
    EncodeFactory(lecture=lecture, number=2, state="transcoding", planned_ms=100, **fields)
    html = client.get(LECTURES).content.decode()
    assert says in html
    assert not_said not in html


@pytest.mark.parametrize("code", sorted(REASONS))
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_each_failure_says_reason_and_remedy_in_the_readers_language(code: str, language: str) -> None:
    lecture = EncodeFactory(failed=True, reason=code).lecture
    found = queries.lectures_with_states(Lecture.objects.filter(pk=lecture.pk)).get()
    with translation.override(language):
        row = words.lecture_row(
            found, queries.states_of([found])[found.pk], may_change=True, now=timezone.now()
        )
        for text in (str(row.reason), str(row.remedy)):
            assert any("\u4e00" <= c <= "\u9fff" for c in text) == (language == "zh-Hans")
            assert text.endswith((".", "。"))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("disk_full", ["no room left", "Tell the operator that the disk is full"]),
        ("storage", ["file store could not be reached", "If it still waits in an hour"]),
        ("engine_missing", ["ffmpeg is missing", "Tell the operator to install ffmpeg"]),
        ("stalled", ["came to a halt", "it is tried several times"]),
        ("of another release", ["went wrong inside the server", "it is tried several times"]),
    ],
)
def test_its_trainer_is_told_without_reload_why_it_waits(
    owner: Any, client: Client, code: str, says: list[str]
) -> None:
    encode = EncodeFactory(lecture=LectureFactory(owner=owner), state="transcoding", planned_ms=100)
    chunk = ChunkFactory(encode=encode, at_work=True)
    before = live(client, encode.lecture)
    leases.fail(Job(encode.pk, chunk.lease, chunk.pk), MediaError(code, "errno 28"), for_good=False)
    after = live(client, encode.lecture, etag=before["ETag"])
    (html,) = after.json()["rows"].values()
    for words_of_it in (*says, "is tried again by itself at"):
        assert words_of_it in html
    assert "errno 28" not in html
    assert "Try again as it is" not in html
    # A worker takes it up again: the reason is of the past.
    Chunk.objects.update(due_at=timezone.now())
    assert leases.claim("here:1")
    assert "lec-why" not in live(client, encode.lecture).content.decode()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_what_waits_is_told_in_the_readers_language(language: str) -> None:
    for code in ("disk_full", "storage", "engine_missing", "killed"):
        with translation.override(language):
            for text in (str(held_of(code).reason), str(held_of(code).remedy)):
                assert any("\u4e00" <= c <= "\u9fff" for c in text) == (language == "zh-Hans")


@pytest.mark.parametrize(
    ("reason", "first"), [("gave_up", "Try again as it is"), ("no_streams", "Replace the file")]
)
def test_the_first_button_is_what_the_remedy_says(
    owner: Any, client: Client, reason: str, first: str
) -> None:
    EncodeFactory(lecture__owner=owner, failed=True, reason=reason)
    html = client.get(LECTURES).content.decode()
    (main,) = re.findall(r'class="lec-btn lec-btn--main"[^>]*>([^<]+)<', html.partition('id="lec-rows"')[2])
    assert main == first


def test_an_unknown_code_reads_as_an_error_of_ours(owner: Any, client: Client) -> None:
    EncodeFactory(lecture__owner=owner, failed=True, reason="of_tomorrow")
    assert "Something went wrong inside the server." in client.get(LECTURES).content.decode()


def test_what_needs_a_person_is_counted_in_one_sentence(owner: Any, client: Client) -> None:
    for _ in range(2):
        EncodeFactory(lecture__owner=owner, failed=True)
    UploadFactory(owner=owner, updated_at=timezone.now() - timedelta(hours=1), offset=5)
    html = client.get(LECTURES).content.decode()
    assert "2 failed, 1 interrupted while uploading." in html


def test_a_row_under_way_can_be_watched_early_and_says_so(owner: Any, client: Client) -> None:
    encode = EncodeFactory(lecture__owner=owner, state="transcoding", planned_ms=100)
    assert "It can already be watched." not in client.get(LECTURES).content.decode()
    Encode.objects.filter(pk=encode.pk).update(playable_at=timezone.now())
    assert "It can already be watched." in client.get(LECTURES).content.decode()


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"digest": "a" * 64}, "a" * 64),
        ({"metadata": "filename YS5tcDQ=,sample c2FtcGxlMS0wMQ=="}, "sample1-01"),
        ({"metadata": "filename YS5tcDQ="}, ""),
        ({}, ""),
    ],
)
def test_an_interrupted_upload_tells_how_its_file_is_known_again(
    owner: Any, client: Client, declared: dict[str, str], told: str
) -> None:
    UploadFactory(owner=owner, updated_at=timezone.now() - timedelta(hours=1), offset=5, **declared)
    html = client.get(LECTURES).content.decode()
    assert re.findall(r'data-fingerprint="([^"]*)"', html) == ([told] if told else [])


# --- rows that move by themselves


def test_the_tag_stays_until_something_that_is_shown_changes(owner: Any, client: Client) -> None:
    lecture = LectureFactory(owner=owner, published=True)
    changes: list[Callable[[], object]] = [
        lambda: Lecture.objects.filter(pk=lecture.pk).update(title="Renamed"),
        lambda: TrackFactory(lecture=lecture),
        lambda: RenditionFactory(encode=lecture.current),
        lambda: Lecture.objects.filter(pk=lecture.pk).update(trashed_at=timezone.now()),
        lambda: Lecture.objects.filter(pk=lecture.pk).update(trashed_at=None),
        lambda: EncodeFactory(lecture=lecture),
        lambda: Encode.objects.filter(lecture=lecture, number=2).update(state="failed", reason="stalled"),
        lambda: Encode.objects.filter(lecture=lecture, number=2).update(reason="killed"),
    ]
    tag = live(client, lecture)["ETag"]
    for number, change in enumerate(changes):
        assert live(client, lecture, etag=tag).status_code == 304, number
        change()
        response = live(client, lecture, etag=tag)
        assert response.status_code == 200, number
        tag = response["ETag"]


def test_another_language_is_another_answer(owner: Any, client: Client) -> None:
    lecture = LectureFactory(owner=owner, published=True)
    tag = live(client, lecture)["ETag"]
    owner.language = "zh-hans"
    owner.save()
    response = client.get(
        f"{LIVE}?rows=lecture-{lecture.pk}", headers={"If-None-Match": tag, "Accept-Language": "zh-Hans"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    "rows",
    [
        "lecture-²",
        "lecture-٣",
        "lecture-",
        "lecture-1e3",
        "lecture-" + "9" * 18,
        "lecture-\x00",
        ",,,",
        "upload-1",
        "lecture-1/../2",
    ],
)
def test_no_question_is_a_server_error(client: Client, rows: str) -> None:
    response = client.get(LIVE, {"rows": rows, "uploads": "x"})
    assert (response.status_code, response.json()["rows"]) == (200, {})


def test_no_more_than_sixty_rows_are_answered_at_once(owner: Any, client: Client) -> None:
    found = [LectureFactory(owner=owner) for _ in range(62)]
    assert len(live(client, *found).json()["rows"]) == 60


def test_it_says_when_nothing_moves_any_more(owner: Any, client: Client) -> None:
    encode = EncodeFactory(lecture__owner=owner, state="transcoding")
    assert live(client, encode.lecture).json()["moving"] is True
    Encode.objects.filter(pk=encode.pk).update(state="failed", reason="stalled")
    answer = live(client, encode.lecture).json()
    assert (answer["moving"], answer["notice"]) == (False, "1 failed.")


def test_uploads_come_and_go_with_the_rows(owner: Any, client: Client) -> None:
    upload = UploadFactory(owner=owner)
    assert list(live(client, uploads=1).json()["rows"]) == [f"upload-{upload.pk}"]
    assert live(client, uploads=0).json()["rows"] == {}
    Upload.objects.update(state=Upload.State.FINISHED)
    assert live(client, uploads=1).json()["rows"] == {}


def test_a_row_is_the_same_on_the_page_and_alive(owner: Any, client: Client) -> None:
    lecture = LectureFactory(owner=owner, published=True, title="A & B <i>")

    def plain(html: str) -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|\s+', "", html)

    row = live(client, lecture).json()["rows"][f"lecture-{lecture.pk}"]
    assert plain(row) in plain(client.get(LECTURES).content.decode())
    assert "<i>" not in row


@pytest.mark.parametrize("page", ["list", "live", "bin"])
def test_three_rows_cost_no_more_queries_than_one(
    owner: Any, client: Client, page: str, django_assert_max_num_queries: Any
) -> None:
    counts, found = [], []
    for _ in range(3):
        lecture = LectureFactory(
            owner=owner, published=True, trashed_at=timezone.now() if page == "bin" else None
        )
        RenditionFactory(encode=lecture.current)
        ChunkFactory(encode=EncodeFactory(lecture=lecture, state="transcoding"))
        TrackFactory(lecture=lecture)
        UploadFactory(owner=owner, lecture=lecture)
        found.append(lecture)
        rows = ",".join(f"lecture-{one.pk}" for one in found)
        url = {"list": LECTURES, "bin": f"{LECTURES}?bin=1", "live": f"{LIVE}?uploads=1&rows={rows}"}[page]
        client.get(url)
        with django_assert_max_num_queries(40) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[0] == counts[2], json.dumps(counts)
