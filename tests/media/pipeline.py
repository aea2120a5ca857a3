"""Lectures that are part of the way through the pipeline."""

from pathlib import Path
from typing import Any

from media import ingest, tasks
from media.models import Encode
from tests.factories.people import UserFactory


def planned(path: Path, **options: Any) -> Encode:
    """Take a file in and work until its chunks are due."""
    lecture = ingest.ingest_file(path=path, title="讲座", owner=UserFactory())
    lecture.options = options
    lecture.save()
    encode = Encode.objects.get(lecture=lecture)
    while encode.state in {Encode.State.RECEIVED, Encode.State.PROBED}:
        assert tasks.do_one()
        encode.refresh_from_db()
    return encode
