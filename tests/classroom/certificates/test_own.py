"""One's own certificates, and who may open a file."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from classroom.certificates import services, signing
from classroom.certificates.models import Certificate
from tests.factories.catalogue import CourseFactory, complete_edition
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    AuthorityFactory,
    InstitutionFactory,
    ManagerFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory


@pytest.fixture
def certificate(db):
    institution = InstitutionFactory(supervising_authority=AuthorityFactory(code="SH-310104"))
    enrolment = EnrolmentFactory(institution=institution, completed=True)
    certificate = services.award(completion=CompletionFactory(enrolment=enrolment))
    services.render(certificate_id=certificate.pk)
    certificate.refresh_from_db()
    return certificate


@pytest.fixture
def awarded(db):
    """Award a certificate whose file is not there; `fields` say how its rendering stands."""

    def award(user=None, **fields):
        enrolment = EnrolmentFactory(user=user or UserFactory(), completed=True)
        certificate = services.award(completion=CompletionFactory(enrolment=enrolment))
        for name, value in fields.items():
            setattr(certificate, name, value)
        certificate.save()
        return certificate

    return award


def pdf_of(certificate):
    return reverse("certificates:pdf", args=[certificate.number])


class TestMine:
    def test_it_needs_a_sign_in(self, client, db):
        response = client.get(reverse("certificates:mine"))
        assert response.status_code == 302
        assert reverse("people:sign_in") in response["Location"]

    def test_without_any_it_says_what_to_do(self, client, db):
        client.force_login(UserFactory())
        assert "empty" in client.get(reverse("certificates:mine")).content.decode()

    def test_it_lists_ones_own_and_nobody_elses(self, client, certificate):
        other = CertificateFactory()
        client.force_login(certificate.user)
        html = client.get(reverse("certificates:mine")).content.decode()
        assert certificate.number in html
        assert pdf_of(certificate) in html
        assert certificate.token in html
        assert other.number not in html

    @pytest.mark.parametrize("state", ["due", "failed"])
    def test_a_pdf_that_is_not_there_yet_has_no_link(self, client, db, state):
        one = CertificateFactory(rendering=state)
        client.force_login(one.user)
        assert pdf_of(one) not in client.get(reverse("certificates:mine")).content.decode()

    def test_one_and_three_cost_the_same_queries(
        self, client, db, django_assert_num_queries, django_assert_max_num_queries
    ):
        user = UserFactory()
        client.force_login(user)
        counts = []
        for more in (1, 2):
            for _ in range(more):
                enrolment = EnrolmentFactory(user=user, completed=True)
                CertificateFactory(completion=CompletionFactory(enrolment=enrolment))
            with django_assert_max_num_queries(12) as queries:
                client.get(reverse("certificates:mine"))
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestFile:
    def test_the_holder_gets_it(self, client, certificate):
        client.force_login(certificate.user)
        response = client.get(pdf_of(certificate))
        content = b"".join(response.streaming_content)
        assert response["Content-Type"] == "application/pdf"
        assert "no-store" in response["Cache-Control"]
        assert signing.check_pdf(content).is_genuine
        assert "attachment" in client.get(pdf_of(certificate) + "?download")["Content-Disposition"]

    def test_so_do_the_manager_and_the_regulator_in_scope(self, client, certificate):
        for person in (
            ManagerFactory(institution=certificate.institution).user,
            RegulatorGrantFactory(authority=certificate.institution.supervising_authority).user,
        ):
            client.force_login(person)
            assert client.get(pdf_of(certificate)).status_code == 200

    def test_everybody_else_learns_nothing(self, client, certificate):
        for person in (
            UserFactory(),
            ManagerFactory().user,
            RegulatorGrantFactory(authority=AuthorityFactory(code="SH-310110")).user,
        ):
            client.force_login(person)
            assert client.get(pdf_of(certificate)).status_code == 404
            assert (
                client.get(reverse("certificates:credential", args=[certificate.number])).status_code == 404
            )
        client.logout()
        assert client.get(pdf_of(certificate)).status_code == 302

    def test_a_revoked_one_is_not_handed_out(self, client, certificate):
        operator = UserFactory(is_superuser=True)
        services.revoke(certificate=certificate, by=operator, reason="issued_in_error", note="x")
        client.force_login(certificate.user)
        assert client.get(pdf_of(certificate)).status_code == 404

    @pytest.mark.parametrize("name", ["pdf", "credential"])
    @pytest.mark.parametrize(
        ("language", "says"), [("en", "The PDF is not there yet"), ("zh-hans", "PDF 还没有生成")]
    )
    def test_one_that_is_being_made_says_so_in_place_of_a_404(self, client, awarded, name, language, says):
        one = awarded()
        client.force_login(one.user)
        client.cookies["django_language"] = language
        address = reverse(f"certificates:{name}", args=[one.number])
        response = client.get(address)
        html = response.content.decode()
        assert response.status_code == 202
        assert "no-store" in response["Cache-Control"]
        assert says in html
        assert one.number in html
        assert f'href="{address}"' in html

    def test_after_the_last_try_it_says_whom_to_ask_and_promises_nothing(self, client, awarded):
        tried = awarded(rendering="failed", render_due_at=timezone.now())
        spent = awarded(tried.user, rendering="failed", render_due_at=None)
        client.force_login(tried.user)
        client.cookies["django_language"] = "en"
        again, ask = "it is tried again by itself", "ask an operator"
        for one, says, other in ((tried, again, ask), (spent, ask, again)):
            html = client.get(pdf_of(one)).content.decode()
            assert says in html
            assert other not in html
        both = client.get(reverse("certificates:mine")).content.decode()
        assert both.count(ask) == both.count(again) == 1

    def test_that_one_is_being_made_is_told_to_its_readers_alone(self, client, awarded):
        one = awarded()
        for person, status, has_list in (
            (one.user, 202, True),
            (ManagerFactory(institution=one.institution).user, 202, False),
            (ManagerFactory().user, 404, False),
        ):
            client.force_login(person)
            response = client.get(pdf_of(one))
            assert response.status_code == status
            main = response.content.decode().split("<main")[1].split("</main>")[0]
            assert (f'href="{reverse("certificates:mine")}"' in main) == has_list
        services.revoke(
            certificate=one, by=UserFactory(is_superuser=True), reason="issued_in_error", note="x"
        )
        client.force_login(one.user)
        assert client.get(pdf_of(one)).status_code == 404

    def test_the_credential_is_the_signed_one(self, client, certificate):
        client.force_login(certificate.user)
        response = client.get(reverse("certificates:credential", args=[certificate.number]))
        assert signing.check_credential(json.loads(response.content)).is_genuine

    @pytest.mark.parametrize("number", ["x", "HJY-2026-B1-000123-8", "..%2f..%2fetc"])
    def test_an_unknown_number_is_not_found(self, client, db, number):
        client.force_login(UserFactory())
        assert client.get(f"/certificates/{number}.pdf").status_code == 404


class TestSpecimen:
    def test_it_is_a_public_picture_that_is_made_once(self, client, db, monkeypatch):
        complete_edition(course=CourseFactory(code="B1"))
        address = reverse("certificates:specimen", args=["B1"])
        first = client.get(address)
        assert first["Content-Type"] == "image/png"
        assert "public" in first["Cache-Control"]
        monkeypatch.setattr("classroom.certificates.press.picture", lambda *a, **k: pytest.fail("made twice"))
        assert client.get(address).content == first.content
        assert not Certificate.objects.unscoped("test").exists()

    def test_a_course_without_lectures_exam_or_end_has_one_too(self, client, db):
        complete_edition(course=CourseFactory(code="E1"), videos=0, exam=False, validity_months=None)
        assert client.get(reverse("certificates:specimen", args=["e1"])).status_code == 200

    def test_no_course_no_picture(self, client, db):
        CourseFactory(code="Z9")
        for code in ("Z9", "none"):
            assert client.get(reverse("certificates:specimen", args=[code])).status_code == 404
