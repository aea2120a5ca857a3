"""The demo's lectures end with the slides and chapters that they were made from, without any search."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from config.demo import outline
from config.demo.lecture import Page, Script
from media import publish, queries, slides
from media.models import Encode, SlideScan
from tests.factories.media import EncodeFactory

PAGES = (
    Page("资质认定是法定许可", ("依据", "含义"), ("a", "b", "c")),
    Page("谁来发证", (), ("d",)),
)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Four pictures of two pages, the last of the first page all red."""
    made = Script()
    for name, colour, seconds in (
        ("00-00", "white", 2.5), ("00-01", "grey", 1.25), ("00-02", "red", 2.0), ("01-00", "white", 3.0),
    ):  # fmt: skip
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (64, 36), colour).save(path)
        made.pictures.append((path, seconds))
    return made


def test_a_page_is_one_slide_with_its_fullest_picture_and_its_text(script: Script) -> None:
    found = outline.slides_of(script, PAGES)
    assert [(one.start_ms, one.end_ms, one.title) for one in found] == [
        (0, 5750, "资质认定是法定许可"),
        (5750, 8750, "谁来发证"),
    ]
    assert found[0].text == "资质认定是法定许可\n依据\n含义"
    assert found[0].picture.startswith(b"\xff\xd8")


@pytest.mark.django_db
def test_they_are_published_with_the_encode_and_outlive_its_clearing_up(script: Script) -> None:
    encode = EncodeFactory()
    given = outline.slides_of(script, PAGES)
    for _ in range(2):
        outline.publish(encode.lecture, given)
    publish.sweep_strays(encode)
    Encode.objects.filter(pk=encode.pk).update(
        state=Encode.State.PUBLISHED, published_at=encode.created_at.replace(year=2000), duration_ms=8750
    )
    encode.lecture.current = encode
    encode.lecture.save()
    assert [mark.title for mark in queries.chapters_of(encode.lecture)] == ["资质认定是法定许可", "谁来发证"]
    shown = queries.slides_of(encode.lecture)
    assert [mark.start_ms for mark in shown] == [0, 5750]
    assert all(default_storage.exists(f"lectures/{encode.pk}/{mark.file}") for mark in shown)
    # Nothing is left to search for, so the demo's start waits for no reader.
    assert slides.enlist() == 0
    assert slides.due_count() == 0
    assert SlideScan.objects.get().state == SlideScan.State.DONE
