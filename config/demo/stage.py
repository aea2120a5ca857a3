"""Builds the demo's courses: banks, lectures through the real pipeline, pages, editions."""

import tempfile
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.people.models import User
from config.demo import lecture, outline
from config.demo.content import CourseText, Lesson, courses, questions
from courses.catalogue.models import CataloguePage, CoursePage, HomePage, NoticePage, Topic
from courses.catalogue.moments import moment_of
from courses.catalogue.services import decide, submit_for_review
from courses.questions.models import Question, QuestionBank
from courses.questions.rows import Option, QuestionRow
from courses.questions.services import import_questions
from media.ingest import ingest_file
from media.models import Encode, Lecture
from media.queries import captions_of, cues_of

_NAMESPACE = uuid.UUID("6f1c3c1e-6b58-4f0e-9b0b-6d7f6f2f7a10")
_BANKS = {
    "资质认定": "cma",
    "检验检测合规": "compliance",
    "技术能力": "competence",
    "免予办理CCC": "ccc",
    "绿色产品认证": "green",
}


def key_of(course: CourseText, lesson: Lesson) -> str:
    """Return the lesson's block id, the same at every start."""
    return str(uuid.uuid5(_NAMESPACE, f"{course.code}/{lesson.title}"))


def banks(by: User) -> dict[str, QuestionBank]:
    """Fill the question banks, one a topic of `questions.json`."""
    found = {}
    for name, code in _BANKS.items():
        bank, is_new = QuestionBank.objects.get_or_create(
            code=code, defaults={"name": name, "created_by": by}
        )
        if is_new:
            import_questions(bank=bank, rows=[_row(q) for q in questions() if q["topic"] == name], by=by)
        found[name] = bank
    return found


def _row(question: dict[str, Any]) -> QuestionRow:
    return QuestionRow(
        kind=question["kind"],
        stem=question["stem"],
        options=tuple(Option(option["key"], option["text"]) for option in question["options"]),
        answers=tuple(question["answers"]),
        reference=question["id"],
        explanation=question["explanation"],
        legal_basis=question["reference"],
    )


def lectures(owner: User) -> Iterator[tuple[int, int, Lecture]]:
    """Make and hand in every lecture that is missing; yield number, total and lecture as they go."""
    wanted = [(c, n, les) for c in courses() for n, les in enumerate(c.lessons, 1) if not les.is_reading]
    for index, (course, number, lesson) in enumerate(wanted, 1):
        title = title_of(course, number, lesson)
        found = Lecture.objects.filter(title=title, owner=owner).first()
        if found is None:
            with tempfile.TemporaryDirectory(prefix="lecture-") as name:
                folder = Path(name)
                script = lecture.write(folder, f"第{number}讲 {lesson.title}", lesson.basis, lesson.pages)
                slides = outline.slides_of(script, lesson.pages)
                film = lecture.encode(script, folder)
                with transaction.atomic():
                    found = ingest_file(
                        path=film,
                        title=title,
                        owner=owner,
                        tenant="demo",
                        captions={"zh-Hans": script.vtt()},
                    )
                    outline.publish(found, slides)
        yield index, len(wanted), found


def title_of(course: CourseText, number: int, lesson: Lesson) -> str:
    """Return the title under which a trainer finds the lecture."""
    return f"{course.code} 第{number}讲 {lesson.title}"


def waiting(course: CourseText, owner: User) -> list[str]:
    """Return the titles of the course's lectures that are not playable yet.

    Raises `RuntimeError` where one has failed: the demo cannot be whole then.
    """
    titles = [title_of(course, n, les) for n, les in enumerate(course.lessons, 1) if not les.is_reading]
    ready = set(
        Lecture.objects.filter(title__in=titles, current__isnull=False).values_list("title", flat=True)
    )
    broken = Encode.objects.filter(lecture__title__in=titles, lecture__owner=owner, state=Encode.State.FAILED)
    if failed := broken.values_list("lecture__title", "reason", "detail").first():
        raise RuntimeError(f"a lecture of the demo failed: {failed}")
    return [title for title in titles if title not in ready]


def publish(course: CourseText, bank: QuestionBank, trainer: User, reviewer: User) -> CoursePage:
    """Make the course's page, submit it as its trainer and approve it as the reviewer, which publishes it.

    Publishing freezes the edition. A page that is live is left alone; one that was not yet decided goes on.
    """
    page = CoursePage.objects.filter(code=course.code).first()
    if page is not None and page.live:
        return page
    if page is None:
        page = CoursePage(**_fields(course, bank), owner=trainer, live=False)
        CataloguePage.objects.get().add_child(instance=page)
    if not page.latest_revision_id:
        page.save_revision(user=trainer)
    submit_for_review(page=page, by=trainer)
    page = CoursePage.objects.get(pk=page.pk)
    decide(page=page, by=reviewer, approves=True, comment="内容、引用条款与题库已核对，同意发布。")
    page.refresh_from_db()
    return page


