"""What killed processes leave behind in the spool: folders of work, and sources fetched from a bucket."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

# ffmpeg that writes nothing is ended after three minutes, so nobody is at work in a folder this old.
_WORK_AGE = timedelta(hours=2)
# Using a fetched source touches it; it can be fetched again.
_SOURCE_AGE = timedelta(hours=6)


def sweep_spool(now: datetime) -> int:
    """Remove abandoned folders of work and sources that nobody used lately; return how many."""
    return _remove_work((now - _WORK_AGE).timestamp()) + _remove_sources((now - _SOURCE_AGE).timestamp())


def _remove_work(before: float) -> int:
    count = 0
    for encode in _children(Path(settings.SPOOL_DIR, "work")):
        for folder in _children(encode):
            if _newest(folder) < before:
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
        if not _children(encode) and _newest(encode) < before:
            shutil.rmtree(encode, ignore_errors=True)
    return count


def _remove_sources(before: float) -> int:
    old = [path for path in _children(Path(settings.SPOOL_DIR, "sources")) if _newest(path) < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _newest(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written; now where it just went away."""
    try:
        return max(found.stat().st_mtime for found in (path, *path.rglob("*")))
    except FileNotFoundError:
        return float("inf")
