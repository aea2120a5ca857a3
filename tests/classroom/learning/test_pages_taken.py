"""Where a learner stands in the courses taken, and the next step."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.completion.services.ledger import reverse_credit
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.learning.pages import Taken, courses_of
from classroom.learning.pages_mine import my_learning
from classroom.people.models import User
from courses.catalogue.models import EditionLesson
from tests.factories.catalogue import CoursePageFactory, complete_edition
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory, CreditEntryFactory, LessonCompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def user() -> User:
    return UserFactory(name="陈思远")


def enrolled(user: User, **fields: object) -> Enrolment:
    edition = complete_edition(**{"videos": 2, "exam": False, "reading": False, **fields})
    return EnrolmentFactory(user=user, edition=edition, institution=None)


def watched(enrolment: Enrolment, number: int, *spans: tuple[int, int], position: int = 0) -> EditionLesson:
    lesson = enrolment.edition.lessons.get(position=number)
    LessonProgressFactory(
        enrolment=enrolment,
        lesson=lesson,
        coverage=[list(span) for span in spans],
        covered_ms=sum(end - start for start, end in spans),
        furthest_ms=spans[-1][1] if spans else 0,
        position_ms=position,
        position_at=timezone.now(),
    )
    return lesson


def taken_of(user: User) -> Taken:
    return courses_of(user)[0]


def test_a_course_not_begun_offers_to_start(user):
    enrolled(user)
    taken = taken_of(user)
    assert (taken.verified_ms, taken.total_ms, taken.left_ms) == (0, 360_000, 360_000)
    assert taken.step.kind == "start"
    assert taken.step.address == taken.lines[0].address
    assert taken.first_gap == ""


def test_a_course_begun_resumes_to_the_second_where_it_was_left(user):
    enrolment = enrolled(user)
    watched(enrolment, 2, (0, 60_000), (90_000, 100_000), position=95_400)
    taken = taken_of(user)
    assert taken.current.number == 2
    assert taken.step.label == "Resume 01:35"
    assert taken.gap_count == 1
    assert taken.missing_ms == 30_000
    assert taken.first_gap == f"{taken.lines[1].address}?at=60000"
    assert taken.left_ms == 360_000 - 70_000
    assert taken.position_on_scale == 180_000 + 95_400
    assert [part["is_current"] for part in taken.parts] == [False, True]


def test_holes_of_rounding_are_no_gaps(user):
    enrolment = enrolled(user)
    watched(enrolment, 1, (0, 60_000), (60_300, 100_000))
    assert taken_of(user).gap_count == 0


def test_a_lesson_once_complete_asks_for_nothing_more(user):
    enrolment = enrolled(user)
    lesson = watched(enrolment, 1, (0, 179_000))
    LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
    taken = taken_of(user)
    assert taken.lines[0].left_ms == 0
    assert taken.current.number == 2


def test_an_exam_that_is_only_offered_is_not_what_is_missing(user):
    rule = {
        "version": 1,
        "all": [
            {"kind": "lessons", "keys": "all", "coverage_percent": 100},
            {"kind": "questions", "keys": "all"},
        ],
    }
    enrolment = enrolled(user, exam=True, rule=rule)
    for lesson in enrolment.edition.lessons.all():
        LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
    assert taken_of(user).step.kind == "why"


def where(enrolment: Enrolment) -> str:
    """What a row of "my learning" says below the title, without the lesson's name."""
    (taken,) = courses_of(enrolment.user, [enrolment])
    said = " ".join(render_to_string("learning/where.html", {"taken": taken}).split())
    return said.rpartition(". ")[2]


def test_what_is_to_go_names_the_texts_too_and_the_exam_only_where_it_is_asked_for(user):
    enrolment = enrolled(user, exam=True, reading=True)
    assert where(enrolment) == "6 minutes, 1 text and the exam to go"
    with translation.override("zh-hans"):
        assert where(enrolment).endswith("还需 6 分钟、1 份材料和考试")
    for lesson in enrolment.edition.lessons.filter(kind="video"):
        LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
    assert where(enrolment) == "1 text and the exam to go"
    rule = {"version": 1, "all": [{"kind": "lessons", "keys": "all", "coverage_percent": 100}]}
    assert where(enrolled(user, exam=True, rule=rule)) == "6 minutes to go"