def _fields(course: CourseText, bank: QuestionBank) -> dict[str, Any]:
    values, today = course.values, timezone.localdate()
    single, multiple, true_false = map(int, values["exam"].split())
    return {
        "title": course.title,
        "title_en": course.title_en,
        "slug": course.code.lower(),
        "code": course.code,
        "topic": Topic.objects.get(code=values["topic"]),
        "purpose": values["purpose"],
        "purpose_en": values["purpose_en"],
        "audience": values["audience"],
        "teacher": values["teacher"],
        "teacher_note": values.get("note", ""),
        "credit_hours": values["hours"],
        "is_mandatory": values.get("mandatory") == "yes",
        "validity_months": int(values["months"]) if "months" in values else None,
        "reviewed_on": today - timedelta(days=40),
        "next_review_on": today + timedelta(days=140),
        "outcomes": [{"type": "outcome", "value": text} for text in course.outcomes],
        "lessons": [_block(course, number, lesson) for number, lesson in enumerate(course.lessons, 1)],
        "legal_basis": [
            {
                "type": "reference",
                "value": {
                    "document": ref.document,
                    "clauses": ref.clauses,
                    "lessons": ref.lessons,
                    "effective_from": _date(ref.effective_from),
                    "superseded_by": "",
                },
            }
            for ref in course.legal_basis
        ],
        "question_bank": bank,
        "exam_single": single,
        "exam_multiple": multiple,
        "exam_true_false": true_false,
        "exam_minutes": 30,
        "pass_mark": int(values.get("pass", "60")),
        "exam_interval_minutes": 60,
        "free_seek": values.get("free") == "yes",
        # Lectures of a few minutes are over before anybody would be asked.
        "presence_minutes": 0,
        # The lectures of the demo are short: their whole length makes the nominal hours.
        "credit_hour_seconds": max(1, int(_seconds(course) / float(values["hours"]))),
    }


def _seconds(course: CourseText) -> float:
    titles = [title_of(course, n, les) for n, les in enumerate(course.lessons, 1) if not les.is_reading]
    durations = Lecture.objects.filter(title__in=titles).values_list("current__duration_ms", flat=True)
    return sum(duration or 0 for duration in durations) / 1000


def _block(course: CourseText, number: int, lesson: Lesson) -> dict[str, Any]:
    value: dict[str, Any] = {"title": lesson.title, "title_en": lesson.title_en, "summary": lesson.summary}
    if lesson.is_reading:
        return {
            "type": "reading",
            "id": key_of(course, lesson),
            "value": {**value, "minutes": lesson.minutes, "body": lesson.body()},
        }
    playable = Lecture.objects.get(title=title_of(course, number, lesson), current__isnull=False)
    value |= {"lecture": playable.pk, "questions": _asks(course, lesson, playable)}
    return {"type": "video", "id": key_of(course, lesson), "value": value}


def _asks(course: CourseText, lesson: Lesson, lecture: Lecture) -> list[dict[str, Any]]:
    """Return the questions inside a lecture, each where the sentence before it has been said."""
    cues = cues_of(captions_of(lecture)[0]) if lesson.asks else []
    bank = Question.objects.filter(bank__code=_BANKS[course.values["questions"]])
    return [
        {
            "type": "question",
            "id": str(uuid.uuid5(_NAMESPACE, f"{key_of(course, lesson)}/{reference}")),
            "value": {
                "at": moment_of(-(-cues[spoken - 1].end_ms // 1000) * 1000),
                "question": bank.get(reference=reference).pk,
            },
        }
        for spoken, reference in lesson.asks
    ]


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if len(text) == 10 else None


def notices() -> None:
    """Put a few notices on the front page."""
    home = HomePage.objects.get()
    today = timezone.localdate()
    for slug, days, kind, title in (
        ("notice-plan-b1", 9, "notice", "本年度必修课程学习安排：请在截止日期前完成 B1"),
        ("notice-b1", 16, "revision", "B1 监督管理办法与报告合规：增补分包案例，已完成者无需重学"),
        ("notice-c2", 24, "new_course", "新课 C2 测量不确定度入门：五讲，含完整算例"),
        ("notice-law", 40, "law_check", "A1、A2 引用条款已按现行文本逐条核对"),
    ):
        if not NoticePage.objects.filter(slug=slug).exists():
            page = NoticePage(
                title=title,
                slug=slug,
                kind=kind,
                date=today - timedelta(days=days),
                body=f"<p>{title}。</p><p>本通知用于演示，机构与人员均为虚构。</p>",
            )
            home.add_child(instance=page)
