"""The search for slides: who is searched and when, leases, what fails, and a real film read by a real reader."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from config.demo import slides as drawing
from media import chapters, ffmpeg, ingest, leases, queries, slides, slides_ocr, tasks
from media.models import Encode, Lecture, SlideScan
from tests.environment import ROOT
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    LectureFactory,
    SlideFactory,
    SlideScanFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

Make = Callable[..., Encode]
AGO = timedelta(minutes=1)


@pytest.fixture
def camera() -> Make:
    """A published camera lecture: searched in no time, since a camera shows no slides."""

    def make(**fields: Any) -> Encode:
        given = {"published_at": timezone.now() - AGO, "plan": {"content": "camera"}, "facts": {"video": {}}}
        encode = LectureFactory(published=True).current
        assert encode is not None
        Encode.objects.filter(pk=encode.pk).update(**{**given, **fields})
        encode.refresh_from_db()
        return encode

    return make


def scan_of(encode: Encode) -> SlideScan:
    return SlideScan.objects.get(encode=encode)


class TestWhatIsSearched:
    def test_every_published_video_that_viewers_get_is_searched_once(self, camera: Make) -> None:
        first, second = camera(), camera()
        slides.enlist()
        while slides.do_one():
            pass
        assert [scan_of(one).state for one in (first, second)] == [SlideScan.State.DONE] * 2
        assert slides.enlist() == 0
        assert not slides.do_one()
        assert slides.due_count() == 0

    def test_nothing_else_is(self, camera: Make) -> None:
        fresh = camera(published_at=timezone.now())
        binned = camera()
        Lecture.objects.filter(current=binned).update(trashed_at=timezone.now())
        old = camera()
        Lecture.objects.filter(current=old).update(current=EncodeFactory(lecture=old.lecture, published=True))
        EncodeFactory(state=Encode.State.TRANSCODING)
        assert slides.enlist() == 0
        assert slides.due_count() == 0
        assert not SlideScan.objects.filter(encode__in=[fresh, binned, old]).exists()

    @pytest.mark.parametrize(
        "fields", [{}, {"facts": {"video": None}, "plan": {"content": "still"}}, {"plan": {}}]
    )
    def test_camera_and_sound_alone_have_no_slides(self, camera: Make, fields: dict[str, Any]) -> None:
        encode = camera(**fields)
        slides.enlist()
        assert slides.do_one()
        assert (scan_of(encode).state, encode.slides.count()) == (SlideScan.State.DONE, 0)

    def test_slides_that_are_known_are_not_searched_for(self, camera: Make) -> None:
        encode = camera()
        chapters.give(encode=encode, slides=[])
        assert slides.enlist() == 0
        assert not slides.do_one()


class TestPriorityAndLeases:
    @pytest.mark.django_db(transaction=True)
    def test_it_waits_for_every_upload(self, camera: Make) -> None:
        encode = camera()
        ChunkFactory(due_at=timezone.now() + timedelta(hours=1))
        due = EncodeFactory(state=Encode.State.RECEIVED)
        slides.enlist()
        tasks.work()
        assert not SlideScan.objects.filter(encode=encode).exclude(state=SlideScan.State.DUE).exists()
        Encode.objects.filter(pk=due.pk).update(state=Encode.State.FAILED, reason="not_media")
        assert tasks.work()
        assert scan_of(encode).state == SlideScan.State.DONE

    def test_between_two_readings_it_makes_way(self, camera: Make) -> None:
        encode = camera()
        SlideFactory(encode=encode, is_read=False)
        scan = SlideScanFactory(encode=encode, is_found=True)
        EncodeFactory(state=Encode.State.RECEIVED)
        assert slides.do_one()
        scan.refresh_from_db()
        assert (scan.state, scan.attempts, scan.lease) == (SlideScan.State.DUE, 0, None)

    def test_one_at_a_time_however_many_workers(self, camera: Make) -> None:
        camera(), camera()
        slides.enlist()
        assert slides.take() is not None
        assert slides.take() is None

    def test_what_was_abandoned_is_taken_over_and_its_first_worker_does_no_harm(self, camera: Make) -> None:
        encode = camera()
        slides.enlist()
        first = slides.take()
        assert first is not None
        SlideScan.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        second = slides.take()
        assert second is not None
        assert second.lease != first.lease
        slides.perform(first)
        assert scan_of(encode).lease == second.lease
        slides.perform(second)
        assert scan_of(encode).state == SlideScan.State.DONE

    def test_what_kills_its_worker_again_and_again_is_given_up(self, camera: Make) -> None:
        encode = camera()
        SlideScanFactory(encode=encode, attempts=leases.MAX_CLAIMS)
        assert slides.take() is None
        assert scan_of(encode).state == SlideScan.State.FAILED
        assert "gave_up" in scan_of(encode).detail

    def test_the_sweep_wakes_a_worker_for_it(self, camera: Make) -> None:
        assert tasks.sweep() == 0
        camera()
        assert tasks.sweep() == 1


class TestWhatFails:
    @pytest.fixture
    def broken(self, camera: Make) -> Encode:
        """Its plan says slides, but what was published is not there."""
        plan = {
            "content": "still", "rate": "5", "frames": 50, "gop": 30, "rungs": [], "sounds": [], "pieces": [],
            "cuts": [], "why": [], "filters": [],
        }  # fmt: skip
        return camera(plan=plan)

    def test_it_is_tried_again_later_a_bounded_number_of_times(self, broken: Encode) -> None:
        pauses = []
        slides.enlist()
        for _ in range(slides.MAX_ATTEMPTS):
            SlideScan.objects.update(due_at=timezone.now())
            assert slides.do_one()
            pauses.append(scan_of(broken).due_at - timezone.now())
        assert pauses == sorted(pauses)
        assert scan_of(broken).state == SlideScan.State.FAILED
        assert scan_of(broken).detail
        assert not slides.do_one()

    def test_a_disk_that_cannot_be_written_is_waited_for_and_counts_as_nothing(
        self, camera: Make, settings: Any, tmp_path: Path
    ) -> None:
        encode = camera()
        SlideFactory(encode=encode, is_read=False)
        SlideScanFactory(encode=encode, is_found=True)
        settings.SPOOL_DIR = tmp_path / "no-folder"
        settings.SPOOL_DIR.write_bytes(b"")
        assert slides.do_one()
        scan = scan_of(encode)
        assert (scan.state, scan.attempts) == (SlideScan.State.DUE, 0)
        assert scan.detail.startswith("storage")

    def test_it_begins_anew_when_asked_and_only_then(self, broken: Encode) -> None:
        scan = SlideScanFactory(encode=broken, state=SlideScan.State.FAILED, attempts=4)
        assert not slides.do_one()
        slides.search_again(encode=broken)
        scan.refresh_from_db()
        assert (scan.state, scan.attempts) == (SlideScan.State.DUE, 0)

    def test_the_lecture_plays_on(self, broken: Encode) -> None:
        slides.enlist()
        assert slides.do_one()
        assert queries.playable_lectures().filter(current=broken).exists()


def test_the_reader_is_off_where_it_cannot_be_loaded(tmp_path: Path, monkeypatch: Any) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys; sys.modules['rapidocr'] = None\n" + slides_ocr.PROGRAM.read_text())
    monkeypatch.setattr(slides_ocr, "PROGRAM", program)
    reading = slides_ocr.read([tmp_path / "none.jpg"])
    assert (reading.engine, reading.pages) == ("", ())
    assert "rapidocr" in reading.why


def test_no_process_of_the_site_loads_opencv_since_it_is_installed() -> None:
    code = "from django.conf import settings; settings.DEBUG; import willow, sys; print(sys.modules['cv2'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert said.stdout.strip() == "None", said.stderr


def test_what_seeks_slides_is_loaded_by_no_module_at_its_start() -> None:
    heavy = re.compile(r"^(from|import) (numpy|cv2|rapidocr|media\.slides_find)\b", re.M)
    found = {path.name for path in (ROOT / "media").rglob("*.py") if heavy.search(path.read_text())}
    assert found == {"slides_find.py"}


PAGES = [("资质认定是法定许可", ("依据：第163号令",)), ("谁来发证", ("总局一级", "省级市场监管部门"))]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two slides of six seconds, as a trainer would upload them."""
    for n, (title, bullets) in enumerate(PAGES):
        drawing.draw(drawing.Slide("第1讲", "", title, bullets)).save(tmp_path / f"{n}.png")
    path = tmp_path / "film.mp4"
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-framerate", "1/6", "-i", str(tmp_path / "%d.png")]
    cmd += [
        "-r",
        "10",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "20",
        str(path),
    ]
    subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return path


