"""A lesson as a line: what the outline and the player's contents say of it."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from classroom.learning.lines import Line
from classroom.progress.models import LessonProgress
from courses.catalogue.models import EditionLesson

_THEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def line(kind: str, *spans: tuple[int, int], **fields: object) -> Line:
    lesson = EditionLesson(kind=kind, duration_ms=600_000 if kind == "video" else 0, minutes=8)
    progress = LessonProgress(
        coverage=[list(span) for span in spans],
        covered_ms=sum(end - start for start, end in spans),
        furthest_ms=max((end for _, end in spans), default=0),
    )
    return Line(number=1, lesson=lesson, address="", progress=progress if spans else None, **fields)


@pytest.mark.parametrize(
    ("shown", "english", "chinese"),
    [
        (line("video"), "10 minutes", "10 分钟"),
        (line("video", (0, 100_000)), "08:20 left", "余 08:20"),
        (line("video", (0, 60_000), (120_000, 300_000)), "06:00 left", "余 06:00"),
        (line("video", (0, 60_000), (120_000, 600_000)), "01:00 missing", "缺 01:00"),
        (line("video", (0, 600_000), done_at=_THEN), "verified", "已核验"),
        (line("reading"), "8 minutes", "8 分钟"),
        (line("reading", done_at=_THEN), "read", "已读"),
    ],
)
def test_a_line_says_where_one_stands_in_both_languages(shown: Line, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert shown.state_words == words
