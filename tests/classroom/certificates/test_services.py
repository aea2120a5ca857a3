"""Award, end, render: once, without gaps, and after any accident."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pypdfium2
import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from classroom.certificates import errors, facts, numbers, services, signing, tasks
from classroom.certificates.models import Certificate, SerialCounter
from classroom.certificates.services import rendering
from classroom.people.models import AuditEntry
from classroom.progress.models import LessonProgress
from tests.factories.catalogue import EditionFactory, complete_edition
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory
from tests.threads import in_threads

NOW = datetime(2026, 9, 17, 2, 0, tzinfo=UTC)


def every():
    return Certificate.objects.unscoped("test")


def person_of(group):
    person = UserFactory()
    person.groups.add(Group.objects.get(name=group))
    return person


@pytest.fixture
def completion(db):
    edition = complete_edition(videos=2, title="监督管理办法与报告合规", number="2026.1")
    enrolment = EnrolmentFactory(
        edition=edition, completed=True, user__name="欧阳静", user__id_masked="310***001X"
    )
    for lesson in edition.lessons.filter(kind="video"):
        LessonProgress.objects.create(enrolment=enrolment, lesson=lesson, covered_ms=lesson.duration_ms)
    return CompletionFactory(enrolment=enrolment, verified_seconds=360)


class TestAward:
    def test_it_freezes_what_is_printed(self, completion):
        certificate = services.award(completion=completion, now=NOW)
        frozen = certificate.facts
        enrolment = completion.enrolment
        assert frozen["holder"] == {"name": "欧阳静", "romanised": "OUYANG Jing", "document": "310***001X"}
        assert frozen["institution"]["name"] == enrolment.institution.name
        assert frozen["course"]["code"] == enrolment.course.code
        assert [lesson["seconds"] for lesson in frozen["lessons"]] == [180, 180]
        assert (frozen["score"], frozen["credit_hours"], frozen["assurance"]) == ("92.0", "4.0", "A1")
        assert (frozen["issued_on"], frozen["valid_until"]) == ("2026-09-17", "2029-09-16")
        assert certificate.facts_digest == facts.digest(frozen)
        assert numbers.parse(certificate.number).serial == 1
        assert len(certificate.token) >= 22
        assert certificate.rendering == "due"

    def test_later_edits_do_not_reach_it(self, completion):
        certificate = services.award(completion=completion)
        user, edition = completion.enrolment.user, completion.enrolment.edition
        user.name, edition.title = "改名", "改题"
        user.save()
        edition.save()
        again = services.award(completion=completion)
        assert again.pk == certificate.pk
        assert again.facts == certificate.facts
        assert facts.digest(again.facts) == again.facts_digest

    def test_the_holders_own_romanised_name_goes_first(self, completion):
        completion.enrolment.user.romanised_name = "Jane OUYANG"
        completion.enrolment.user.save()
        assert services.award(completion=completion).facts["holder"]["romanised"] == "Jane OUYANG"

    def test_without_validity_it_has_no_end(self, db):
        enrolment = EnrolmentFactory(
            edition=EditionFactory(validity_months=None), completed=True, institution=None
        )
        certificate = services.award(completion=CompletionFactory(enrolment=enrolment, score=None))
        assert certificate.valid_until is None
        assert certificate.facts["institution"] is None
        assert certificate.facts["score"] is None

    def test_the_year_is_that_of_shanghai(self, completion):
        certificate = services.award(completion=completion, now=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
        assert (certificate.year, certificate.facts["issued_on"]) == (2027, "2027-01-01")

    def test_a_revoked_one_is_not_awarded_again(self, completion):
        certificate = services.award(completion=completion)
        services.revoke(
            certificate=certificate, by=person_of("Operators"), reason="issued_in_error", note="x"
        )
        assert services.award(completion=completion).pk == certificate.pk
        assert every().count() == 1

    def test_serials_count_by_year_without_gap_over_rollbacks(self, db):
        numbers_given = []
        for n in range(6):
            completion = CompletionFactory()
            if n % 2:
                with transaction.atomic():
                    services.award(completion=completion, now=NOW)
                    transaction.set_rollback(True)
                assert not every().filter(completion=completion).exists()
            numbers_given.append(services.award(completion=completion, now=NOW).serial)
        assert numbers_given == [1, 2, 3, 4, 5, 6]
        other_year = services.award(completion=CompletionFactory(), now=NOW - timedelta(days=400))
        assert (other_year.year, other_year.serial) == (2025, 1)
        assert SerialCounter.objects.get(year=2026).last == 6


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_one_completion_gets_one_certificate(self):
        completion = CompletionFactory()
        assert in_threads(6, lambda n: services.award(completion=completion, now=NOW)) == []
        assert every().count() == 1
        assert SerialCounter.objects.get(year=2026).last == 1

    def test_many_completions_get_serials_without_gap(self):
        completions = [CompletionFactory() for _ in range(8)]

        def work(n):
            try:
                with transaction.atomic():
                    services.award(completion=completions[n], now=NOW)
                    if n % 3 == 0:
                        raise KeyError(n)
            except KeyError:
                services.award(completion=completions[n], now=NOW)

        assert in_threads(8, work) == []
        assert sorted(every().values_list("serial", flat=True)) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert every().values("number").distinct().count() == 8

    def test_only_one_of_several_renderers_renders(self):
        certificate = services.award(completion=CompletionFactory(), now=NOW)
        done = []
        assert in_threads(3, lambda n: done.append(services.render(certificate_id=certificate.pk))) == []
        assert sorted(done) == [False, False, True]
        certificate.refresh_from_db()
        assert (certificate.rendering, certificate.render_attempts) == ("ready", 1)

    def test_revoked_and_replaced_at_once_ends_once(self):
        certificate = services.award(completion=CompletionFactory(), now=NOW)
        operator = UserFactory(is_superuser=True)

        def work(n):
            try:
                if n:
                    services.revoke(certificate=certificate, by=operator, reason="issued_in_error", note="x")
                else:
                    services.replace(
                        certificate=certificate,
                        by=operator,
                        reason="facts_corrected",
                        note="x",
                        changes={"name": "新名"},
                    )
            except errors.AlreadyEnded:
                pass

        assert in_threads(2, work) == []
        states = sorted(every().values_list("state", flat=True))
        assert states in (["revoked"], ["issued", "replaced"])


class TestRevoke:
    @pytest.mark.parametrize("group", ["Operators", "Reviewers"])
    def test_it_ends_with_a_reason_and_is_audited(self, completion, group):
        certificate, by = services.award(completion=completion), person_of(group)
        services.revoke(certificate=certificate, by=by, reason="records_withdrawn", note=" 非本人 ")
        certificate.refresh_from_db()
        assert (certificate.state, certificate.reason, certificate.reason_note) == (
            "revoked",
            "records_withdrawn",
            "非本人",
        )
        assert certificate.ended_by == by
        entry = AuditEntry.objects.get(action="certificates.revoke")
        assert (entry.actor, entry.target) == (by, f"certificate:{certificate.number}")

    @pytest.mark.parametrize("group", ["Trainers", None])
    def test_others_may_not(self, completion, group):
        certificate = services.award(completion=completion)
        by = person_of(group) if group else completion.enrolment.user
        with pytest.raises(errors.NotPermitted):
            services.revoke(certificate=certificate, by=by, reason="issued_in_error", note="x")
        certificate.refresh_from_db()
        assert certificate.state == "issued"

    def test_it_needs_a_note_and_a_known_reason_and_happens_once(self, completion):
        certificate, by = services.award(completion=completion), person_of("Operators")
        with pytest.raises(errors.NoteMissing):
            services.revoke(certificate=certificate, by=by, reason="issued_in_error", note="  ")
        with pytest.raises(ValueError):
            services.revoke(certificate=certificate, by=by, reason="because", note="x")
        services.revoke(certificate=certificate, by=by, reason="issued_in_error", note="x")
        with pytest.raises(errors.AlreadyEnded):
            services.revoke(certificate=certificate, by=by, reason="issued_in_error", note="x")


class TestReplace:
    def replace(self, certificate, **changes):
        return services.replace(
            certificate=certificate,
            by=person_of("Operators"),
            reason="facts_corrected",
            note="更名",
            changes=changes,
        )

    def test_the_new_one_has_a_new_number_and_the_corrected_fact(self, completion):
        old = services.award(completion=completion, now=NOW)
        new = self.replace(old, name="欧阳婧")
        old.refresh_from_db()
        assert (old.state, old.replaced_by, old.facts["holder"]["name"]) == ("replaced", new, "欧阳静")
        assert (new.state, new.serial) == ("issued", 2 if new.year == 2026 else 1)
        assert new.facts["holder"]["name"] == "欧阳婧"
        assert new.facts["number"] == new.number
        assert new.facts["valid_until"] == old.facts["valid_until"]
        assert new.facts_digest == facts.digest(new.facts)
        assert new.token != old.token
        assert AuditEntry.objects.get(action="certificates.replace").detail["changed"] == ["name"]

    def test_award_then_returns_the_new_one(self, completion):
        new = self.replace(services.award(completion=completion), name="欧阳婧")
        assert services.award(completion=completion).pk == new.pk

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({}, errors.NothingChanged),
            ({"name": "欧阳静"}, errors.NothingChanged),
            ({"name": "  "}, errors.NothingChanged),
            ({"score": "100"}, errors.UnknownFact),
            ({"valid_until": "2099-01-01"}, errors.UnknownFact),
        ],
    )
    def test_what_cannot_be_corrected_burns_no_number(self, completion, changes, error):
        old = services.award(completion=completion)
        with pytest.raises(error):
            self.replace(old, **changes)
        old.refresh_from_db()
        assert old.state == "issued"
        assert SerialCounter.objects.get(year=old.year).last == old.serial


class TestRender:
    def test_the_file_is_stored_signed_and_digested(self, completion):
        certificate = services.award(completion=completion, now=NOW)
        assert services.render(certificate_id=certificate.pk) is True
        certificate.refresh_from_db()
        assert certificate.file == f"certificates/2026/{certificate.number}.pdf"
        content = default_storage.open(certificate.file).read()
        assert hashlib.sha256(content).hexdigest() == certificate.file_digest
        assert signing.check_pdf(content).is_genuine
        names = PdfFileReader(io.BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        assert json.loads(names[1]["/EF"]["/F"].data) == certificate.credential
        text = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range()
        assert certificate.number in text
        assert services.render(certificate_id=certificate.pk) is False

    def test_the_lease_keeps_others_away_until_it_runs_out(self, completion):
        certificate = services.award(completion=completion)
        now = timezone.now()
        assert rendering._claim(certificate.pk, now) is not None
        assert services.due(now=now) == []
        assert services.render(certificate_id=certificate.pk) is False
        later = now + rendering.LEASE + timedelta(seconds=1)
        assert services.due(now=later) == [certificate.pk]
        assert rendering._claim(certificate.pk, later) is not None

    def test_a_renderer_that_lost_its_lease_changes_nothing(self, completion):
        certificate = services.award(completion=completion)
        stale = rendering._claim(certificate.pk, timezone.now() - timedelta(hours=1))
        assert services.render(certificate_id=certificate.pk) is True
        rendering._failed(stale, RuntimeError("late"))
        certificate.refresh_from_db()
        assert (certificate.rendering, certificate.render_failure) == ("ready", "")

    def test_a_half_written_file_of_a_killed_renderer_gives_way(self, completion):
        certificate = services.award(completion=completion, now=NOW)
        default_storage.save(f"certificates/2026/{certificate.number}.pdf", ContentFile(b"%PDF half"))
        services.render(certificate_id=certificate.pk)
        certificate.refresh_from_db()
        assert certificate.file == f"certificates/2026/{certificate.number}.pdf"
        assert signing.check_pdf(default_storage.open(certificate.file).read()).is_genuine

    def test_a_failure_has_a_reason_and_is_tried_again_later_and_later(
        self, completion, settings, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("classroom.certificates.press._compilers", {})
        good, settings.FONTS_DIR = settings.FONTS_DIR, tmp_path
        certificate = services.award(completion=completion)
        waits = []
        for _ in range(rendering.ATTEMPTS):
            assert services.render(certificate_id=certificate.pk) is False
            certificate.refresh_from_db()
            assert certificate.rendering == "failed"
            assert certificate.render_failure.startswith("CannotRender: Fonts are missing")
            waits.append(certificate.render_due_at and certificate.render_due_at - timezone.now())
        assert waits[-1] is None
        assert all(early < late for early, late in pairwise(waits[:-1]))
        assert services.due(now=timezone.now() + timedelta(days=9)) == []
        settings.FONTS_DIR = good
        services.render_again(certificate=certificate, by=person_of("Operators"))
        assert services.due() == [certificate.pk]
        assert services.render(certificate_id=certificate.pk) is True
        certificate.refresh_from_db()
        assert (certificate.rendering, certificate.render_failure) == ("ready", "")

    def test_only_operators_and_reviewers_render_again_and_only_what_is_in_force(self, completion):
        certificate = services.award(completion=completion)
        with pytest.raises(errors.NotPermitted):
            services.render_again(certificate=certificate, by=completion.enrolment.user)
        operator = person_of("Operators")
        services.revoke(certificate=certificate, by=operator, reason="issued_in_error", note="x")
        with pytest.raises(errors.AlreadyEnded):
            services.render_again(certificate=certificate, by=operator)
        assert services.due() == []
        assert services.render(certificate_id=certificate.pk) is False

    def test_the_same_facts_print_the_same_words(self, completion):
        certificate = services.award(completion=completion, now=NOW)
        first, second = rendering.make(certificate), rendering.make(certificate)
        assert first.credential == second.credential
        words = [pypdfium2.PdfDocument(one.pdf)[0].get_textpage().get_text_range() for one in (first, second)]
        assert words[0] == words[1]


class TestTasks:
    def test_the_task_renders(self, completion):
        certificate = services.award(completion=completion)
        assert tasks.render(certificate.pk) is True

    def test_the_sweep_schedules_what_is_due(self, db, monkeypatch):
        due = [CertificateFactory(), CertificateFactory()]
        CertificateFactory(revoked=True)
        CertificateFactory(rendering="ready", render_due_at=None)
        sent = []
        monkeypatch.setattr(tasks.render, "delay", sent.append)
        assert tasks.sweep() == 2
        assert sorted(sent) == sorted(one.pk for one in due)

    @pytest.mark.django_db(transaction=True)
    def test_a_broker_that_is_away_does_not_undo_an_award(self, monkeypatch):
        def away(**_):
            raise ConnectionError("no broker")

        monkeypatch.setattr(tasks.render, "apply_async", away)
        with transaction.atomic():
            certificate = services.award(completion=CompletionFactory())
            tasks.render_soon(certificate)
        assert services.due() == [certificate.pk]
