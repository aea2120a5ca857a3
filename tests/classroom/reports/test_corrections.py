"""Corrections by hand in the console: who finds them, what they lead to, and who reads about them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from classroom.certificates.models import Certificate
from classroom.certificates.queries import public_view
from classroom.certificates.services import award
from classroom.completion import errors
from classroom.completion.models import Correction
from classroom.completion.queries import completion_of
from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import forget_scope
from classroom.learning.services import award_missing
from classroom.people.services import close_account
from classroom.reports.models import Rollup
from classroom.reports.services import corrections as deciding
from classroom.reports.services.rollups import rebuild, refresh
from tests.classroom.reports.worlds import World, authority
from tests.factories.completion import CorrectionFactory, CreditEntryFactory
from tests.factories.institutions import RegulatorGrantFactory

pytestmark = pytest.mark.django_db
KIND = Correction.Kind
WHY = "the test looks at everybody's"


@dataclass
class Case:
    """The small city, a second regulator of the district, and what they do."""

    world: World
    second: Any

    def proposal(self, key: str = "late", **values: Any) -> Correction:
        return CorrectionFactory(
            **{"enrolment": self.world.enrolments[key], "proposed_by": self.world.district, **values}
        )

    def withdrawal(self, key: str = "done") -> Correction:
        return self.proposal(key, kind=KIND.WITHDRAW, hours=None)

    def decide(self, correction: Correction, **values: Any) -> Correction:
        given = {"by": self.second, "approves": True, "text": "已核对", **values}
        return deciding.decide(correction=correction, **given)


@pytest.fixture
def case(city: World, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr("classroom.reports.services.corrections.render_soon", lambda certificate: None)
    return Case(city, RegulatorGrantFactory(authority=authority("SH-310115"), user__name="李复核").user)


def rollup(case: Case) -> Rollup:
    return Rollup.objects.unscoped(WHY).get(institution=case.world.east)


def form(**values: Any) -> dict[str, Any]:
    return {
        "key": uuid.uuid4(),
        "kind": "grant",
        "hours": "2.0",
        "reason": "lost_records",
        "text": "机房断电，签到表齐全",
        **values,
    }


class TestProposing:
    def test_a_proposal_from_the_persons_page_waits_and_is_read_there(
        self, client: Client, case: Case
    ) -> None:
        row = case.world.enrolments["late"]
        client.force_login(case.world.district)
        page = client.get(f"/overview/person/{row.pk}/").content.decode()
        assert f'href="/overview/person/{row.pk}/correct/"' in page
        answer = client.post(f"/overview/person/{row.pk}/correct/", form(note="档案 17"), follow=True)
        made = Correction.objects.unscoped(WHY).get()
        assert (made.enrolment, made.proposed_by, made.hours, made.note) == (
            row, case.world.district, Decimal("2.0"), "档案 17",
        )  # fmt: skip
        text = answer.content.decode()
        assert "机房断电，签到表齐全" in text
        assert "档案 17" not in text

    def test_the_same_form_sent_twice_is_one(self, client: Client, case: Case) -> None:
        client.force_login(case.world.district)
        path, sent = f"/overview/person/{case.world.enrolments['late'].pk}/correct/", form()
        assert [client.post(path, sent).status_code for _ in range(2)] == [302, 302]
        assert Correction.objects.unscoped(WHY).count() == 1

    @pytest.mark.parametrize(
        ("key", "change", "field"),
        [
            ("late", {"text": " "}, "text"),
            ("late", {"reason": "mood"}, "reason"),
            ("late", {"kind": "withdraw"}, "kind"),
            ("late", {"hours": ""}, "hours"),
            ("late", {"hours": "-1"}, "hours"),
            ("late", {"hours": "NaN"}, "hours"),
            ("late", {"hours": "99"}, "__all__"),
            ("late", {"key": "x"}, "key"),
            ("done", {"kind": "grant"}, "kind"),
            ("done", {"kind": "add_hours", "hours": ""}, "hours"),
        ],
    )
    def test_what_does_not_fit_is_said_beside_its_field(
        self, client: Client, case: Case, key: str, change: dict[str, str], field: str
    ) -> None:
        client.force_login(case.world.district)
        path = f"/overview/person/{case.world.enrolments[key].pk}/correct/"
        answer = client.post(path, form(**change))
        assert (answer.status_code, field in answer.context["form"].errors) == (422, True)
        assert not Correction.objects.unscoped(WHY).exists()

    def test_taking_hours_back_names_the_entry(self, client: Client, case: Case) -> None:
        entry = CreditEntryFactory(completion=case.world.enrolments["done"].completion)
        other = CreditEntryFactory(completion=case.world.enrolments["canary"].completion)
        client.force_login(case.world.district)
        path = f"/overview/person/{case.world.enrolments['done'].pk}/correct/"
        for chosen in ("", other.pk):
            answer = client.post(path, form(kind="reverse_hours", entry=chosen))
            assert "entry" in answer.context["form"].errors
        assert client.post(path, form(kind="reverse_hours", entry=entry.pk)).status_code == 302
        made = Correction.objects.unscoped(WHY).get()
        assert (made.entry, made.hours) == (entry, None)

    def test_an_entry_is_named_by_the_day_of_the_institutions_clock(self, client: Client, case: Case) -> None:
        completion = case.world.enrolments["done"].completion
        CreditEntryFactory(completion=completion, at=datetime(2026, 3, 1, 16, 30, tzinfo=UTC))
        client.force_login(case.world.district)
        page = client.get(f"/overview/person/{completion.enrolment_id}/correct/").content.decode()
        assert "2026-03-02 记入" in page

    def test_an_ended_record_leads_back(self, client: Client, case: Case) -> None:
        row = case.world.enrolments["gone"]
        client.force_login(case.world.district)
        assert client.get(f"/overview/person/{row.pk}/correct/").url == f"/overview/person/{row.pk}/"


class TestDoors:
    @pytest.mark.parametrize(
        ("role", "propose", "listing", "decide"),
        [
            ("district", 200, 200, 200),
            ("city", 200, 200, 200),
            ("other_district", 404, 200, 404),
            ("manager", 403, 403, 403),
            ("other_manager", 403, 403, 403),
            ("learner", 403, 403, 403),
            ("", 302, 302, 302),
        ],
    )
    def test_each_person_finds_their_own(
        self, client: Client, case: Case, role: str, propose: int, listing: int, decide: int
    ) -> None:
        made = case.proposal()
        row = made.enrolment
        if role:
            client.force_login(row.user if role == "learner" else getattr(case.world, role))
        paths = (
            f"/overview/person/{row.pk}/correct/", "/overview/corrections/", f"/overview/corrections/{made.pk}/",
        )  # fmt: skip
        assert tuple(client.get(path).status_code for path in paths) == (propose, listing, decide)

    def test_another_districts_regulator_neither_posts_nor_counts(self, client: Client, case: Case) -> None:
        made = case.proposal()
        client.force_login(case.world.other_district)
        row = made.enrolment.pk
        for path in (f"/overview/person/{row}/correct/", f"/overview/corrections/{made.pk}/"):
            assert client.post(path, form(decision="approve")).status_code == 404
        page = client.get("/overview/corrections/")
        assert [page.context[name] for name in ("to_decide", "own", "decided")] == [[], [], []]
        assert client.get("/overview/").context["corrections_to_decide"] == 0

    def test_what_is_not_supervised_is_not_there(self, client: Client, case: Case) -> None:
        made = case.proposal()
        type(case.world.edition).objects.filter(pk=case.world.edition.pk).update(is_mandatory=False)
        client.force_login(case.second)
        assert client.get(f"/overview/corrections/{made.pk}/").status_code == 404
        assert client.get("/overview/").context["corrections_to_decide"] == 0

    def test_a_regulator_who_is_the_learner_finds_no_way(self, client: Client, case: Case) -> None:
        row = case.world.enrolments["late"]
        RegulatorGrantFactory(user=row.user, authority=authority("SH-310115"))
        made = case.proposal()
        client.force_login(row.user)
        for path in (f"/overview/person/{row.pk}/correct/", f"/overview/corrections/{made.pk}/"):
            assert client.get(path).status_code == 404
        assert client.get("/overview/corrections/").context["to_decide"] == []

    @pytest.mark.parametrize("path", ["/overview/person/{row}/correct/", "/overview/corrections/{made}/"])
    def test_without_its_token_a_form_is_refused(self, case: Case, path: str) -> None:
        made = case.proposal()
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(case.second)
        answer = strict.post(path.format(row=made.enrolment_id, made=made.pk), form(decision="approve"))
        assert answer.status_code == 403
        assert Correction.objects.unscoped(WHY).get().state == "proposed"


class TestDeciding:
    def test_the_list_parts_what_waits_from_ones_own_and_the_decided(
        self, client: Client, case: Case
    ) -> None:
        mine, lapsed = case.proposal("idle", proposed_by=case.second), case.proposal("failed")
        theirs = case.proposal("late")
        Correction.objects.unscoped(WHY).filter(pk=lapsed.pk).update(expires_at=timezone.now())
        client.force_login(case.second)
        page = client.get("/overview/corrections/")
        shown = {
            name: [told.correction.pk for told in page.context[name]]
            for name in ("to_decide", "own", "decided")
        }
        assert shown == {"to_decide": [theirs.pk], "own": [mine.pk], "decided": [lapsed.pk]}
        assert client.get("/overview/").context["corrections_to_decide"] == 1

    def test_what_lapses_first_comes_first(self, client: Client, case: Case) -> None:
        late = case.proposal("late", expires_at=timezone.now() + timedelta(days=9))
        soon = case.proposal("idle", expires_at=timezone.now() + timedelta(days=2))
        client.force_login(case.second)
        told = client.get("/overview/corrections/").context["to_decide"]
        assert [one.correction for one in told] == [soon, late]

    @pytest.mark.parametrize(("decision", "state"), [("approve", "approved"), ("reject", "rejected")])
    def test_the_second_person_decides_by_a_button_and_a_reason(
        self, client: Client, case: Case, decision: str, state: str
    ) -> None:
        made = case.proposal()
        client.force_login(case.second)
        path = f"/overview/corrections/{made.pk}/"
        assert client.post(path, {"decision": decision, "text": " "}).status_code == 422
        assert client.post(path, {"decision": "perhaps", "text": "x"}).status_code == 422
        assert client.post(path, {"decision": decision, "text": "已核对"}).status_code == 302
        row = Correction.objects.unscoped(WHY).get()
        assert (row.state, row.decided_by, row.decision) == (state, case.second, "已核对")

    def test_whoever_proposed_sees_no_button_and_a_post_is_refused(self, client: Client, case: Case) -> None:
        made = case.proposal()
        client.force_login(case.world.district)
        path = f"/overview/corrections/{made.pk}/"
        assert 'value="approve"' not in client.get(path).content.decode()
        answer = client.post(path, {"decision": "approve", "text": "x"})
        assert answer.status_code == 422
        assert Correction.objects.unscoped(WHY).get().state == "proposed"

    def test_who_comes_second_is_told_that_it_is_decided(self, client: Client, case: Case) -> None:
        made = case.proposal()
        case.decide(made)
        client.force_login(case.world.city)
        path = f"/overview/corrections/{made.pk}/"
        answer = client.post(path, {"decision": "reject", "text": "x"})
        with translation.override("zh-hans"):
            assert (answer.status_code, str(errors.AlreadyDecided.message) in answer.content.decode()) == (
                422,
                True,
            )

    @pytest.mark.parametrize("page", ["/overview/corrections/", "/overview/"])
    def test_it_asks_as_many_queries_for_three_as_for_one(
        self, client: Client, case: Case, queries_of: Callable[[str], int], page: str
    ) -> None:
        client.force_login(case.second)

        def grow(key: str, done: str) -> None:
            case.proposal(key)
            case.decide(case.withdrawal(done), approves=False)

        grow("late", "done")
        before = queries_of(page)
        grow("idle", "resat")
        case.proposal("failed")
        assert queries_of(page) == before


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


class TestWords:
    @pytest.mark.parametrize("reader", ["own", "manager", "district"])
    def test_learner_manager_and_regulator_read_who_when_and_why(
        self, client: Client, case: Case, reader: str
    ) -> None:
        made = case.decide(case.proposal(text="机房断电", note="内部备注"), text="签到表已核对")
        row = made.enrolment
        client.force_login(row.user if reader == "own" else getattr(case.world, reader))
        text = client.get(f"/overview/person/{row.pk}/").content.decode()
        for words in (case.world.district.name, "李复核", "机房断电", "签到表已核对", "平台故障"):
            assert words in text
        assert "内部备注" not in text
        assert (f"/overview/person/{row.pk}/correct/" in text) is (reader == "district")

    @pytest.mark.parametrize(("language", "words"), [("zh-hans", "已失效"), ("en", "lapsed")])
    def test_a_lapsed_proposal_is_told_in_both_languages(
        self, client: Client, case: Case, language: str, words: str
    ) -> None:
        made = case.proposal(expires_at=timezone.now() - timedelta(minutes=1))
        client.force_login(case.second)
        forget_scope(case.second)
        page = client.get(f"/overview/corrections/{made.pk}/", HTTP_ACCEPT_LANGUAGE=language)
        with translation.override(language):
            assert page.context["told"].state == "lapsed"
            assert words in page.content.decode()
        assert 'value="approve"' not in page.content.decode()
