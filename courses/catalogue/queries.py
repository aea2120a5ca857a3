"""Reads of the catalogue: what is taught, its outline, and search."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from wagtail.log_actions import get_active_log_context
from wagtail.models import TaskState
from wagtail.search.backends import get_search_backend

from courses.catalogue.manifest import manifest_of
from courses.catalogue.models import Course, CoursePage, Edition, EditionLesson, Passage, Topic
from courses.catalogue.readiness import is_playable
from courses.catalogue.terms import Excerpt, excerpt, excerpt_by_sound, pieces, terms_of, variants
from courses.catalogue.wording import fields_of
from media.models import Lecture

MOST_FOUND = 200
_MOMENTS_SHOWN = 3
TITLES = {"title", "title_en"}


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a query was found in a course's words. `field` as in `wording.fields_of`."""

    field: str
    lesson_key: str
    lesson_title: str
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a query was found in what a lecture says; `start_ms` leads to it."""

    lesson_key: str
    lesson_title: str
    start_ms: int
    excerpt: Excerpt

    @property
    def clock(self) -> str:
        """The time as minutes and seconds."""
        minutes, seconds = divmod(self.start_ms // 1000, 60)
        return f"{minutes}:{seconds:02d}"


@dataclass
class Found:
    """A course that a search found, with its edition as `course.current`.

    `hits` are places in its words, the most telling first; `moments` are in its lectures.
    """

    course: Course
    hits: list[Hit] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)


def published_courses() -> QuerySet[Course]:
    """Return the courses that are taught now, with edition, topic and page."""
    return (
        Course.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)
        .select_related("current", "current__exam", "topic", "page")
        .order_by("topic__position", "code")
    )


def topics() -> QuerySet[Topic]:
    """Return the topics in their order."""
    return Topic.objects.order_by("position")


def topics_with_counts() -> QuerySet[Topic]:
    """Return the topics in their order, each with `taught`: how many of its courses are taught now."""
    taught = Q(courses__current__isnull=False, courses__current__withdrawn_at__isnull=True)
    return topics().annotate(taught=Count("courses", filter=taught))


def outline(edition: Edition) -> list[EditionLesson]:
    """Return the lessons of an edition in their order, with lecture, encode and file."""
    lessons = edition.lessons.select_related("lecture", "encode", "document").order_by("position")
    return list(lessons)


def lectures_in(page: CoursePage) -> list[Lecture]:
    """Return the lectures that a draft names, those of one lesson after those of the one before."""
    named = [block.value["lecture"] for block in page.lessons if block.block_type == "video"]
    return [lecture for lecture in named if lecture is not None]


def outline_of_draft(page: CoursePage) -> list[EditionLesson]:
    """Return the lessons as `page` would freeze them now, unsaved, for the preview.

    A lecture that cannot be played yet is there with `encode` None and no length.
    """
    lessons = []
    for position, block in enumerate(page.lessons, start=1):
        value = block.value
        lesson = EditionLesson(
            key=block.id or f"00000000-0000-0000-0000-{position:012d}",
            position=position,
            kind=block.block_type,
            title=value["title"] or "",
            title_en=value["title_en"] or "",
            summary=value["summary"] or "",
        )
        if block.block_type == "video":
            lesson.lecture = value["lecture"]
            if is_playable(lesson.lecture) and lesson.lecture is not None and lesson.lecture.current:
                lesson.encode = lesson.lecture.current
                lesson.duration_ms = lesson.encode.duration_ms
                lesson.minutes = max(1, -(-lesson.duration_ms // 60_000))
        else:
            lesson.minutes = int(value["minutes"] or 0)
            if block.block_type == "reading":
                lesson.body = value["body"].source if value["body"] else ""
            else:
                lesson.document = value["document"]
        lessons.append(lesson)
    return lessons


def draft_manifest(page: CoursePage) -> dict[str, Any] | None:
    """Return what `page` would freeze now, or None where a lecture cannot be played yet."""
    playable = all(
        is_playable(block.value["lecture"]) for block in page.lessons if block.block_type == "video"
    )
    complete = all(block.value.get("document", True) for block in page.lessons)
    return manifest_of(page) if playable and complete else None


def edition_of_page(page: CoursePage) -> Edition | None:
    """Return the edition that is taught from `page`, or None."""
    course = Course.objects.filter(page_id=page.pk).select_related("current").first()
    return course.current if course else None


def approval_of(page: CoursePage) -> TaskState | None:
    """Return the approval by which the live revision was published, or None where nobody reviewed it."""
    revision = page.live_revision or page.latest_revision
    if revision is None:
        return None
    approved = TaskState.objects.filter(revision=revision, status=TaskState.STATUS_APPROVED)
    return approved.select_related("finished_by").order_by("-finished_at").first()


def publisher_of(page: CoursePage) -> Any:
    """Return who published the live revision: who approved it, or who acts now, or else who wrote it."""
    approval = approval_of(page)
    if approval is not None and approval.finished_by is not None:
        return approval.finished_by
    revision = page.live_revision or page.latest_revision
    return get_active_log_context().user or (revision.user if revision else None) or page.owner


def pages_to_freeze() -> QuerySet[CoursePage]:
    """Return the live pages whose live revision no edition was frozen from.

    A page without any revision was put there by a program; it is frozen once.
    """
    newer = Q(course__frozen_revision=None) | ~Q(course__frozen_revision=F("live_revision_id"))
    never = Q(course=None) | Q(course__current=None)
    due: QuerySet[CoursePage] = CoursePage.objects.live().filter(
        never | (Q(live_revision__isnull=False) & newer)
    )
    return due.order_by("pk")


def editions_to_transcribe() -> QuerySet[Edition]:
    """Return the editions taught now whose lectures got captions after their words were taken over."""
    taught = Edition.objects.filter(pk__in=Course.objects.exclude(current=None).values("current_id"))
    return taught.filter(
        Q(transcribed_at__isnull=True) | Q(lessons__lecture__tracks__updated_at__gt=F("transcribed_at"))
    ).distinct()


def search_courses(query: str, *, topic: str | None = None, mandatory: bool | None = None) -> list[Found]:
    """Return the courses taught now that `query` finds, the best first, and where it was found.

    Found by words, by any two characters, by pinyin in full or by initials, in English, and in what
    the lectures say. `topic` is a code, `mandatory` True or False; None asks for either. Without any
    letter, digit or Chinese character in `query` everything is returned in the catalogue's order if
    it is blank, and nothing if it is not. At most 200.
    """
    courses = published_courses()
    if topic:
        courses = courses.filter(topic__code=topic)
    if mandatory is not None:
        courses = courses.filter(current__is_mandatory=mandatory)
    if not query.strip():
        return [Found(course) for course in courses[:MOST_FOUND]]
    terms = terms_of(query)
    if not terms:
        return []
    ranked = get_search_backend().search(query, Course.objects.all())[:MOST_FOUND]
    order = [course.pk for course in ranked]
    taught = {course.pk: course for course in courses.filter(pk__in=order)}
    found = [Found(taught[pk]) for pk in order if pk in taught]
    for one in found:
        one.hits = _hits(one.course, terms)
    # What is called so comes before what only speaks of it; else the engine's order stays.
    found.sort(key=lambda one: not any(hit.field in TITLES for hit in one.hits))
    _add_moments(found, terms)
    return found


def _hits(course: Course, terms: list[str]) -> list[Hit]:
    """Return the first place of each term in the course's words."""
    if course.current is None:
        return []
    manifest = course.current.manifest
    titles = {lesson["key"]: lesson["title"] for lesson in manifest.get("lessons", [])}
    hits: dict[tuple[str, str], Hit] = {}
    for term in terms:
        for name, key, text in fields_of(manifest):
            shown = _excerpt(text, term)
            if shown:
                hits.setdefault((name, key), Hit(name, key, titles.get(key, ""), shown))
                break
    return list(hits.values())


def _excerpt(text: str, term: str) -> Excerpt | None:
    whole = excerpt(text, variants(term))
    return whole or excerpt_by_sound(text, term)


def _add_moments(found: Iterable[Found], terms: list[str]) -> None:
    """Look the terms up in what the lectures say (one query)."""
    by_edition = {one.course.current_id: one for one in found if one.course.current_id}
    words = [word for term in terms for word in variants(term)]
    spoken = Q()
    for word in words:
        spoken |= Q(text__icontains=word)
    passages = (
        Passage.objects.filter(spoken, edition_id__in=by_edition)
        .select_related("lesson")
        .order_by("edition_id", "lesson__position", "start_ms")
    )
    for passage in passages[: MOST_FOUND * _MOMENTS_SHOWN]:
        one = by_edition[passage.edition_id]
        shown = excerpt(passage.text, words) or excerpt(passage.text, pieces(words[0]))
        if shown and len(one.moments) < _MOMENTS_SHOWN:
            lesson = passage.lesson
            one.moments.append(Moment(str(lesson.key), lesson.title, passage.start_ms, shown))
