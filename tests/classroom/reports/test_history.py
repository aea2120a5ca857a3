"""After any sequence of facts the refreshed rollups equal a recount, whatever came before what."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol, mark_completed, withdraw
from classroom.exams.models import Attempt
from classroom.institutions import services as institutions
from classroom.institutions.models import Institution, Membership, Post
from classroom.people.models import User
from classroom.people.services import close_account
from classroom.plans.models import Plan
from classroom.plans.services import assign_due, close_plan, create_plan
from classroom.progress.models import LessonProgress
from classroom.reports.models import Watermark
from classroom.reports.services.rollups import rebuild, refresh
from courses.catalogue.models import Edition, EditionLesson
from tests.classroom.reports.recount import WHY, differences
from tests.classroom.reports.worlds import authority
from tests.factories.catalogue import EditionExamFactory, EditionFactory, EditionLessonFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import InstitutionFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db
KINDS = ("tester", "quality_manager", "internal_auditor")
DISTRICTS = ("SH-310115", "SH-310104", "SH-LG")


class City:
    """Institutions, courses and people to whom things happen, one act at a time."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.root = UserFactory(is_superuser=True)
        self.places = [InstitutionFactory(supervising_authority=authority(code)) for code in DISTRICTS]
        self.editions = [EditionFactory(), EditionFactory()]
        self.exams = {row.pk: EditionExamFactory(edition=row, sections=[]) for row in self.editions}
        self.lessons = {row.pk: EditionLessonFactory(edition=row, reading=True) for row in self.editions}
        for _ in range(4):
            self.somebody_joins()

    def place(self) -> Institution:
        return self.dice.choice(self.places)

    def edition(self) -> Edition:
        return self.dice.choice(self.editions)

    def day(self, least: int = -400, most: int = 400) -> date:
        return timezone.localdate() + timedelta(days=self.dice.randint(least, most))

    def member(self) -> Membership | None:
        rows = list(Membership.objects.unscoped(WHY).filter(ended_on=None).order_by("pk"))
        return self.dice.choice(rows) if rows else None

    def enrolment(self, **fields: Any) -> Enrolment | None:
        rows = list(Enrolment.objects.unscoped(WHY).filter(**fields).order_by("pk"))
        return self.dice.choice(rows) if rows else None

    def plan(self) -> Plan | None:
        rows = list(Plan.objects.filter(closed_at=None).order_by("pk"))
        return self.dice.choice(rows) if rows else None

    def somebody_joins(self) -> None:
        institutions.join(
            user=UserFactory(),
            institution=self.place(),
            started_on=self.day(-400, 3),
            by=None,
            posts=self.dice.sample(KINDS, self.dice.randint(0, 2)),
        )

    def somebody_leaves(self) -> None:
        if row := self.member():
            last = max(row.started_on, self.day(-5, 5))
            institutions.leave(membership=row, on=last, by=None)

    def somebody_moves(self) -> None:
        row, to = self.member(), self.place()
        if row and row.institution != to and row.started_on < timezone.localdate():
            institutions.transfer(membership=row, to=to, on=timezone.localdate(), by=None)

    def posts_change(self) -> None:
        if row := self.member():
            kinds = self.dice.sample(KINDS, self.dice.randint(0, 3))
            institutions.set_posts(membership=row, kinds=kinds, on=timezone.localdate(), by=None)

    def an_account_is_closed(self) -> None:
        if row := self.member():
            close_account(user=row.user, by=self.root)

    def somebody_enrols(self) -> None:
        if row := self.member():
            enrol(user=row.user, edition=self.edition(), due_on=self.day(0, 90))

    def an_old_enrolment_is_found(self) -> None:
        if row := self.member():
            EnrolmentFactory(
                user=row.user, institution=self.place(), edition=self.edition(), due_on=self.day(),
                period=self.dice.randint(20, 2**14), enrolled_at=timezone.now(),
            )  # fmt: skip

    def somebody_withdraws(self) -> None:
        if row := self.enrolment(state="active"):
            withdraw(enrolment=row)

    def somebody_completes(self) -> None:
        if row := self.enrolment(state="active"):
            now = timezone.now()
            mark_completed(enrolment=row, at=now)
            row.refresh_from_db()
            CompletionFactory(enrolment=row, at=now, credit_hours=self.dice.randint(0, 60) / 10)

    def a_paper_is_graded(self) -> None:
        if row := self.enrolment():
            passed = self.dice.random() < 0.5
            now = timezone.now()
            AttemptFactory(
                enrolment=row,
                exam=self.exams[row.edition_id],
                graded=True,
                is_passed=passed,
                submitted_at=now,
            )

    def a_paper_is_begun(self) -> None:
        row = self.enrolment()
        if row and not Attempt.objects.unscoped(WHY).filter(enrolment=row, state="in_progress").exists():
            AttemptFactory(enrolment=row, exam=self.exams[row.edition_id])

    def somebody_watches(self) -> None:
        if row := self.enrolment():
            lesson: EditionLesson = self.lessons[row.edition_id]
            found = LessonProgress.objects.filter(enrolment=row, lesson=lesson)
            covered = self.dice.randint(0, 10**7)
            if not found.update(covered_ms=covered, updated_at=timezone.now()):
                LessonProgressFactory(enrolment=row, lesson=lesson, covered=(0, covered))

    def a_plan_is_made(self) -> None:
        owner: dict[str, Any] = {"institution": self.place()}
        if self.dice.random() < 0.6:
            owner = {"authority": authority(self.dice.choice(("SH", *DISTRICTS)))}
        posts = self.dice.sample(KINDS, self.dice.randint(0, 2))
        opens = self.day(-400, 2)
        create_plan(
            title="计划", course=self.edition().course, by=None, posts=posts, opens_on=opens,
            due_on=opens + timedelta(days=self.dice.randint(0, 500)), **owner,
        )  # fmt: skip

    def a_plan_is_carried_out(self) -> None:
        if row := self.plan():
            assign_due(row)

    def a_plan_is_closed(self) -> None:
        if row := self.plan():
            close_plan(plan=row, by=self.root)

    def an_institution_moves(self) -> None:
        office = authority(self.dice.choice(DISTRICTS))
        institutions.move_institution(institution=self.place(), authority=office, by=None)

    def a_day_passes(self) -> None:
        """Everything is one day older, and so the day is new."""
        Enrolment.rows.filter(due_on__isnull=False).update(due_on=F("due_on") - timedelta(days=1))
        for model in (Membership.rows, Post.objects):
            model.filter(ended_on__isnull=True).update(started_on=F("started_on") - timedelta(days=1))
        Watermark.objects.update(counted_on=timezone.localdate() - timedelta(days=1))

    def acts(self) -> list[Callable[[], None]]:
        return [
            self.somebody_joins, self.somebody_leaves, self.somebody_moves, self.posts_change,
            self.an_account_is_closed, self.somebody_enrols, self.somebody_enrols, self.somebody_enrols,
            self.an_old_enrolment_is_found, self.somebody_withdraws, self.somebody_completes,
            self.somebody_completes, self.a_paper_is_graded, self.a_paper_is_graded, self.a_paper_is_begun,
            self.somebody_watches, self.a_plan_is_made, self.a_plan_is_carried_out, self.a_plan_is_closed,
            self.an_institution_moves, self.a_day_passes,
        ]  # fmt: skip


