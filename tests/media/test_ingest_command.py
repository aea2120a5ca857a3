"""Taking a library in: what is read in folders, one line a file, going on after a stop, names of all kinds."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from media import ingest, sources
from media.models import Encode, Lecture, Source
from tests.factories.media import EncodeFactory
from tests.factories.people import UserFactory

# Committed rows are not needed here: nothing is encoded, every file ends at the probe or was in before.
pytestmark = pytest.mark.django_db

BAD = b"no recording at all"


@pytest.fixture
def operator() -> Any:
    return UserFactory(is_superuser=True, email="operator@example.test", mobile="13900000077")


@pytest.fixture
def library(tmp_path: Path, operator: Any) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, data: bytes = BAD) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def run(*paths: Path, code: int = 0, **options: Any) -> list[dict[str, Any]]:
    """Run the command and return its lines; `code` is how it ends."""
    out = io.StringIO()
    given = {"json": True, "inline": True, **options}
    try:
        call_command("ingest", *map(str, paths), stdout=out, stderr=io.StringIO(), **given)
        ended = 0
    except SystemExit as end:
        ended = int(end.code or 0)
    assert ended == code
    return [json.loads(line) for line in out.getvalue().splitlines()]


def in_already(path: Path, owner: Any, **encode: Any) -> Encode:
    """A file that was taken in before."""
    from media import store

    data = path.read_bytes()
    source = Source.objects.create(digest=store.digest_of(path), size=len(data), key=f"sources/{path.name}")
    given = {"published": True, **encode}
    made: Encode = EncodeFactory(lecture__owner=owner, source=source, filename=path.name, **given)
    if made.state == Encode.State.PUBLISHED:
        Lecture.objects.filter(pk=made.lecture_id).update(current=made)
    return made


# --- what is taken


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "._第一讲.mp4", ".hidden/a.mp4", "a.srt", "a.SRT", "b.vtt", "c.ass", "c.ssa", "c.sbv", "c.stl",
        "slides.pdf", "slides.pptx", "cover.jpg", "Thumbs.db", "desktop.ini", "notes.txt", "a.mp4.part", "all.zip",
    ],
)  # fmt: skip
def test_what_lies_beside_recordings_is_passed_over(library: Path, name: str) -> None:
    put(library, name)
    assert run(library) == []
    assert not Lecture.objects.exists()


@pytest.mark.parametrize("name", ["a.mp4", "b.MOV", "sub/dir/c.mkv", "no ending", "d.unknown", "第一讲.mp4"])
def test_everything_else_is_tried_in_folders_of_any_depth(library: Path, name: str) -> None:
    path = put(library, name)
    (row,) = run(library, code=1)
    assert (row["path"], row["code"]) == (str(path), "not_media")


def test_a_file_that_is_named_is_tried_whatever_its_name(library: Path) -> None:
    (row,) = run(put(library, "recording.txt"), code=1)
    assert row["code"] == "not_media"


def test_a_folder_and_a_file_of_it_named_twice_are_read_once_and_in_order(library: Path) -> None:
    second, first = put(library, "b.mp4"), put(library, "a.mp4", BAD + b"!")
    rows = run(library, second, library, code=1)
    assert sorted(row["path"] for row in rows) == [str(first), str(second)]
    assert list(Lecture.objects.order_by("pk").values_list("title", flat=True)) == ["a", "b"]


def test_an_empty_folder_is_no_failure(library: Path) -> None:
    assert run(library) == []


# --- what is missing


def test_a_missing_file_stops_everything_before_anything_is_taken_in(library: Path) -> None:
    put(library, "a.mp4")
    with pytest.raises(CommandError, match=r"gone\.mp4"):
        run(library, library / "gone.mp4")
    assert not Lecture.objects.exists()


def test_a_link_that_leads_nowhere_is_not_a_file(library: Path) -> None:
    (library / "a.mp4").symlink_to(library / "gone.mp4")
    assert run(library) == []
    with pytest.raises(CommandError):
        run(library / "a.mp4")


def test_a_file_that_vanishes_while_it_is_read_fails_alone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, "a.mp4")
    put(library, "b.mp4", BAD + b"!")
    opened = Path.open

    def vanishing(self: Path, *args: Any, **more: Any) -> Any:
        if self.name == "a.mp4":
            raise FileNotFoundError(2, "gone")
        return opened(self, *args, **more)

    monkeypatch.setattr(Path, "open", vanishing)
    rows = {Path(row["path"]).name: row["code"] for row in run(library, code=1)}
    assert rows == {"a.mp4": "storage", "b.mp4": "not_media"}


def test_an_empty_file_is_refused_with_what_to_do(library: Path) -> None:
    (row,) = run(put(library, "a.mp4", b""), code=1)
    assert (row["state"], row["code"], row["duration"]) == ("failed", "empty", 0.0)
    assert row["reason"]
    assert row["remedy"]
    assert not Source.objects.exists()


# --- whose


def test_the_owner_is_found_by_mobile_or_by_mail_in_any_case(library: Path) -> None:
    person = UserFactory(email="trainer@example.test", mobile="13812345678")
    for number, name in enumerate(["13812345678", "Trainer@Example.Test"]):
        put(library, "a.mp4", BAD + bytes([number]))
        run(library, code=1, owner=name)
    assert set(Lecture.objects.values_list("owner_id", flat=True)) == {person.pk}


def test_without_a_name_the_first_operator_owns_it(library: Path, operator: Any) -> None:
    UserFactory(is_superuser=True)
    put(library, "a.mp4")
    run(library, code=1, tenant="institution:5", language="en")
    lecture = Lecture.objects.get()
    assert (lecture.owner_id, lecture.tenant, lecture.language) == (operator.pk, "institution:5", "en")


def test_an_unknown_owner_is_said_before_anything_is_read(library: Path) -> None:
    put(library, "a.mp4")
    with pytest.raises(CommandError, match="nobody@"):
        run(library, owner="nobody@example.test")
    assert not Source.objects.exists()


# --- what is in stays in


def test_a_second_run_takes_nothing_in_and_reports_the_same(library: Path, operator: Any) -> None:
    encode = in_already(put(library, "a.mp4"), operator, width=1280, height=720)
    first, second = run(library), run(library)
    assert first == second
    assert (first[0]["state"], first[0]["lecture"], first[0]["width"]) == ("ready", encode.lecture_id, 1280)
    assert Lecture.objects.count() == 1


def test_the_same_bytes_under_another_name_are_another_lecture_over_one_source(library: Path) -> None:
    put(library, "a.mp4")
    put(library, "b.mp4")
    run(library, code=1)
    assert Lecture.objects.count() == 2
    assert Source.objects.count() == 1


def test_the_same_name_with_other_bytes_is_another_lecture(library: Path, operator: Any) -> None:
    in_already(put(library, "a.mp4"), operator)
    put(library, "a.mp4", BAD + b"!")
    run(library, code=1)
    assert Lecture.objects.count() == 2


@pytest.mark.parametrize("what", ["owner", "tenant"])
def test_another_owner_or_tenant_takes_it_in_for_itself(library: Path, operator: Any, what: str) -> None:
    in_already(put(library, "a.mp4"), operator)
    other = UserFactory(mobile="13899999999")
    options = {"owner": other.mobile} if what == "owner" else {"tenant": "institution:9"}
    run(library, code=1, **options)
    assert Lecture.objects.count() == 2


def test_a_lecture_whose_video_was_replaced_since_is_reported_by_its_newest_encode(
    library: Path, operator: Any
) -> None:
    encode = in_already(put(library, "a.mp4"), operator)
    EncodeFactory(lecture=encode.lecture, published=True, width=640, height=360)
    (row,) = run(library)
    assert (row["state"], row["width"]) == ("ready", 640)


def test_one_that_failed_is_reported_with_its_reason_and_not_taken_in_again(
    library: Path, operator: Any
) -> None:
    in_already(put(library, "a.mp4"), operator, published=False, failed=True, reason="too_long")
    (row,) = run(library, code=1)
    assert (row["state"], row["code"]) == ("failed", "too_long")
    assert "twelve hours" in row["reason"] or "小时" in row["reason"]
    assert Lecture.objects.count() == 1


def test_a_run_that_was_broken_off_goes_on_with_the_rest(library: Path, operator: Any) -> None:
    in_already(put(library, "a.mp4"), operator)
    put(library, "b.mp4", BAD + b"!")
    rows = {Path(row["path"]).name: row["state"] for row in run(library, code=1)}
    assert rows == {"a.mp4": "ready", "b.mp4": "failed"}
    assert Lecture.objects.count() == 2


# --- names and lines


def test_a_name_in_gbk_is_read_and_printed_as_people_read_it(library: Path) -> None:
    raw = os.fsencode(library) + "/第一讲.mp4".encode("gb18030")
    Path(os.fsdecode(raw)).write_bytes(BAD)
    (row,) = run(library, code=1)
    assert row["path"].endswith("/第一讲.mp4")
    lecture = Lecture.objects.get()
    assert (lecture.title, lecture.encodes.get().filename) == ("第一讲", "第一讲.mp4")
    run(library, code=1)
    assert Lecture.objects.count() == 1


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe.mp4", b"a\x80", "😀.mp4".encode(), b"plain.mp4", "é.mp4".encode()]
)
def test_every_name_becomes_text_that_can_be_stored(raw: bytes) -> None:
    ingest.readable(os.fsdecode(raw)).encode("utf-8")


def test_a_long_name_is_cut_and_still_known_again(library: Path) -> None:
    put(library, "x" * 250 + ".mp4")
    run(library, code=1)
    run(library, code=1)
    lecture = Lecture.objects.get()
    assert len(lecture.title) == 200


def test_every_line_is_one_object_with_the_same_keys(library: Path, operator: Any) -> None:
    put(library, "empty.mp4", b"")
    put(library, "bad\nname.mp4")
    in_already(put(library, "good.mp4", BAD + b"!"), operator)
    rows = run(library, code=1)
    keys = {
        "path",
        "state",
        "code",
        "reason",
        "remedy",
        "duration",
        "width",
        "height",
        "renditions",
        "warnings",
    }
    assert len(rows) == 3
    assert all(keys <= set(row) for row in rows)
    assert {row["state"] for row in rows} == {"ready", "failed"}


def test_as_text_each_file_has_its_line_with_reason_and_remedy(library: Path, operator: Any) -> None:
    put(library, "empty.mp4", b"")
    in_already(put(library, "good.mp4"), operator)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("ingest", str(library), inline=True, stdout=out, stderr=io.StringIO())
    lines = {line.split()[1].rsplit("/", 1)[1]: line for line in out.getvalue().splitlines()}
    assert lines["good.mp4"].startswith("ready")
    assert "180.0 s" in lines["good.mp4"]
    assert lines["empty.mp4"].startswith("failed")
    assert len(lines["empty.mp4"].split(maxsplit=2)[2]) > 10


# --- a second run over what failed, was deleted, or while the database is away


@pytest.mark.parametrize("reason", ["internal", "gave_up", "killed", "not_whole"])
def test_what_failed_by_no_fault_of_the_file_is_tried_again(
    library: Path, operator: Any, reason: str
) -> None:
    encode = in_already(put(library, "a.mp4"), operator, published=False, failed=True, reason=reason)
    sources.adopt(path=library / "a.mp4", digest=encode.source.digest, size=encode.source.size)
    (row,) = run(library, code=1)
    # Tried, and now it says what is wrong with the file itself.
    assert (row["code"], row["lecture"]) == ("not_media", encode.lecture_id)
    assert Lecture.objects.count() == 1


def test_an_original_that_was_lost_from_the_store_comes_back_with_its_file(
    library: Path, operator: Any
) -> None:
    encode = in_already(
        put(library, "a.mp4"), operator, published=False, failed=True, reason="source_missing"
    )
    (row,) = run(library, code=1)
    assert (row["code"], row["lecture"]) == ("not_media", encode.lecture_id)


def test_a_lecture_in_the_bin_is_neither_ready_nor_brought_back(library: Path, operator: Any) -> None:
    encode = in_already(put(library, "a.mp4"), operator)
    Lecture.objects.update(trashed_at=timezone.now())
    (row,) = run(library, code=1)
    assert (row["state"], row["code"]) == ("failed", "in_bin")
    assert row["remedy"]
    assert Lecture.objects.get().trashed_at is not None
    # One that was taken in once more since then is the one that counts.
    second = EncodeFactory(
        lecture__owner=operator, source=encode.source, filename="a.mp4", published=True, number=1
    )
    assert run(library)[0]["lecture"] == second.lecture_id


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_does_not_end_the_command(library: Path, operator: Any) -> None:
    put(library, "a.mp4")
    asked = iter(range(1000))

    def away(execute: Any, sql: str, *rest: Any) -> Any:
        number = next(asked)
        # Between two files, while the work is claimed, and while its end is waited for.
        if number in {3, 25, 26} and not connection.in_atomic_block:
            lost.append(sql)
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, *rest)

    lost: list[str] = []
    with connection.execute_wrapper(away):
        (row,) = run(library, code=1)
    assert row["code"] == "not_media"
    assert len(lost) >= 2
    assert Lecture.objects.count() == 1
