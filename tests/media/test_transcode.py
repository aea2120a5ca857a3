"""One chunk: what is made of it, what is checked, and what a broken sound may cost."""

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from media import ffmpeg, fmp4, leases, recipes, tasks, transcode
from media.errors import LeaseLost, MediaError
from media.models import Chunk, Encode
from media.plan import Look, Plan, make_plan
from tests.media.clips import SILENT, render
from tests.media.pipeline import planned
from tests.media.test_plan import a_video, some_facts

pytestmark = pytest.mark.django_db


def made(encode: Encode, kind: str) -> Chunk:
    """Make the chunks up to the first of a kind."""
    for _ in range(9):
        done = encode.chunks.filter(kind=kind, state=Chunk.State.DONE).first()
        if done is not None:
            return done
        assert tasks.do_one()
    raise AssertionError(f"no {kind}")


def stored(encode: Encode, key: str) -> Path:
    return Path(default_storage.path(f"lectures/{encode.pk}/{key}"))


def lines(encode: Encode, key: str) -> list[str]:
    return stored(encode, key).read_text().splitlines()


def test_every_segment_is_what_its_row_says(tmp_path: Path) -> None:
    encode = planned(render(tmp_path / "a.mp4", seconds=8, size="128x96"), may_copy=False)
    chunk = made(encode, Chunk.Kind.VIDEO)
    plan = Plan.from_json(encode.plan)
    for name, output in chunk.outputs["renditions"].items():
        assert stored(encode, output["init"]).stat().st_size > 0
        for segment in output["segments"]:
            data = stored(encode, segment["key"]).read_bytes()
            assert len(data) == segment["bytes"]
            assert hashlib.sha256(data).hexdigest() == segment["sha256"]
        step = next(rung.step for rung in plan.rungs if rung.name == name)
        frames = sum(segment["samples"] for segment in output["segments"])
        piece = next(piece for piece in plan.pieces if piece.kind == "video")
        assert frames == -(-piece.frames // step)
        assert sum(segment["ticks"] for segment in output["segments"]) == frames * step * plan.frame_ticks


def test_names_of_files_tell_attempts_apart(tmp_path: Path) -> None:
    encode = planned(render(tmp_path / "a.mp4", seconds=2, size="64x48"))
    first = leases.claim("here:1")
    assert first is not None
    transcode.encode_chunk(first)
    chunk = Chunk.objects.get(pk=first.chunk_id)
    keys = [s["key"] for output in chunk.outputs["renditions"].values() for s in output["segments"]]
    assert keys
    assert all(first.lease.hex[:8] in key for key in keys)
    Chunk.objects.filter(pk=chunk.pk).update(state=Chunk.State.DUE)
    Encode.objects.filter(pk=encode.pk).update(state=Encode.State.TRANSCODING)
    again = leases.claim("there:2")
    assert again is not None
    assert again.chunk_id == first.chunk_id
    transcode.encode_chunk(again)
    chunk.refresh_from_db()
    others = [s["key"] for output in chunk.outputs["renditions"].values() for s in output["segments"]]
    assert not set(keys) & set(others)
    assert all(stored(encode, key).exists() for key in (*keys, *others))


def test_a_worker_without_the_lease_makes_nothing(tmp_path: Path) -> None:
    planned(render(tmp_path / "a.mp4", seconds=1, size="64x48"))
    job = leases.claim("here:1")
    assert job is not None
    Chunk.objects.filter(pk=job.chunk_id).update(lease=None)
    with pytest.raises(LeaseLost):
        transcode.encode_chunk(job)
    assert not Path(default_storage.path("lectures")).exists()


def test_progress_counts_only_what_is_left_to_encode(tmp_path: Path) -> None:
    """A copied picture and the sound weigh a twentieth of an encoded picture."""
    encode = planned(render(tmp_path / "a.mp4", seconds=4, size="64x48"))
    tasks.do_all()
    done = dict(encode.chunks.values_list("kind", "done_ms"))
    assert done["copy"] == done["audio"] == 200
    assert sum(done.values()) == Encode.objects.get().planned_ms


def test_a_sound_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    """The second of two sound tracks is rubbish behind a good header."""
    good = render(tmp_path / "good.mp4", seconds=2, size="64x48")
    path = tmp_path / "two.mkv"
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(good), "-f", "lavfi", "-t", "2", "-i", SILENT]
    cmd += ["-map", "0", "-map", "1", "-c:v", "copy", "-c:a:0", "copy", "-c:a:1", "flac", str(path)]
    subprocess.run(cmd, check=True, timeout=60)
    found = subprocess.run(
        [ffmpeg.binaries().ffprobe, "-v", "error", "-select_streams", "a:1", "-show_entries",
         "packet=pos,size", "-of", "json", str(path)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    for packet in json.loads(found.stdout)["packets"]:
        start, size = int(packet["pos"]), int(packet["size"])
        at = data.index(b"\xff\xf8", start, start + 40)
        data[at : at + size - 8] = bytes(size - 8)
    path.write_bytes(bytes(data))
    encode = planned(path)
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.state == Encode.State.PUBLISHED
    assert "audio_unreadable" in encode.warnings
    assert set(encode.renditions.filter(kind="audio").values_list("name", flat=True)) == {"a0"}
    master = stored(encode, "master.m3u8").read_text()
    assert master.count("TYPE=AUDIO") == 1


@pytest.mark.parametrize(("cores", "most"), [(1, 1), (8, 8), (None, 1)])
def test_what_watching_begins_with_takes_every_core_and_the_rest_one_each(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, most: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    plan = make_plan(some_facts(a_video(codec="hevc")), Look())
    taken = [(piece.kind, piece.index, transcode.threads_for(piece, plan)) for piece in plan.pieces]
    assert taken[0] == ("opening", 0, most)
    assert {threads for _, _, threads in taken[1:]} == {1}
    alone = replace(plan, opening="")
    assert [transcode.threads_for(piece, alone) for piece in plan.pieces[1:3]] == [most, 1]
    copied = make_plan(some_facts(a_video()), Look())
    assert {transcode.threads_for(piece, copied) for piece in copied.pieces} == {1}, "a copy is there at once"


def test_watching_begins_with_one_small_picture_before_the_others_are_made(tmp_path: Path) -> None:
    film = render(tmp_path / "a.mp4", seconds=13, size="440x330", extra=("-c:v", "mpeg4"))
    encode = planned(film, content="camera")
    opening = made(encode, Chunk.Kind.OPENING)
    assert set(opening.outputs) == {"renditions", "usage"}
    assert not encode.chunks.exclude(pk=opening.pk).exclude(state=Chunk.State.DUE).exists()
    assert not stored(encode, "master.m3u8").exists(), "not without its sound"
    made(encode, Chunk.Kind.AUDIO)
    encode.refresh_from_db()
    assert encode.playable_at is not None
    (picture,) = (line for line in lines(encode, "master.m3u8") if line.startswith("v"))
    assert picture == "v240/index.m3u8"
    (first,) = (line for line in lines(encode, picture) if line.endswith(".m4s"))

    begin = made(encode, Chunk.Kind.VIDEO)
    assert list(begin.outputs["renditions"]) == ["v330"]
    assert begin.outputs["sprite"]["tiles"], "small frames ride along with the decode for all"
    assert {line for line in lines(encode, "master.m3u8") if line.startswith("v")} == {
        picture,
        "v330/index.m3u8",
    }
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.state == Encode.State.PUBLISHED
    assert lines(encode, picture).count(first) == 1, "the segment that was watched stays where it was"


def test_segments_of_a_copy_begin_at_the_cuts_of_the_plan(tmp_path: Path) -> None:
    encode = planned(render(tmp_path / "a.mp4", seconds=15, size="64x48", rate="25", gop=50))
    plan = Plan.from_json(encode.plan)
    assert plan.rungs[0].is_copy
    chunk = made(encode, Chunk.Kind.COPY)
    (output,) = chunk.outputs["renditions"].values()
    starts = [round(segment["start"] / output["timescale"] * 25) for segment in output["segments"]]
    assert starts == list(plan.cuts)
    assert sum(segment["samples"] for segment in output["segments"]) == 15 * 25


def test_a_growing_file_shows_what_watching_begins_with_before_the_rest_is_stored(tmp_path: Path) -> None:
    encode = planned(render(tmp_path / "a.mp4", seconds=40, size="64x48", rate="5", gop=5, sound=None))
    job = leases.claim("here:1")
    assert job is not None
    chunk = Chunk.objects.select_related("encode__source").get(pk=job.chunk_id)
    with leases.Heart(job) as beating:
        bench = transcode.Workbench(chunk, job, beating, tmp_path)
        cmd, path = recipes.copy(bench.source, bench.facts, tmp_path)
        ffmpeg.run(cmd)
        movie = fmp4.read(path)
        parts = transcode.copied_segments(movie, bench.plan, 0)
        assert len(parts) == 7
        # Nothing but the head of the file is there yet: the next look still counts as the first.
        bench.keep(movie, "v48", bench.early("v48", []), 0)
        bench.keep(movie, "v48", bench.early("v48", parts), 0)
        opening = [segment["key"] for segment in bench.kept["v48"]["segments"]]
        assert len(opening) == 4
        bench.keep(movie, "v48", bench.early("v48", parts), 0)
    keys = [segment["key"] for segment in bench.kept["v48"]["segments"]]
    assert len(keys) == 7
    assert keys[:4] == opening
    assert all(stored(encode, key).exists() for key in keys)


def test_a_damaged_middle_is_reported_as_what_it_is(tmp_path: Path) -> None:
    """Where less comes out than was planned nothing is stored as finished."""
    encode = planned(render(tmp_path / "a.mp4", seconds=2, size="64x48"))
    plan = encode.plan
    plan["pieces"] = [
        {**piece, "frames": piece["frames"] + 30} if piece["kind"] == "copy" else piece
        for piece in plan["pieces"]
    ]
    facts = encode.facts
    facts["video"]["frames"] += 30
    Encode.objects.filter(pk=encode.pk).update(plan=plan, facts=facts)
    job = leases.claim("here:1")
    assert job is not None
    assert Chunk.objects.get(pk=job.chunk_id).kind == Chunk.Kind.COPY
    with pytest.raises(MediaError) as failed:
        transcode.encode_chunk(job)
    assert failed.value.code == "not_whole"
    assert Chunk.objects.get(pk=job.chunk_id).state == Chunk.State.LEASED


def test_opening_bytes_are_stored_once_for_equal_chunks(tmp_path: Path) -> None:
    encode = planned(render(tmp_path / "a.mp4", seconds=40, size="64x48", rate="5", gop=5), may_copy=False)
    assert encode.chunks.filter(kind="video").count() > 1
    tasks.do_all()
    inits = {
        output["init"]
        for chunk in encode.chunks.filter(kind="video")
        for output in chunk.outputs["renditions"].values()
    }
    assert len(inits) == len(Plan.from_json(encode.plan).rungs)
    movie = fmp4.read(_joined(encode, tmp_path))
    assert sum(fragment.samples for fragment in movie.fragments) == 200


def _joined(encode: Encode, folder: Path) -> Path:
    """Put the top rendition together: opening bytes once, then every segment of every chunk."""
    name = encode.plan["rungs"][0]["name"]
    chunks = encode.chunks.filter(kind="video").order_by("index")
    outputs = [chunk.outputs["renditions"][name] for chunk in chunks]
    parts = [stored(encode, outputs[0]["init"])]
    parts += [stored(encode, segment["key"]) for output in outputs for segment in output["segments"]]
    target = folder / "joined.mp4"
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target
