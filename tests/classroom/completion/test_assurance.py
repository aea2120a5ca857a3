"""How sure it is that somebody learned: no level claims more than is known."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.completion.assurance import level
from classroom.completion.models import Completion
from classroom.completion.services import settle
from classroom.enrolment.models import Enrolment
from classroom.exams.supervision import supervise, take_back
from classroom.progress.models import LessonProgress, PresenceCheck
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import InstitutionFactory, ManagerFactory
from tests.factories.progress import PersonClockFactory, PlaySessionFactory
from tests.learner import Learner

MINUTE = 60_000
# A check every 10 min and 15 min at once from a tunnel: at most 30 min a check.
STRETCH = 30 * MINUTE


def known(**changes: Any) -> dict[str, Any]:
    return {
        "verified_ms": 20 * MINUTE,
        "presence_ms": 10 * MINUTE,
        "allowance_ms": 15 * MINUTE,
        "passed_checks": 1,
        "is_exam_supervised": False,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "A2"),
        ({"passed_checks": 0}, "A1"),
        ({"presence_ms": 0}, "A1"),
        ({"presence_ms": 0, "passed_checks": 9}, "A1"),
        # One check passed in the first minutes says nothing of the hours after it.
        ({"verified_ms": 2 * STRETCH}, "A2"),
        ({"verified_ms": 2 * STRETCH + 1}, "A1"),
        ({"verified_ms": 2 * STRETCH + 1, "passed_checks": 2}, "A2"),
        ({"is_exam_supervised": True}, "A3"),
        ({"is_exam_supervised": True, "presence_ms": 0, "passed_checks": 0}, "A3"),
        # An exam that was supervised proves no second of a lecture.
        ({"is_exam_supervised": True, "verified_ms": 999}, "A0"),
        ({"verified_ms": 999, "passed_checks": 0}, "A0"),
        ({"verified_ms": 1000, "passed_checks": 0}, "A1"),
    ],
)
def test_a_level_is_the_highest_of_which_everything_is_known(changes: dict[str, Any], expected: str) -> None:
    assert level(known(**changes)) == expected


@settings(max_examples=60)
@given(
    st.integers(0, 10**8), st.integers(0, 60 * MINUTE), st.integers(0, 20), st.integers(0, 5), st.booleans()
)
def test_more_checks_passed_never_lower_it(
    verified: int, every: int, passed: int, more: int, supervised: bool
) -> None:
    facts = known(verified_ms=verified, presence_ms=every, is_exam_supervised=supervised)
    assert level({**facts, "passed_checks": passed + more}) >= level({**facts, "passed_checks": passed})


def test_every_level_has_its_words() -> None:
    assert {level(known(**one)) for one in (
        {"verified_ms": 0}, {"passed_checks": 0}, {}, {"is_exam_supervised": True},
    )} == set(Completion.Assurance.values)  # fmt: skip


@pytest.mark.django_db
class TestSettled:
    @pytest.fixture
    def learner(self) -> Learner:
        """Whoever watched everything and has only the exam before them, in an institution."""
        learner = Learner.on_edition(exam=True, policy={"presence_minutes": 10})
        learner.enrolment.institution = InstitutionFactory()
        learner.enrolment.save()
        for lesson in learner.enrolment.edition.lessons.all():
            LessonProgress.objects.create(
                enrolment=learner.enrolment,
                lesson=lesson,
                coverage=[[0, lesson.duration_ms]],
                covered_ms=lesson.duration_ms,
            )
        return learner

    def sit(
        self, enrolment: Enrolment, *, watched: bool, passed: bool = True, taken_back: bool = False
    ) -> None:
        attempt = AttemptFactory(enrolment=enrolment, exam=enrolment.edition.exam)
        manager = ManagerFactory(institution=enrolment.institution).user
        if watched:
            supervise(attempt=attempt, by=manager, invigilator="王监考", place="二楼会议室")
        if taken_back:
            take_back(attempt=attempt, by=manager, reason="点错了人")
        attempt.state, attempt.submitted_at, attempt.is_passed = "graded", timezone.now(), passed
        attempt.score = attempt.points = 92 if passed else 20
        attempt.save()

    @pytest.mark.parametrize(
        ("sittings", "expected"),
        [
            ([{"watched": True}], "A3"),
            ([{"watched": False}], "A1"),
            ([{"watched": True, "taken_back": True}], "A1"),
            ([{"watched": True, "passed": False}, {"watched": False}], "A1"),
            ([{"watched": False, "passed": False}, {"watched": True}], "A3"),
        ],
    )
    def test_only_the_supervised_attempt_that_passed_gives_the_highest(
        self, learner: Learner, sittings: list[dict[str, bool]], expected: str
    ) -> None:
        for one in sittings:
            self.sit(learner.enrolment, **one)
        done = settle(enrolment=learner.enrolment)
        assert done is not None
        assert done.assurance == expected
        assert level(done.inputs["assurance"]) == expected

    def test_a_supervised_exam_that_was_not_passed_and_not_asked_for_gives_nothing(
        self, learner: Learner
    ) -> None:
        edition = learner.enrolment.edition
        edition.rule = {"version": 1, "all": [part for part in edition.rule["all"] if part["kind"] != "exam"]}
        edition.save()
        self.sit(learner.enrolment, watched=True, passed=False)
        done = settle(enrolment=learner.enrolment)
        assert done is not None
        assert done.assurance == "A1"

    @pytest.mark.parametrize(("passed", "expected"), [(0, "A1"), (1, "A2")])
    def test_a_check_that_another_person_passed_or_that_was_missed_does_not_count(
        self, learner: Learner, passed: int, expected: str
    ) -> None:
        stranger = PlaySessionFactory()
        clock = PersonClockFactory(user=learner.enrolment.user)
        own = PlaySessionFactory(
            progress=LessonProgress.objects.filter(enrolment=learner.enrolment)[0], clock=clock
        )
        later = timezone.now() + timezone.timedelta(minutes=1)
        rows = [(stranger, "passed"), (own, "missed"), *[(own, "passed")] * passed]
        for session, state in rows:
            PresenceCheck.objects.create(session=session, state=state, expires_at=later)
        self.sit(learner.enrolment, watched=False)
        done = settle(enrolment=learner.enrolment)
        assert done is not None
        assert done.assurance == expected
