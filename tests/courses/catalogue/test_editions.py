"""Editions: what makes a new one, what never changes afterwards, and two freezes at once."""

import threading
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import ProtectedError
from wagtail.documents.models import Document

from courses.catalogue import queries, services
from courses.catalogue.manifest import canonical, digest_of, manifest_of, rule_of
from courses.catalogue.models import Course, CoursePage, Edition, EditionLesson, Topic
from courses.questions import services as questions
from courses.questions.models import QuestionVersion
from courses.questions.rows import QuestionRow, lettered
from tests.factories.catalogue import CoursePageFactory, complete_edition, lesson_blocks
from tests.factories.media import EncodeFactory
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db


def reworded(stem="换了说法的题？"):
    return QuestionRow(kind="single", stem=stem, options=lettered(["甲", "乙"]), answers=("A",))


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "新标题"},
        {"title_en": "New title"},
        {"purpose": "新目的"},
        {"audience": "内审员"},
        {"teacher": "唐一鸣"},
        {"credit_hours": Decimal("0.5")},
        {"is_mandatory": False},
        {"validity_months": None},
        {"reviewed_on": date(2026, 1, 1)},
        {"pass_mark": 80},
        {"exam_minutes": 30},
        {"exam_attempts": 1},
        {"exam_interval_minutes": 0},
        {"shows_answers": False},
        {"exam_true_false": 0},
        {"coverage_percent": 90},
        {"rate_cap": Decimal("1.50")},
        {"free_seek": True},
        {"presence_minutes": 15},
        {"credit_hour_seconds": 3600},
        {"outcomes": []},
        {"legal_basis": []},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_every_single_change_of_what_is_taught_makes_the_next_edition(publish, revise, fields):
    page = publish()
    first = page.course.current
    second = revise(page, **fields).course.current
    assert second != first
    assert (first.number[-2:], second.number[-2:]) == (".1", ".2")
    assert second.digest == digest_of(second.manifest)
    assert second.changes


