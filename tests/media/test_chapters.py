"""What is kept of chapters and slides: the trainer's decision, proposals, and what a new video takes over."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from media import chapters, queries, store
from media.chapters import Given
from media.models import Chapter, Encode, Lecture, Slide, SlideScan
from media.signals import encode_published
from tests.factories.media import ChapterFactory, EncodeFactory, LectureFactory, SlideFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lecture() -> Lecture:
    return LectureFactory(published=True)


@pytest.fixture
def encode(lecture: Lecture) -> Encode:
    assert lecture.current is not None
    return lecture.current


def jpeg(seed: int) -> bytes:
    """A slide of text-like marks."""
    marks = np.where(np.random.default_rng(seed).random((18, 40)) < 0.4, 30, 245).astype(np.uint8)
    marks[:, ::5] = 245
    written = BytesIO()
    Image.fromarray(marks.repeat(20, axis=0).repeat(16, axis=1)).convert("RGB").save(written, "JPEG")
    return written.getvalue()


def with_slides(encode: Encode, *slides: tuple[int, int, int]) -> list[Slide]:
    """Keep slides with pictures: seed, beginning and end in seconds."""
    given = [Given(a * 1000, b * 1000, jpeg(seed), f"T{seed}", f"T{seed}") for seed, a, b in slides]
    chapters.give(encode=encode, slides=given)
    return list(encode.slides.order_by("number"))


def replaced(lecture: Lecture, duration_ms: int) -> Encode:
    """A new video of the lecture that viewers get from now on."""
    lecture.current = EncodeFactory(lecture=lecture, published=True, duration_ms=duration_ms)
    lecture.save(update_fields=["current"])
    return lecture.current


def marks(lecture: Lecture) -> list[tuple[int, str]]:
    return [(mark.start_ms, mark.title) for mark in queries.chapters_of(lecture)]


def while_compared(monkeypatch: pytest.MonkeyPatch, former: Encode, decided: Callable[[], None]) -> None:
    """Let the trainer decide something in the moment in which a picture of the former video is read."""
    opened = default_storage.open

    def meanwhile(name: str, mode: str = "rb") -> Any:
        if str(former.pk) in name:
            monkeypatch.undo()
            decided()
        return opened(name, mode)

    monkeypatch.setattr(default_storage, "open", meanwhile)


class TestTheTrainersDecision:
    def test_viewers_get_nothing_before_it_is_published(self, lecture: Lecture, encode: Encode) -> None:
        slides = [SlideFactory(encode=encode), SlideFactory(encode=encode)]
        chapters.save(encode=encode, chapters=[(0, "概述")], shown={slides[0].pk}, publish=False)
        assert (queries.chapters_of(lecture), queries.slides_of(lecture)) == ([], [])
        assert list(encode.chapters.values_list("title", flat=True)) == ["概述"]

    def test_published_is_what_was_chosen_in_the_order_of_time(
        self, lecture: Lecture, encode: Encode
    ) -> None:
        slides = [SlideFactory(encode=encode), SlideFactory(encode=encode)]
        chapters.save(
            encode=encode, chapters=[(9000, " 方法 "), (0, "概述")], shown={slides[1].pk}, publish=True
        )
        assert marks(lecture) == [(0, "概述"), (9000, "方法")]
        assert [mark.file for mark in queries.slides_of(lecture)] == [slides[1].file]

    def test_it_takes_the_place_of_all_that_was_there(self, lecture: Lecture, encode: Encode) -> None:
        ChapterFactory(encode=encode, state=Chapter.State.UNFIT)
        chapters.save(encode=encode, chapters=[(0, "旧")], shown=(), publish=True)
        chapters.save(encode=encode, chapters=[(1000, "新")], shown=(), publish=True)
        assert list(encode.chapters.values_list("start_ms", "title")) == [(1000, "新")]

    def test_slides_of_another_lecture_are_not_touched(self, encode: Encode) -> None:
        other = SlideFactory()
        chapters.save(encode=encode, chapters=[(0, "概述")], shown={other.pk}, publish=True)
        other.refresh_from_db()
        assert other.state == Slide.State.PROPOSED

    @pytest.mark.parametrize(
        "wanted",
        [[(180_000, "beyond")], [(-1, "before")], [(5, "a"), (5, "b")], [(0, "  ")]],
        ids=["at the end", "before the start", "twice", "no title"],
    )
    def test_what_cannot_be_is_refused_and_nothing_changes(
        self, lecture: Lecture, encode: Encode, wanted: list[tuple[int, str]]
    ) -> None:
        chapters.save(encode=encode, chapters=[(179_999, "末")], shown=(), publish=True)
        with pytest.raises(ValueError):
            chapters.save(encode=encode, chapters=wanted, shown=(), publish=True)
        assert marks(lecture) == [(179_999, "末")]

    def test_nothing_cannot_be_published_but_everything_can_be_removed(self, encode: Encode) -> None:
        chapters.save(encode=encode, chapters=[(0, "概述")], shown=(), publish=True)
        with pytest.raises(chapters.NothingToPublish):
            chapters.save(encode=encode, chapters=[], shown={SlideFactory().pk}, publish=True)
        assert encode.chapters.count() == 1
        chapters.save(encode=encode, chapters=[], shown=(), publish=False)
        assert encode.chapters.count() == 0

    def test_taken_back_it_is_kept_for_the_trainer(self, lecture: Lecture, encode: Encode) -> None:
        slides = [SlideFactory(encode=encode), SlideFactory(encode=encode)]
        chapters.save(encode=encode, chapters=[(0, "概述")], shown={slides[0].pk}, publish=True)
        for _ in range(2):
            chapters.withdraw(encode=encode)
        assert (marks(lecture), queries.slides_of(lecture)) == ([], [])
        assert list(encode.slides.values_list("state", flat=True)) == ["proposed", "hidden"]
        assert encode.chapters.get().state == Chapter.State.PROPOSED


class TestProposing:
    def test_each_title_becomes_a_proposed_chapter(self, lecture: Lecture, encode: Encode) -> None:
        for title in ("概述", "概述（2）", "方法"):
            SlideFactory(encode=encode, title=title)
        assert chapters.propose(encode=encode) == 2
        assert marks(lecture) == []
        assert list(encode.chapters.values_list("start_ms", "title")) == [(0, "概述"), (20_000, "方法")]

    def test_what_the_trainer_wrote_is_left_alone(self, encode: Encode) -> None:
        SlideFactory(encode=encode)
        ChapterFactory(encode=encode, title="手写")
        assert chapters.propose(encode=encode) == 0
        assert encode.chapters.get().title == "手写"


class TestGivenSlides:
    def test_they_are_kept_as_pictures_named_by_their_content_and_never_searched(
        self, encode: Encode
    ) -> None:
        (slide,) = with_slides(encode, (1, 0, 9))
        assert default_storage.exists(f"lectures/{encode.pk}/{slide.file}")
        assert slide.file.startswith("slides/0001-")
        assert (slide.is_read, slide.state) == (True, Slide.State.PROPOSED)
        assert SlideScan.objects.get(encode=encode).state == SlideScan.State.DONE

    def test_given_again_they_are_not_doubled(self, encode: Encode) -> None:
        with_slides(encode, (1, 0, 9))
        assert len(with_slides(encode, (2, 0, 9), (3, 9, 20))) == 1


class TestAVideoThatWasReplaced:
    @pytest.mark.parametrize(("longer_ms", "kept"), [(1000, True), (-1000, True), (1001, False)])
    def test_chapters_stay_at_once_where_the_length_is_the_same(
        self, lecture: Lecture, encode: Encode, longer_ms: int, kept: bool
    ) -> None:
        chapters.save(encode=encode, chapters=[(60_000, "方法")], shown=(), publish=True)
        new = replaced(lecture, 180_000 + longer_ms)
        encode_published.send(sender=Encode, encode=new)
        encode_published.send(sender=Encode, encode=new)
        assert marks(lecture) == ([(60_000, "方法")] if kept else [])
        assert queries.chapters_of(lecture, encode)[0].title == "方法"

    def test_proposals_stay_proposals(self, lecture: Lecture, encode: Encode) -> None:
        ChapterFactory(encode=encode, start_ms=0)
        chapters.carry_over(encode=replaced(lecture, 180_000))
        assert marks(lecture) == []
        assert lecture.current is not None
        assert lecture.current.chapters.get().state == Chapter.State.PROPOSED

    def test_a_chapter_goes_where_its_slide_is_found_and_one_without_is_flagged(
        self, lecture: Lecture, encode: Encode
    ) -> None:
        old = with_slides(encode, (1, 0, 60), (2, 60, 120), (3, 120, 180))
        wanted = [(0, "一"), (65_000, "二"), (121_000, "三")]
        chapters.save(encode=encode, chapters=wanted, shown={old[0].pk, old[2].pk}, publish=True)
        new = replaced(lecture, 300_000)
        with_slides(new, (9, 0, 30), (1, 30, 90), (3, 90, 300))
        chapters.carry_over(encode=new, searched=True)
        assert marks(lecture) == [(30_000, "一"), (91_000, "三")]
        unfit = new.chapters.get(state=Chapter.State.UNFIT)
        assert (unfit.start_ms, unfit.title) == (65_000, "二")
        # What was seen is shown again; what nobody has seen is not.
        assert [mark.text for mark in queries.slides_of(lecture)] == ["T1", "T3"]
        assert list(new.slides.values_list("state", flat=True)) == ["proposed", "published", "published"]

    def test_without_slides_the_chapter_that_opens_a_lecture_still_does(
        self, lecture: Lecture, encode: Encode
    ) -> None:
        chapters.save(encode=encode, chapters=[(0, "开场"), (15_000, "方法")], shown=(), publish=True)
        new = replaced(lecture, 240_000)
        chapters.carry_over(encode=new, searched=True)
        assert marks(lecture) == [(0, "开场")]
        assert new.chapters.get(state=Chapter.State.UNFIT).title == "方法"

    def test_a_slide_that_was_left_out_stays_left_out(self, lecture: Lecture, encode: Encode) -> None:
        old = with_slides(encode, (1, 0, 60), (2, 60, 180))
        chapters.save(encode=encode, chapters=[], shown={old[1].pk}, publish=True)
        new = replaced(lecture, 240_000)
        with_slides(new, (1, 0, 90), (2, 90, 240))
        chapters.carry_over(encode=new, searched=True)
        assert list(new.slides.values_list("state", flat=True)) == ["hidden", "published"]

    def test_what_the_trainer_wrote_for_the_new_video_is_left_alone(
        self, lecture: Lecture, encode: Encode
    ) -> None:
        chapters.save(encode=encode, chapters=[(0, "旧")], shown=(), publish=True)
        new = replaced(lecture, 180_000)
        ChapterFactory(encode=new, title="新")
        chapters.carry_over(encode=new, searched=True)
        assert list(new.chapters.values_list("title", flat=True)) == ["新"]

    def test_what_the_trainer_decides_while_pictures_are_compared_holds(
        self, lecture: Lecture, encode: Encode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = with_slides(encode, (1, 0, 60), (2, 60, 180))
        chapters.save(encode=encode, chapters=[], shown={slide.pk for slide in old}, publish=True)
        new = replaced(lecture, 240_000)
        _, second = with_slides(new, (1, 0, 90), (2, 90, 240))

        def decided() -> None:
            chapters.save(encode=new, chapters=[(0, "新")], shown={second.pk}, publish=True)

        while_compared(monkeypatch, encode, decided)
        chapters.carry_over(encode=new, searched=True)
        assert marks(lecture) == [(0, "新")]
        assert list(new.slides.values_list("state", flat=True)) == ["hidden", "published"]

    def test_of_the_former_video_what_holds_in_the_end_is_taken_over(
        self, lecture: Lecture, encode: Encode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = with_slides(encode, (1, 0, 60), (2, 60, 180))
        chapters.save(encode=encode, chapters=[], shown={slide.pk for slide in old}, publish=True)
        new = replaced(lecture, 240_000)
        with_slides(new, (1, 0, 90), (2, 90, 240))

        def decided() -> None:
            chapters.save(encode=encode, chapters=[], shown={old[0].pk}, publish=True)

        while_compared(monkeypatch, encode, decided)
        chapters.carry_over(encode=new, searched=True)
        assert [mark.text for mark in queries.slides_of(lecture)] == ["T1"]

    def test_pictures_that_are_gone_flag_the_chapters_and_break_nothing(
        self, lecture: Lecture, encode: Encode
    ) -> None:
        old = with_slides(encode, (1, 0, 180))
        chapters.save(encode=encode, chapters=[(0, "一")], shown={old[0].pk}, publish=True)
        store.remove({f"lectures/{encode.pk}/{old[0].file}"})
        new = replaced(lecture, 240_000)
        with_slides(new, (1, 0, 240))
        chapters.carry_over(encode=new, searched=True)
        assert marks(lecture) == []
        assert new.chapters.get().state == Chapter.State.UNFIT


def test_a_lecture_without_a_video_has_neither_chapters_nor_slides() -> None:
    empty = LectureFactory()
    assert (queries.chapters_of(empty), queries.slides_of(empty)) == ([], [])
