"""A trainer with a draft: two lectures, a text, an exam; and a count of every row there is."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client

from courses.catalogue.models import CoursePage
from media.models import Lecture
from tests.factories.catalogue import CoursePageFactory
from tests.factories.media import LectureFactory
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionFactory, fill_bank


@pytest.fixture
def member(db) -> Callable[..., Any]:
    """Make a person of the named groups."""

    def make(*groups: str, **fields: Any) -> Any:
        user = UserFactory(**fields)
        user.groups.add(*Group.objects.filter(name__in=groups))
        return user

    return make


@pytest.fixture
def trainer(member) -> Any:
    return member("Trainers", name="林若曦")


def browser_of(user: Any, **options: Any) -> Client:
    """The browser of somebody who is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def browser(trainer) -> Client:
    return browser_of(trainer)


def lecture_lesson(
    lecture: Lecture | None = None, *, title: str = "主体责任", asks: Any = ()
) -> dict[str, Any]:
    """Raw data of a lesson with a lecture of three minutes; `asks` are pairs of a moment and a question."""
    lecture = lecture or LectureFactory(published=True)
    questions = [
        {"type": "question", "id": str(uuid.uuid4()), "value": {"at": at, "question": question.pk}}
        for at, question in asks
    ]
    value = {"title": title, "title_en": f"Lesson on {len(asks)}", "summary": "", "lecture": lecture.pk}
    return {"type": "video", "id": str(uuid.uuid4()), "value": {**value, "questions": questions}}


def reading_lesson(title: str = "法规原文导读") -> dict[str, Any]:
    """Raw data of a lesson to read."""
    value = {"title": title, "title_en": "", "summary": "", "minutes": 10, "body": "<p>报告负责。</p>"}
    return {"type": "reading", "id": str(uuid.uuid4()), "value": value}


def draft_of(owner: Any, *lessons: dict[str, Any], **fields: Any) -> CoursePage:
    """Return a course page as `owner` drafted it, never published; without a bank it has no exam."""
    given = {"question_bank": None, "lessons": list(lessons) or [reading_lesson()], **fields}
    page = CoursePageFactory(owner=owner, **given)
    page.save_revision(user=owner)
    return CoursePage.objects.get(pk=page.pk)


@pytest.fixture
def question(db) -> Any:
    return QuestionFactory()


@pytest.fixture
def draft(trainer, question) -> CoursePage:
    """A lecture that asks at 0:05, one that asks nothing, a text, and an exam of three questions."""
    first = lecture_lesson(asks=[("0:05", question)])
    lessons = [first, lecture_lesson(title="报告合规"), reading_lesson()]
    bank = fill_bank(single=2, multiple=1, true_false=1)
    return draft_of(
        trainer, *lessons, code="B7", title="期间核查", title_en="Intermediate checks", question_bank=bank
    )


def key_of(page: CoursePage, place: int = 0) -> str:
    """Return the key of a lesson."""
    return str(page.lessons[place].id)


def rows() -> dict[str, int]:
    """Return how many rows each table holds; sessions and the admin's own records are no part of the house."""
    counted = (model for model in apps.get_models() if model._meta.managed and not model._meta.proxy)
    return {
        model._meta.label: model._base_manager.count()
        for model in counted
        if model._meta.app_label not in {"sessions", "admin"}
    }
