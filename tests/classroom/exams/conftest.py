"""Set-up that the exam's tests share."""

from collections.abc import Callable
from typing import Any

import pytest

from classroom.enrolment.models import Enrolment
from classroom.exams import services
from classroom.exams.models import Attempt
from courses.questions.models import QuestionVersion
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory


@pytest.fixture
def enrolled(db: None) -> Callable[..., Enrolment]:
    """Return a maker of enrolments on an exam of four questions; keywords change the exam."""

    def make(**exam: Any) -> Enrolment:
        edition = complete_edition(videos=0, reading=False)
        for name, value in exam.items():
            setattr(edition.exam, name, value)
        edition.exam.save()
        return EnrolmentFactory(edition=edition)

    return make


@pytest.fixture
def sit() -> Callable[..., Attempt]:
    """Return a function that starts an attempt, answers `right` questions rightly, and hands it in."""

    def run(enrolment: Enrolment, *, right: int = 0, hand_in: bool = True, **more: Any) -> Attempt:
        attempt = services.start_attempt(enrolment=enrolment, **more)
        for item in attempt.paper[:right]:
            services.save_answer(
                attempt=attempt,
                version_id=item["version"],
                choice=QuestionVersion.objects.get(pk=item["version"]).answers,
                is_flagged=False,
                revision=1,
                **more,
            )
        return services.submit(attempt=attempt, **more) if hand_in else attempt

    return run