def refreshed() -> None:
    """Refresh, and let the next one read only what was written after this moment."""
    refresh()
    Watermark.objects.update(read_until=timezone.now() + timedelta(minutes=2))


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_rollups_equal_a_recount(seed: int) -> None:
    city = City(seed)
    refreshed()
    told: list[str] = []
    for _ in range(12):
        for _ in range(city.dice.randint(1, 4)):
            act = city.dice.choice(city.acts())
            act()
            told.append(act.__name__)
        refreshed()
        assert differences(timezone.localdate()) == [], told[-6:]
    assert rebuild() == []


def test_every_single_act_is_seen_by_itself() -> None:
    """Each act on a city at rest, with a refresh after it alone: none hides behind another."""
    city = City(99)
    for _ in range(2):
        for act in dict.fromkeys(city.acts()):
            act()
            refreshed()
            assert differences(timezone.localdate()) == [], act.__name__


def test_a_closed_account_is_nobodys_due_staff_at_once() -> None:
    person = UserFactory()
    place = InstitutionFactory()
    institutions.join(user=person, institution=place, started_on=date(2024, 1, 1), by=None)
    due = timezone.localdate() + timedelta(days=9)
    create_plan(title="计划", course=EditionFactory().course, due_on=due, by=None, institution=place)
    refreshed()
    assert place.rollups.get().due_staff == 1
    close_account(user=User.objects.get(pk=person.pk), by=UserFactory(is_superuser=True))
    refreshed()
    assert not place.rollups.exists()
