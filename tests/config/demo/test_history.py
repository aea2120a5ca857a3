"""The past of the demo: made by the same services, believable, and made once."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt, LectureAnswer
from classroom.people.models import User
from classroom.plans.models import Plan
from classroom.progress.models import Evidence, LessonProgress
from config.demo import cast, history
from courses.catalogue.models import Edition
from tests.factories.catalogue import POLICY, ask, complete_edition
from tests.factories.institutions import (
    AuthorityFactory,
    InstitutionFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at the demo"
LENGTH_MS = 60_000


@pytest.fixture
def editions() -> dict[str, Edition]:
    """The courses that the learner's account has something of."""
    return {
        code: complete_edition(
            course__code=code, duration_ms=LENGTH_MS, policy={**POLICY, "free_seek": code == "C1"}
        )
        for code in ("A1", "A2", "B1", "C1", "E1")
    }


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, editions: dict[str, Edition]) -> dict[str, User]:
    """The accounts with three of the staff in place of eighty."""
    staff = sorted(cast.staff(), key=lambda person: person.email)
    staff = [max(staff, key=lambda p: p.diligence), min(staff, key=lambda p: p.diligence), staff[30]]
    monkeypatch.setattr(history.cast, "staff", lambda: staff)
    institution = InstitutionFactory()
    found = {}
    for person in [*cast.ACCOUNTS, *staff]:
        found[person.email] = user = UserFactory(email=person.email, name=person.name, mobile=None)
        if person.house:
            MembershipFactory(user=user, institution=institution)
    RegulatorGrantFactory(user=found["city@demo.example"], authority=AuthorityFactory(code="SH"))
    found["operator@demo.example"].groups.add(Group.objects.get(name="Operators"))
    return found


def learnt(people: dict[str, User]) -> list[tuple[int, int]]:
    return list(history.learn(people))


def of_the_learner(people: dict[str, User], code: str) -> Enrolment:
    return Enrolment.objects.unscoped(WHY).get(user=people["learner@demo.example"], course__code=code)


def test_the_learners_account_shows_every_state_at_once(people: dict[str, User]) -> None:
    learnt(people)
    assert of_the_learner(people, "A1").state == Enrolment.State.COMPLETED
    assert of_the_learner(people, "A1").evidence.exists()
    for code in ("A2", "B1", "C1", "E1"):
        assert of_the_learner(people, code).state == Enrolment.State.ACTIVE, code
    # E1: all seen and the exam still open; B1: in the middle; C1: with gaps.
    assert not Attempt.objects.unscoped(WHY).filter(enrolment=of_the_learner(people, "E1")).exists()
    watched = LessonProgress.objects.filter(enrolment=of_the_learner(people, "E1"), lesson__kind="video")
    assert {row.covered_ms for row in watched} == {LENGTH_MS}


def test_gaps_are_real_gaps(people: dict[str, User]) -> None:
    learnt(people)
    rows = LessonProgress.objects.filter(enrolment=of_the_learner(people, "C1"), lesson__kind="video")
    assert max(len(row.coverage) for row in rows) == 3, [row.coverage for row in rows]


def test_a_certificate_is_earned_and_not_given(people: dict[str, User]) -> None:
    learnt(people)
    enrolment = of_the_learner(people, "A1")
    certificate = Certificate.objects.unscoped(WHY).get(user=enrolment.user)
    attempt = Attempt.objects.unscoped(WHY).get(enrolment=enrolment, is_passed=True)
    completion = Completion.objects.unscoped(WHY).get(enrolment=enrolment)
    assert enrolment.enrolled_at < attempt.started_at < attempt.submitted_at <= completion.at
    assert completion.at <= certificate.issued_at <= timezone.now()


def test_questions_inside_lectures_are_answered_on_the_way_and_the_newest_is_left_open(
    people: dict[str, User], editions: dict[str, Edition]
) -> None:
    for code in ("A1", "B1"):
        ask(editions[code].lessons.order_by("position").first(), 10, 20, kind="multiple")
    learnt(people)
    tries = LectureAnswer.objects.unscoped(WHY).order_by("pk")
    done, under_way = (tries.filter(enrolment=of_the_learner(people, code)) for code in ("A1", "B1"))
    assert [one.is_right for one in done] == [False, True, False, True]
    assert of_the_learner(people, "A1").state == Enrolment.State.COMPLETED
    assert {one.question.at_ms for one in under_way} == {10_000}
    assert under_way.filter(is_right=True).count() == 1


def test_nothing_happens_in_the_future_or_before_one_enrolled(people: dict[str, User]) -> None:
    learnt(people)
    now = timezone.now()
    for enrolment in Enrolment.objects.unscoped(WHY).order_by("pk"):
        assert enrolment.enrolled_at <= now
        for evidence in Evidence.objects.unscoped(WHY).filter(enrolment=enrolment).order_by("pk"):
            assert enrolment.enrolled_at <= evidence.received_at <= now
    for attempt in Attempt.objects.unscoped(WHY).order_by("pk"):
        assert attempt.started_at < attempt.submitted_at <= attempt.deadline_at
        assert attempt.submitted_at <= now


def test_nobody_learns_at_night(people: dict[str, User]) -> None:
    learnt(people)
    for enrolment in Enrolment.objects.unscoped(WHY).order_by("pk"):
        assert 6 <= timezone.localtime(enrolment.enrolled_at).hour <= 20


def test_a_second_start_changes_nothing_and_says_nothing(people: dict[str, User]) -> None:
    done, total = learnt(people)[-1]
    assert done == total
    before = snapshot()
    assert learnt(people) == []
    assert snapshot() == before


