"""What the tests of corrections share: a district, its two regulators, a learner under way and one complete."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from classroom.completion import services
from classroom.completion.models import Completion, Correction
from classroom.enrolment.models import Enrolment
from classroom.progress.models import LessonProgress
from tests.factories.catalogue import complete_edition
from tests.factories.completion import CompletionFactory, CreditEntryFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import AuthorityFactory, InstitutionFactory, RegulatorGrantFactory
from tests.learner import Learner


@dataclass
class Bureau:
    """Pudong with one institution: `first` and `second` supervise it, `city` all, `elsewhere` another district."""

    first: Any
    second: Any
    city: Any
    elsewhere: Any
    under_way: Enrolment
    complete: Enrolment

    def propose(self, **values: Any) -> Correction:
        """Let the first regulator propose to count the course as completed, unless said otherwise."""
        return services.propose(
            **{
                "enrolment": self.under_way,
                "by": self.first,
                "kind": Correction.Kind.GRANT,
                "reason": Correction.Reason.LOST_RECORDS,
                "text": "平台故障，记录丢失",
                "hours": Decimal("2.0"),
                "key": uuid.uuid4(),
                **values,
            }
        )

    def about_complete(self, kind: str, **values: Any) -> Correction:
        """Let the first regulator propose something about the completed enrolment."""
        return self.propose(**{"enrolment": self.complete, "kind": kind, "hours": None, **values})

    def decide(self, correction: Correction, **values: Any) -> Correction:
        """Let the second regulator approve, unless said otherwise."""
        given = {"by": self.second, "approves": True, "text": "已核对原始签到表", **values}
        return services.decide(correction=correction, **given).correction

    @property
    def completion(self) -> Completion:
        """The automatic decision."""
        return Completion.objects.unscoped("test").get(enrolment=self.complete)


@pytest.fixture
def bureau(db: None) -> Bureau:
    place = InstitutionFactory()
    edition = complete_edition(reading=False, exam=False)
    city, xuhui = (AuthorityFactory(code=code) for code in ("SH", "SH-310104"))
    complete = EnrolmentFactory(edition=edition, institution=place, completed=True)
    CreditEntryFactory(completion=CompletionFactory(enrolment=complete, credit_hours=Decimal("3.0")))
    return Bureau(
        first=RegulatorGrantFactory(user__name="周志远").user,
        second=RegulatorGrantFactory(user__name="李明").user,
        city=RegulatorGrantFactory(authority=city).user,
        elsewhere=RegulatorGrantFactory(authority=xuhui).user,
        under_way=EnrolmentFactory(edition=edition, institution=place),
        complete=complete,
    )


@pytest.fixture
def raised() -> Learner:
    """Progress was raised beside the evidence, and a course completed by it."""
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 30)
    for lesson in learner.enrolment.edition.lessons.all():
        raised = {"coverage": [[0, 180_000]], "covered_ms": 180_000, "furthest_ms": 180_000}
        LessonProgress.objects.update_or_create(enrolment=learner.enrolment, lesson=lesson, defaults=raised)
    assert services.settle(enrolment=learner.enrolment, now=learner.now) is not None
    return learner
