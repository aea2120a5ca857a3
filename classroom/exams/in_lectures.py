"""Questions that a lecture puts at its moments: what is asked, each try, and what counts.

A try is kept as it was given and never changed; any number of them may be made.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.exams import errors
from classroom.exams.models import LectureAnswer
from classroom.exams.scoring import is_right
from courses.catalogue.models import EditionQuestion
from courses.questions.models import Question

_OWN = "the enrolment says whose they are"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question at its moment as its learner meets it: nothing here tells which option is right."""

    key: uuid.UUID
    at_ms: int
    kind: str
    stem: str
    options: list[dict[str, str]]
    tries: int
    is_answered: bool


def asked_of(enrolment_id: int, lesson_id: int) -> list[Asked]:
    """Return what a lecture asks and where the learner stands (2 queries, 1 where nothing is asked)."""
    questions = list(_asked_by(lesson_id).order_by("at_ms"))
    own = LectureAnswer.objects.unscoped(_OWN).filter(enrolment=enrolment_id, question__lesson=lesson_id)
    stand: dict[int, tuple[int, int]] = {}
    if questions:
        rows = (
            own.order_by()
            .values_list("question_id")
            .annotate(tries=Count("pk"), right=Count("pk", filter=Q(is_right=True)))
        )
        stand = {pk: (tries, right) for pk, tries, right in rows}
    return [
        Asked(
            key=one.key,
            at_ms=one.at_ms,
            kind=one.version.question.kind,
            stem=one.version.stem,
            options=[{"key": option["key"], "text": option["text"]} for option in one.version.options],
            tries=stand.get(one.pk, (0, 0))[0],
            is_answered=stand.get(one.pk, (0, 0))[1] > 0,
        )
        for one in questions
    ]


def question_of(lesson_id: int, key: uuid.UUID) -> EditionQuestion:
    """Return a question that the lecture asks. Raises `errors.NotAsked`."""
    found = _asked_by(lesson_id).filter(key=key).first()
    if found is None:
        raise errors.NotAsked
    return found


def facts_of(enrolment: Enrolment) -> list[dict[str, Any]]:
    """Return every question of the edition's lectures with when it was first answered rightly (2 queries)."""
    right = LectureAnswer.objects.unscoped(_OWN).filter(enrolment=enrolment, is_right=True)
    first = dict(right.order_by().values_list("question_id").annotate(first=Min("at")))
    questions = EditionQuestion.objects.filter(lesson__edition_id=enrolment.edition_id)
    rows = questions.order_by("lesson__position", "at_ms").values_list("pk", "key", "lesson__key", "at_ms")
    return [
        {"key": str(key), "lesson": str(lesson), "at_ms": at_ms, "answered_at": first.get(pk)}
        for pk, key, lesson, at_ms in rows
    ]


@transaction.atomic
def answer(
    *,
    enrolment: Enrolment,
    question: EditionQuestion,
    choice: Collection[str],
    number: int | None = None,
    now: datetime | None = None,
) -> LectureAnswer:
    """Grade one try and keep it; return it.

    `number` is the try that the client believes to make. Where that one is there with the same
    choice it is a request sent again, and what was kept is returned; another device's try in
    between only moves this one on. The caller holds the enrolment's row and has checked whose it
    is. Raises `ImpossibleChoice`.
    """
    version = question.version
    chosen = _checked(version.question.kind, [option["key"] for option in version.options], choice)
    tries = LectureAnswer.objects.unscoped(_OWN).filter(enrolment=enrolment, question=question)
    there = tries.filter(number=number).first() if number is not None else None
    if there is not None and there.choice == chosen:
        return there
    last = tries.order_by("-number").first()
    return LectureAnswer.objects.create(
        enrolment=enrolment,
        question=question,
        number=last.number + 1 if last else 1,
        choice=chosen,
        is_right=is_right(version.answers, chosen),
        at=now or timezone.now(),
    )


def _asked_by(lesson_id: int) -> QuerySet[EditionQuestion]:
    return EditionQuestion.objects.filter(lesson=lesson_id).select_related("version__question")


def _checked(kind: str, keys: list[str], choice: Collection[str]) -> list[str]:
    chosen = set(choice)
    if not chosen or len(chosen) != len(choice) or not chosen <= set(keys):
        raise errors.ImpossibleChoice
    if kind != Question.Kind.MULTIPLE and len(chosen) > 1:
        raise errors.ImpossibleChoice
    return sorted(chosen)
