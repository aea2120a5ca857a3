"""Courses that come before: whose, which, how they are told, and what completing one unlocks."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from classroom.completion import queries, services, words
from classroom.completion.models import Completion
from classroom.completion.rules import State, Step, courses_before, evaluate
from classroom.enrolment.models import Enrolment
from classroom.exams import services as exams
from classroom.learning import services as learning
from classroom.progress.models import LessonProgress
from courses.questions.models import QuestionVersion
from tests.classroom.completion.facts import facts, rule
from tests.factories.catalogue import EditionFactory, complete_edition
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.learner import Learner

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def asks(*courses):
    return {"kind": "prerequisites", "courses": list(courses)}


def watch_all(enrolment):
    for lesson in enrolment.edition.lessons.filter(kind="video"):
        LessonProgress.objects.create(
            enrolment=enrolment, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
        )


@pytest.mark.parametrize(
    ("held", "state", "have"),
    [
        ([], State.NOT_BEGUN, 0),
        (["A1"], State.UNDER_WAY, 1),
        (["A1", "B1"], State.MET, 2),
        (["A1", "B1", "C1"], State.MET, 2),
        (["a1", "b1"], State.NOT_BEGUN, 0),
    ],
)
def test_each_course_counts_once_and_by_its_code(held, state, have):
    item = evaluate(rule(asks("A1", "B1", "A1")), facts(completed_courses=held)).items[1]
    assert (item.state, item.have, item.need) == (state, have, 2)
    assert item.step == (Step.NONE if state == State.MET else Step.COMPLETE_COURSES)


def test_the_exam_waits_for_them():
    unsat = {"pass_mark": 60, "attempt": None, "score_tenths": None, "is_passed": False, "on": None}
    item = evaluate(rule(asks("A1"), {"kind": "exam"}), facts(exam=unsat)).items[2]
    assert (item.state, item.step) == (State.BLOCKED, Step.FINISH_LESSONS)


@pytest.mark.parametrize("courses", [None, [], "B1", {"B1": 1}, [1], [["B1"]], [None]])
def test_a_list_that_cannot_be_read_never_passes_and_never_breaks(courses):
    broken = rule({"kind": "prerequisites", "courses": courses})
    outcome = evaluate(broken, facts(completed_courses=["B1", "B", "1"]))
    assert not outcome.satisfied
    assert outcome.items[1].state == State.UNKNOWN
    assert courses_before(broken) == []


@pytest.mark.parametrize(
    "broken", [{}, {"all": None}, {"all": "x"}, {"all": ["prerequisites"]}, {"all": [None, 3, {}]}]
)
def test_any_rule_can_be_asked_for_its_courses(broken):
    assert courses_before(broken) == []


@pytest.mark.django_db
class TestRealFacts:
    @pytest.fixture
    def pair(self):
        """A course that comes first and one that asks for it, of one person; both watched to the end."""
        first = Learner.on_edition().enrolment
        second = Learner.on_edition().enrolment
        second.user = first.user
        second.save()
        edition = second.edition
        edition.rule = rule(asks(first.course.code))
        edition.save()
        watch_all(first)
        watch_all(second)
        return first, second

    def test_another_persons_completion_does_not_count(self, pair):
        first, second = pair
        CompletionFactory(enrolment=EnrolmentFactory(edition=first.edition, completed=True))
        assert services.settle(enrolment=second, now=NOW) is None

    def test_an_earlier_edition_of_the_same_course_does(self, pair):
        first, second = pair
        earlier = EditionFactory(course=first.course, is_current=False)
        CompletionFactory(enrolment=EnrolmentFactory(user=first.user, edition=earlier, completed=True))
        assert services.settle(enrolment=second, now=NOW) is not None

    def test_the_title_of_the_course_is_said_where_it_is_known_and_its_code_elsewhere(self, pair):
        first, second = pair
        code = first.course.code
        with translation.override("en"):
            for titles, name in (({code: "Basics"}, "Basics"), ({}, code)):
                line = words.lines(queries.explain(second), titles)[1]
                assert line.next_step == f"Complete “{name}” first."
                assert (line.standing, line.keys) == ("0 of 1 completed", (code,))

    def test_completing_the_first_names_what_it_unlocks(self, pair):
        first, second = pair
        done = services.settle(enrolment=first, now=NOW)
        assert queries.unlocked_by(done) == [second]

    @pytest.mark.parametrize(
        "end",
        [
            {"state": Enrolment.State.WITHDRAWN, "withdrawn_at": NOW},
            {"state": Enrolment.State.COMPLETED, "completed_at": NOW},
        ],
    )
    def test_an_enrolment_at_its_end_is_not_unlocked(self, pair, end):
        first, second = pair
        done = services.settle(enrolment=first, now=NOW)
        Enrolment.objects.unscoped("test").filter(pk=second.pk).update(**end)
        assert queries.unlocked_by(done) == []

    def test_what_waited_for_it_alone_completes_with_it_and_has_its_certificate(self, pair):
        """Nothing more will be watched in the second course, so nobody else would ever settle it."""
        first, second = pair
        assert services.settle(enrolment=second, now=NOW) is None
        learning._settle(first.pk, NOW)
        for enrolment in (first, second):
            done = Completion.objects.unscoped("test").get(enrolment=enrolment)
            assert done.certificates.count() == 1
        assert queries.completion_of(second).inputs["completed_courses"] == [first.course.code]

    def test_passing_the_exam_of_the_first_completes_the_second_too(self, pair):
        """The exam is another way to complete a course than watching, and unlocks the same."""
        _, second = pair
        taken = EnrolmentFactory(user=second.user, edition=complete_edition(videos=0, reading=False))
        edition = second.edition
        edition.rule = rule(asks(taken.course.code))
        edition.save()
        attempt = exams.start_attempt(enrolment=taken)
        for item in attempt.paper:
            exams.save_answer(
                attempt=attempt,
                version_id=item["version"],
                choice=QuestionVersion.objects.get(pk=item["version"]).answers,
                is_flagged=False,
                revision=1,
            )
        learning.submit_exam(user=second.user, attempt=attempt)
        assert queries.completion_of(second).certificates.count() == 1
