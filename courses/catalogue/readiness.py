"""What keeps a course page from being published, and what its trainer should look at again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from courses.catalogue.asked import all_asked, faults_of
from courses.catalogue.conditions import part_of, way_back
from courses.catalogue.policy import hours_of
from courses.questions.models import Question
from courses.questions.queries import pool_sizes
from media.models import Lecture


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `field` is the page's field that it belongs to; a warning does not block."""

    code: str
    field: str
    words: str | Promise
    is_warning: bool = False


def is_playable(lecture: Lecture | None) -> bool:
    """Whether learners could watch the lecture now."""
    return lecture is not None and lecture.is_playable and lecture.trashed_at is None


def lesson_seconds(page: Any) -> int:
    """Return the seconds of a page's lessons: lectures by their length, the rest by their minutes."""
    seconds = 0
    for block in page.lessons:
        if block.block_type == "video":
            lecture = block.value["lecture"]
            seconds += lecture.current.duration_ms // 1000 if is_playable(lecture) else 0
        else:
            seconds += 60 * int(block.value["minutes"] or 0)
    return seconds


def problems_of(page: Any) -> list[Problem]:
    """Return what blocks publishing `page` and, after that, what only deserves a second look."""
    found = [
        *_identity(page),
        *_lessons(page),
        *_exam(page),
        *_given_away(page),
        *_hours(page),
        *_law(page),
        *_rule(page),
    ]
    return sorted(found, key=lambda problem: problem.is_warning)


def blocking(page: Any) -> list[Problem]:
    """Return only what keeps `page` from being published."""
    return [problem for problem in problems_of(page) if not problem.is_warning]


def _identity(page: Any) -> Iterator[Problem]:
    if not page.topic_id:
        yield Problem("no_topic", "topic", _("Choose a topic."))
    if not page.code:
        yield Problem("no_code", "code", _("Give the course a code."))
    if page.credit_hours is None:
        yield Problem("no_credit_hours", "credit_hours", _("Say how many credit hours the course gives."))
    letters = page.topic.letters if page.topic_id else ""
    if letters and page.code and page.code[:1] not in letters:
        yield Problem(
            "code_letter",
            "code",
            _("The codes of this topic begin with %(letters)s.") % {"letters": " / ".join(letters)},
        )
    course = getattr(page, "course", None) if page.pk else None
    if course is not None and course.code != page.code:
        yield Problem(
            "code_changed",
            "code",
            _("The code stays as it was published: %(code)s. Certificates name it.") % {"code": course.code},
        )


def _lessons(page: Any) -> Iterator[Problem]:
    if not len(page.lessons):
        yield Problem("no_lessons", "lessons", _("Add at least one lesson."))
    for block in page.lessons:
        if block.block_type == "video" and not is_playable(block.value["lecture"]):
            yield Problem(
                "not_playable",
                "lessons",
                _(
                    "The lecture of “%(title)s” cannot be played yet. Wait until it is published, or choose another."
                )
                % {"title": block.value["title"]},
            )
        yield from _questions(block)
        if block.block_type == "attachment" and block.value["document"] is None:
            yield Problem(
                "no_document",
                "lessons",
                _("The file of “%(title)s” is gone. Choose another.") % {"title": block.value["title"]},
            )


_FAULTS: dict[str, Promise] = {
    "no_moment": _("A question of “%(title)s” has no moment. Write one, such as 1:30."),
    "after_end": _("The question at %(at)s of “%(title)s” lies behind the end of the lecture. Move it."),
    "twice": _("“%(title)s” asks two questions at %(at)s. Move one of them."),
    "gone": _("The question at %(at)s of “%(title)s” is retired or gone. Choose another."),
}


def _questions(block: Any) -> Iterator[Problem]:
    if block.block_type != "video":
        return
    lecture = block.value["lecture"]
    duration = lecture.current.duration_ms if is_playable(lecture) else None
    for code, at in faults_of(block, duration):
        words = _FAULTS[code] % {"title": block.value["title"], "at": at}
        yield Problem(f"question_{code}", "lessons", words)


def _given_away(page: Any) -> Iterator[Problem]:
    """Yield a warning where the exam may draw what a lecture asks: its answer is told there."""
    banks = [asked.question.bank_id for asked in all_asked(page) if asked.question is not None]
    count = banks.count(page.question_bank_id) if page.question_bank_id and drawn(page) else 0
    if count:
        words = ngettext(
            "The exam may draw %(count)d question that a lecture asks and explains.",
            "The exam may draw %(count)d questions that the lectures ask and explain.",
            count,
        )
        yield Problem("asked_before_exam", "lessons", words % {"count": count}, is_warning=True)


