"""Public verification: states, masks, no going through numbers, files."""

import json
from datetime import date, timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from classroom.certificates import files, press, queries, services, sheet, throttle
from tests.factories.catalogue import CourseFactory, EditionFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory

SECRETS = ["林静", "LIN Jing", "310***********001X", "internal note"]


@pytest.fixture
def operator(db):
    return UserFactory(is_superuser=True)


@pytest.fixture
def certificate(db):
    enrolment = EnrolmentFactory(
        user__name="林静",
        user__id_masked="310***********001X",
        edition__course=CourseFactory(code="B1"),
        completed=True,
    )
    certificate = services.award(completion=CompletionFactory(enrolment=enrolment))
    services.render(certificate_id=certificate.pk)
    certificate.refresh_from_db()
    return certificate


def page(client, certificate):
    response = client.get(reverse("certificates:verify_token", args=[certificate.token]))
    return response, response.content.decode()


class TestStates:
    def test_valid(self, client, certificate):
        response, html = page(client, certificate)
        assert response.status_code == 200
        assert "verdict--valid" in html
        assert certificate.number in html
        assert "林*" in html

    def test_expired(self, certificate):
        until = certificate.valid_until
        assert queries.status_of(certificate, until) == "valid"
        assert queries.status_of(certificate, until + timedelta(days=1)) == "expired"

    def test_expired_page(self, client, db):
        old = services.award(completion=CompletionFactory(), now=timezone.now() - timedelta(days=1500))
        assert "verdict--expired" in page(client, old)[1]

    def test_revoked_shows_the_category_and_never_the_note(self, client, certificate, operator):
        services.revoke(
            certificate=certificate, by=operator, reason="records_withdrawn", note="internal note"
        )
        _, html = page(client, certificate)
        assert "verdict--revoked" in html
        assert "seal--grey" in html
        certificate.refresh_from_db()
        assert certificate.get_reason_display() in html
        assert "internal note" not in html

    def test_replaced_leads_to_the_new_one(self, client, certificate, operator):
        new = services.replace(
            certificate=certificate,
            by=operator,
            reason="facts_corrected",
            note="internal note",
            changes={"name": "林婧"},
        )
        _, html = page(client, certificate)
        assert "verdict--replaced" in html
        assert reverse("certificates:verify_token", args=[new.token]) in html
        assert "verdict--valid" in page(client, new)[1]

    def test_unknown(self, client, db):
        response = client.get(reverse("certificates:verify_token", args=["x" * 22]))
        assert response.status_code == 404
        assert "verdict--unknown" in response.content.decode()

    def test_while_the_pdf_is_being_made_the_state_is_known(self, client, db):
        certificate = services.award(completion=CompletionFactory())
        response, html = page(client, certificate)
        assert response.status_code == 200
        assert "verdict--valid" in html

    def test_a_stored_file_that_was_touched_is_told(self, client, certificate):
        with default_storage.open(certificate.file, "r+b") as file:
            file.seek(2000)
            file.write(b"X")
        assert files.stored_is_intact(certificate) is False