def snapshot() -> dict[str, Any]:
    """Return what would differ if anything was done again."""
    return {
        "enrolments": list(
            Enrolment.objects.unscoped(WHY).order_by("pk").values_list("pk", "state", "enrolled_at")
        ),
        "evidence": Evidence.objects.unscoped(WHY).count(),
        "attempts": list(Attempt.objects.unscoped(WHY).order_by("pk").values_list("pk", "score")),
        "certificates": list(Certificate.objects.unscoped(WHY).order_by("pk").values_list("number", "state")),
    }


def test_killed_in_the_middle_it_goes_on_where_it_was(
    people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = history._study, []

    def dies(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(history, "_study", dies)
        with pytest.raises(KeyboardInterrupt):
            learnt(people)
    half = snapshot()
    assert len(half["enrolments"]) == 3, "the one that was being made is not there at all"
    learnt(people)
    whole = snapshot()
    assert whole["enrolments"][:3] == half["enrolments"]
    assert len(whole["enrolments"]) > 3
    assert learnt(people) == []


def test_who_left_a_course_is_not_put_back(people: dict[str, User]) -> None:
    from classroom.enrolment.services import withdraw

    learnt(people)
    mine = of_the_learner(people, "B1")
    withdraw(enrolment=mine, by=mine.user)
    assert learnt(people) == []
    assert of_the_learner(people, "B1").state == Enrolment.State.WITHDRAWN


def test_a_course_that_is_not_there_is_left_out(
    people: dict[str, User], editions: dict[str, Edition]
) -> None:
    from courses.catalogue.models import Course

    Course.objects.filter(code="C1").update(current=None)
    learnt(people)
    assert not Enrolment.objects.unscoped(WHY).filter(course__code="C1").exists()
    assert of_the_learner(people, "B1")


def test_plans_are_made_once_and_enrol_who_is_due(people: dict[str, User]) -> None:
    history.plans(people)
    history.plans(people)
    today = timezone.localdate()
    plans = {plan.course.code: plan for plan in Plan.objects.select_related("course").order_by("pk")}
    assert set(plans) == {"A2", "B1"}
    assert plans["A2"].due_on < today < plans["B1"].due_on
    due = Enrolment.objects.unscoped(WHY).filter(course__code="B1")
    staffed = [person for person in people.values() if person.memberships.exists()]
    assert due.count() == len(staffed)
    assert {enrolment.origin for enrolment in due} == {Enrolment.Origin.PLAN}


def test_who_was_planned_and_learns_has_one_enrolment(people: dict[str, User]) -> None:
    history.plans(people)
    learnt(people)
    mine = Enrolment.objects.unscoped(WHY).filter(user=people["learner@demo.example"], course__code="B1")
    assert mine.count() == 1
    assert mine.get().due_on == timezone.localdate() + timedelta(days=12)


def test_one_certificate_is_revoked_and_one_replaced_and_only_once(people: dict[str, User]) -> None:
    from tests.factories.certificates import CertificateFactory

    CertificateFactory.create_batch(3)
    operator = people["operator@demo.example"]
    history._ends(operator)
    states = sorted(Certificate.objects.unscoped(WHY).values_list("state", flat=True))
    history._ends(operator)
    assert sorted(Certificate.objects.unscoped(WHY).values_list("state", flat=True)) == states
    assert states.count(Certificate.State.REVOKED) == 1
    assert states.count(Certificate.State.REPLACED) == 1


def test_too_few_certificates_are_left_alone(people: dict[str, User]) -> None:
    from tests.factories.certificates import CertificateFactory

    CertificateFactory()
    history._ends(people["operator@demo.example"])
    assert Certificate.objects.unscoped(WHY).get().state == Certificate.State.ISSUED


class TestParts:
    """What somebody of some diligence did."""

    @pytest.mark.parametrize("person", cast.staff()[::7], ids=lambda person: person.email.split("@")[0])
    def test_the_past_of_a_person_is_the_same_at_every_start(self, person: cast.Person) -> None:
        first = history._parts(person, random.Random(person.email))
        assert first == history._parts(person, random.Random(person.email))

    @pytest.mark.parametrize("person", cast.staff()[::5], ids=lambda person: person.email.split("@")[0])
    def test_a_part_can_have_happened(self, person: cast.Person) -> None:
        for part in history._parts(person, random.Random(person.email)):
            assert 0 < part.share <= 1
            assert part.days_ago > 0
            # An exam is for who has seen everything.
            assert (part.knows is not None) == (part.share == 1)
            assert part.knows is None or part.knows <= 1

    def test_nobody_is_at_two_courses_at_once(self) -> None:
        for person in cast.staff():
            days = [part.days_ago for part in history._parts(person, random.Random(person.email))]
            assert all(before - after >= 2 for before, after in pairwise(days)), person.email

    def test_the_city_has_all_kinds_of_learners(self) -> None:
        parts = [history._parts(person, random.Random(person.email)) for person in cast.staff()]
        assert any(not mine for mine in parts), "somebody who has not begun"
        assert any(part.share < 1 for mine in parts for part in mine)
        assert any((part.knows or 1) < 0.6 for mine in parts for part in mine), "somebody who will fail"
        assert {part.code for mine in parts for part in mine} == {
            "A1",
            "A2",
            "B1",
            "B2",
            "C1",
            "C2",
            "D1",
            "E1",
        }


@pytest.mark.parametrize("days", [0, 1, 40])
def test_a_working_hour_is_by_day_and_over(days: int) -> None:
    for seed in range(20):
        moment = history._working_hour(timezone.now() - timedelta(days=days), random.Random(seed))
        assert moment <= timezone.now() - timedelta(hours=2)
        if days:
            assert 8 <= timezone.localtime(moment).hour <= 18
