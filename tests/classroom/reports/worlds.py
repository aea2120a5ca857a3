"""A small city for the tests of reports: two districts, three institutions, known counts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from classroom.institutions.models import Institution, SupervisingAuthority
from courses.catalogue.models import Edition
from tests.factories.catalogue import EditionFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import (
    CmaCertificateFactory,
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory


def authority(code: str) -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code=code)


@dataclass
class World:
    """Pudong has `east` (with everything) and `idle` (with nobody); Xuhui has `west`, a canary."""

    edition: Edition
    east: Institution
    idle: Institution
    west: Institution
    enrolments: dict[str, Any]
    manager: Any
    district: Any
    city: Any
    other_district: Any
    other_manager: Any


def member(institution: Institution, name: str) -> Any:
    return MembershipFactory(institution=institution, user__name=name).user


def build() -> World:
    """Make the city.

    East, on the one course: 5 enrolled (2 completed, 1 overdue, 1 failed the exam, 1 not begun) and one who
    withdrew. West: 1 enrolled, completed.
    """
    edition = EditionFactory(is_mandatory=True, title="报告合规")
    east = InstitutionFactory(name="东岸检测", supervising_authority=authority("SH-310115"))
    idle = InstitutionFactory(name="空闲检测", supervising_authority=authority("SH-310115"))
    west = InstitutionFactory(
        name="西岸金丝雀", supervising_authority=authority("SH-310104"), admin_division="310104"
    )
    CmaCertificateFactory(institution=east)
    today = timezone.localdate()
    values: dict[str, dict[str, Any]] = {
        "done": {"completed": True},
        "resat": {"completed": True},
        "late": {"due_on": today - timedelta(days=7)},
        "failed": {"due_on": today + timedelta(days=10)},
        "idle": {},
        "gone": {"withdrawn": True},
    }
    rows = {
        key: EnrolmentFactory(user=member(east, f"员工{key}"), institution=east, edition=edition, **fields)
        for key, fields in values.items()
    }
    canary = EnrolmentFactory(user=member(west, "金丝雀"), institution=west, edition=edition, completed=True)
    for key in ("done", "resat"):
        CompletionFactory(enrolment=rows[key])
    CompletionFactory(enrolment=canary)
    begun = timezone.now() - timedelta(hours=1)
    first = AttemptFactory(enrolment=rows["done"], graded=True, started_at=begun)
    for key, passed in (("resat", False), ("resat", True), ("failed", False)):
        AttemptFactory(enrolment=rows[key], exam=first.exam, graded=True, is_passed=passed, started_at=begun)
    return World(
        edition=edition,
        east=east,
        idle=idle,
        west=west,
        enrolments={**rows, "canary": canary},
        manager=ManagerFactory(institution=east, user__name="管理员").user,
        district=RegulatorGrantFactory(authority=authority("SH-310115")).user,
        city=RegulatorGrantFactory(authority=authority("SH")).user,
        other_district=RegulatorGrantFactory(authority=authority("SH-310104")).user,
        other_manager=ManagerFactory(institution=west, user__name="西岸管理员").user,
    )


def roles(world: World) -> dict[str, Any]:
    """Return one person for each role that may not see East."""
    from django.contrib.auth.models import Group

    people = {"learner": UserFactory(), "manager": world.other_manager, "district": world.other_district}
    for name in ("Trainers", "Reviewers", "Operators"):
        people[name] = UserFactory(is_staff=True)
        people[name].groups.add(Group.objects.get(name=name))
    return people