class TestPrivacy:
    def test_nothing_personal_is_public(self, client, certificate, operator):
        services.revoke(certificate=certificate, by=operator, reason="holder_request", note="internal note")
        html = page(client, certificate)[1]
        body = client.get(reverse("api:verify-certificate", args=[certificate.token])).content.decode()
        for secret in SECRETS:
            assert secret not in html
            assert secret not in body

    def test_it_is_never_indexed_or_kept(self, client, certificate):
        response, html = page(client, certificate)
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert "no-store" in response["Cache-Control"]
        assert '<meta name="robots" content="noindex' in html

    def test_one_query_and_few_more_whatever_the_state(
        self, client, certificate, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(3):
            page(client, certificate)


class TestSearch:
    def post(self, client, number, surname="林"):
        return client.post(reverse("certificates:verify"), {"number": number, "surname": surname})

    def test_the_empty_form(self, client, db):
        assert client.get(reverse("certificates:verify")).status_code == 200

    @pytest.mark.parametrize("surname", ["林", "林静", "lin", "LIN", " Lin "])
    def test_number_and_surname_find_it(self, client, certificate, surname):
        response = self.post(client, certificate.number.lower(), surname)
        assert response.status_code == 302
        assert response["Location"] == reverse("certificates:verify_token", args=[certificate.token])

    def test_the_link_needs_no_surname(self, client, certificate):
        response = self.post(client, f"http://example.test/v/{certificate.token}/", "")
        assert response["Location"] == reverse("certificates:verify_token", args=[certificate.token])

    def test_a_number_alone_says_nothing(self, client, certificate):
        response = self.post(client, certificate.number, "")
        assert response.status_code == 422
        assert certificate.token not in response.content.decode()

    def test_a_wrong_surname_and_an_unknown_number_look_the_same(self, client, certificate):
        wrong = self.post(client, certificate.number, "王")
        unknown = self.post(client, "HJY-2026-B1-000999-0", "王")
        assert wrong.status_code == unknown.status_code == 404
        assert certificate.token not in wrong.content.decode()

    @pytest.mark.parametrize("number", ["", "x" * 300, "'; drop table", "/v/", "http://[bad", "\x00"])
    def test_nonsense_is_answered(self, client, db, number):
        assert self.post(client, number).status_code in (404, 422)

    def test_without_a_csrf_token_it_is_refused(self, db):
        strict = Client(enforce_csrf_checks=True)
        assert self.post(strict, "x").status_code == 403


class TestThrottle:
    @pytest.fixture(autouse=True)
    def _within_one_minute(self, monkeypatch):
        """Misses are counted by the minute of the clock, which must not turn in the middle of a test."""
        moment = timezone.now().replace(second=20)
        monkeypatch.setattr(throttle.timezone, "now", lambda: moment)

    def test_thirty_misses_a_minute_then_a_wait(self, client, certificate):
        for _ in range(30):
            assert TestSearch().post(client, "HJY-2026-B1-000999-0").status_code == 404
        response = TestSearch().post(client, certificate.number)
        assert response.status_code == 429
        assert 0 < int(response["Retry-After"]) <= 60

    def test_right_links_go_on_working(self, client, certificate):
        for _ in range(40):
            client.get(reverse("certificates:verify_token", args=["wrong-token"]))
        assert client.get(reverse("certificates:verify_token", args=["wrong-token"])).status_code == 429
        assert page(client, certificate)[0].status_code == 200
        assert client.get(reverse("api:verify-certificate", args=[certificate.token])).status_code == 200
        refused = client.get(reverse("api:verify-certificate", args=["wrong-token"]))
        assert refused.status_code == 429
        assert refused.json()["status"] == 429

    def test_another_address_is_not_held_up(self, client, certificate, rf):
        for _ in range(30):
            throttle.count_miss(rf.get("/", REMOTE_ADDR="10.0.0.1"))
        assert throttle.is_exhausted(rf.get("/", REMOTE_ADDR="10.0.0.1"))
        assert not throttle.is_exhausted(rf.get("/", REMOTE_ADDR="10.0.0.2"))

    def test_finding_is_not_counted(self, client, certificate):
        for _ in range(40):
            assert TestSearch().post(client, certificate.number).status_code == 302


class TestFiles:
    def upload(self, client, content, name="c.pdf"):
        return client.post(reverse("certificates:verify_file"), {"file": SimpleUploadedFile(name, content)})

    def pdf(self, certificate):
        return default_storage.open(certificate.file).read()

    def test_the_issued_file(self, client, certificate):
        response = self.upload(client, self.pdf(certificate))
        assert response.context["verdict"] == "file_issued"
        assert response.context["public"].number == certificate.number

    def test_a_tampered_file(self, client, certificate):
        content = bytearray(self.pdf(certificate))
        content[len(content) // 2] ^= 1
        response = self.upload(client, bytes(content))
        assert response.context["verdict"] == "file_altered"
        assert response.context["public"] is None

    def test_a_file_of_a_revoked_certificate_says_revoked(self, client, certificate, operator):
        content = self.pdf(certificate)
        services.revoke(certificate=certificate, by=operator, reason="issued_in_error", note="x")
        response = self.upload(client, content)
        assert response.context["verdict"] == "file_issued"
        assert response.context["public"].status == "revoked"

    def test_a_file_rendered_before_is_genuine(self, client, certificate, operator):
        content = self.pdf(certificate)
        services.render_again(certificate=certificate, by=operator)
        services.render(certificate_id=certificate.pk)
        certificate.refresh_from_db()
        assert self.pdf(certificate) != content
        response = self.upload(client, content)
        assert response.context["verdict"] == "file_genuine"
        assert response.context["public"].number == certificate.number

    def test_the_credential(self, client, certificate):
        body = json.dumps(certificate.credential, ensure_ascii=False).encode()
        assert self.upload(client, body, "c.json").context["verdict"] == "file_issued"
        changed = body.replace("林静".encode(), "王静".encode())
        assert self.upload(client, changed, "c.json").context["verdict"] == "file_altered"

    def test_our_credential_in_another_sheet_is_altered(self, certificate):
        content = self.pdf(certificate)
        data = sheet.data(certificate.facts, facts_digest="00" * 32, verify_url="http://x.test/")
        data["credential"] = json.dumps(certificate.credential)
        assert files.check(press.pdf(data)).verdict == "altered"
        assert files.check(content).verdict == "issued"

    @pytest.mark.parametrize(
        ("content", "verdict"),
        [
            (b"", "unreadable"),
            (b"GIF89a", "unreadable"),
            (b"%PDF-1.7 nothing", "foreign"),
            (b"{}", "unreadable"),
            (b'{"proof": {}}', "altered"),
            (b"{" * 100_000, "unreadable"),
            (b"\xef\xbb\xbf{not json", "unreadable"),
        ],
    )
    def test_anything_else(self, db, content, verdict):
        assert files.check(content).verdict == verdict

    def test_too_large_and_missing_are_told(self, client, db):
        response = self.upload(client, b"%PDF" + b"0" * files.MAX_BYTES)
        assert response.status_code == 422
        assert client.post(reverse("certificates:verify_file")).status_code == 422
        assert client.get(reverse("certificates:verify_file")).status_code == 405

    @given(st.binary(max_size=400))
    def test_no_bytes_break_it(self, content):
        # No certificate is looked up for what carries no signature, so no database is needed.
        if b"%PDF-" not in content[:1024]:
            assert files.check(content).verdict in ("unreadable", "altered", "foreign")


class TestApi:
    def test_it_answers_programs(self, client, certificate):
        response = client.get(reverse("api:verify-certificate", args=[certificate.token]))
        body = response.json()
        assert response.status_code == 200
        assert body["status"] == "valid"
        assert body["holder"] == "林*"
        assert body["is_file_intact"] is True
        assert body["issued_on"] == timezone.localdate().isoformat()
        assert response["X-Robots-Tag"] == "noindex, nofollow"

    def test_unknown_is_a_problem(self, client, db):
        response = client.get(reverse("api:verify-certificate", args=["nope"]))
        assert response.status_code == 404
        assert response["Content-Type"].startswith("application/problem+json")
        assert response.json()["type"].endswith("unknown_certificate")


def test_without_end_it_never_expires(db):
    enrolment = EnrolmentFactory(edition=EditionFactory(validity_months=None), completed=True)
    certificate = services.award(completion=CompletionFactory(enrolment=enrolment))
    assert queries.status_of(certificate, date(2199, 1, 1)) == "valid"
