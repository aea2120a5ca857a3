"""Puts the cast on stage: accounts, institutions, memberships, posts, grants. Safe to repeat."""

from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from classroom.institutions.models import (
    CmaCertificate,
    Institution,
    Membership,
    Post,
    RegulatorGrant,
    SupervisingAuthority,
)
from classroom.people.demo import DEMO_PASSWORD
from classroom.people.models import User
from classroom.people.services import register_person
from config.demo import cast

_WHY = "the demo fills itself in"


def people() -> dict[str, User]:
    """Make what is missing of the cast and return everybody by e-mail."""
    today = timezone.localdate()
    houses = {house.key: _institution(house, index, today) for index, house in enumerate(cast.HOUSES)}
    players = [*cast.ACCOUNTS, *cast.staff()]
    found = {user.email: user for user in User.objects.filter(email__in=[p.email for p in players])}
    # One hash for all: the password is public anyway, and hashing eighty times takes half a minute.
    password = make_password(DEMO_PASSWORD)
    for index, player in enumerate(players):
        if player.email in found:
            continue
        # Whole or not at all: killed between two steps, a person would have no institution for ever.
        with transaction.atomic():
            user = register_person(name=player.name, email=player.email, romanised_name=player.romanised)
            User.objects.filter(pk=user.pk).update(password=password)
            _place(user, player, houses, today - timedelta(days=400 + 37 * (index % 23)))
        found[player.email] = user
    return {email: user for email, user in found.items() if email}


def _institution(house: cast.House, index: int, today: date) -> Institution:
    authority = SupervisingAuthority.objects.get(code=house.authority)
    institution, _ = Institution.objects.unscoped(_WHY).get_or_create(
        uscc=house.uscc,
        defaults={
            "name": house.name,
            "short_name": house.short_name,
            "name_en": house.name_en,
            "admin_division": house.division,
            "supervising_authority": authority,
        },
    )
    # By institution and not by number, which holds the year: a later start must not issue a second one.
    if not institution.cma_certificates.exists():
        issued = today - timedelta(days=365 * (index % 5) + 120 + 11 * index)
        CmaCertificate.objects.create(
            institution=institution,
            number=f"{issued:%y}0920340{index + 1:03d}",
            issued_on=issued,
            # Six years: Article 13 of the administrative measures for CMA.
            valid_until=issued.replace(year=issued.year + 6, day=min(issued.day, 28)),
        )
    return institution


def _place(user: User, player: cast.Person, houses: dict[str, Institution], since: date) -> None:
    for name in player.groups:
        user.groups.add(Group.objects.get(name=name))
    if player.groups:
        User.objects.filter(pk=user.pk).update(is_staff=True)
    if player.house:
        membership = Membership.objects.create(
            user=user,
            institution=houses[player.house],
            role=Membership.Role.MANAGER if player.is_manager else Membership.Role.STAFF,
            department=player.department,
            started_on=since,
        )
        for kind in player.posts:
            Post.objects.create(membership=membership, kind=kind, started_on=since)
    if player.authority:
        RegulatorGrant.objects.create(
            user=user, authority=SupervisingAuthority.objects.get(code=player.authority), started_on=since
        )
