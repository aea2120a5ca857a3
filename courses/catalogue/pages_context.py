"""What the catalogue's pages show, gathered in few queries. The tags of `catalogue_pages` hand it to templates."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from wagtail.models import Page

from courses.catalogue import curriculum
from courses.catalogue.course_parts import CourseView
from courses.catalogue.course_view import bilingual, edition_of, from_draft, from_edition
from courses.catalogue.models import Course, CoursePage, Edition, NoticePage, Topic


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic with the courses that are taught in it."""

    code: str
    name: str
    summary: str
    courses: tuple[CourseView, ...]

    @property
    def hours(self) -> float:
        """Credit hours of all courses of the topic."""
        return sum(course.hours for course in self.courses)


@dataclass(frozen=True, slots=True)
class Programme:
    """All that is taught, by topic."""

    topics: tuple[TopicView, ...]

    @property
    def courses(self) -> tuple[CourseView, ...]:
        """All courses, topic by topic."""
        return tuple(course for topic in self.topics for course in topic.courses)

    @property
    def hours(self) -> float:
        """Credit hours of all courses."""
        return sum(topic.hours for topic in self.topics)

    @property
    def hour_minutes(self) -> int | None:
        """Minutes of a credit hour, or None where courses count by different ones or not in minutes."""
        units = {course.policy.credit_hour_seconds for course in self.courses}
        unit = units.pop() if len(units) == 1 else 0
        return unit // 60 if unit and unit % 60 == 0 else None

    @property
    def mandatory(self) -> tuple[CourseView, ...]:
        """What everybody named has to take, the newest first."""
        found = [course for course in self.courses if course.is_mandatory]
        return tuple(sorted(found, key=lambda course: str(course.published_at), reverse=True))

    def course(self, code: str) -> CourseView | None:
        """Return the course of this code."""
        return next((course for course in self.courses if course.code == code), None)


def taught_courses(request: HttpRequest | None) -> list[CourseView]:
    """Return every course with an edition that is taught now. Two queries and Wagtail's own for addresses."""
    rows = list(
        Course.objects.filter(current__withdrawn_at__isnull=True, page__live=True)
        .exclude(current=None)
        .select_related("current")
        .order_by("code")
    )
    # Of a page only its address is needed, not the draft with its streams.
    pages = Page.objects.in_bulk([course.page_id for course in rows])
    views = []
    for course in rows:
        if course.current is None or course.page_id not in pages:
            continue
        course.current.course = course
        views.append(from_edition(course.current, address=pages[course.page_id].get_url(request) or ""))
    return views


def programme(request: HttpRequest | None) -> Programme:
    """Return all that is taught by topic; kept on the request, since a page asks more than once."""
    kept: Programme | None = getattr(request, "_catalogue_programme", None)
    if kept is not None:
        return kept
    courses = taught_courses(request)
    topics = tuple(
        TopicView(
            code=topic.code,
            name=bilingual({"name": topic.name, "name_en": topic.name_en}, "name"),
            summary=bilingual({"summary": topic.summary, "summary_en": topic.summary_en}, "summary"),
            courses=tuple(course for course in courses if course.topic_code == topic.code),
        )
        for topic in Topic.objects.order_by("position")
    )
    found = Programme(topics)
    if request is not None:
        request._catalogue_programme = found  # type: ignore[attr-defined]
    return found


def scale_of(taught: Programme, done: dict[str, float]) -> dict[str, Any]:
    """Return the curriculum as drawings: one row for wide pages, a row a topic for narrow ones.

    `done` is the verified share of each course by code, 0 to 1; empty for a visitor.
    """
    groups = [
        curriculum.Group(
            topic.name,
            tuple(
                curriculum.Entry(course.code, course.title, course.hours, course.address, course.is_mandatory)
                for course in topic.courses
                if course.hours
            ),
        )
        for topic in taught.topics
        if topic.hours
    ]
    unit = gettext("credit hours")
    return {
        "row": curriculum.in_one_row(groups, unit, done),
        "rows": curriculum.in_rows(groups, unit, done),
        "has_progress": bool(done),
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """What a course's page shows; `edition` is what readers get, None as long as nothing was published."""

    page: CoursePage
    course: CourseView
    edition: Edition | None


def shown(page: CoursePage, request: HttpRequest | None) -> Shown:
    """Return the edition as the page shows it, or in preview the draft; kept on the request like `programme`."""
    kept: Shown | None = getattr(request, "_catalogue_shown", None)
    if kept is not None and kept.page is page:
        return kept
    address = page.get_url(request) or "" if page.pk else ""
    edition = edition_of(page) if page.pk else None
    if edition is None or getattr(request, "is_preview", False):
        found = Shown(page, from_draft(page, address=address), edition)
    else:
        found = Shown(page, from_edition(edition, address=address), edition)
    if request is not None:
        request._catalogue_shown = found  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True)
class CourseBefore:
    """A course to complete before another; `address` is empty where its page is not shown."""

    code: str
    title: str
    address: str


def courses_before(course: CourseView, request: HttpRequest | None) -> list[CourseBefore]:
    """Return what has to be completed before a course. One query and Wagtail's own, none where nothing has."""
    if not course.courses_before:
        return []
    rows = Course.objects.filter(code__in=course.courses_before).select_related("current", "page")
    return [
        CourseBefore(
            code=row.code,
            title=bilingual({"title": row.current.title, "title_en": row.current.title_en}, "title")
            if row.current
            else "",
            address=(row.page.get_url(request) or "") if row.page and row.page.live else "",
        )
        for row in rows.order_by("code")
    ]


def news(limit: int | None = None, kind: str = "") -> list[NoticePage]:
    """Return published notices, the newest first. One query."""
    found = NoticePage.objects.live().public().order_by("-date", "-pk")
    if kind:
        found = found.filter(kind=kind)
    return list(found[:limit] if limit else found)
