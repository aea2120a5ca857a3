"""Certificates in the admin."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from classroom.certificates import services
from classroom.certificates.models import Certificate
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.people import UserFactory


@pytest.fixture
def reviewer(client, db):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="Reviewers"))
    client.force_login(person)
    return person


@pytest.fixture
def certificate(db):
    return services.award(completion=CompletionFactory())


def at(name, certificate):
    return reverse(name, args=[certificate.pk])


class TestFinding:
    def test_by_number_holder_and_state(self, client, reviewer, certificate):
        CertificateFactory(revoked=True)
        address = reverse("certificate_index")
        for words in (certificate.number, certificate.user.name, certificate.institution.name):
            html = client.get(address, {"q": words, "state": "issued"}).content.decode()
            assert certificate.number in html
        assert certificate.number not in client.get(address, {"state": "revoked"}).content.decode()
        assert certificate.number not in client.get(address, {"q": "nobody"}).content.decode()
        assert client.get(address, {"state": "'", "p": "x"}).status_code == 200

    def test_one_and_three_cost_the_same_queries(self, client, reviewer, django_assert_max_num_queries):
        counts = []
        # The first page of a process reads its content types and site; later ones know them.
        client.get(reverse("certificate_index"))
        for more in (1, 2):
            CertificateFactory.create_batch(more)
            with django_assert_max_num_queries(20) as queries:
                client.get(reverse("certificate_index"))
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestPermission:
    @pytest.mark.parametrize("group", ["Trainers", None])
    def test_others_are_kept_out_of_everything(self, client, certificate, group):
        person = UserFactory(is_staff=True)
        if group:
            person.groups.add(Group.objects.get(name=group))
        client.force_login(person)
        assert client.get(reverse("certificate_index")).status_code in (302, 403)
        assert client.get(at("certificate_detail", certificate)).status_code in (302, 403)
        for name in ("certificate_revoke", "certificate_replace", "certificate_render_again"):
            assert client.post(at(name, certificate)).status_code in (302, 403)
        certificate.refresh_from_db()
        assert certificate.state == "issued"


class TestActs:
    def test_revoke(self, client, reviewer, certificate):
        address = at("certificate_revoke", certificate)
        assert client.post(address, {"revoke-reason": "holder_request"}).status_code == 422
        client.post(address, {"revoke-reason": "holder_request", "revoke-note": "由本人提出"})
        certificate.refresh_from_db()
        assert (certificate.state, certificate.ended_by) == ("revoked", reviewer)
        assert (
            client.post(address, {"revoke-reason": "holder_request", "revoke-note": "x"}).status_code == 302
        )
        assert "由本人提出" in client.get(at("certificate_detail", certificate)).content.decode()

    def replace(self, client, certificate, name):
        fields = {"name": name, "romanised": "", "document": "", "institution": certificate.institution.name}
        fields |= {"reason": "facts_corrected", "note": "更名"}
        body = {f"replace-{key}": value for key, value in fields.items()}
        return client.post(at("certificate_replace", certificate), body)

    def test_replace(self, client, reviewer, certificate):
        assert self.replace(client, certificate, "").status_code == 422
        response = self.replace(client, certificate, "林婧")
        certificate.refresh_from_db()
        assert certificate.replaced_by.facts["holder"]["name"] == "林婧"
        assert response["Location"] == at("certificate_detail", certificate.replaced_by)

    def test_render_again(self, client, reviewer, certificate):
        services.render(certificate_id=certificate.pk)
        client.post(at("certificate_render_again", certificate))
        again = Certificate.objects.unscoped("test").get(pk=certificate.pk)
        assert again.rendering == "due"
        assert again.file
