"""The page on which a trainer looks at slides, corrects chapters and publishes them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from media import chapters, chapters_forms, queries
from media.models import Chapter, Encode, Lecture, Slide, SlideScan
from media.slides_find import MOST_SLIDES
from tests.factories.media import (
    ChapterFactory,
    EncodeFactory,
    LectureFactory,
    SlideFactory,
    SlideScanFactory,
)
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

Enter = Callable[..., Client]


@pytest.fixture
def client(owner: Any, entered: Enter) -> Client:
    return entered(owner)


@pytest.fixture
def encode(lecture: Lecture) -> Encode:
    assert lecture.current is not None
    return lecture.current


def url(lecture: Lecture) -> str:
    return f"{LECTURES}{lecture.pk}/chapters/"


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def send(
    client: Client, lecture: Lecture, do: str, *rows: dict[str, Any], encode: str = "", follow: bool = True
) -> Any:
    data: dict[str, Any] = {"do": do, "encode": encode or str(lecture.current_id)}
    data |= {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0"}
    for n, row in enumerate(rows):
        data |= {f"rows-{n}-{name}": value for name, value in row.items()}
    return client.post(url(lecture), data, follow=follow)


def marks(lecture: Lecture) -> list[tuple[int, str]]:
    return [(mark.start_ms, mark.title) for mark in queries.chapters_of(lecture)]


class TestWhoGetsIn:
    @pytest.mark.parametrize(
        ("group", "status"), [("Trainers", 404), ("Reviewers", 200), ("Operators", 200), (None, 302)]
    )
    def test_another_trainers_lecture_does_not_exist(
        self, lecture: Lecture, member: Any, entered: Enter, group: str | None, status: int
    ) -> None:
        visitor = entered(member(group) if group else None)
        assert visitor.get(url(lecture)).status_code == status

    def test_who_may_only_look_gets_no_buttons_and_cannot_send(
        self, lecture: Lecture, encode: Encode, member: Any, entered: Enter
    ) -> None:
        SlideFactory(encode=encode)
        reviewer = entered(member("Reviewers"))
        shown = page(reviewer.get(url(lecture)))
        assert 'value="publish"' not in shown
        assert '<fieldset class="chp-rows" disabled>' in shown
        send(reviewer, lecture, "publish", {"time": "0:00", "title": "A"})
        assert encode.chapters.count() == 0

    def test_a_form_from_elsewhere_is_refused(self, lecture: Lecture, owner: Any, entered: Enter) -> None:
        strict = entered(owner, enforce_csrf_checks=True)
        assert send(strict, lecture, "publish", {"time": "0:00", "title": "A"}).status_code == 403
        assert marks(lecture) == []

    def test_there_is_nothing_to_send_before_a_video_is_published(self, client: Client, owner: Any) -> None:
        coming = LectureFactory(owner=owner)
        assert "once the video is published" in page(client.get(url(coming)))
        assert send(client, coming, "publish", {"time": "0:00", "title": "A"}).status_code == 404


class TestWhatIsShown:
    def test_slides_come_with_picture_time_and_title_under_a_grant(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        slide = SlideFactory(encode=encode, start_ms=65_500, end_ms=70_000, title="资质认定")
        ChapterFactory(encode=encode, start_ms=65_500, title="第一章")
        shown = page(client.get(url(lecture)))
        assert re.search(rf'src="/stream/[^"]+/{encode.pk}/{slide.file}"', shown)
        assert 'value="1:05.500"' in shown
        assert 'value="第一章"' in shown
        assert "依据：第163号令" in shown
        assert "Not published." in shown

    def test_chapters_and_slides_stand_in_the_order_of_time_and_the_misfits_first(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        SlideFactory(encode=encode, start_ms=20_000, end_ms=30_000)
        ChapterFactory(encode=encode, start_ms=5000, title="five")
        ChapterFactory(encode=encode, start_ms=90_000, title="ninety", state=Chapter.State.UNFIT)
        shown = page(client.get(url(lecture)))
        assert re.findall(r'name="rows-\d+-time" value="([^"]+)"', shown) == ["1:30", "0:05", "0:20"]
        assert "1 chapter of the former video has no place in this one." in shown

    @pytest.mark.parametrize(
        ("scan", "said"),
        [
            (None, "Slides are being searched for"),
            ({"state": "due"}, "Slides are being searched for"),
            ({"state": "failed"}, "The search for slides failed several times."),
            ({"state": "done", "is_found": True}, "No slides were found in this video."),
        ],
    )
    def test_it_says_where_the_search_stands(
        self, client: Client, lecture: Lecture, encode: Encode, scan: dict[str, Any] | None, said: str
    ) -> None:
        if scan is not None:
            SlideScanFactory(encode=encode, **scan)
        assert said in page(client.get(url(lecture)))

    @pytest.mark.parametrize("is_read", [True, False])
    def test_it_says_where_no_reader_is_installed(
        self, client: Client, lecture: Lecture, encode: Encode, is_read: bool
    ) -> None:
        SlideScanFactory(encode=encode, state="done", is_found=True)
        SlideFactory(encode=encode, is_read=is_read)
        assert ("the reader is not installed" in page(client.get(url(lecture)))) is not is_read

    def test_the_page_costs_the_same_with_one_and_three_of_everything(
        self, client: Client, lecture: Lecture, encode: Encode, django_assert_max_num_queries: Any
    ) -> None:
        counts = []
        for _ in range(3):
            SlideFactory(encode=encode)
            ChapterFactory(encode=encode)
            with django_assert_max_num_queries(40) as seen:
                client.get(url(lecture))
            counts.append(len(seen))
        assert counts[0] == counts[2]

    def test_it_speaks_chinese(self, lecture: Lecture, encode: Encode, owner: Any, client: Client) -> None:
        owner.language = "zh-hans"
        owner.save()
        SlideFactory(encode=encode)
        shown = page(client.get(url(lecture), headers={"Accept-Language": "zh-hans"}))
        assert "章节" in shown
        assert "Publish" not in shown.split('class="lec"', 1)[1]

    def test_the_lectures_page_leads_here(self, client: Client, lecture: Lecture) -> None:
        assert url(lecture) in page(client.get(f"{LECTURES}{lecture.pk}/"))


class TestPublishing:
    def test_titles_beside_slides_become_chapters_and_ticked_slides_are_shown(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        one, two = SlideFactory(encode=encode), SlideFactory(encode=encode)
        response = send(
            client,
            lecture,
            "publish",
            {"slide": one.pk, "time": "0:00", "title": "概述", "shown": "on"},
            {"slide": two.pk, "time": "0:10", "title": ""},
            {"time": "1：02.5", "title": "方法"},
            {"time": "", "title": ""},
        )
        assert "Published: viewers get these chapters and slides." in page(response)
        assert marks(lecture) == [(0, "概述"), (62_500, "方法")]
        assert [mark.file for mark in queries.slides_of(lecture)] == [one.file]
        two.refresh_from_db()
        assert two.state == Slide.State.HIDDEN

    def test_the_page_sent_back_as_it_was_loses_nothing(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        SlideFactory(encode=encode, start_ms=12_345, end_ms=20_000)
        for start, title in ((12_345, "a"), (61_001, "b"), (3000, "c")):
            ChapterFactory(encode=encode, start_ms=start, title=title)
        rows = client.get(url(lecture)).context["rows"]
        given = [{key: value for key, value in form.initial.items() if value} for form in rows]
        send(client, lecture, "publish", *given)
        assert marks(lecture) == [(3000, "c"), (12_345, "a"), (61_001, "b")]
        assert len(queries.slides_of(lecture)) == 1

    def test_saved_is_not_published(self, client: Client, lecture: Lecture, encode: Encode) -> None:
        response = send(client, lecture, "save", {"time": "0:00", "title": "概述"})
        assert "Viewers do not get it before it is published." in page(response)
        assert marks(lecture) == []
        assert encode.chapters.get().title == "概述"

    def test_what_is_published_can_be_taken_back(self, client: Client, lecture: Lecture) -> None:
        send(client, lecture, "publish", {"time": "0:00", "title": "概述"})
        assert "Take back from viewers" in page(client.get(url(lecture)))
        send(client, lecture, "withdraw")
        assert marks(lecture) == []
        assert "Not published." in page(client.get(url(lecture)))

    def test_more_rows_keep_what_was_typed_and_save_nothing(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        shown = page(send(client, lecture, "more", {"time": "0:07", "title": "还没保存"}))
        assert 'value="还没保存"' in shown
        assert "rows-5-title" in shown
        assert "rows-6-title" not in shown
        assert encode.chapters.count() == 0

    def test_a_failed_search_can_be_begun_again(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        scan = SlideScanFactory(encode=encode, state="failed", attempts=4)
        send(client, lecture, "search")
        scan.refresh_from_db()
        assert (scan.state, scan.attempts) == (SlideScan.State.DUE, 0)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ({"time": "three", "title": "A"}, "Write the time as 3:05 or 1:03:05."),
            ({"time": "0:75", "title": "A"}, "Write the time as 3:05 or 1:03:05."),
            ({"time": "", "title": "A"}, "Say when it begins, such as 3:05, or clear the title."),
            ({"time": "0:30", "title": ""}, "Give the chapter a title, or clear its time."),
            ({"time": "3:00", "title": "A"}, "The lecture ends at 3:00. Choose an earlier time."),
            ({"time": "0:05", "title": "A"}, "Another chapter begins at this time. Change one of them."),
            ({"time": "0:30", "title": "A" * 201}, "at most 200 characters"),
        ],
    )
    def test_a_mistake_is_said_at_its_row_and_nothing_is_saved(
        self, client: Client, lecture: Lecture, encode: Encode, row: dict[str, str], said: str
    ) -> None:
        response = send(client, lecture, "publish", {"time": "0:05", "title": "good"}, row)
        assert response.status_code == 422
        assert said in page(response)
        assert "Nothing was saved: 1 row needs a correction." in page(response)
        assert 'value="good"' in page(response)
        assert encode.chapters.count() == 0

    def test_nothing_at_all_cannot_be_published(self, client: Client, lecture: Lecture) -> None:
        response = send(client, lecture, "publish", {"time": "", "title": ""})
        assert response.status_code == 422
        assert "write a title or tick a slide" in page(response)

    def test_times_of_a_video_that_was_replaced_meanwhile_are_not_taken(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        lecture.current = EncodeFactory(lecture=lecture, published=True)
        lecture.save()
        response = send(client, lecture, "publish", {"time": "0:05", "title": "A"}, encode=str(encode.pk))
        assert "The video was replaced meanwhile" in page(response)
        assert Chapter.objects.count() == 0

    def test_slides_of_someone_else_cannot_be_shown(
        self, client: Client, lecture: Lecture, encode: Encode
    ) -> None:
        foreign = SlideFactory()
        send(client, lecture, "publish", {"slide": foreign.pk, "time": "0:00", "title": "A", "shown": "on"})
        foreign.refresh_from_db()
        assert foreign.state == Slide.State.PROPOSED
        assert chapters.propose(encode=foreign.encode) == 1

    def test_a_lecture_of_as_many_slides_as_are_ever_found_can_be_sent(self, settings: Any) -> None:
        slides = [
            Slide(pk=n, number=n, start_ms=n * 1000, end_ms=n * 1000 + 1) for n in range(1, MOST_SLIDES + 1)
        ]
        page = chapters_forms.rows(slides=slides, chapters=[], duration_ms=7_200_000)
        fields = sum(len(form.fields) for form in page.forms)
        assert fields >= MOST_SLIDES * 5
        by_hand = 100 * len(page.forms[0].fields)
        assert fields + by_hand < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS

    @pytest.mark.parametrize("do", ["publish", "more"])
    def test_numbers_without_end_break_nothing(
        self, client: Client, lecture: Lecture, encode: Encode, do: str
    ) -> None:
        digits, status = "9" * 5000, 422 if do == "publish" else 200
        sent = send(client, lecture, do, {"slide": digits, "time": "0:05", "title": "A"})
        assert sent.status_code == status
        counts = {"rows-TOTAL_FORMS": digits, "rows-INITIAL_FORMS": "0"}
        response = client.post(url(lecture), {"do": do, "encode": str(encode.pk), **counts})
        assert (response.status_code, encode.chapters.count()) == (status, 0)

    @pytest.mark.parametrize("do", ["", "delete"])
    def test_an_unknown_deed_is_not_found(self, client: Client, lecture: Lecture, do: str) -> None:
        assert send(client, lecture, do, {"time": "0:05", "title": "A"}).status_code == 404

    def test_a_form_without_its_counts_is_refused_and_breaks_nothing(
        self, client: Client, lecture: Lecture
    ) -> None:
        response = client.post(url(lecture), {"do": "publish", "encode": str(lecture.current_id)})
        assert response.status_code == 422
