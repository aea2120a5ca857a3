"""Topics, courses, editions with lessons and exam, and course pages in the tree."""

import hashlib
import uuid
from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from wagtail.models import Page, Site

from courses.catalogue.models import (
    CataloguePage,
    Course,
    CoursePage,
    Edition,
    EditionExam,
    EditionLesson,
    EditionQuestion,
    HomePage,
    Topic,
)
from courses.questions.models import QuestionVersion
from tests.factories.media import LectureFactory
from tests.factories.questions import QuestionFactory, fill_bank

POLICY = {
    "rate_cap": 1.0,
    "free_seek": False,
    "coverage_percent": 100,
    "presence_minutes": 0,
    "offline_allowance_s": 900,
    "tolerance_ms": 1500,
    "hidden_pauses": True,
}


class TopicFactory(DjangoModelFactory):
    """One of the four topics; the rows of the data migration are reused."""

    class Meta:
        model = Topic
        django_get_or_create = ("code",)

    code = "compliance"
    name = "检验检测合规与技术能力"
    name_en = "Compliance and technical competence"
    position = 2


class CourseFactory(DjangoModelFactory):
    """A course without an edition."""

    class Meta:
        model = Course

    code = factory.Sequence(lambda n: f"B{n + 100}")
    topic = factory.SubFactory(TopicFactory)


class EditionFactory(DjangoModelFactory):
    """A frozen edition without lessons, which becomes its course's current one. See `complete_edition`."""

    class Meta:
        model = Edition
        skip_postgeneration_save = True

    course = factory.SubFactory(CourseFactory)
    number = factory.LazyAttribute(lambda o: f"2026.{o.course.editions.count() + 1}")
    title = factory.Sequence(lambda n: f"监督管理办法与报告合规 {n}")
    title_en = "Supervision rules and compliant reports"
    credit_hours = Decimal("4.0")
    is_mandatory = True
    validity_months = 36
    policy = factory.LazyFunction(lambda: dict(POLICY))
    rule = factory.LazyFunction(
        lambda: {
            "version": 1,
            "all": [
                {"kind": "lessons", "keys": "all", "coverage_percent": 100},
                {"kind": "readings", "keys": "all"},
                {"kind": "exam"},
            ],
        }
    )
    manifest = factory.LazyFunction(lambda: {"version": 1, "nonce": uuid.uuid4().hex})
    digest = factory.LazyAttribute(lambda o: hashlib.sha256(str(o.manifest).encode()).hexdigest())

    @factory.post_generation
    def is_current(self, create: bool, extracted: bool | None, **_: object) -> None:
        """Make it what the course teaches now, unless `is_current=False`."""
        if create and extracted is not False:
            self.course.current = self
            self.course.save(update_fields=["current"])


class EditionLessonFactory(DjangoModelFactory):
    """A video lesson of three minutes; `reading=True` makes it a text."""

    class Meta:
        model = EditionLesson

    edition = factory.SubFactory(EditionFactory)
    key = factory.LazyFunction(uuid.uuid4)
    position = factory.LazyAttribute(lambda o: o.edition.lessons.count() + 1)
    kind = EditionLesson.Kind.VIDEO
    title = factory.LazyAttribute(lambda o: f"第{o.position}课 主体责任")
    lecture = factory.SubFactory(LectureFactory, published=True)
    encode = factory.LazyAttribute(lambda o: o.lecture.current if o.lecture else None)
    duration_ms = factory.LazyAttribute(lambda o: o.encode.duration_ms if o.encode else 0)
    minutes = factory.LazyAttribute(lambda o: max(1, round(o.duration_ms / 60_000)))

    class Params:
        reading = factory.Trait(
            kind=EditionLesson.Kind.READING,
            title="法规原文导读",
            lecture=None,
            encode=None,
            duration_ms=0,
            minutes=10,
            body="<p>检验检测机构及其人员应当对其出具的检验检测报告负责。</p>",
        )


class EditionExamFactory(DjangoModelFactory):
    """An exam that draws two of three single-choice questions; 60 percent passes."""

    class Meta:
        model = EditionExam

    edition = factory.SubFactory(EditionFactory)
    sections = factory.LazyFunction(
        lambda: [
            {
                "kind": "single",
                "count": 2,
                "points": 1,
                "pool": [QuestionFactory(version__frozen_at=timezone.now()).current_id for _ in range(3)],
            }
        ]
    )
    minutes = 60
    pass_mark = 60
    attempts_allowed = 3
    interval_minutes = 0


