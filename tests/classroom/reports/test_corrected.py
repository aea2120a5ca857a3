"""What a correction by hand leads to: certificates, a course begun anew, and what reports count."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.certificates.queries import public_view
from classroom.certificates.services import award
from classroom.completion.models import Correction
from classroom.completion.queries import completion_of
from classroom.enrolment.models import Enrolment
from classroom.learning.services import award_missing
from classroom.people.services import close_account
from classroom.reports.models import Rollup
from classroom.reports.services.rollups import rebuild, refresh
from tests.classroom.reports.correcting import KIND, WHY, Case
from tests.factories.completion import CreditEntryFactory

pytestmark = pytest.mark.django_db


def rollup(case: Case) -> Rollup:
    return Rollup.objects.unscoped(WHY).get(institution=case.world.east)


class TestWhatFollows:
    def test_a_counted_completion_has_a_certificate_that_says_so(self, case: Case) -> None:
        made = case.decide(case.proposal())
        certificate = Certificate.objects.unscoped(WHY).get(completion__enrolment=made.enrolment)
        facts = certificate.facts
        assert (facts["assurance"], facts["by_correction"], facts["credit_hours"]) == ("A0", True, "2.0")
        assert public_view(certificate).by_correction
        by_rule = award(completion=case.world.enrolments["done"].completion)
        assert "by_correction" not in by_rule.facts

    def test_the_same_approval_twice_awards_once(self, case: Case) -> None:
        made = case.proposal()
        for _ in range(2):
            case.decide(made)
        assert Certificate.objects.unscoped(WHY).count() == 1

    def test_a_withdrawal_revokes_with_the_reason_and_the_course_begins_anew(self, case: Case) -> None:
        row = case.world.enrolments["done"]
        Enrolment.objects.unscoped(WHY).filter(pk=row.pk).update(due_on=timezone.localdate())
        certificate = award(completion=row.completion)
        made = case.decide(case.withdrawal())
        certificate.refresh_from_db()
        assert (certificate.state, certificate.reason, certificate.reason_note, certificate.ended_by) == (
            "revoked", "records_withdrawn", made.text, case.second,
        )  # fmt: skip
        anew = Enrolment.objects.unscoped(WHY).get(user=row.user, state="active")
        assert (anew.period, anew.course, anew.due_on) == (2, row.course, timezone.localdate())
        assert completion_of(row) is not None

    def test_a_withdrawn_completion_without_a_certificate_never_gets_one(self, case: Case) -> None:
        case.decide(case.withdrawal())
        Enrolment.objects.unscoped(WHY).exclude(pk=case.world.enrolments["done"].pk).filter(
            state="completed"
        ).update(state="withdrawn", completed_at=None)
        assert award_missing() == 0

    def test_a_course_no_longer_taught_does_not_begin_anew(self, case: Case) -> None:
        course = case.world.edition.course
        course.current = None
        course.save()
        made = case.decide(case.withdrawal())
        assert not Enrolment.objects.unscoped(WHY).filter(user=made.enrolment.user, state="active").exists()

    def test_nobody_whose_account_is_closed_begins_anew(self, case: Case) -> None:
        user = case.world.enrolments["done"].user
        close_account(user=user, by=case.world.district)
        assert case.decide(case.withdrawal()).state == "approved"
        assert not Enrolment.objects.unscoped(WHY).filter(user=user, state="active").exists()

    @pytest.mark.parametrize("fails", ["award", "settle_unlocked"])
    def test_where_the_rest_fails_nothing_is_decided(
        self, case: Case, fails: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: Any, **values: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(f"classroom.reports.services.corrections.{fails}", broken)
        made = case.proposal()
        with pytest.raises(RuntimeError):
            case.decide(made)
        assert Correction.objects.unscoped(WHY).get().state == "proposed"
        assert completion_of(made.enrolment) is None


class TestReports:
    def test_a_counted_completion_counts_by_the_next_refresh_and_a_recount_agrees(self, case: Case) -> None:
        refresh()
        case.decide(case.proposal())
        refresh()
        counted = rollup(case)
        assert (counted.completed, counted.corrected, counted.credit_hours) == (3, 1, Decimal("10.0"))
        assert rebuild() == []

    def test_a_withdrawn_one_counts_no_more_and_whoever_has_to_take_it_is_enrolled(self, case: Case) -> None:
        refresh()
        before = rollup(case)
        case.decide(case.withdrawal())
        refresh()
        after = rollup(case)
        assert (after.enrolled, after.completed) == (before.enrolled, before.completed - 1)
        assert after.credit_hours == before.credit_hours - Decimal("4.0")
        assert rebuild() == []

    def test_hours_by_hand_reach_the_rollup(self, case: Case) -> None:
        row, now = case.world.enrolments["done"], timezone.now()
        CreditEntryFactory(completion=row.completion, hours=Decimal("3.0"))
        # Long enough after the rest was written: only the entry tells of the change.
        refresh(now=now + timedelta(minutes=10))
        before = rollup(case).credit_hours
        made = case.proposal("done", kind=KIND.ADD_HOURS, hours=Decimal("0.5"))
        case.decide(made, now=now + timedelta(minutes=20))
        refresh(now=now + timedelta(minutes=21))
        assert rollup(case).credit_hours == before + Decimal("0.5")
        assert rebuild() == []

    @pytest.mark.parametrize(
        ("language", "words"),
        [("zh-hans", "其中 1 人次经人工更正认定"), ("en", "1 of them by a correction by hand")],
    )
    def test_the_console_says_how_many_were_counted_by_hand(
        self, client: Client, case: Case, language: str, words: str
    ) -> None:
        client.force_login(case.second)
        paths = ("/overview/", f"/overview/institution/{case.world.east.pk}/")
        read = {"HTTP_ACCEPT_LANGUAGE": language}
        assert [words in client.get(path, **read).content.decode() for path in paths] == [False, False]
        case.decide(case.proposal())
        rebuild()
        assert [words in client.get(path, **read).content.decode() for path in paths] == [True, True]
        withdrawn = Enrolment.objects.unscoped(WHY).get(corrections__state="approved")
        case.decide(case.proposal("late", enrolment=withdrawn, kind=KIND.WITHDRAW, hours=None))
        rebuild()
        assert rollup(case).corrected == 0