def test_the_attempts_told_are_those_that_are_left(user):
    enrolment = enrolled(user, exam=True)
    for lesson in enrolment.edition.lessons.all():
        LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
    allowed = enrolment.edition.exam.attempts_allowed
    assert where(enrolment).endswith(f"attempts left: {allowed}")
    exam = enrolment.edition.exam
    AttemptFactory(enrolment=enrolment, exam=exam, number=1, graded=True, is_passed=False)
    assert where(enrolment).endswith(f"attempts left: {allowed - 1}")
    # A voided attempt is none.
    AttemptFactory(enrolment=enrolment, exam=exam, number=2, state=Attempt.State.VOIDED)
    assert where(enrolment).endswith(f"attempts left: {allowed - 1}")


def test_after_the_lessons_comes_the_exam_and_an_open_attempt_goes_on(user):
    enrolment = enrolled(user, exam=True)
    for lesson in enrolment.edition.lessons.all():
        LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
    taken = taken_of(user)
    assert taken.step.kind == "exam"
    assert taken.step.address == f"/exam/{enrolment.pk}/"
    assert taken.questions == 4
    attempt = AttemptFactory(enrolment=enrolment, exam=enrolment.edition.exam)
    assert taken_of(user).step.address == f"/exam/attempt/{attempt.pk}/"


def test_the_best_attempt_counts(user):
    enrolment = enrolled(user, exam=True)
    for number, score in ((1, "55.0"), (2, "80.0"), (3, "70.0")):
        AttemptFactory(
            enrolment=enrolment,
            exam=enrolment.edition.exam,
            number=number,
            state=Attempt.State.GRADED,
            score=score,
            points=2,
            is_passed=number > 1,
            submitted_at=timezone.now(),
        )
    taken = taken_of(user)
    assert taken.best.number == 2
    assert taken.has_passed


@pytest.fixture
def completed(user) -> Enrolment:
    enrolment = enrolled(user)
    enrolment.state, enrolment.completed_at = Enrolment.State.COMPLETED, timezone.now()
    enrolment.save()
    return enrolment


def certified(enrolment: Enrolment, **fields: object) -> Certificate:
    completion = Completion.objects.unscoped("test").filter(enrolment=enrolment).first()
    return CertificateFactory(
        completion=completion or CompletionFactory(enrolment=enrolment), user=enrolment.user, **fields
    )


def test_a_completed_course_leads_to_its_certificate(user, completed):
    assert taken_of(user).step.kind == "again"
    certificate = certified(completed, file="certificates/2026/x.pdf")
    taken = taken_of(user)
    assert taken.certificate == certificate
    assert (taken.step.label, taken.step.address) == (
        "Certificate",
        f"/certificates/{certificate.number}.pdf",
    )


@pytest.mark.parametrize("rendering", ["due", "failed"])
def test_while_there_is_no_pdf_the_step_says_so_and_leads_to_where_its_state_is_told(
    user, completed, rendering
):
    certified(completed, rendering=rendering)
    step = taken_of(user).step
    assert (step.kind, step.label) == ("certificate", "Certificate is being made")
    assert step.address == "/certificates/"


def test_a_certificate_that_was_revoked_is_not_said_to_be_in_the_making(user, completed):
    certified(completed, revoked=True, file="certificates/2026/x.pdf")
    taken = taken_of(user)
    assert (taken.certificate, taken.is_revoked, taken.step.kind) == (None, True, "again")
    successor = certified(completed, file="certificates/2026/y.pdf")
    taken = taken_of(user)
    assert (taken.certificate, taken.is_revoked) == (successor, False)