class EditionQuestionFactory(DjangoModelFactory):
    """A single-choice question at the half of a lecture; A is right. `kind` makes it another."""

    class Meta:
        model = EditionQuestion

    class Params:
        kind = "single"

    lesson = factory.SubFactory(EditionLessonFactory)
    key = factory.LazyFunction(uuid.uuid4)
    at_ms = factory.LazyAttribute(lambda o: o.lesson.duration_ms // 2)
    version = factory.LazyAttribute(
        lambda o: QuestionFactory(kind=o.kind, version__frozen_at=timezone.now()).current
    )


def ask(lesson: EditionLesson, *moments_s: int, kind: str = "single") -> list[EditionQuestion]:
    """Let a lecture ask at these seconds, and its edition's rule ask for the answers."""
    edition = lesson.edition
    if not any(part["kind"] == "questions" for part in edition.rule["all"]):
        edition.rule["all"].append({"kind": "questions", "keys": "all"})
        edition.save(update_fields=["rule"])
    return [EditionQuestionFactory(lesson=lesson, at_ms=at * 1000, kind=kind) for at in moments_s]


def complete_edition(
    *,
    videos: int = 2,
    duration_ms: int = 180_000,
    reading: bool = True,
    exam: bool = True,
    **fields: object,
) -> Edition:
    """Return a published edition as learners meet it: playable lectures, a reading, an exam.

    `fields` go to the edition. The rule asks for the exam only where there is one. The exam draws
    2 of 3 single-choice, 1 of 2 multiple-choice and 1 of 2 true-or-false questions; A is right
    (A and B of multiple choice); each question gives 1 point.
    """
    parts: list[dict[str, object]] = [{"kind": "lessons", "keys": "all", "coverage_percent": 100}]
    if reading:
        parts.append({"kind": "readings", "keys": "all"})
    if exam:
        parts.append({"kind": "exam"})
    edition: Edition = EditionFactory(**{"rule": {"version": 1, "all": parts}, **fields})
    for _ in range(videos):
        lecture = LectureFactory(
            published=True,
            published__duration_ms=duration_ms,
            published__planned_ms=duration_ms,
            published__digest=uuid.uuid4().hex * 2,
        )
        EditionLessonFactory(edition=edition, lecture=lecture)
    if reading:
        EditionLessonFactory(edition=edition, reading=True)
    if exam:
        bank = fill_bank(single=3, multiple=2, true_false=2)
        QuestionVersion.objects.filter(question__bank=bank).update(frozen_at=timezone.now())
        EditionExamFactory(
            edition=edition,
            sections=[
                {
                    "kind": kind,
                    "count": count,
                    "points": 1,
                    "pool": list(
                        bank.questions.filter(kind=kind).order_by("pk").values_list("current_id", flat=True)
                    ),
                }
                for kind, count in (("single", 2), ("multiple", 1), ("true_false", 1))
            ],
        )
    return edition


def catalogue_page() -> CataloguePage:
    """Return the page that holds the courses, with the home page over it, made where absent."""
    found = CataloguePage.objects.first()
    if found is not None:
        return found
    home = HomePage.objects.first()
    if home is None:
        root = Page.objects.get(depth=1)
        home = root.add_child(instance=HomePage(title="检验检测云课堂", slug="classroom"))
        Site.objects.update_or_create(
            is_default_site=True, defaults={"hostname": "localhost", "root_page": home}
        )
    return home.add_child(instance=CataloguePage(title="课程", slug="courses"))


def lesson_blocks(*, videos: int = 1, reading: bool = True, duration_ms: int = 3_000_000) -> list[object]:
    """Return raw stream data of lessons with published lectures."""
    blocks: list[object] = []
    for number in range(videos):
        lecture = LectureFactory(
            published=True,
            published__duration_ms=duration_ms,
            published__planned_ms=duration_ms,
            published__digest=uuid.uuid4().hex * 2,
        )
        value = {"title": f"第{number + 1}课 主体责任", "title_en": "", "summary": "", "lecture": lecture.pk}
        blocks.append({"type": "video", "id": str(uuid.uuid4()), "value": value})
    if reading:
        value = {
            "title": "法规原文导读",
            "title_en": "",
            "summary": "",
            "minutes": 10,
            "body": "<p>报告负责。</p>",
        }
        blocks.append({"type": "reading", "id": str(uuid.uuid4()), "value": value})
    return blocks


class CoursePageFactory(DjangoModelFactory):
    """A course page under the catalogue, as a draft; `live=True` for one that is shown.

    It has one lecture of 50 minutes, a reading, and an exam of 3 questions from a bank that is big
    enough, so it can be published as it is.
    """

    class Meta:
        model = CoursePage

    parent = None
    code = factory.Sequence(lambda n: f"B{n + 500}")
    slug = factory.LazyAttribute(lambda o: o.code.lower())
    title = factory.Sequence(lambda n: f"监督管理办法与报告合规 {n}")
    title_en = "Supervision rules and compliant reports"
    topic = factory.SubFactory(TopicFactory)
    purpose = "弄清不实报告与虚假报告的界限。"
    audience = "全体检验检测人员"
    teacher = "林若曦"
    credit_hours = Decimal("1.0")
    is_mandatory = True
    validity_months = 36
    presence_minutes = 0
    reviewed_on = factory.LazyFunction(lambda: timezone.localdate())
    next_review_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=365))
    outcomes = factory.LazyFunction(
        lambda: [{"type": "outcome", "id": str(uuid.uuid4()), "value": "说出不实报告的情形"}]
    )
    lessons = factory.LazyFunction(lesson_blocks)
    legal_basis = factory.LazyFunction(
        lambda: [
            {
                "type": "reference",
                "id": str(uuid.uuid4()),
                "value": {
                    "document": "《检验检测机构监督管理办法》",
                    "clauses": "第十三条、第十四条",
                    "lessons": "",
                    "effective_from": "2021-06-01",
                    "superseded_by": "",
                },
            }
        ]
    )
    question_bank = factory.LazyFunction(lambda: fill_bank(single=3, multiple=2, true_false=2))
    exam_single = 1
    exam_multiple = 1
    exam_true_false = 1
    live = False

    @classmethod
    def _create(cls, model_class: type[CoursePage], *args: object, **kwargs: object) -> CoursePage:
        parent = kwargs.pop("parent") or catalogue_page()
        return parent.add_child(instance=model_class(*args, **kwargs))