def drawn(page: Any) -> dict[str, int]:
    """Return how many questions of each kind the page's exam draws, in the order of the paper."""
    counts = {
        Question.Kind.SINGLE: page.exam_single,
        Question.Kind.MULTIPLE: page.exam_multiple,
        Question.Kind.TRUE_FALSE: page.exam_true_false,
    }
    return {str(kind.value): int(count or 0) for kind, count in counts.items() if count}


def _exam(page: Any) -> Iterator[Problem]:
    counts = drawn(page)
    if not counts:
        if page.question_bank_id:
            yield Problem(
                "no_exam",
                "exam_single",
                _("A bank is chosen, but the exam draws no question."),
                is_warning=True,
            )
        return
    if page.question_bank_id is None:
        yield Problem("no_bank", "question_bank", _("Choose the bank that the exam draws from."))
        return
    sizes = pool_sizes(page.question_bank)
    for kind, count in counts.items():
        size = sizes.get(kind, 0)
        if count > size:
            yield Problem(
                "pool_too_small",
                f"exam_{kind}",
                _("The exam draws %(count)d (%(kind)s), but the bank holds only %(size)d.")
                % {"count": count, "kind": Question.Kind(kind).label, "size": size},
            )
        elif count == size:
            yield Problem(
                "pool_without_choice",
                f"exam_{kind}",
                _("The exam draws every question of a kind (%(kind)s): all papers hold the same ones.")
                % {"kind": Question.Kind(kind).label},
                is_warning=True,
            )


def _hours(page: Any) -> Iterator[Problem]:
    given = hours_of(lesson_seconds(page), page.credit_hour_seconds)
    if page.credit_hours is not None and page.credit_hours > given:
        yield Problem(
            "hours_above_lessons",
            "credit_hours",
            _("%(hours)s credit hours are more than the lessons give (%(given)s).")
            % {"hours": page.credit_hours, "given": given},
            is_warning=True,
        )


def _rule(page: Any) -> Iterator[Problem]:
    """Yield what would make a rule that nobody, or everybody at once, meets."""
    optional = set(page.optional_lessons)
    asks_exam = bool(drawn(page)) and not page.exam_is_optional
    if len(page.lessons) and not asks_exam and all(str(block.id) in optional for block in page.lessons):
        words = _("Nothing would have to be done to complete the course. Ask for a lesson or for the exam.")
        yield Problem("empty_rule", "optional_lessons", words)
    if page.deadline_on and page.deadline_days:
        words = _("Give a last day or a number of days, not both.")
        yield Problem("two_deadlines", "deadline_days", words)
    elif page.deadline_on and page.deadline_on < timezone.localdate():
        words = _("The last day has passed: nobody could complete the course. Choose a later one.")
        yield Problem("deadline_passed", "deadline_on", words)
    before = sorted(page.prerequisites.all(), key=lambda course: course.code)
    yield from _courses_before(page, before) if before else ()


def _courses_before(page: Any, before: list[Any]) -> Iterator[Problem]:
    courses = type(before[0])
    taught = courses.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)
    rules = dict(taught.values_list("code", "current__rule"))
    for course in before:
        if course.code not in rules and course.code != page.code:
            words = _("“%(code)s” is not taught now, so nobody could complete it before.")
            yield Problem("before_not_taught", "prerequisites", words % {"code": course.code})
    asks = {code: (part_of(rule, "prerequisites") or {}).get("courses", ()) for code, rule in rules.items()}
    # What this course asked for until now does not count: the draft takes its place.
    ring = way_back(page.code, [course.code for course in before], {**asks, page.code: ()})
    if ring:
        words = _("A ring: %(path)s. Nobody could ever complete any of them.")
        path = " → ".join([page.code, *(code for code in ring if code != page.code), page.code])
        yield Problem("ring_of_courses", "prerequisites", words % {"path": path})


def _law(page: Any) -> Iterator[Problem]:
    if not len(page.legal_basis):
        yield Problem("no_legal_basis", "legal_basis", _("No legal basis is named."), is_warning=True)
    for block in page.legal_basis:
        if block.value["superseded_by"]:
            yield Problem(
                "superseded",
                "legal_basis",
                _("“%(document)s” is superseded by “%(by)s”. Check the lessons against it.")
                % {"document": block.value["document"], "by": block.value["superseded_by"]},
                is_warning=True,
            )
    if page.reviewed_on is None:
        yield Problem("not_reviewed", "reviewed_on", _("Say when the law was last checked."), is_warning=True)
