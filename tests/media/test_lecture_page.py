"""One lecture's page: its forms and what they refuse, the plan by hand, the early preview, the bin."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from media import ingest, lectures, playback
from media.models import Encode, Lecture, Track
from media.plan import Options
from tests.factories.media import ChunkFactory, EncodeFactory, LectureFactory, RenditionFactory, TrackFactory
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

Enter = Callable[..., Client]


@pytest.fixture
def client(owner: Any, entered: Enter) -> Client:
    return entered(owner)


def url(lecture: Lecture, rest: str = "") -> str:
    return f"{LECTURES}{lecture.pk}/{rest}"


def html(client: Client, lecture: Lecture) -> str:
    response = client.get(url(lecture))
    assert response.status_code == 200
    return str(response.content.decode())


def said(response: Any) -> str:
    """What is said on the page after a form was sent."""
    return re.sub(r"\s+", " ", str(response.content.decode()))


def send(client: Client, lecture: Lecture, form: str, **data: Any) -> Any:
    return client.post(url(lecture), {"form": form, **data}, follow=True)


def errors(response: Any, form: str) -> dict[str, list[str]]:
    assert response.status_code == 422
    return dict(response.context[f"{form}_form"].errors)


# --- the page


def test_every_field_has_an_id_of_its_own_and_every_label_leads_to_one(
    client: Client, lecture: Lecture
) -> None:
    page = html(client, lecture).split('class="lec"', 1)[1]
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert [name for name, count in ids.items() if count > 1] == []
    labels = re.findall(r'<label[^>]*\bfor="([^"]+)"', page)
    assert len(labels) >= 8
    assert set(labels) <= set(ids)


def test_the_page_costs_the_same_with_one_and_three_of_everything(
    client: Client, lecture: Lecture, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for number, language in enumerate(["zh-Hans", "en", "ja"]):
        TrackFactory(lecture=lecture, language=language)
        RenditionFactory(encode=lecture.current, name=f"v{number}")
        ChunkFactory(encode=lecture.current)
        EncodeFactory(lecture=lecture, published=True)
        client.get(url(lecture))
        with django_assert_max_num_queries(40) as seen:
            client.get(url(lecture))
        counts.append(len(seen))
    assert counts[0] == counts[2]


def test_a_title_with_markup_is_shown_as_text(client: Client, lecture: Lecture) -> None:
    send(client, lecture, "about", title="<script>alert(1)</script>", language="en")
    for page in (html(client, lecture), client.get(LECTURES).content.decode()):
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"title": "", "language": "en"}, "title"),
        ({"title": "   ", "language": "en"}, "title"),
        ({"title": "x" * 201, "language": "en"}, "title"),
        ({"title": "a\x00b", "language": "en"}, "title"),
        ({"title": "Other", "language": "xx"}, "language"),
        ({"title": "Other"}, "language"),
    ],
)
def test_a_bad_title_or_language_is_refused_at_its_field_and_the_heading_stays(
    client: Client, lecture: Lecture, data: dict[str, str], field: str
) -> None:
    response = send(client, lecture, "about", **data)
    assert list(errors(response, "about")) == [field]
    assert response.context["view"].get_page_title() == "Subcontracting"
    assert response.context["lecture"].title == "Subcontracting"
    lecture.refresh_from_db()
    assert (lecture.title, lecture.language) == ("Subcontracting", "zh-Hans")


def test_the_longest_title_is_kept_whole(client: Client, lecture: Lecture) -> None:
    send(client, lecture, "about", title="检" * 200, language="ja")
    lecture.refresh_from_db()
    assert (lecture.title, lecture.language) == ("检" * 200, "ja")


def test_a_language_that_came_from_elsewhere_is_kept_when_the_title_changes(
    client: Client, lecture: Lecture
) -> None:
    Lecture.objects.filter(pk=lecture.pk).update(language="yue")
    send(client, lecture, "about", title="Cantonese", language="yue")
    lecture.refresh_from_db()
    assert (lecture.title, lecture.language) == ("Cantonese", "yue")


# --- captions


SRT = "1\n00:00:01,000 --> 00:00:04,000\n资质\n"


def captions(client: Client, lecture: Lecture, data: bytes, name: str = "a.srt", **more: Any) -> Any:
    given = {"language": "zh-Hans", "file": SimpleUploadedFile(name, data), **more}
    return send(client, lecture, "captions", **given)


def test_refused_captions_leave_those_that_were_there(client: Client, lecture: Lecture) -> None:
    captions(client, lecture, SRT.encode())
    before = Track.objects.values().get()
    for bad in (b"", b"\x00\x00", b"hello", SRT.replace("04,000", "00,000").encode(), b"%PDF-1.4"):
        response = captions(client, lecture, bad)
        assert errors(response, "captions")["file"]
        assert Track.objects.values().get() == before


def test_each_refusal_names_its_line_in_the_list_beside_the_field(client: Client, lecture: Lecture) -> None:
    bad = "".join(f"{n}\n00:00:0{n},000 --> 00:00:00,000\nx\n\n" for n in range(1, 4))
    assert [
        line.partition(":")[0] for line in errors(captions(client, lecture, bad.encode()), "captions")["file"]
    ] == [
        "Line 2",
        "Line 6",
        "Line 10",
    ]


def test_replacing_one_language_leaves_the_others_and_their_place(client: Client, lecture: Lecture) -> None:
    for language in ("ja", "en", "zh-Hans"):
        captions(client, lecture, SRT.encode(), language=language)
    kept = dict(Track.objects.exclude(language="en").values_list("language", "updated_at"))
    captions(client, lecture, SRT.replace("资质", "accreditation").encode(), language="en", name="new.srt")
    assert dict(Track.objects.exclude(language="en").values_list("language", "updated_at")) == kept
    assert Track.objects.get(language="en").filename == "new.srt"
    found = re.findall(r'<track kind="captions" srclang="([^"]+)"', html(client, lecture))
    assert found == ["zh-Hans", "en", "ja"]


def test_captions_beyond_the_end_are_kept_with_a_warning(client: Client, lecture: Lecture) -> None:
    late = SRT.replace("00:00:01,000 --> 00:00:04", "01:00:01,000 --> 01:00:04")
    assert "Line 2: The caption begins after the end of the lecture." in said(
        captions(client, lecture, late.encode())
    )
    assert Track.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.srt", "<u>.srt", "字幕" * 100 + ".srt", "a\r\nSet-Cookie: x.srt"]
)
def test_a_name_of_a_file_is_only_ever_words(client: Client, lecture: Lecture, name: str) -> None:
    assert captions(client, lecture, SRT.encode(), name=name).status_code == 200
    track = Track.objects.get()
    assert len(track.filename) <= 255
    assert "<u>" not in html(client, lecture)
    download = client.get(url(lecture, "captions/zh-Hans.vtt"))
    assert download["Content-Disposition"] == f'attachment; filename="lecture-{lecture.pk}.zh-Hans.vtt"'


def test_what_is_downloaded_can_be_uploaded_again_unchanged(client: Client, lecture: Lecture) -> None:
    captions(client, lecture, (SRT + "\n2\n00:00:05,000 --> 00:00:06,000\na < b & c > d\n").encode())
    got = client.get(url(lecture, "captions/zh-Hans.vtt")).content
    captions(client, lecture, got, name="again.vtt")
    assert Track.objects.get().vtt.encode() == got


def test_deleting_captions_that_are_not_there_is_no_error(client: Client, lecture: Lecture) -> None:
    for _ in range(2):
        assert client.post(url(lecture, "captions/fr/delete/")).status_code == 302


# --- encoding by hand


def encoding(client: Client, lecture: Lecture, **data: Any) -> Any:
    given = {"content": "", "max_height": "2160", "may_copy": "on", **data}
    return send(client, lecture, "encoding", **{k: v for k, v in given.items() if v is not None})


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({}, {}),
        ({"content": "still"}, {"content": "still"}),
        ({"max_height": "720"}, {"max_height": 720}),
        ({"may_copy": None}, {"may_copy": False}),
        ({"with_av1": "yes"}, {"with_av1": True}),
        ({"with_av1": "no"}, {"with_av1": False}),
        (
            {"content": "camera", "max_height": "480", "may_copy": None},
            {"content": "camera", "max_height": 480, "may_copy": False},
        ),
    ],
)
def test_what_is_decided_by_hand_is_what_the_next_plan_gets(
    client: Client, lecture: Lecture, data: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert "The next encode goes by it." in said(encoding(client, lecture, **data))
    lecture.refresh_from_db()
    assert lecture.options == kept
    plan = Options.from_json(lecture.options)
    assert all(getattr(plan, name) == value for name, value in kept.items())
    form = client.get(url(lecture)).context["encoding_form"]
    assert form.initial == {
        "content": data.get("content", ""),
        "max_height": int(data.get("max_height", 2160)),
        "may_copy": "may_copy" not in data,
        "with_av1": data.get("with_av1", ""),
    }


def test_going_back_to_the_plans_own_choice_leaves_nothing_behind(client: Client, lecture: Lecture) -> None:
    Lecture.objects.filter(pk=lecture.pk).update(options={"future": 1})
    encoding(client, lecture, content="screencast", max_height="1080", may_copy=None, with_av1="yes")
    encoding(client, lecture)
    lecture.refresh_from_db()
    assert lecture.options == {"future": 1}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"content": "film"}, "content"),
        ({"max_height": "4320"}, "max_height"),
        ({"max_height": "-1"}, "max_height"),
        ({"max_height": "tall"}, "max_height"),
        ({"max_height": None}, "max_height"),
        ({"with_av1": "perhaps"}, "with_av1"),
    ],
)
def test_what_no_plan_knows_is_refused_at_its_field(
    client: Client, lecture: Lecture, data: dict[str, Any], field: str
) -> None:
    assert list(errors(encoding(client, lecture, **data), "encoding")) == [field]
    lecture.refresh_from_db()
    assert lecture.options == {}
    assert lecture.encodes.count() == 1


def test_the_service_itself_refuses_what_the_plan_would_drop(lecture: Lecture) -> None:
    for bad in ({"content": "film"}, {"max_height": 100}, {"max_height": 5000}):
        with pytest.raises(ValueError, match="no plan knows"):
            lectures.set_options(
                lecture=lecture, **{"content": "", "max_height": 720, "may_copy": True, **bad}
            )


def test_encoding_again_begins_one_encode_and_the_old_one_plays_on(client: Client, lecture: Lecture) -> None:
    before = lecture.current
    response = encoding(client, lecture, content="still", again="on")
    assert "The recording is being encoded again." in said(response)
    lecture.refresh_from_db()
    newest = lecture.encodes.order_by("-number").first()
    assert newest is not None
    assert (lecture.current, newest.number, newest.state) == (before, 2, "received")
    assert newest.source_id == before.source_id  # type: ignore[union-attr]
    assert "again" not in client.get(url(lecture)).context["encoding_form"].fields
    assert "The next encode goes by it." in said(encoding(client, lecture, again="on"))
    assert lecture.encodes.count() == 2


def test_a_recording_without_an_encode_cannot_be_repeated(owner: Any, client: Client) -> None:
    bare = LectureFactory(owner=owner)
    assert lectures.encode_again(lecture=bare) is None
    under_way = EncodeFactory(state="packaging")
    assert lectures.encode_again(lecture=under_way.lecture) is None
    encoding(client, bare, again="on", content="still")
    assert not bare.encodes.exists()


# --- watching early


def test_its_trainer_watches_what_is_made_so_far(owner: Any, client: Client) -> None:
    encode = EncodeFactory(lecture__owner=owner, state="transcoding", planned_ms=100)
    ChunkFactory(encode=encode, done_ms=20)
    assert "data-manifest" not in html(client, encode.lecture)
    Encode.objects.filter(pk=encode.pk).update(playable_at=timezone.now())
    default_storage.save(f"{playback.prefix_of(encode.pk)}/master.m3u8", ContentFile(b"#EXTM3U\n"))
    page = html(client, encode.lecture)
    assert "what has been encoded so far" in page
    assert 'data-early="1"' in page
    assert "It can already be watched." in page
    manifest = re.search(r'data-manifest="([^"]+)"', page)
    assert manifest is not None
    assert client.get(manifest[1]).status_code == 200
    assert Client().get(manifest[1]).status_code == 403


@pytest.mark.parametrize("state", ["received", "probed", "failed"])
def test_what_cannot_go_on_is_not_offered_early(owner: Any, client: Client, state: str) -> None:
    reason = "stalled" if state == "failed" else ""
    encode = EncodeFactory(lecture__owner=owner, state=state, reason=reason, playable_at=timezone.now())
    assert "data-manifest" not in html(client, encode.lecture)


def test_what_is_published_is_shown_while_a_better_one_is_made(client: Client, lecture: Lecture) -> None:
    newer = EncodeFactory(lecture=lecture, state="transcoding", playable_at=timezone.now())
    page = html(client, lecture)
    assert str(lecture.current_id) in page
    assert f"{newer.pk}/master.m3u8" not in page
    assert "what has been encoded so far" not in page


# --- trying again, the bin


def test_trying_again_what_has_not_failed_changes_nothing_and_says_so(
    client: Client, lecture: Lecture
) -> None:
    before = Encode.objects.values().get()
    assert "nothing to try again" in said(client.post(url(lecture, "retry/"), follow=True))
    assert Encode.objects.values().get() == before


def test_trying_again_twice_is_trying_again_once(owner: Any, client: Client) -> None:
    encode = EncodeFactory(lecture__owner=owner, failed=True, attempts=4)
    for _ in range(2):
        client.post(url(encode.lecture, "retry/"))
    encode.refresh_from_db()
    assert (encode.state, encode.attempts, encode.lecture.encodes.count()) == ("received", 0, 1)


def test_the_newest_encode_is_the_one_that_is_tried_again(client: Client, lecture: Lecture) -> None:
    failed = EncodeFactory(lecture=lecture, failed=True)
    client.post(url(lecture, "retry/"))
    failed.refresh_from_db()
    lecture.refresh_from_db()
    assert failed.state == "received"
    assert lecture.current is not None
    assert lecture.current.state == "published"


def test_the_bin_keeps_the_day_on_which_it_was_put_there(client: Client, lecture: Lecture) -> None:
    earlier = timezone.now() - timedelta(days=9)
    Lecture.objects.filter(pk=lecture.pk).update(trashed_at=earlier)
    client.post(url(lecture, "trash/"), {"is_sure": "on"})
    lecture.refresh_from_db()
    assert lecture.trashed_at == earlier


def test_what_is_in_the_bin_goes_on_playing_for_those_who_have_it(client: Client, lecture: Lecture) -> None:
    granted = playback.grant(encode=lecture.current, person="p", session="s")  # type: ignore[arg-type]
    default_storage.save(f"{playback.prefix_of(lecture.current_id)}/master.m3u8", ContentFile(b"#EXTM3U\n"))  # type: ignore[arg-type]
    lectures.trash(lecture=lecture)
    assert Client().get(granted.manifest_url).status_code == 200
    page = html(client, lecture)
    assert "This lecture is in the bin." in page
    assert "data-up-drop" not in page


def test_a_file_named_in_gbk_gets_a_name_that_can_be_read() -> None:
    raw = "第一讲.mp4".encode("gb18030").decode("utf-8", "surrogateescape")
    assert ingest.readable(raw) == "第一讲.mp4"
    assert ingest.readable("第一讲.mp4") == "第一讲.mp4"
