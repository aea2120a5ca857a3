"""What does not need a rival: the first playable moment, two hours in step, a kill, two workers."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from config.bench_media import films, judge
from config.bench_media.house import House

_FIRST_BY = 180.0


@dataclass(frozen=True)
class Long:
    """What two hours came to after a kill in the middle."""

    apart_ms: float
    frames_in: int
    frames_out: int
    begun_again: int
    pieces: int


def first_playable(house: House, film: Path, seconds: int) -> float:
    """Return how long after its last byte a film can be watched; the rest of its encode is not waited for.

    The film is repeated until it is `seconds` long.
    """
    source = films.repeated(film, seconds)
    # Not those of the trials before.
    known = house.rows("SELECT count(*) FROM media_encode")[0][0]
    asked = "SELECT (julianday(playable_at) - julianday(created_at)) * 86400 FROM media_encode"
    with house.workers(2) as crew, house.ingesting(source):
        found: list[tuple[float | None]] = []
        end = time.monotonic() + _FIRST_BY
        while time.monotonic() < end and not (found and found[0][0] is not None):
            time.sleep(0.2)
            found = house.rows(f"{asked} ORDER BY created_at LIMIT 1 OFFSET ?", known)
        crew.kill()
    source.unlink()
    house.forget()
    return found[0][0] if found and found[0][0] is not None else _FIRST_BY


def two_workers(house: House, folder: Path, seconds: int) -> tuple[float, float]:
    """Return the seconds that one worker process and two need for a small lecture of many pieces."""
    source = films.small_speaker(folder, seconds)
    one, _ = house.encode(source, processes=1)
    two, _ = house.encode(source, processes=2)
    return one.wall_s, two.wall_s


def long_film(house: House, folder: Path, minutes: int) -> Long:
    """Encode a long film whose flash and tone come together, with the worker killed in the middle."""
    source = films.flashes(folder, minutes)
    with house.ingesting(source) as ingest:
        # One process, so that one piece is under way.
        with house.workers(1, with_beat=True) as crew:
            _wait_for_the_middle(house)
            crew.kill()
        with house.workers(2, with_beat=True):
            said, _ = ingest.communicate()
    row = json.loads(said.splitlines()[-1])
    if row["state"] != "ready":
        raise RuntimeError(row["reason"])
    prefix, plan, _ = house.published(row["lecture"])
    made = house.folder / "files" / prefix
    top = judge.joined(made / plan.rungs[0].name, folder / "long.top.mp4")
    sound = judge.joined(made / plan.sounds[0].name, folder / "long.sound.mp4")
    asked = "SELECT count(*), sum(attempts) FROM media_chunk WHERE encode_id = ?"
    pieces, attempts = house.rows(asked, Path(prefix).name.replace("-", ""))[0]
    frames_in = judge.frame_count(source)
    return Long(judge.apart_ms(top, sound), frames_in, judge.frame_count(top), attempts - pieces, pieces)


def _wait_for_the_middle(house: House) -> None:
    """Wait until some pieces of the picture are done and another is under way."""
    asked = (
        "SELECT count(*), sum(state = 'done'), sum(state = 'leased') FROM media_chunk WHERE kind = 'video'"
    )
    asked += " AND encode_id = (SELECT id FROM media_encode ORDER BY created_at DESC LIMIT 1)"
    end = time.monotonic() + 1800
    while time.monotonic() < end:
        pieces, done, leased = house.rows(asked)[0]
        if pieces and done >= 3 and leased:
            return
        time.sleep(0.1)
    raise RuntimeError("no piece came to its end")
