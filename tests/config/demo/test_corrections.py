"""The demo shows a correction that took effect and one that waits, and makes them once."""

import pytest

from classroom.certificates.models import Certificate
from classroom.completion.models import Correction
from classroom.enrolment.models import Enrolment
from classroom.reports.queries.corrections import to_decide
from config.demo.corrections import correct
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import AuthorityFactory, InstitutionFactory, RegulatorGrantFactory

WHY = "the test looks at the demo"


@pytest.mark.django_db
def test_one_is_approved_and_one_waits_for_the_district_however_often_it_is_filled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("classroom.reports.services.corrections.render_soon", lambda certificate: None)
    edition = EditionFactory(is_mandatory=True)
    for _ in range(3):
        EnrolmentFactory(edition=edition, institution=InstitutionFactory())
    people = {
        f"{name}@demo.example": RegulatorGrantFactory(authority=AuthorityFactory(code=code)).user
        for name, code in (("district", "SH-310115"), ("city", "SH"))
    }
    for _ in range(2):
        correct(people)
    assert list(Correction.objects.unscoped(WHY).order_by("pk").values_list("state", flat=True)) == [
        "approved", "proposed",
    ]  # fmt: skip
    assert to_decide(people["district@demo.example"]).count() == 1
    assert Certificate.objects.unscoped(WHY).get().facts["by_correction"] is True
    assert Enrolment.objects.unscoped(WHY).filter(state="completed").count() == 1


@pytest.mark.django_db
def test_where_nobody_is_under_way_nothing_is_made() -> None:
    correct({"district@demo.example": None, "city@demo.example": None})  # type: ignore[dict-item]
    assert not Correction.objects.unscoped(WHY).exists()
