"""Taking lectures in, the last check, and watching early."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from media import ingest, leases, tasks
from media.models import Chunk, Encode, Lecture
from tests.factories.people import UserFactory
from tests.media.clips import render

pytestmark = pytest.mark.django_db(transaction=True)


def taken_in(path: Path) -> Encode:
    lecture = ingest.ingest_file(
        path=path, title="讲座", owner=UserFactory(), captions={"zh-Hans": "WEBVTT\n"}
    )
    assert [track.label for track in lecture.tracks.all()] == ["中文"]
    return Encode.objects.get(lecture=lecture)


def run_command(*paths: Path) -> list[dict]:
    out = io.StringIO()
    # It ends with 1, since one of the files is refused.
    with pytest.raises(SystemExit, match="1"):
        call_command("ingest", *map(str, paths), json=True, inline=True, stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_command_says_one_line_a_file_and_takes_nothing_in_twice(tmp_path: Path) -> None:
    UserFactory(is_superuser=True)
    folder = tmp_path / "library"
    folder.mkdir()
    render(folder / "第一讲.mp4", seconds=1)
    (folder / "letter.mp4").write_text("hello")
    (folder / "empty.mov").write_bytes(b"")
    (folder / "notes.txt").write_text("not a lecture")
    rows = {Path(row["path"]).name: row for row in run_command(folder)}
    assert set(rows) == {"第一讲.mp4", "letter.mp4", "empty.mov"}
    ready = rows["第一讲.mp4"]
    assert (ready["state"], ready["width"], ready["height"], ready["duration"]) == ("ready", 320, 180, 1.0)
    assert ready["renditions"] == ["v180", "a0"]
    for name, code in (("letter.mp4", "not_media"), ("empty.mov", "empty")):
        assert (rows[name]["state"], rows[name]["code"]) == ("failed", code)
        assert rows[name]["reason"]
        assert rows[name]["remedy"]
    before = Lecture.objects.count()
    again = {Path(row["path"]).name: row for row in run_command(folder)}
    assert Lecture.objects.count() == before
    assert again["第一讲.mp4"]["lecture"] == ready["lecture"]


def test_the_command_needs_files_and_an_owner(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("ingest", str(tmp_path))
    UserFactory()
    with pytest.raises(CommandError):
        call_command("ingest", str(tmp_path / "missing.mp4"))
    with pytest.raises(CommandError):
        call_command("ingest", str(tmp_path), owner="nobody@example.test")


def test_watching_begins_before_the_end(tmp_path: Path) -> None:
    extra = ("-c:v", "mpeg4", "-q:v", "5")
    encode = taken_in(render(tmp_path / "a.mkv", seconds=16, size="160x120", extra=extra))
    while encode.playable_at is None:
        assert tasks.do_one()
        encode.refresh_from_db()
    assert encode.state == Encode.State.TRANSCODING
    assert encode.lecture.current is None
    folder = Path(default_storage.path(f"lectures/{encode.pk}"))
    early = (folder / "v120" / "index.m3u8").read_text()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in early
    assert "#EXT-X-ENDLIST" not in early
    tasks.do_all()
    final = (folder / "v120" / "index.m3u8").read_text()
    named = [line for line in early.splitlines() if line.endswith(".m4s")]
    assert [line for line in final.splitlines() if line.endswith(".m4s")][: len(named)] == named
    assert final.rstrip().endswith("#EXT-X-ENDLIST")


def test_a_lost_segment_is_made_again_and_never_published_missing(tmp_path: Path) -> None:
    encode = taken_in(render(tmp_path / "a.mp4", seconds=2))
    while encode.state != Encode.State.PACKAGING:
        assert tasks.do_one()
        encode.refresh_from_db()
    folder = Path(default_storage.path(f"lectures/{encode.pk}"))
    segment = next((folder / "v180").glob("*.m4s"))
    segment.write_bytes(segment.read_bytes()[:-10])
    tasks.do_one()
    encode.refresh_from_db()
    assert encode.state == Encode.State.TRANSCODING
    assert encode.chunks.exclude(state=Chunk.State.DONE).count() == 1
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.state == Encode.State.PUBLISHED
    assert encode.published_at is not None


def test_an_older_encode_never_replaces_a_newer_one(tmp_path: Path) -> None:
    first = taken_in(render(tmp_path / "a.mp4", seconds=1))
    second = ingest.start_encode(lecture=first.lecture, source=first.source, filename="b.mp4")
    Encode.objects.filter(pk=first.pk).update(priority=-1)
    tasks.do_all()
    assert leases.due_count() == 0
    lecture = Lecture.objects.get()
    assert second.number == 2
    assert lecture.current == second
    assert set(Encode.objects.values_list("state", flat=True)) == {Encode.State.PUBLISHED}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("第一讲\n不确定度", "第一讲 不确定度"),
        ("\u202e讲座\u200f\t\r ", "讲座"),
        ("e\u0301talonnage", "\u00e9talonnage"),
        ("长" * 300, "长" * 200),
    ],
)
def test_a_title_that_comes_from_a_file_is_one_line_of_what_can_be_seen(
    tmp_path: Path, name: str, title: str
) -> None:
    path = tmp_path / "lecture\n\u202e.mp4"
    path.write_bytes(b"not read here")
    lecture = ingest.ingest_file(path=path, title=name, owner=UserFactory())
    assert lecture.title == title
    assert lecture.encodes.get().filename == "lecture .mp4"


def test_a_name_of_which_nothing_can_be_seen_gives_the_time_as_title(tmp_path: Path) -> None:
    path = tmp_path / "\u200f\u202e.mp4"
    path.write_bytes(b"not read here")
    title = ingest.ingest_file(path=path, title="", owner=UserFactory()).title
    assert title.startswith(f"{timezone.localtime():%Y-}")
