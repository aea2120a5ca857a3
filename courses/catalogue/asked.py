"""The questions that the lectures of a draft put, and what is wrong with one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from courses.catalogue.moments import read_moment
from courses.questions.models import Question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question at a moment, as a trainer wrote it: either may be missing in a draft."""

    key: str
    at: str
    at_ms: int | None
    question: Question | None

    @property
    def is_usable(self) -> bool:
        """Whether the question can still be asked."""
        one = self.question
        return one is not None and one.current_id is not None and one.retired_at is None


def asked_in(block: Any) -> list[Asked]:
    """Return what a lesson's block asks, in the order of the moments; those without a moment come first."""
    if block.block_type != "video":
        return []
    found = [
        Asked(str(one.id), one.value["at"] or "", read_moment(one.value["at"] or ""), one.value["question"])
        for one in block.value.get("questions") or ()
    ]
    return sorted(found, key=lambda asked: (asked.at_ms or 0, asked.key))


def keys_asked(block: Any) -> list[str]:
    """Return the keys of what a lesson's block asks, in the order of the editor, without any query."""
    if block.block_type != "video":
        return []
    return [str(one.get("id")) for one in getattr(block.value.get("questions"), "raw_data", ())]


def all_asked(page: Any) -> list[Asked]:
    """Return what all lectures of a page ask."""
    return [asked for block in page.lessons for asked in asked_in(block)]


def faults_of(block: Any, duration_ms: int | None) -> Iterator[tuple[str, str]]:
    """Yield `(code, moment)` for each question of a block that could not be put to a learner.

    Codes: `no_moment`, `after_end`, `twice`, `gone`. `duration_ms` is None where it is not known yet.
    """
    seen: set[int] = set()
    for asked in asked_in(block):
        if asked.at_ms is None:
            yield "no_moment", asked.at
        elif duration_ms is not None and asked.at_ms >= duration_ms:
            yield "after_end", asked.at
        elif asked.at_ms in seen:
            yield "twice", asked.at
        if not asked.is_usable:
            yield "gone", asked.at
        if asked.at_ms is not None:
            seen.add(asked.at_ms)
