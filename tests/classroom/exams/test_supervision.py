"""A supervised sitting: who may say so, while it goes on only, and never changed afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from classroom.exams import errors
from classroom.exams.models import Attempt, Supervision
from classroom.exams.permissions import may_supervise
from classroom.exams.supervision import is_supervised, supervise, supervisions_of, take_back
from classroom.institutions.models import Membership
from classroom.institutions.queries import forget_scope
from classroom.people.append_only import AppendOnly
from classroom.people.models import AuditEntry
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import (
    AuthorityFactory,
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
SAID = {"invigilator": "王监考", "place": "浦东新区 二楼会议室"}


@pytest.fixture
def attempt() -> Attempt:
    place = InstitutionFactory()
    user = MembershipFactory(institution=place, user__name="学员").user
    return AttemptFactory(enrolment=EnrolmentFactory(user=user, institution=place))


@pytest.fixture
def manager(attempt: Attempt) -> Any:
    return ManagerFactory(institution=attempt.enrolment.institution, user__name="管理员").user


def test_it_is_kept_with_who_where_when_and_by_whom_and_audited(attempt: Attempt, manager: Any) -> None:
    now = timezone.now()
    row = supervise(attempt=attempt, by=manager, invigilator="  王监考 ", place=SAID["place"], now=now)
    assert (row.invigilator, row.place, row.recorded_by, row.at) == (*SAID.values(), manager, now)
    assert supervisions_of([attempt]) == {attempt.pk: row}
    assert is_supervised(attempt.enrolment, attempt.number)
    entry = AuditEntry.objects.get(action="exams.supervise")
    assert (entry.actor, entry.target) == (manager, f"attempt:{attempt.pk}")


def test_the_same_again_is_one_row_and_another_place_is_a_second(attempt: Attempt, manager: Any) -> None:
    for _ in "ab":
        supervise(attempt=attempt, by=manager, **SAID)
    assert Supervision.rows.count() == 1
    supervise(attempt=attempt, by=manager, **{**SAID, "place": "三楼"})
    assert supervisions_of([attempt])[attempt.pk].place == "三楼"
    assert Supervision.rows.count() == AuditEntry.objects.filter(action="exams.supervise").count() == 2


def test_a_mistake_is_taken_back_with_a_reason_and_may_be_recorded_anew(
    attempt: Attempt, manager: Any
) -> None:
    supervise(attempt=attempt, by=manager, **SAID)
    for _ in "ab":
        take_back(attempt=attempt, by=manager, reason="点错了人")
    assert not is_supervised(attempt.enrolment, attempt.number)
    assert supervisions_of([attempt]) == {}
    assert [row.kind for row in Supervision.rows.order_by("pk")] == ["supervised", "taken_back"]
    supervise(attempt=attempt, by=manager, **SAID)
    assert is_supervised(attempt.enrolment, attempt.number)


def test_another_attempt_of_the_same_person_is_not_supervised_by_it(attempt: Attempt, manager: Any) -> None:
    supervise(attempt=attempt, by=manager, **SAID)
    assert not is_supervised(attempt.enrolment, attempt.number + 1)
    other = AttemptFactory(exam=attempt.exam, number=attempt.number)
    assert not is_supervised(other.enrolment, other.number)


def people(attempt: Attempt) -> dict[str, tuple[Any, bool]]:
    """Everybody who might say so, and whether they may."""
    place = attempt.enrolment.institution
    today = timezone.localdate()
    elsewhere = AuthorityFactory(code="SH-310104")
    return {
        "manager": (ManagerFactory(institution=place).user, True),
        "former manager": (
            ManagerFactory(institution=place, ended_on=today - timedelta(days=1)).user, False,
        ),
        "manager of another": (ManagerFactory(institution=InstitutionFactory()).user, False),
        "colleague": (MembershipFactory(institution=place).user, False),
        "its supervisor": (RegulatorGrantFactory(authority=place.supervising_authority).user, True),
        "the city": (RegulatorGrantFactory(authority=AuthorityFactory(code="SH")).user, True),
        "another district": (RegulatorGrantFactory(authority=elsewhere).user, False),
        "superuser": (UserFactory(is_superuser=True), True),
        "closed account": (ManagerFactory(institution=place, user__is_active=False).user, False),
        "the learner": (attempt.enrolment.user, False),
    }  # fmt: skip


def test_only_who_is_answerable_for_it_may_say_so(attempt: Attempt) -> None:
    for name, (person, may) in people(attempt).items():
        assert may_supervise(person, attempt.enrolment) is may, name
        if not may:
            with pytest.raises(errors.NotInvigilator):
                supervise(attempt=attempt, by=person, **SAID)
            with pytest.raises(errors.NotInvigilator):
                take_back(attempt=attempt, by=person, reason="不是我")
    assert not Supervision.rows.exists()


def test_a_manager_who_learns_does_not_watch_over_themself(attempt: Attempt) -> None:
    own = Membership.objects.unscoped("test").filter(user=attempt.enrolment.user)
    assert own.update(role=Membership.Role.MANAGER) == 1
    forget_scope(attempt.enrolment.user)
    with pytest.raises(errors.NotInvigilator):
        supervise(attempt=attempt, by=attempt.enrolment.user, **SAID)


def test_the_learner_is_not_named_as_their_own_invigilator(attempt: Attempt, manager: Any) -> None:
    with pytest.raises(errors.NotInvigilator):
        supervise(attempt=attempt, by=manager, **{**SAID, "invigilator": " 学员 "})


@pytest.mark.parametrize("blank", ["invigilator", "place"])
def test_who_and_where_have_to_be_said(attempt: Attempt, manager: Any, blank: str) -> None:
    with pytest.raises(errors.SupervisionIncomplete):
        supervise(attempt=attempt, by=manager, **{**SAID, blank: "  "})
    with pytest.raises(errors.SupervisionIncomplete):
        take_back(attempt=attempt, by=manager, reason=" ")


def test_it_is_recorded_up_to_the_last_moment_and_not_after(attempt: Attempt, manager: Any) -> None:
    last = attempt.deadline_at - timedelta(milliseconds=1)
    supervise(attempt=attempt, by=manager, **SAID, now=last)
    for act in (
        lambda: supervise(
            attempt=attempt, by=manager, invigilator="他人", place="别处", now=attempt.deadline_at
        ),
        lambda: take_back(attempt=attempt, by=manager, reason="太晚", now=attempt.deadline_at),
    ):
        with pytest.raises(errors.NotUnderWay):
            act()
    assert is_supervised(attempt.enrolment, attempt.number)


@pytest.mark.parametrize("state", ["graded", "voided"])
def test_what_was_handed_in_is_not_made_better_afterwards(state: str, manager: Any, attempt: Attempt) -> None:
    done = AttemptFactory(enrolment=attempt.enrolment, exam=attempt.exam, graded=True, state=state)
    for language, words in (("en", "while it goes on"), ("zh-hans", "考试进行期间")):
        with translation.override(language), pytest.raises(errors.NotUnderWay) as refused:
            supervise(attempt=done, by=manager, **SAID)
        with translation.override(language):
            assert words in str(refused.value.message)
    assert not Supervision.rows.exists()


def test_what_was_recorded_is_neither_changed_nor_deleted(attempt: Attempt, manager: Any) -> None:
    row = supervise(attempt=attempt, by=manager, **SAID)
    row.place = "别处"
    for act in (
        row.save,
        row.delete,
        Supervision.rows.all().delete,
        lambda: Supervision.rows.update(place="x"),
    ):
        with pytest.raises(AppendOnly):
            act()
    for kind, said in (("supervised", {"reason": "x", **SAID}), ("taken_back", {}), ("supervised", {})):
        with pytest.raises(IntegrityError), transaction.atomic():
            Supervision.objects.create(attempt=attempt, kind=kind, recorded_by=manager, **said)
