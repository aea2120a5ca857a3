"""What killed processes leave in the spool is cleared away, and nothing else."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from media import store, tidy

NOW = timezone.now()


def aged(path: Path, hours: float) -> Path:
    moment = (NOW - timedelta(hours=hours)).timestamp()
    for found in (*path.rglob("*"), path):
        os.utime(found, (moment, moment))
    return path


def a_work_folder(settings: Any, encode: str = "e1", name: str = "abc") -> Path:
    folder = Path(settings.SPOOL_DIR, "work", encode, name)
    folder.mkdir(parents=True)
    (folder / "v720.mp4").write_bytes(b"half")
    return folder


def test_a_finished_piece_of_work_leaves_nothing(settings: Any) -> None:
    with store.workshop("e1") as folder:
        (folder / "v720.mp4").write_bytes(b"x")
    assert not folder.exists()


def test_a_folder_that_a_killed_worker_left_is_removed(settings: Any) -> None:
    folder = aged(a_work_folder(settings), 3)
    aged(folder.parent, 3)
    assert tidy.sweep_spool(NOW) == 1
    assert not folder.parent.exists() or not list(folder.parent.iterdir())
    assert tidy.sweep_spool(NOW) == 0


def test_a_folder_in_which_somebody_writes_stays(settings: Any) -> None:
    folder = aged(a_work_folder(settings), 30)
    moment = (NOW - timedelta(minutes=10)).timestamp()
    os.utime(folder / "v720.mp4", (moment, moment))
    assert tidy.sweep_spool(NOW) == 0
    assert folder.exists()


def test_an_old_attempt_goes_while_a_new_one_of_the_same_lecture_works(settings: Any) -> None:
    old = aged(a_work_folder(settings, name="old"), 5)
    new = a_work_folder(settings, name="new")
    assert tidy.sweep_spool(NOW) == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_a_fetched_source_stays_while_it_is_used(settings: Any) -> None:
    folder = Path(settings.SPOOL_DIR, "sources")
    folder.mkdir(parents=True)
    used, unused = folder / ("a" * 64), folder / ("b" * 64)
    for path, hours in ((used, 5), (unused, 7)):
        path.write_bytes(b"video")
        aged(path, hours)
    assert tidy.sweep_spool(NOW) == 1
    assert list(folder.iterdir()) == [used]


def test_an_empty_spool_is_no_trouble() -> None:
    assert tidy.sweep_spool(NOW) == 0


def test_uploads_in_transfer_are_none_of_its_business(settings: Any) -> None:
    folder = Path(settings.SPOOL_DIR, "uploads")
    folder.mkdir(parents=True)
    (folder / "x.part").write_bytes(b"x")
    aged(folder, 1000)
    assert tidy.sweep_spool(NOW) == 0
    assert (folder / "x.part").exists()
