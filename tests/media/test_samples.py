"""Every real file ends ready, shown as it should be and as long as it decodes, or refused with a reason."""

import subprocess
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from django.core.files.storage import default_storage

from media import ffmpeg, ingest, tasks
from media.errors import REASONS, UnusableSource
from media.models import Encode
from tests.environment import SAMPLES
from tests.factories.people import UserFactory
from tests.media.clips import ffmpeg_json

INDEX = SAMPLES / "VIDEO_INDEX.tsv"
# ffmpeg ends without an error here, but not one frame or sample comes out of them.
EMPTY_INSIDE = {"audiobook-truncated-after-moov.m4b", "duration-2pow63.mp4", "tiny.wmv"}
# Minutes of large pictures: a trainer's limit to small ones keeps the whole run's time. The others go up to all.
LIMITED = {"long-6min-1080p-lowbitrate.mp4": 360, "screencast-73s-1616x1568.mp4": 360}

pytestmark = [pytest.mark.samples, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def rows() -> list[tuple[str, str]]:
    """Return name and verdict of every video that the index lists; nothing where there is no index."""
    lines = INDEX.read_text().splitlines()[1:] if INDEX.is_file() else []
    return [(line.split("\t")[0], line.split("\t")[4]) for line in lines]


def test_the_samples_are_there(samples: Path) -> None:
    """Skips loudly where the folder is absent."""
    assert sum((samples / name).is_file() for name, _ in rows()) > 60


# Without the folder one row stays, which its fixture skips with the reason.
@pytest.mark.parametrize(
    ("name", "verdict"),
    rows() or [("every sample", "")],
    ids=[Path(name).name for name, _ in rows()] or ["every-sample"],
)
def test_a_sample_ends_ready_or_refused(name: str, verdict: str, samples: Path, tmp_path: Path) -> None:
    if not (samples / name).is_file():
        pytest.skip(f"{name} is in the index of the samples, but not in their folder")
    path = tmp_path / Path(name).name
    path.write_bytes((samples / name).read_bytes())
    if path.stat().st_size == 0:
        with pytest.raises(UnusableSource, match="empty"):
            ingest.ingest_file(path=path, title=path.name, owner=UserFactory())
        return
    lecture = ingest.ingest_file(path=path, title=path.name, owner=UserFactory())
    if limit := LIMITED.get(path.name):
        lecture.options = {"max_height": limit}
        lecture.save(update_fields=["options"])
    tasks.do_all()
    encode = Encode.objects.get(lecture=lecture)
    if verdict == "REJECT" or path.name in EMPTY_INSIDE:
        assert encode.state == Encode.State.FAILED
        assert encode.reason in REASONS
        return
    assert (encode.state, encode.reason, encode.detail) == (Encode.State.PUBLISHED, "", "")
    lecture.refresh_from_db()
    assert lecture.current == encode
    check_length(path, encode)
    check_size(path, encode)
    check_stream(encode)


def decoded(path: Path) -> float:
    """Return how many seconds come out of a file or a stream where all of it is decoded."""
    cmd = [ffmpeg.binaries().ffmpeg, "-hide_banner", "-nostdin", "-i", str(path), "-f", "null", "-"]
    said = subprocess.run(cmd, capture_output=True, text=True, timeout=120).stderr
    clock = said.rsplit("time=", 1)[1].split()[0]
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def check_length(path: Path, encode: Encode) -> None:
    """Within two percent of what decodes, or within a frame for clips of a few frames."""
    assert encode.duration_ms / 1000 == pytest.approx(decoded(path), rel=0.02, abs=0.05)


def check_size(path: Path, encode: Encode) -> None:
    """Upright, square pixels, never larger than the source."""
    streams = ffmpeg_json(path, "-show_streams")["streams"]
    pictures = [s for s in streams if s["codec_type"] == "video" and not s["disposition"]["attached_pic"]]
    if not pictures:
        assert (encode.width, encode.height) == (640, 360)
        return
    largest = max(pictures, key=lambda s: s["width"] * s["height"])
    aspect = Fraction(str(largest.get("sample_aspect_ratio", "1:1")).replace(":", "/") if
                      not str(largest.get("sample_aspect_ratio", "1:1")).startswith("0") else "1")  # fmt: skip
    width, height = float(largest["width"] * aspect), float(largest["height"])
    turns = [round(abs(s["rotation"])) for s in largest.get("side_data_list", []) if "rotation" in s]
    if turns and turns[0] in {90, 270}:
        width, height = height, width
    scale = min(1, LIMITED.get(path.name, 10_000) / min(width, height))
    assert encode.width == pytest.approx(width * scale, abs=2)
    assert encode.height == pytest.approx(height * scale, abs=2)


def check_stream(encode: Encode) -> None:
    """The playlists parse and name files that are there; the smallest rung and the sound decode to their length."""
    prefix = f"lectures/{encode.pk}"
    with default_storage.open(f"{prefix}/master.m3u8") as file:
        master = m3u8.loads(file.read().decode())
    assert master.is_variant
    assert master.is_independent_segments
    listed = [item.uri for item in [*master.playlists, *master.media]]
    assert listed
    for uri in set(listed):
        with default_storage.open(f"{prefix}/{uri}") as file:
            playlist = m3u8.loads(file.read().decode())
        assert playlist.is_endlist
        assert max(segment.duration for segment in playlist.segments) <= playlist.target_duration + 0.5
        total = sum(segment.duration for segment in playlist.segments)
        assert total == pytest.approx(encode.duration_ms / 1000, abs=0.3)
        folder = uri.rsplit("/", 1)[0]
        for segment in playlist.segments:
            assert default_storage.exists(f"{prefix}/{folder}/{segment.uri}")
    for extra in ("poster.jpg", "storyboard.vtt"):
        assert default_storage.size(f"{prefix}/{extra}") > 0
    # The larger rungs are made of the same segments' times; decoding them all would cost minutes.
    pictures = [item for item in master.playlists if item.stream_info.resolution]
    smallest = min(pictures, key=lambda item: item.stream_info.bandwidth)
    for uri in {smallest.uri, *(item.uri for item in master.media if item.type == "AUDIO" and item.uri)}:
        path = Path(default_storage.path(f"{prefix}/{uri}"))
        assert decoded(path) == pytest.approx(encode.duration_ms / 1000, rel=0.02, abs=0.3), uri
