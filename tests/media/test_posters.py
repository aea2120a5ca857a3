"""Pictures for the poster: what is taken, what is refused, what of it reaches a viewer."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from media import lectures
from media.models import Lecture
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner: Any, entered: Callable[..., Client]) -> Client:
    return entered(owner)


def sent(client: Client, lecture: Lecture, file: SimpleUploadedFile) -> Any:
    return client.post(f"{LECTURES}{lecture.pk}/", {"form": "poster", "picture": file}, follow=True)


def picture(
    fmt: str = "PNG",
    size: tuple[int, int] = (640, 360),
    colour: Any = "#3f9380",
    mode: str = "RGB",
    **more: Any,
) -> bytes:
    written = BytesIO()
    Image.new(mode, size, colour).save(written, fmt, **more)
    return written.getvalue()


def poster_of(lecture: Lecture) -> Image.Image:
    lecture.refresh_from_db()
    with default_storage.open(lecture.poster) as file:
        return Image.open(BytesIO(file.read())).convert("RGB")


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_each_kind_of_picture_that_is_named_is_taken(client: Client, lecture: Lecture, fmt: str) -> None:
    response = sent(client, lecture, SimpleUploadedFile("a", picture(fmt)))
    assert "Poster saved." in response.content.decode()
    assert poster_of(lecture).size == (640, 360)


@pytest.mark.parametrize("fmt", ["EPS", "TIFF", "GIF", "BMP", "ICO", "PDF", "TGA"])
def test_other_kinds_are_refused_whatever_they_are_called(client: Client, lecture: Lecture, fmt: str) -> None:
    response = sent(client, lecture, SimpleUploadedFile("a.jpg", picture(fmt, (64, 36))))
    assert "JPEG or PNG" in response.context["poster_form"].errors["picture"][0]
    lecture.refresh_from_db()
    assert lecture.poster == ""


def test_what_shines_through_is_white(lecture: Lecture) -> None:
    clear = picture(colour=(0, 0, 0, 0), mode="RGBA")
    lectures.set_poster(lecture=lecture, picture=BytesIO(clear))
    assert poster_of(lecture).getpixel((10, 10)) == (255, 255, 255)


def test_a_picture_lying_on_its_side_is_set_upright(lecture: Lecture) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lectures.set_poster(lecture=lecture, picture=BytesIO(picture("JPEG", (900, 1600), exif=exif)))
    assert poster_of(lecture).size == (1280, 720)


def test_exactly_the_most_pixels_are_opened(lecture: Lecture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lectures, "_MOST_PIXELS", 160 * 90)
    lectures.set_poster(lecture=lecture, picture=BytesIO(picture(size=(160, 90))))
    with pytest.raises(lectures.UnreadablePicture):
        lectures.set_poster(lecture=lecture, picture=BytesIO(picture(size=(161, 90))))


_WHOLE = [picture(fmt, (48, 27)) for fmt in ("PNG", "JPEG", "WEBP")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(_WHOLE), st.integers(0, 10_000), st.binary(min_size=1, max_size=12), st.integers(0, 400)
)
def test_a_damaged_picture_is_refused_or_shown_and_never_an_error(
    lecture: Lecture, whole: bytes, at: int, bad: bytes, cut: int
) -> None:
    at %= len(whole)
    broken = (whole[:at] + bad + whole[at + len(bad) :])[: max(1, len(whole) - cut % len(whole))]
    try:
        lectures.set_poster(lecture=lecture, picture=BytesIO(broken))
    except lectures.UnreadablePicture:
        return


def test_a_new_poster_has_a_new_address_in_the_storage_and_the_same_one_the_same(lecture: Lecture) -> None:
    keys = []
    for colour in ("#112233", "#445566", "#112233"):
        lectures.set_poster(lecture=lecture, picture=BytesIO(picture(colour=colour)))
        keys.append(lecture.poster)
    assert keys[0] == keys[2] != keys[1]
