"""Finding by number and surname, and by token: who fits, who does not, one character flipped anywhere."""

import string

import pytest
from django.urls import reverse

from classroom.certificates import queries, services
from tests.classroom.certificates.samples import sample_facts
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.people import UserFactory

NUMBER = "HJY-2026-B1-000123-8"


def issued_to(name, romanised=""):
    facts = sample_facts(holder={"name": name, "romanised": romanised, "document": ""})
    return CertificateFactory(number=NUMBER, facts=facts)


@pytest.mark.django_db
class TestSurname:
    @pytest.mark.parametrize(
        ("name", "romanised", "typed"),
        [
            ("林静", "LIN Jing", "林"),
            ("林静", "LIN Jing", "林静"),
            ("林静", "LIN Jing", "林 静"),
            ("林静", "LIN Jing", "Lin"),
            ("林静", "LIN Jing", "linjing"),
            ("欧阳静", "OUYANG Jing", "欧阳"),
            ("欧阳静", "OUYANG Jing", "ouyang"),
            ("阿卜杜拉·买买提", "Abodula Maimaiti", "阿卜杜拉"),
            ("阿卜杜拉·买买提", "Abodula Maimaiti", "阿卜杜拉·买买提"),
            ("阿卜杜拉·买买提", "Abodula Maimaiti", "maimaiti"),
            ("John Smith", "", "Smith"),
            ("John Smith", "", "john smith"),
            ("林", "", "林"),
            ("䶮㛃", "YAN Jie", "䶮"),
        ],
    )
    def test_what_the_holder_would_call_a_surname_fits(self, name, romanised, typed):
        certificate = issued_to(name, romanised)
        assert queries.by_number(NUMBER, typed) == certificate

    @pytest.mark.parametrize(
        ("name", "romanised", "typed"),
        [
            ("林静", "LIN Jing", ""),
            ("林静", "LIN Jing", "  "),
            ("林静", "LIN Jing", "静"),
            ("林静", "LIN Jing", "林婧"),
            ("林静", "LIN Jing", "林静静"),
            ("林静", "LIN Jing", "Li"),
            ("林静", "", "Lin"),
            ("John Smith", "", "Smi"),
            ("John Smith", "", "·"),
            ("阿卜杜拉·买买提", "", "买买提"),
        ],
    )
    def test_anything_else_looks_like_an_unknown_number(self, name, romanised, typed):
        issued_to(name, romanised)
        assert queries.by_number(NUMBER, typed) is None

    @pytest.mark.parametrize("letter", list(string.ascii_letters + "*%_.?"))
    def test_no_single_letter_or_wildcard_opens_a_number(self, letter):
        """Or else twenty-six tries a number would go through them all."""
        issued_to("林静", "LIN Jing")
        assert queries.by_number(NUMBER, letter) is None


@pytest.mark.django_db
class TestToken:
    @pytest.fixture
    def certificate(self):
        return services.award(completion=CompletionFactory())

    def test_one_flipped_character_anywhere_finds_nothing(self, certificate):
        token = certificate.token
        for place, character in enumerate(token):
            other = "A" if character != "A" else "B"
            assert queries.by_token(token[:place] + other + token[place + 1 :]) is None
            assert queries.by_token(token[:place] + token[place + 1 :]) is None
        assert queries.by_token(token) == certificate

    def test_large_and_small_letters_are_not_the_same(self, certificate):
        assert queries.by_token(certificate.token.swapcase()) is None

    @pytest.mark.parametrize("token", ["", "\0", "a\0b", "a b", "令牌", "x" * 65, "%", "../x"])
    def test_what_can_be_no_token_is_not_looked_for(self, token, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert queries.by_token(token) is None

    @pytest.mark.parametrize("address", ["/v/%00/", "/v/a%00b/", "/api/verify/%00/", "/v/%E4%BB%A4/"])
    def test_such_an_address_is_an_unknown_one_and_no_fault(self, client, address):
        assert client.get(address).status_code == 404

    @pytest.mark.parametrize("number", ["%00", "a%00b", "HJY-2026-B1-000123-7", "x" * 300])
    def test_neither_is_a_number_that_is_none(self, client, number):
        client.force_login(UserFactory())
        for kind in ("pdf", "json"):
            assert client.get(f"/certificates/{number}.{kind}").status_code == 404
        assert client.get(f"/certificates/specimen/{number}.png").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "shown", "hidden"),
    [
        ("林静", "林*", "林静"),
        ("欧阳静怡", "欧***", "阳静怡"),
        ("阿卜杜拉·买买提", "阿*******", "买买提"),
        ("张 三丰", "张**", "三丰"),
        ("John Smith", "J*** S***", "Smith"),
        ("Ö", "Ö*", "Ö "),
    ],
)
def test_no_more_than_the_first_character_is_public(client, name, shown, hidden):
    certificate = services.award(completion=CompletionFactory(enrolment__user__name=name))
    html = client.get(reverse("certificates:verify_token", args=[certificate.token])).content.decode()
    body = client.get(reverse("api:verify-certificate", args=[certificate.token])).json()
    assert body["holder"] == shown
    assert shown in html
    assert hidden not in html


@pytest.mark.django_db
def test_a_chain_of_replacements_leads_step_by_step_to_the_one_in_force(client):
    operator = UserFactory(is_superuser=True)
    chain = [services.award(completion=CompletionFactory())]
    for name in ("甲某", "乙某", "丙某"):
        chain.append(
            services.replace(
                certificate=chain[-1], by=operator, reason="facts_corrected", note="x", changes={"name": name}
            )
        )
    states = []
    for old, new in zip(chain, [*chain[1:], None], strict=True):
        body = client.get(reverse("api:verify-certificate", args=[old.token])).json()
        states.append(body["status"])
        assert (body["replaced_by"], body["replaced_by_token"]) == (
            (new.number, new.token) if new else ("", "")
        )
    assert states == ["replaced", "replaced", "replaced", "valid"]
    assert [one.serial for one in chain] == list(range(chain[0].serial, chain[0].serial + 4))
