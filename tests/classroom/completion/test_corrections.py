"""Corrections by hand: two persons, each with a reason; neither alone has effect; nothing is overwritten."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from classroom.completion import errors, queries, services
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.completion.permissions import may_correct
from classroom.enrolment.models import Enrolment
from classroom.people.append_only import AppendOnly
from classroom.people.models import AuditEntry
from classroom.progress.models import LessonProgress
from tests.classroom.completion.conftest import Bureau
from tests.factories.completion import CorrectionFactory, CreditEntryFactory
from tests.factories.institutions import ManagerFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory
from tests.learner import Learner
from tests.threads import in_threads

pytestmark = pytest.mark.django_db
KIND, STATE = Correction.Kind, Correction.State


def state_of(enrolment: Enrolment) -> str:
    return Enrolment.objects.unscoped("test").get(pk=enrolment.pk).state


def decisions() -> int:
    return Completion.objects.unscoped("test").count()


class TestNeitherAloneHasEffect:
    def test_a_proposal_changes_nothing_and_names_who_when_and_why(self, bureau: Bureau) -> None:
        now = timezone.now()
        made = bureau.propose(note="  档案 2026-17  ", text="  机房断电  ", now=now)
        assert (state_of(bureau.under_way), decisions()) == ("active", 1)
        assert (made.proposed_by, made.proposed_at, made.text, made.note) == (
            bureau.first, now, "机房断电", "档案 2026-17",
        )  # fmt: skip
        assert made.expires_at == now + timedelta(days=30)
        entry = AuditEntry.objects.get(action="completion.propose_correction")
        assert (entry.actor, entry.target) == (bureau.first, f"correction:{made.pk}")
        assert entry.detail["enrolment"] == bureau.under_way.pk

    def test_whoever_proposed_can_neither_approve_nor_reject(self, bureau: Bureau) -> None:
        made = bureau.propose()
        for approves in (True, False):
            with pytest.raises(errors.SamePerson):
                bureau.decide(made, by=bureau.first, approves=approves)
        assert (state_of(bureau.under_way), decisions()) == ("active", 1)

    def test_the_database_holds_that_two_persons_act(self, bureau: Bureau) -> None:
        made = bureau.propose()
        rows = Correction.objects.unscoped("test").filter(pk=made.pk)
        values = {"state": STATE.APPROVED, "decided_at": timezone.now(), "decision": "x"}
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(decided_by=bureau.first, **values)
        rows.update(decided_by=bureau.second, **values)

    def test_a_rejection_has_no_effect_and_is_kept(self, bureau: Bureau) -> None:
        made = bureau.decide(bureau.propose(), approves=False, text="  证明不足  ")
        assert (made.state, made.decided_by, made.decision) == (STATE.REJECTED, bureau.second, "证明不足")
        assert (state_of(bureau.under_way), decisions()) == ("active", 1)
        assert AuditEntry.objects.filter(action="completion.reject_correction").count() == 1

    @pytest.mark.parametrize("blank", ["", "   ", "\n"])
    def test_both_give_a_reason(self, bureau: Bureau, blank: str) -> None:
        with pytest.raises(errors.ReasonMissing):
            bureau.propose(text=blank)
        made = bureau.propose()
        with pytest.raises(errors.ReasonMissing):
            bureau.decide(made, text=blank)
        assert Correction.objects.unscoped("test").get().state == STATE.PROPOSED


class TestWhoMay:
    def test_who_supervises_the_institution_may_and_nobody_else(self, bureau: Bureau) -> None:
        place = bureau.under_way.institution
        today = timezone.localdate()
        former = RegulatorGrantFactory(ended_on=today - timedelta(days=1)).user
        operator = UserFactory(is_staff=True)
        operator.groups.add(Group.objects.get(name="Operators"))
        manager = ManagerFactory(institution=place).user
        may = {
            user: may_correct(user, bureau.under_way)
            for user in (bureau.first, bureau.city, bureau.elsewhere, former, operator, manager)
        }
        assert may == {
            bureau.first: True, bureau.city: True, bureau.elsewhere: False, former: False, operator: False,
            manager: False,
        }  # fmt: skip
        assert may_correct(UserFactory(is_superuser=True), bureau.under_way)

    def test_a_regulator_who_learns_cannot_correct_the_own_record(self, bureau: Bureau) -> None:
        bureau.under_way.user = bureau.first
        bureau.under_way.save()
        with pytest.raises(errors.NotPermitted):
            bureau.propose()
        made = bureau.propose(by=bureau.second)
        with pytest.raises(errors.NotPermitted):
            bureau.decide(made, by=bureau.first)

    def test_a_right_that_ended_between_the_two_acts_decides_nothing(self, bureau: Bureau) -> None:
        made = bureau.propose()
        for by in (bureau.elsewhere, UserFactory()):
            with pytest.raises(errors.NotPermitted):
                bureau.decide(made, by=by)

    def test_a_record_without_an_institution_is_nobodys_but_a_superusers(self, bureau: Bureau) -> None:
        Enrolment.objects.unscoped("test").filter(pk=bureau.under_way.pk).update(institution=None)
        bureau.under_way.refresh_from_db()
        assert not may_correct(bureau.city, bureau.under_way)
        assert may_correct(UserFactory(is_superuser=True), bureau.under_way)


class TestTheActIsOnce:
    def test_the_same_form_twice_is_one_proposal(self, bureau: Bureau) -> None:
        key = uuid.uuid4()
        assert bureau.propose(key=key) == bureau.propose(key=key)
        assert Correction.objects.unscoped("test").count() == 1

    def test_a_second_proposal_waits_until_the_first_is_decided(self, bureau: Bureau) -> None:
        first = bureau.propose()
        with pytest.raises(errors.AlreadyProposed):
            bureau.propose(by=bureau.second)
        bureau.decide(first, approves=False)
        assert bureau.propose(by=bureau.second).pk != first.pk

    def test_anothers_key_is_no_way_into_anothers_proposal(self, bureau: Bureau) -> None:
        made = bureau.propose()
        with pytest.raises(errors.AlreadyProposed):
            bureau.propose(by=bureau.second, key=made.key)

    def test_deciding_again_alike_changes_nothing_and_otherwise_is_told(self, bureau: Bureau) -> None:
        made = bureau.propose()
        bureau.decide(made)
        again = services.decide(correction=made, by=bureau.second, approves=True, text="再次")
        assert (again.is_new, again.correction.decision) == (False, "已核对原始签到表")
        for by, approves in ((bureau.second, False), (bureau.city, True), (bureau.city, False)):
            with pytest.raises(errors.AlreadyDecided):
                bureau.decide(made, by=by, approves=approves)
        assert (decisions(), CreditEntry.objects.count()) == (2, 2)

    def test_what_was_proposed_is_neither_changed_nor_deleted(self, bureau: Bureau) -> None:
        made = bureau.propose()
        made.text = "other"
        for act in (made.save, made.delete):
            with pytest.raises(AppendOnly):
                act()
        before = Correction.objects.unscoped("test").filter(pk=made.pk).values("kind", "text", "hours", "key")
        kept = before.get()
        bureau.decide(made)
        assert before.get() == kept


class TestLapsing:
    @pytest.mark.parametrize(("early", "state"), [(1, STATE.PROPOSED), (0, STATE.LAPSED), (-1, STATE.LAPSED)])
    def test_a_proposal_lapses_after_thirty_days_to_the_microsecond(self, early: int, state: str) -> None:
        made = CorrectionFactory.build(proposed_by=None, enrolment=None)
        assert made.standing(made.expires_at - timedelta(microseconds=early)) == state

    def test_who_comes_too_late_is_told_and_nothing_happens(self, bureau: Bureau) -> None:
        made = bureau.propose()
        for approves in (True, False):
            with pytest.raises(errors.Lapsed):
                bureau.decide(made, approves=approves, now=made.expires_at)
        assert (state_of(bureau.under_way), decisions()) == ("active", 1)

    def test_the_next_proposal_takes_its_place_and_the_lapsed_one_stays(self, bureau: Bureau) -> None:
        old = bureau.propose()
        new = bureau.propose(now=old.expires_at)
        rows = Correction.objects.unscoped("test").order_by("pk")
        assert [(row.pk, row.state, row.decided_by) for row in rows] == [
            (old.pk, STATE.LAPSED, None), (new.pk, STATE.PROPOSED, None),
        ]  # fmt: skip
        with pytest.raises(errors.Lapsed):
            bureau.decide(old, now=old.proposed_at)


class TestGranting:
    def test_a_granted_completion_says_that_it_was_made_by_hand(self, bureau: Bureau) -> None:
        lesson = bureau.under_way.edition.lessons.first()
        LessonProgress.objects.create(
            enrolment=bureau.under_way, lesson=lesson, coverage=[[0, 61_500]], covered_ms=61_500
        )
        now = timezone.now()
        made = bureau.decide(bureau.propose(), now=now)
        done = queries.completion_of(bureau.under_way)
        assert done is not None
        assert (done.correction, done.assurance, done.at) == (made, "A0", now)
        assert (done.verified_seconds, done.credit_hours, done.score) == (61, Decimal("2.0"), None)
        assert done.inputs["correction"] == str(made.key)
        assert state_of(bureau.under_way) == "completed"
        entry = done.credit_entries.get()
        assert (entry.hours, entry.correction, entry.year) == (
            Decimal("2.0"),
            made,
            timezone.localdate(now).year,
        )

    def test_what_the_rules_said_stays_beside_it(self, bureau: Bureau) -> None:
        bureau.decide(bureau.propose())
        done = queries.completion_of(bureau.under_way)
        assert done is not None
        automatic = queries.automatic_of(done)
        assert automatic is not None
        assert (automatic.satisfied, [item.kind for item in automatic.items]) == (False, ["lessons"])
        shown = queries.explain(bureau.under_way)
        assert (shown.satisfied, [item.kind for item in shown.items]) == (True, ["correction"])
        assert queries.automatic_of(bureau.completion) is None

    def test_settling_afterwards_decides_nothing_anew(self, bureau: Bureau) -> None:
        bureau.decide(bureau.propose())
        done = queries.completion_of(bureau.under_way)
        assert services.settle(enrolment=bureau.under_way) == done
        assert CreditEntry.objects.filter(completion=done).count() == 1

    def test_a_course_completed_meanwhile_is_not_counted_twice(self, bureau: Bureau) -> None:
        made = bureau.propose()
        for lesson in bureau.under_way.edition.lessons.all():
            LessonProgress.objects.create(
                enrolment=bureau.under_way, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
            )
        done = services.settle(enrolment=bureau.under_way)
        with pytest.raises(errors.DoesNotApply):
            bureau.decide(made)
        assert queries.completion_of(bureau.under_way) == done
        assert Correction.objects.unscoped("test").get(pk=made.pk).state == STATE.PROPOSED

    @pytest.mark.parametrize(
        ("hours", "fits"), [("-0.1", False), ("0", True), ("4.0", True), ("4.1", False), (None, False)]
    )
    def test_never_more_hours_than_the_course_gives(
        self, bureau: Bureau, hours: str | None, fits: bool
    ) -> None:
        given = Decimal(hours) if hours else None
        if fits:
            assert bureau.propose(hours=given).hours == given
        else:
            with pytest.raises(errors.HoursOutOfRange):
                bureau.propose(hours=given)


class TestWithdrawing:
    def test_the_decision_stays_and_its_credit_is_reversed(self, bureau: Bureau) -> None:
        before = Completion.objects.unscoped("test").filter(enrolment=bureau.complete).values().get()
        made = bureau.decide(bureau.about_complete(KIND.WITHDRAW))
        assert Completion.objects.unscoped("test").filter(enrolment=bureau.complete).values().get() == before
        assert state_of(bureau.complete) == "withdrawn"
        assert queries.credit_of(bureau.complete.user) == 0
        back = CreditEntry.objects.get(reverses__isnull=False)
        assert (back.hours, back.correction) == (Decimal("-3.0"), made)

    def test_it_opens_no_course_any_more_that_asks_for_it(self, bureau: Bureau) -> None:
        waiting = Learner.on_edition().enrolment
        waiting.edition.rule = {
            "version": 1, "all": [{"kind": "prerequisites", "courses": [bureau.complete.course.code]}]
        }  # fmt: skip
        waiting.edition.save()
        waiting.user = bureau.complete.user
        waiting.save()
        assert queries.explain(waiting).satisfied
        bureau.decide(bureau.about_complete(KIND.WITHDRAW))
        assert not queries.explain(waiting).satisfied

    def test_settling_does_not_bring_it_back(self, bureau: Bureau) -> None:
        bureau.decide(bureau.about_complete(KIND.WITHDRAW))
        assert services.settle(enrolment=bureau.complete) is None
        assert queries.credit_of(bureau.complete.user) == 0


class TestHours:
    def test_hours_are_added_up_to_the_course(self, bureau: Bureau) -> None:
        for amount in ("0", "1.1"):
            with pytest.raises(errors.HoursOutOfRange):
                bureau.about_complete(KIND.ADD_HOURS, hours=Decimal(amount))
        bureau.decide(bureau.about_complete(KIND.ADD_HOURS, hours=Decimal("1.0")))
        assert queries.ledger_of(bureau.completion) == Decimal("4.0")
        assert bureau.completion.credit_hours == Decimal("3.0")
        with pytest.raises(errors.HoursOutOfRange):
            bureau.about_complete(KIND.ADD_HOURS, hours=Decimal("0.1"))

    def test_an_entry_is_taken_back_by_a_reversal_and_only_once(self, bureau: Bureau) -> None:
        (entry,) = queries.earnings_of(bureau.completion)
        bureau.decide(bureau.about_complete(KIND.REVERSE_HOURS, entry=entry))
        assert (queries.ledger_of(bureau.completion), queries.earnings_of(bureau.completion)) == (0, [])
        assert state_of(bureau.complete) == "completed"
        with pytest.raises(errors.DoesNotApply):
            bureau.about_complete(KIND.REVERSE_HOURS, entry=entry)

    def test_another_persons_entry_is_not_taken_back(self, bureau: Bureau) -> None:
        with pytest.raises(errors.DoesNotApply):
            bureau.about_complete(KIND.REVERSE_HOURS, entry=CreditEntryFactory())

    def test_withdrawing_takes_back_what_was_added_too(self, bureau: Bureau) -> None:
        bureau.decide(bureau.about_complete(KIND.ADD_HOURS, hours=Decimal("0.5")))
        bureau.decide(bureau.about_complete(KIND.WITHDRAW))
        assert queries.ledger_of(bureau.completion) == 0
        assert CreditEntry.objects.count() == 4


@pytest.mark.parametrize(
    ("which", "kind"),
    [
        ("under_way", KIND.WITHDRAW),
        ("under_way", KIND.ADD_HOURS),
        ("under_way", KIND.REVERSE_HOURS),
        ("complete", KIND.GRANT),
    ],
)
def test_a_kind_that_does_not_fit_the_record_is_refused(bureau: Bureau, which: str, kind: str) -> None:
    with pytest.raises(errors.DoesNotApply):
        bureau.propose(enrolment=getattr(bureau, which), kind=kind, hours=Decimal("1.0"))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": KIND.GRANT, "hours": None},
        {"kind": KIND.GRANT, "hours": Decimal("-1")},
        {"kind": KIND.ADD_HOURS, "hours": Decimal(0)},
        {"kind": KIND.WITHDRAW, "hours": Decimal(1)},
        {"kind": KIND.REVERSE_HOURS, "hours": None},
        {"text": ""},
        {"state": STATE.APPROVED},
        {"state": STATE.REJECTED, "decided_at": timezone.now()},
        {"state": STATE.LAPSED},
        {"decision": "x"},
    ],
)
def test_the_database_refuses_a_row_that_says_nothing_whole(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CorrectionFactory(**fields)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_approvers_at_once_decide_once(self, bureau: Bureau) -> None:
        made, people = bureau.propose(), [bureau.second, bureau.city]
        failed = in_threads(2, lambda n: bureau.decide(made, by=people[n]))
        assert [type(error) for error in failed] == [errors.AlreadyDecided]
        assert (decisions(), CreditEntry.objects.count()) == (2, 2)

    def test_one_approves_while_another_rejects_and_one_of_them_holds(self, bureau: Bureau) -> None:
        made, people = bureau.propose(), [bureau.second, bureau.city]
        failed = in_threads(2, lambda n: bureau.decide(made, by=people[n], approves=n == 0))
        assert [type(error) for error in failed] == [errors.AlreadyDecided]
        row = Correction.objects.unscoped("test").get()
        assert decisions() == (2 if row.state == STATE.APPROVED else 1)

    def test_two_proposals_at_once_are_one(self, bureau: Bureau) -> None:
        people = [bureau.first, bureau.second]
        failed = in_threads(2, lambda n: bureau.propose(by=people[n]))
        assert [type(error) for error in failed] == [errors.AlreadyProposed]
        assert Correction.objects.unscoped("test").count() == 1