def test_slides_of_a_real_film_are_found_kept_read_and_proposed(film: Path, transactional_db: None) -> None:
    owner = UserFactory()
    lecture = ingest.ingest_file(path=film, title="A", owner=owner)
    tasks.do_all()
    lecture.refresh_from_db()
    encode = lecture.current
    assert encode is not None
    Encode.objects.update(published_at=timezone.now() - AGO)
    # What a worker left that was killed before it had marked the slides as found.
    SlideFactory(encode=encode, number=1)
    SlideFactory(encode=encode, number=7)
    slides.enlist()
    assert slides.do_one()
    scan = scan_of(encode)
    assert (scan.state, scan.detail) == (SlideScan.State.DONE, "")
    assert scan.engine.startswith("rapidocr")
    kept = list(encode.slides.order_by("number"))
    assert [slide.title for slide in kept] == [title for title, _ in PAGES]
    assert kept[0].start_ms == 0
    assert 5500 <= kept[1].start_ms == kept[0].end_ms <= 7000
    assert kept[1].end_ms == encode.duration_ms
    assert "省级市场监管部门" in kept[1].text
    with default_storage.open(f"lectures/{encode.pk}/{kept[1].file}") as file, Image.open(file) as picture:
        assert picture.size == (1280, 720)
    # Proposed, and nothing else: viewers get none of it.
    assert list(encode.chapters.values_list("start_ms", "title", "state")) == [
        (0, PAGES[0][0], "proposed"),
        (kept[1].start_ms, PAGES[1][0], "proposed"),
    ]
    assert queries.slides_of(lecture) == []
