"""Corrections by hand in the console: who proposes, finds and decides them, and who reads about them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from classroom.completion import errors
from classroom.completion.models import Correction
from classroom.institutions.queries import forget_scope
from tests.classroom.reports.correcting import WHY, Case
from tests.classroom.reports.worlds import authority
from tests.factories.completion import CreditEntryFactory
from tests.factories.institutions import RegulatorGrantFactory

pytestmark = pytest.mark.django_db


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
