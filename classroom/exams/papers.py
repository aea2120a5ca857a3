"""How a paper is drawn. Pure and repeatable: the same pools and seed give the same paper anywhere.

What is drawn and in which order follows from SHA-256 digests of the seed with the identifiers, not
from a library's generator, so that a paper can be checked later, in any language.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypedDict


class Section(TypedDict, total=False):
    """A part of an exam as the edition froze it."""

    kind: str
    count: int
    points: int | float | str
    pool: list[int]
    partial: bool


class PaperItem(TypedDict):
    """One question of a paper; `order` is the order in which this learner sees the options."""

    version: int
    kind: str
    points: str
    partial: bool
    order: list[str]


class PoolTooSmall(ValueError):
    """A section asks for more questions than its pool holds."""


def _rank(seed: str, *parts: object) -> str:
    return hashlib.sha256(":".join([seed, *map(str, parts)]).encode()).hexdigest()


def draw(sections: Sequence[Section], options: Mapping[int, Sequence[str]], seed: str) -> list[PaperItem]:
    """Draw `count` versions from each section's pool and shuffle their options.

    A version that several pools hold is drawn once: an answer belongs to one question of a paper.
    `options` gives the option keys of every version in the pools. The choices of true-or-false
    questions keep their order. Raises `PoolTooSmall`.
    """
    paper: list[PaperItem] = []
    taken: set[int] = set()
    for place, section in enumerate(sections):
        pool = sorted(set(section["pool"]) - taken)
        if len(pool) < section["count"]:
            raise PoolTooSmall(f"Section {place + 1} needs {section['count']} questions, has {len(pool)}.")
        drawn = sorted(pool, key=lambda version: _rank(seed, place, version))[: section["count"]]
        taken.update(drawn)
        for version in drawn:
            keys = list(options[version])
            if section["kind"] != "true_false":
                keys.sort(key=lambda key: _rank(seed, version, key))
            paper.append(
                PaperItem(
                    version=version,
                    kind=section["kind"],
                    points=str(section["points"]),
                    partial=bool(section.get("partial", False)),
                    order=keys,
                )
            )
    return paper