def test_dates_part_the_courses_into_groups_in_their_order(user):
    today = timezone.localdate()
    late, later, soon, far, free, done = (enrolled(user) for _ in range(6))
    for enrolment, days in ((late, -18), (later, -3), (soon, 30), (far, 31)):
        enrolment.due_on = today + timedelta(days=days)
        enrolment.save()
    done.state, done.completed_at = Enrolment.State.COMPLETED, timezone.now()
    done.due_on = today - timedelta(days=9)
    done.save()
    mine = my_learning(user)
    assert [taken.enrolment for taken in mine.overdue] == [late, later]
    assert mine.overdue[0].days_over == 18
    assert [taken.enrolment for taken in mine.soon] == [soon]
    assert {taken.enrolment for taken in mine.under_way} == {far, free}
    assert [taken.enrolment for taken in mine.done] == [done]
    assert mine.next.enrolment == soon


def test_a_completed_course_shows_the_hours_of_the_ledger_not_those_on_offer(user):
    done, corrected, without = (enrolled(user) for _ in range(3))
    at = timezone.now()
    for age, enrolment in enumerate((done, corrected, without)):
        enrolment.state, enrolment.completed_at = Enrolment.State.COMPLETED, at - timedelta(days=age)
        enrolment.save()
    CreditEntryFactory(completion=CompletionFactory(enrolment=done), hours=Decimal("1.5"))
    entry = CreditEntryFactory(completion=CompletionFactory(enrolment=corrected), hours=Decimal("4.0"))
    reverse_credit(entry=entry, reason="Entered twice", by=UserFactory())
    # Somebody else's hours of the same edition are theirs.
    other = EnrolmentFactory(edition=done.edition, institution=None, completed=True)
    CreditEntryFactory(completion=CompletionFactory(enrolment=other), hours=Decimal("3.0"))
    told = [(taken.enrolment, hours) for taken, hours in my_learning(user).completed]
    assert told == [(done, Decimal("1.5")), (corrected, Decimal(0)), (without, Decimal(0))]


def test_a_course_due_today_is_not_overdue(user):
    enrolment = enrolled(user)
    enrolment.due_on = timezone.localdate()
    enrolment.save()
    mine = my_learning(user)
    assert not mine.overdue
    assert mine.soon[0].days_left == 0


def test_the_course_last_learned_in_is_named(user):
    enrolled(user)
    second = enrolled(user)
    watched(second, 1, (0, 1000), position=1000)
    mine = my_learning(user)
    assert mine.last.enrolment == second
    assert mine.last.last_line.number == 1
    assert mine.next.enrolment == second
    assert mine.under_way[0].enrolment == second


def test_nobody_elses_and_no_withdrawn_course_is_listed(user):
    enrolled(UserFactory())
    EnrolmentFactory(user=user, edition=complete_edition(exam=False), withdrawn=True)
    assert my_learning(user).is_empty


def test_titles_are_in_the_readers_language(user):
    enrolment = enrolled(user, title="监督管理办法", title_en="Supervision")
    assert taken_of(user).title == "Supervision"
    with translation.override("zh-hans"):
        assert taken_of(user).title == "监督管理办法"
        assert taken_of(user).lines[0].name.startswith("第1讲 ")
    enrolment.edition.title_en = ""
    enrolment.edition.save()
    assert taken_of(user).title == "监督管理办法"


def test_a_course_whose_page_is_gone_is_still_learned(user):
    enrolment = enrolled(user)
    assert taken_of(user).address == ""
    page = CoursePageFactory(live=True, code="Z9")
    enrolment.course.page = page
    enrolment.course.save()
    assert taken_of(user).address == "/courses/z9/"


def test_every_lesson_leads_to_its_own_page(user):
    enrolment = enrolled(user, reading=True)
    lessons = enrolment.edition.lessons.order_by("position")
    assert [line.address for line in taken_of(user).lines] == [
        reverse("learning:player", args=[enrolment.pk, lesson.key]) for lesson in lessons
    ]


def test_three_courses_cost_as_many_queries_as_one(user):
    counts = []
    for _ in range(2):
        for _ in range(len(counts) + 1):
            enrolment = enrolled(user, exam=True)
            watched(enrolment, 1, (0, 60_000), (90_000, 100_000), position=1000)
            AttemptFactory(enrolment=enrolment, exam=enrolment.edition.exam)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for taken in courses_of(user):
                assert taken.step.address
                assert taken.parts
                assert taken.gap_count == 1
        counts.append(len(queries))
    assert counts == [7, 7]
