"""Factories of the institutions room. Codes are synthetic and carry a right check digit."""

from datetime import date

import factory
from django.utils import timezone

from classroom.institutions.codes import uscc_check_digit
from classroom.institutions.models import (
    CmaCertificate,
    Institution,
    Membership,
    Post,
    RegulatorGrant,
    SupervisingAuthority,
)
from tests.factories.people import UserFactory

_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc(number: int, division: str = "310115") -> str:
    """Return a synthetic unified social credit code, valid in both check digits."""
    body = f"DEM{number:05d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(body, weights, strict=True))
    check = (11 - total % 11) % 11
    stem = f"Y1{division}{body}{'X' if check == 10 else check}"
    return stem + uscc_check_digit(stem)


class AuthorityFactory(factory.django.DjangoModelFactory):
    """The authorities of Shanghai come from a data migration; this finds one by its code."""

    class Meta:
        model = SupervisingAuthority
        django_get_or_create = ("code",)

    code = "SH-310115"
    name = factory.LazyAttribute(lambda o: f"监管部门 {o.code}")
    short_name = factory.LazyAttribute(lambda o: o.code)
    level = "district"
    path = factory.LazyAttribute(lambda o: f"/SH/{o.code}/")


class InstitutionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Institution

    uscc = factory.Sequence(uscc)
    name = factory.Sequence(lambda n: f"检测机构{n}（演示）有限公司")
    admin_division = "310115"
    supervising_authority = factory.SubFactory(AuthorityFactory)


class CmaCertificateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CmaCertificate

    institution = factory.SubFactory(InstitutionFactory)
    number = factory.Sequence(lambda n: f"23092034{n:04d}")
    issued_on = date(2023, 3, 1)
    valid_until = date(2029, 2, 28)


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    institution = factory.SubFactory(InstitutionFactory)
    role = "staff"
    started_on = date(2024, 1, 1)


class ManagerFactory(MembershipFactory):
    role = "manager"


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Post

    membership = factory.SubFactory(MembershipFactory)
    kind = "tester"
    started_on = date(2024, 1, 1)


class RegulatorGrantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RegulatorGrant

    user = factory.SubFactory(UserFactory)
    authority = factory.SubFactory(AuthorityFactory)
    started_on = factory.LazyFunction(lambda: timezone.localdate().replace(month=1, day=1))
