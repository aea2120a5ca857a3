"""The ledger of credit hours, and settling at the same time from several sides."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from classroom.completion import hours, queries, services
from classroom.completion.models import Completion, CreditEntry, LessonCompletion
from classroom.people.models import AuditEntry
from classroom.progress.models import LessonProgress
from tests.factories.completion import CompletionFactory, CreditEntryFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory
from tests.learner import Learner
from tests.threads import in_threads

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def watched():
    learner = Learner.on_edition()
    for lesson in learner.enrolment.edition.lessons.filter(kind="video"):
        LessonProgress.objects.create(
            enrolment=learner.enrolment, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
        )
    return learner.enrolment


@given(st.integers(0, 10**7), st.integers(0, 999), st.integers(1, 10_000))
def test_hours_are_whole_tenths_never_more_than_earned_or_nominal_and_never_a_tenth_too_few(
    seconds, nominal_tenths, unit
):
    nominal = Decimal(nominal_tenths) / 10
    got = hours.credit_hours(seconds, nominal, {"credit_hour_seconds": unit})
    assert got == got.quantize(Decimal("0.1"))
    assert got <= nominal
    assert got * unit <= seconds
    assert got == nominal or (got + Decimal("0.1")) * unit > seconds


@pytest.mark.django_db
class TestLedger:
    @pytest.mark.parametrize(
        ("moment", "year"),
        [
            (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), 2026),
            (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), 2027),
        ],
    )
    def test_the_year_is_that_of_the_calendar_in_shanghai(self, moment, year):
        done = services.settle(enrolment=watched(), now=moment)
        assert done.credit_entries.get().year == year

    def test_a_year_counts_its_own_hours_and_another_persons_not(self):
        user = UserFactory()
        for year, amount in ((2025, "1.5"), (2026, "2.0"), (2026, "0.3")):
            done = CompletionFactory(enrolment=EnrolmentFactory(user=user, completed=True))
            CreditEntryFactory(completion=done, year=year, hours=Decimal(amount))
        CreditEntryFactory(year=2026, hours=Decimal("9.0"))
        assert queries.credit_of(user, 2026) == Decimal("2.3")
        assert queries.credit_of(user, 2024) == 0
        assert queries.credit_of(user) == Decimal("3.8")

    def test_a_reversal_falls_in_the_year_and_category_of_what_it_takes_back(self):
        entry = CreditEntryFactory(year=2024, category="public", hours=Decimal("2.0"))
        back = services.reverse_credit(entry=entry, reason="  learnt twice  ", by=UserFactory())
        assert (back.year, back.category, back.user_id) == (2024, "public", entry.user_id)
        assert back.reason == "learnt twice"
        assert queries.credit_of(entry.user, 2024) == 0

    def test_the_entry_taken_back_stays_as_it_was(self):
        entry = CreditEntryFactory()
        before = CreditEntry.objects.filter(pk=entry.pk).values().get()
        services.reverse_credit(entry=entry, reason="x", by=UserFactory())
        assert CreditEntry.objects.filter(pk=entry.pk).values().get() == before

    def test_who_took_it_back_and_why_is_audited_once(self):
        entry, by = CreditEntryFactory(), UserFactory()
        for _ in range(2):
            services.reverse_credit(entry=entry, reason="evidence withdrawn", by=by)
        audited = AuditEntry.objects.get(action="completion.reverse_credit")
        assert (audited.actor, audited.target) == (by, f"credit:{entry.pk}")
        assert audited.detail == {"reason": "evidence withdrawn"}

    def test_a_completion_earns_once_and_the_database_holds_it(self):
        entry = CreditEntryFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditEntryFactory(completion=entry.completion)

    def test_settling_again_after_a_reversal_earns_nothing_anew(self):
        enrolment = watched()
        done = services.settle(enrolment=enrolment, now=NOW)
        services.reverse_credit(entry=done.credit_entries.get(), reason="x", by=UserFactory())
        assert services.settle(enrolment=enrolment, now=NOW) == done
        assert queries.credit_of(enrolment.user) == 0
        assert CreditEntry.objects.count() == 2

    def test_a_decision_is_not_changed_by_what_becomes_of_its_edition(self):
        enrolment = watched()
        done = services.settle(enrolment=enrolment, now=NOW)
        before = Completion.objects.unscoped("test").filter(pk=done.pk).values().get()
        edition = enrolment.edition
        edition.rule, edition.credit_hours = {"version": 1, "all": []}, Decimal("0.0")
        edition.save()
        services.settle(enrolment=enrolment, now=NOW)
        assert Completion.objects.unscoped("test").filter(pk=done.pk).values().get() == before
        assert queries.explain(enrolment).satisfied

    def test_settling_costs_the_same_queries_for_two_lectures_and_six(self, django_assert_max_num_queries):
        counts = []
        for videos in (2, 6):
            enrolment = Learner.on_edition(videos=videos).enrolment
            with django_assert_max_num_queries(15) as asked:
                services.settle(enrolment=enrolment, now=NOW)
            counts.append(len(asked))
        assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_settling_from_four_sides_writes_everything_once(self):
        enrolment, found = watched(), []
        assert in_threads(4, lambda n: found.append(services.settle(enrolment=enrolment, now=NOW).pk)) == []
        assert len(set(found)) == 1
        assert Completion.objects.unscoped("test").count() == CreditEntry.objects.count() == 1
        assert LessonCompletion.objects.count() == 2

    def test_two_reversals_at_once_are_one(self):
        entry, by = CreditEntryFactory(), UserFactory()
        assert in_threads(2, lambda n: services.reverse_credit(entry=entry, reason=f"{n}", by=by)) == []
        assert queries.credit_of(entry.user) == 0
        assert CreditEntry.objects.count() == 2
