"""A course as its page shows it: from the frozen edition for readers, from the draft in preview."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import get_language

from courses.catalogue.asked import keys_asked
from courses.catalogue.conditions import part_of, with_conditions
from courses.catalogue.course_parts import CourseView, ExamView, LessonView, Reference
from courses.catalogue.course_rules import rules_of
from courses.catalogue.manifest import conditions_of, rule_of
from courses.catalogue.models import Course, CoursePage, Edition
from courses.catalogue.policy import Policy
from courses.catalogue.queries import lectures_in
from media.models import Track


def bilingual(texts: dict[str, Any], name: str) -> str:
    """Return a text in the reader's language, in Chinese where it was not translated."""
    english = str(texts.get(f"{name}_en") or "")
    return english if english and (get_language() or "").startswith("en") else str(texts.get(name) or "")


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if value else None


def _lesson(number: int, texts: dict[str, Any]) -> LessonView:
    return LessonView(
        number=number,
        key=str(texts["key"]),
        kind=texts["kind"],
        title=bilingual(texts, "title"),
        summary=texts.get("summary") or "",
        minutes=int(texts.get("minutes") or 0),
    )


def from_facts(facts: dict[str, Any], *, letter: str, address: str = "", **more: Any) -> CourseView:
    """Return the view of a manifest's facts; `facts` has the keys course, lessons, exam, policy."""
    course = facts.get("course", {})
    lessons = tuple(_lesson(number, item) for number, item in enumerate(facts.get("lessons", []), 1))
    policy = Policy.from_dict(facts.get("policy", {}))
    exam = _exam(facts.get("exam"))
    questions = sum(len(item.get("questions") or ()) for item in facts.get("lessons", []))
    return CourseView(
        code=course.get("code", ""),
        title=bilingual(course, "title"),
        letter=letter,
        topic_code=course.get("topic", ""),
        topic_name=bilingual(course, "topic_name"),
        purpose=bilingual(course, "purpose"),
        audience=course.get("audience", ""),
        teacher=course.get("teacher", ""),
        teacher_note=course.get("teacher_note", ""),
        hours=float(course.get("credit_hours") or 0),
        is_mandatory=bool(course.get("is_mandatory")),
        validity_months=course.get("validity_months"),
        reviewed_on=_day(course.get("reviewed_on")),
        next_review_on=_day(course.get("next_review_on")),
        outcomes=tuple(item["text"] for item in course.get("outcomes", [])),
        basis=tuple(_references(course.get("legal_basis", []))),
        lessons=lessons,
        exam=exam,
        policy=policy,
        address=address,
        rules=tuple(rules_of(lessons, policy, exam, questions, facts.get("rule"))),
        courses_before=tuple((part_of(facts.get("rule") or {}, "prerequisites") or {}).get("courses", ())),
        **more,
    )


def _references(items: Iterable[dict[str, Any]]) -> Iterable[Reference]:
    for item in items:
        yield Reference(
            document=item.get("document") or "",
            clauses=item.get("clauses") or "",
            lessons=item.get("lessons") or "",
            effective_from=_day(item.get("effective_from")),
            superseded_by=item.get("superseded_by") or "",
        )


def _exam(exam: dict[str, Any] | None) -> ExamView | None:
    if not exam:
        return None
    return ExamView(
        questions=sum(int(section["count"]) for section in exam.get("sections", [])),
        minutes=exam["minutes"],
        pass_mark=exam["pass_mark"],
        attempts=exam["attempts_allowed"],
        interval_minutes=exam["interval_minutes"],
    )


def letter_of(code: str) -> str:
    """Return the letter that picks the poster's engraving."""
    return code[:1] or "A"


def from_edition(edition: Edition, *, address: str = "") -> CourseView:
    """Return what was published. The manifest is all that is read: no query."""
    facts = dict(edition.manifest)
    # An edition made before its manifest told the course still has the columns.
    columns = {
        "code": edition.course.code,
        "title": edition.title,
        "title_en": edition.title_en,
        "credit_hours": edition.credit_hours,
        "is_mandatory": edition.is_mandatory,
        "validity_months": edition.validity_months,
    }
    facts["course"] = columns | facts.get("course", {})
    facts.setdefault("policy", edition.policy)
    return from_facts(
        facts,
        letter=letter_of(edition.course.code),
        address=address,
        edition_number=edition.number,
        published_at=edition.published_at,
    )


def from_draft(page: CoursePage, *, address: str = "") -> CourseView:
    """Return what the page says now, for who edits it; unfinished lectures have no minutes yet."""
    prefetch_related_objects(lectures_in(page), "current")
    course = {
        name: getattr(page, name)
        for name in (
            "code", "title", "title_en", "purpose", "purpose_en", "audience", "teacher", "teacher_note",
            "is_mandatory", "validity_months", "reviewed_on", "next_review_on",
        )
    }  # fmt: skip
    course |= {
        "topic": page.topic.code if page.topic else "",
        "topic_name": page.topic.name if page.topic else "",
        "topic_name_en": page.topic.name_en if page.topic else "",
        "credit_hours": page.credit_hours or 0,
        "outcomes": [{"text": block.value} for block in page.outcomes],
        "legal_basis": [dict(block.value) for block in page.legal_basis],
    }
    facts: dict[str, Any] = {
        "course": course,
        "lessons": [_draft_lesson(block) for block in page.lessons],
        "exam": _draft_exam(page),
        "policy": {
            "rate_cap": float(page.rate_cap),
            "free_seek": page.free_seek,
            "coverage_percent": page.coverage_percent,
            "presence_minutes": page.presence_minutes,
        },
    }
    everything = rule_of(
        facts["lessons"], has_exam=facts["exam"] is not None, coverage_percent=page.coverage_percent
    )
    facts["rule"] = with_conditions(everything, facts["lessons"], conditions_of(page))
    return from_facts(facts, letter=letter_of(page.code), address=address)


def _draft_lesson(block: Any) -> dict[str, Any]:
    value = block.value
    minutes = value.get("minutes") or 0
    if block.block_type == "video" and value["lecture"] is not None and value["lecture"].current:
        minutes = max(1, -(-value["lecture"].current.duration_ms // 60_000))
    return {
        "key": block.id,
        "kind": block.block_type,
        "title": value["title"],
        "title_en": value.get("title_en"),
        "summary": value.get("summary"),
        "minutes": minutes,
        "questions": keys_asked(block),
    }


def _draft_exam(page: CoursePage) -> dict[str, Any] | None:
    counts = [page.exam_single, page.exam_multiple, page.exam_true_false]
    if page.question_bank_id is None or not any(counts):
        return None
    return {
        "sections": [{"count": count} for count in counts],
        "minutes": page.exam_minutes,
        "pass_mark": page.pass_mark,
        "attempts_allowed": page.exam_attempts,
        "interval_minutes": page.exam_interval_minutes,
    }


def edition_of(page: CoursePage) -> Edition | None:
    """Return the edition that readers of the page get. One query."""
    course = Course.objects.select_related("current").filter(page=page).first()
    if course is None or course.current is None:
        return None
    course.current.course = course
    return course.current


def caption_languages(edition: Edition) -> list[str]:
    """Return the languages in which the lectures of an edition have captions. One query."""
    lectures = edition.lessons.exclude(lecture=None).values("lecture_id")
    found = Track.objects.filter(lecture_id__in=lectures).values_list("language", flat=True)
    return sorted(set(found))