@pytest.mark.parametrize(
    "fields",
    [{"slug": "elsewhere"}, {"seo_title": "Anders"}, {"search_description": "x"}, {"show_in_menus": True}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_does_not_belong_to_the_course_makes_none(publish, revise, fields):
    page = publish()
    assert revise(page, **fields).course.current == page.course.current


def test_the_same_figure_written_otherwise_is_the_same_content():
    page = CoursePageFactory(credit_hours=Decimal("1.0"), rate_cap=Decimal(1))
    before = digest_of(manifest_of(page))
    page.credit_hours, page.rate_cap = Decimal("1.00"), Decimal("1.00")
    assert digest_of(manifest_of(page)) == before


def test_the_canonical_form_does_not_know_an_order_of_keys():
    assert canonical({"b": 1, "a": "字"}) == canonical({"a": "字", "b": 1}) == '{"a":"字","b":1}'.encode()
    assert digest_of([1, 2]) != digest_of([2, 1])


def test_a_lesson_keeps_its_key_when_it_moves_and_its_text_changes(publish, revise):
    page = publish(lessons=lesson_blocks(videos=2))
    keys = [str(lesson.key) for lesson in queries.outline(page.course.current)]
    raw = [dict(block) for block in page.lessons.raw_data]
    raw.reverse()
    raw[0]["value"] = {**raw[0]["value"], "title": "改了名的导读"}
    page = revise(page, lessons=raw)
    after = queries.outline(page.course.current)
    assert [str(lesson.key) for lesson in after] == list(reversed(keys))
    assert [lesson.position for lesson in after] == [1, 2, 3]
    assert after[0].title == "改了名的导读"


def test_a_file_that_changed_under_the_same_name_makes_an_edition(publish, revise):
    document = Document.objects.create(title="模板", file=ContentFile(b"one", "template.txt"))
    block = {
        "type": "attachment",
        "id": str(uuid.uuid4()),
        "value": {"title": "模板", "title_en": "", "summary": "", "minutes": 5, "document": document.pk},
    }
    page = publish(lessons=[block])
    lesson = queries.outline(page.course.current)[0]
    assert (lesson.kind, lesson.document, lesson.minutes) == ("attachment", document, 5)
    document.file.save("template.txt", ContentFile(b"two"), save=False)
    document.file_hash = ""
    document.save()
    edition = revise(page).course.current
    assert [change["what"] for change in edition.changes] == ["file_replaced"]


def test_the_editions_of_a_course_are_counted_by_the_year_here(publish, revise, monkeypatch):
    # An hour before midnight in Greenwich it is next year in Shanghai.
    late = datetime(2030, 12, 31, 23, 0, tzinfo=UTC)
    page = publish()
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    assert revise(page, purpose="来年").course.current.number == "2031.1"
    assert revise(page, purpose="又一年").course.current.number == "2031.2"


def test_numbers_stay_unique_after_going_back_and_forth(publish, revise):
    page = publish(purpose="甲")
    for purpose in ("乙", "甲", "丙", "乙", "丁"):
        page = revise(page, purpose=purpose)
    numbers = list(page.course.editions.order_by("pk").values_list("number", flat=True))
    assert [number.rsplit(".")[-1] for number in numbers] == ["1", "2", "3", "4"]
    current = page.course.current
    assert page.course.editions.filter(superseded_at__isnull=True).get() == current


def test_an_edition_is_compared_with_the_one_that_was_taught_before(publish, revise):
    page = revise(publish(purpose="甲"), purpose="乙")
    page = revise(page, purpose="乙", pass_mark=90)
    assert [change["title"] for change in page.course.current.changes] == ["pass_mark"]
    assert page.course.current.change_class == Edition.ChangeClass.MATERIAL


def test_what_was_taught_is_not_deleted_under_its_learners(publish):
    edition = publish().course.current
    lesson = edition.lessons.first()
    for thing in (edition, edition.course, lesson.encode, lesson.lecture, edition.course.topic):
        with pytest.raises(ProtectedError), transaction.atomic():
            thing.delete()
    assert Edition.objects.filter(pk=edition.pk).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"position": 1, "key": uuid.uuid4()},
        {"position": 9, "kind": "video", "key": uuid.uuid4()},
    ],
)
def test_the_database_itself_refuses_a_lesson_that_cannot_be(fields):
    edition = complete_edition(videos=1, exam=False)
    values = {"kind": "reading", "title": "x", **fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        EditionLesson.objects.create(edition=edition, **values)


@pytest.mark.parametrize("mark", [0, 101])
def test_the_database_itself_refuses_a_pass_mark_that_is_no_percent(mark):
    edition = complete_edition(videos=1)
    edition.exam.pass_mark = mark
    with pytest.raises(IntegrityError), transaction.atomic():
        edition.exam.save()


def test_one_course_has_a_digest_and_a_number_only_once():
    edition = complete_edition(videos=1)
    for fields in ({"number": edition.number, "digest": "x"}, {"number": "x", "digest": edition.digest}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Edition.objects.create(
                course=edition.course, title="t", credit_hours=1, policy={}, rule={}, manifest={}, **fields
            )


def test_a_frozen_pool_does_not_move_with_its_bank(publish, revise):
    bank = fill_bank(single=3)
    page = publish(question_bank=bank, exam_multiple=0, exam_true_false=0)
    edition = page.course.current
    pool = list(edition.exam.sections[0]["pool"])
    stems = dict(QuestionVersion.objects.filter(pk__in=pool).values_list("pk", "stem"))
    corrected, retired, _ = bank.questions.order_by("pk")
    questions.add_version(question=corrected, row=reworded(), by=None)
    questions.retire(question=retired)
    QuestionFactory(bank=bank)
    edition.exam.refresh_from_db()
    assert edition.exam.sections[0]["pool"] == pool
    assert dict(QuestionVersion.objects.filter(pk__in=pool).values_list("pk", "stem")) == stems
    second = revise(page).course.current
    assert second != edition
    assert [change["what"] for change in second.changes] == ["exam_pool"]
    drawn = second.exam.sections[0]["pool"]
    corrected.refresh_from_db()
    assert corrected.current_id in drawn
    assert retired.current_id not in drawn


def test_every_question_that_may_be_drawn_is_frozen_and_no_other(publish):
    bank = fill_bank(single=3, multiple=2)
    page = publish(question_bank=bank, exam_multiple=0, exam_true_false=0)
    frozen = QuestionVersion.objects.filter(question__bank=bank, frozen_at__isnull=False)
    assert sorted(frozen.values_list("pk", flat=True)) == sorted(page.course.current.exam.sections[0]["pool"])


def test_a_question_reworded_before_anything_was_published_is_frozen_in_its_last_words(publish):
    bank = fill_bank(single=2)
    question = bank.questions.order_by("pk").first()
    questions.add_version(question=question, row=reworded("最后的说法？"), by=None)
    page = publish(question_bank=bank, exam_multiple=0, exam_true_false=0)
    version = QuestionVersion.objects.get(question=question)
    assert (version.number, version.stem) == (1, "最后的说法？")
    assert version.pk in page.course.current.exam.sections[0]["pool"]


def test_a_refused_freeze_leaves_no_trace(publish):
    bank = fill_bank(single=3)
    page = CoursePageFactory(question_bank=bank, exam_single=4, exam_multiple=0, exam_true_false=0)
    page.save_revision().publish()
    assert not Course.objects.filter(code=page.code).exists()
    assert not QuestionVersion.objects.filter(question__bank=bank, frozen_at__isnull=False).exists()


def test_a_freeze_that_breaks_in_the_middle_is_undone(publish, monkeypatch):
    page = publish()
    first = page.course.current
    page.purpose = "换一种说法。"

    def fail(**_):
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("courses.catalogue.services.transcribe", fail)
    with pytest.raises(RuntimeError):
        services.freeze_edition(page=page, by=None)
    first.refresh_from_db()
    assert (first.superseded_at, Edition.objects.count()) == (None, 1)
    assert Course.objects.get(code=page.code).current == first


def test_a_course_moves_to_another_topic_with_its_page(publish, revise):
    page = publish(code="B899")
    other = Topic.objects.get(code="ccc")
    other.letters = "BD"
    other.save()
    page = revise(page, topic=other)
    assert page.course.topic == other
    assert page.course.current.manifest["course"]["topic"] == "ccc"


@pytest.mark.parametrize(
    ("kinds", "has_exam", "parts"),
    [
        (["video"], False, ["lessons"]),
        (["reading"], False, ["readings"]),
        (["attachment"], True, ["readings", "exam"]),
        (["video", "reading", "attachment"], True, ["lessons", "readings", "exam"]),
        ([], False, []),
    ],
)
def test_the_rule_asks_for_what_there_is_and_nothing_else(kinds, has_exam, parts):
    rule = rule_of([{"kind": kind} for kind in kinds], has_exam=has_exam, coverage_percent=75)
    assert [part["kind"] for part in rule["all"]] == parts
    assert all(part["coverage_percent"] == 75 for part in rule["all"] if part["kind"] == "lessons")


def test_a_lecture_with_a_new_encode_is_taken_over_only_by_the_next_edition(publish, revise):
    page = publish(lessons=lesson_blocks(videos=1, reading=False, duration_ms=600_000))
    edition = page.course.current
    lecture = edition.lessons.get().lecture
    old = lecture.current
    lecture.current = EncodeFactory(lecture=lecture, published=True, duration_ms=660_001, digest="b" * 64)
    lecture.save()
    assert edition.lessons.get().encode == old
    lesson = revise(page).course.current.lessons.get()
    assert (lesson.encode, lesson.duration_ms, lesson.minutes) == (lecture.current, 660_001, 12)


def test_who_published_is_remembered_with_the_edition(publish):
    user = UserFactory()
    page = CoursePageFactory()
    assert services.freeze_edition(page=page, by=user).published_by == user


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one writer in at a time")
def test_two_freezes_at_once_make_one_edition():
    page = CoursePageFactory()
    made, failed, gate = [], [], threading.Barrier(2)

    def freeze():
        try:
            gate.wait(10)
            made.append(services.freeze_edition(page=CoursePage.objects.get(pk=page.pk), by=None).pk)
        except Exception as error:
            failed.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=freeze) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert len(set(made)) == 1
    assert Edition.objects.filter(course__code=page.code).count() == 1
