"""What the tests of corrections by hand share: two regulators of one district, and what they do."""

from dataclasses import dataclass
from typing import Any

from classroom.completion.models import Correction
from classroom.reports.services import corrections as deciding
from tests.classroom.reports.worlds import World
from tests.factories.completion import CorrectionFactory

KIND = Correction.Kind
WHY = "the test looks at everybody's"


@dataclass
class Case:
    """The small city, a second regulator of the district, and what they do."""

    world: World
    second: Any

    def proposal(self, key: str = "late", **values: Any) -> Correction:
        return CorrectionFactory(
            **{"enrolment": self.world.enrolments[key], "proposed_by": self.world.district, **values}
        )

    def withdrawal(self, key: str = "done") -> Correction:
        return self.proposal(key, kind=KIND.WITHDRAW, hours=None)

    def decide(self, correction: Correction, **values: Any) -> Correction:
        given = {"by": self.second, "approves": True, "text": "已核对", **values}
        return deciding.decide(correction=correction, **given)
