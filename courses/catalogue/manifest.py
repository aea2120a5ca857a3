"""What a course page says, as data: the frozen content of an edition, its canonical form and digest.

The layout is told in the room's README. Keys of lessons, outcomes and references are the ids of
their stream blocks, so they stay the same from edition to edition.
"""

import hashlib
from datetime import date
from typing import Any

import rfc8785
from wagtail.documents.models import Document

from courses.catalogue.asked import asked_in
from courses.catalogue.conditions import Conditions, with_conditions
from courses.catalogue.policy import Policy
from courses.catalogue.readiness import drawn
from courses.questions.models import QuestionVersion
from courses.questions.queries import pool
from media.models import Lecture

VERSION = 1


def canonical(data: Any) -> bytes:
    """Return the one byte form of JSON data (RFC 8785)."""
    return bytes(rfc8785.dumps(data))


def digest_of(data: Any) -> str:
    """Return the SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(data)).hexdigest()


def manifest_of(page: Any) -> dict[str, Any]:
    """Return what `page` would freeze now. Reads lectures, files and question pools.

    Call `readiness.blocking` first: a lecture that cannot be played raises AttributeError here.
    """
    lessons = [_lesson(block) for block in page.lessons]
    exam = _exam(page)
    policy = policy_of(page)
    return {
        "version": VERSION,
        "course": _course(page),
        "lessons": lessons,
        "exam": exam,
        "policy": policy.to_dict(),
        "rule": with_conditions(
            rule_of(lessons, has_exam=exam is not None, coverage_percent=policy.coverage_percent),
            lessons,
            conditions_of(page),
        ),
    }


def policy_of(page: Any) -> Policy:
    """Return the playing policy that the page sets."""
    return Policy(
        rate_cap=float(page.rate_cap),
        free_seek=page.free_seek,
        coverage_percent=page.coverage_percent,
        presence_minutes=page.presence_minutes,
        credit_hour_seconds=page.credit_hour_seconds,
        watermark=page.watermark,
    )


def conditions_of(page: Any) -> Conditions:
    """Return what the page asks for beside its lessons and its exam."""
    return Conditions(
        optional=frozenset(page.optional_lessons),
        asks_exam=not page.exam_is_optional,
        courses=tuple(sorted(course.code for course in page.prerequisites.all())),
        last_day=page.deadline_on,
        days=page.deadline_days,
    )


def rule_of(lessons: list[dict[str, Any]], *, has_exam: bool, coverage_percent: int) -> dict[str, Any]:
    """Return the completion rule: lectures, readings or files, questions inside lectures, exam: what there is."""
    parts: list[dict[str, Any]] = []
    if any(lesson["kind"] == "video" for lesson in lessons):
        parts.append({"kind": "lessons", "keys": "all", "coverage_percent": coverage_percent})
    if any(lesson["kind"] != "video" for lesson in lessons):
        parts.append({"kind": "readings", "keys": "all"})
    if any(lesson.get("questions") for lesson in lessons):
        parts.append({"kind": "questions", "keys": "all"})
    if has_exam:
        parts.append({"kind": "exam"})
    return {"version": 1, "all": parts}


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _course(page: Any) -> dict[str, Any]:
    return {
        "code": page.code,
        "topic": page.topic.code,
        "topic_name": page.topic.name,
        "topic_name_en": page.topic.name_en,
        "title": page.title,
        "title_en": page.title_en,
        "purpose": page.purpose,
        "purpose_en": page.purpose_en,
        "audience": page.audience,
        "teacher": page.teacher,
        "teacher_note": page.teacher_note,
        "credit_hours": f"{page.credit_hours:.1f}",
        "is_mandatory": page.is_mandatory,
        "validity_months": page.validity_months,
        "reviewed_on": _day(page.reviewed_on),
        "next_review_on": _day(page.next_review_on),
        "outcomes": [{"key": str(block.id), "text": block.value} for block in page.outcomes],
        "legal_basis": [
            {
                "key": str(block.id),
                "document": block.value["document"],
                "clauses": block.value["clauses"] or "",
                "lessons": block.value["lessons"] or "",
                "effective_from": _day(block.value["effective_from"]),
                "superseded_by": block.value["superseded_by"] or "",
            }
            for block in page.legal_basis
        ],
    }


def _lesson(block: Any) -> dict[str, Any]:
    value = block.value
    lesson: dict[str, Any] = {
        "key": str(block.id),
        "kind": block.block_type,
        "title": value["title"],
        "title_en": value["title_en"] or "",
        "summary": value["summary"] or "",
        "minutes": 0,
        "duration_ms": 0,
        "lecture": None,
        "encode": None,
        "encode_digest": "",
        "source_digest": "",
        "body": "",
        "document": None,
        "document_digest": "",
    }
    if block.block_type == "video":
        lesson |= _video(value["lecture"]) | _questions(block)
    elif block.block_type == "reading":
        lesson |= {"minutes": int(value["minutes"]), "body": value["body"].source}
    else:
        lesson |= {"minutes": int(value["minutes"]), **_document(value["document"])}
    return {**lesson, "digest": digest_of(lesson)}


def _video(lecture: Lecture) -> dict[str, Any]:
    encode = lecture.current
    if encode is None:
        raise AttributeError(f"lecture {lecture.pk} has nothing to play")
    return {
        "minutes": max(1, -(-encode.duration_ms // 60_000)),
        "duration_ms": encode.duration_ms,
        "lecture": lecture.pk,
        "encode": str(encode.pk),
        "encode_digest": encode.digest,
        "source_digest": encode.source.digest,
    }


def _questions(block: Any) -> dict[str, Any]:
    """Return what the lecture asks, nothing where it asks nothing: what was frozen before keeps its digest."""
    listed = [
        {
            "key": asked.key,
            "at_ms": asked.at_ms,
            "question": asked.question.pk,
            "version": asked.question.current.pk,
            "digest": version_digest(asked.question.current),
        }
        for asked in asked_in(block)
        if asked.at_ms is not None and asked.question is not None and asked.question.current is not None
    ]
    return {"questions": listed} if listed else {}


def _document(document: Document) -> dict[str, Any]:
    return {"document": document.pk, "document_digest": document.get_file_hash() if document.file else ""}


def version_digest(version: QuestionVersion) -> str:
    """Return the digest of a question's wording, options and key."""
    return digest_of(
        {
            "stem": version.stem,
            "options": version.options,
            "answers": version.answers,
            "explanation": version.explanation,
        }
    )


def _exam(page: Any) -> dict[str, Any] | None:
    counts = drawn(page)
    if not counts or page.question_bank is None:
        return None
    sections = []
    for kind, count in counts.items():
        versions = list(pool(page.question_bank, kind).order_by("pk"))
        sections.append(
            {
                "kind": kind,
                "count": count,
                "points": 1,
                "pool": [version.pk for version in versions],
                "pool_digest": digest_of([version_digest(version) for version in versions]),
            }
        )
    return {
        "bank": page.question_bank.code,
        "minutes": page.exam_minutes,
        "pass_mark": page.pass_mark,
        "attempts_allowed": page.exam_attempts,
        "interval_minutes": page.exam_interval_minutes,
        "shows_answers": page.shows_answers,
        "sections": sections,
    }
