"""Courses that are published at the same moment, each asking for one before."""

from typing import Any

import pytest

from courses.catalogue.errors import PublishRefused
from courses.catalogue.models import Course, CoursePage
from courses.catalogue.services import freeze_edition
from tests.factories.catalogue import CoursePageFactory, EditionFactory, lesson_blocks
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def asking(code: str, before: Course) -> CoursePage:
    """A page whose draft asks for a course that its published edition does not ask for yet."""
    page = CoursePageFactory(code=code, lessons=lesson_blocks(videos=0))
    page.prerequisites = [before]
    page.save()
    return page


def taught(code: str, before: str = "") -> Course:
    parts: list[dict[str, Any]] = [{"kind": "readings", "keys": "all"}]
    parts += [{"kind": "prerequisites", "courses": [before]}] if before else []
    return EditionFactory(course__code=code, rule={"version": 1, "all": parts}).course


def asked_for(course: Course) -> list[str]:
    course.refresh_from_db()
    assert course.current is not None
    return [code for part in course.current.rule["all"] for code in part.get("courses", ())]


def test_of_two_publications_that_would_close_a_ring_together_one_is_refused() -> None:
    """B asks for C and D for A already; A asks for B and C for D in this moment: no two of these share a course."""
    a, b = taught("B701"), taught("B702", before="B703")
    c, d = taught("B703"), taught("B704", before="B701")
    pages = [asking("B701", b), asking("B703", d)]
    failed = in_threads(2, lambda n: freeze_edition(page=pages[n], by=None))
    assert [type(error) for error in failed] == [PublishRefused]
    assert "B701" in str(failed[0])
    assert sorted([*asked_for(a), *asked_for(c)]) in (["B702"], ["B704"])
