"""A draft as a course that its trainer takes: the learner's own page objects over rows that are never saved."""

import uuid
from dataclasses import dataclass

from django.urls import reverse

from classroom.enrolment.models import Enrolment
from classroom.learning.lines import Line
from classroom.learning.pages import Taken
from classroom.people.models import User
from courses.catalogue import drafts
from courses.catalogue.drafts import DraftLesson
from courses.catalogue.models import CoursePage


class TriedCourse(Taken):
    """A draft as a course taken; its address is the preview's."""

    @property
    def address(self) -> str:
        """The preview of the course."""
        return reverse("learning:preview", args=[self.enrolment.course.page_id])

    @property
    def exam_address(self) -> str:
        """The preview of the exam; empty where the draft has none."""
        return reverse("learning:preview_exam", args=[self.enrolment.course.page_id]) if self.exam else ""


@dataclass(frozen=True)
class Tried:
    """A draft that somebody may try, with its lessons as far as they are made."""

    page: CoursePage
    course: TriedCourse
    lessons: list[DraftLesson]

    @property
    def rows(self) -> list[tuple[Line, DraftLesson]]:
        """Each lesson as a line of the outline, with how far it is made."""
        return list(zip(self.course.lines, self.lessons, strict=True))

    def place_of(self, key: uuid.UUID) -> int | None:
        """Return at which place a lesson stands; None where the saved draft has no such lesson."""
        keys = [str(one.lesson.key) for one in self.lessons]
        return keys.index(str(key)) if str(key) in keys else None


def tried_course(user: User, page_id: int) -> Tried | None:
    """Return the newest draft to whoever may edit or review it, None to anybody else.

    A constant number of queries, whatever the number of lessons.
    """
    page = drafts.draft_for(user, page_id)
    if page is None:
        return None
    edition = drafts.edition_of(page)
    lessons = drafts.lessons_of(page)
    lines = [
        Line(
            number=number,
            lesson=one.lesson,
            address=reverse("learning:preview_lesson", args=[page.pk, one.lesson.key]),
            tolerance_ms=edition.policy["tolerance_ms"],
        )
        for number, one in enumerate(lessons, start=1)
    ]
    # No enrolment has this number: what would be kept under it is found by nobody.
    enrolment = Enrolment(pk=0, user=user, edition=edition, course=edition.course)
    return Tried(page, TriedCourse(enrolment=enrolment, lines=lines, exam=drafts.exam_of(page)), lessons)
