"""What every benchmark shares: rows with their baseline, a table, and `var/bench/NAME.json`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one piece of work.

    `at_most` and `at_least` are promises about the ratio, or about the value where there is no baseline.
    """

    work: str
    figure: str
    unit: str
    value: float
    baseline: str | None = None
    baseline_value: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value over the baseline's; None where there is none."""
        return self.value / self.baseline_value if self.baseline_value else None

    @property
    def keeps(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        if self.at_most is None and self.at_least is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return (self.at_most is None or judged <= self.at_most) and (
            self.at_least is None or judged >= self.at_least
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the row as it is written to the file."""
        return {
            "work": self.work,
            "figure": self.figure,
            "unit": self.unit,
            "value": round(self.value, 4),
            "baseline": self.baseline,
            "baseline_value": None if self.baseline_value is None else round(self.baseline_value, 4),
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "at_most": self.at_most,
            "at_least": self.at_least,
        }


@dataclass
class Report:
    """The rows of one benchmark."""

    name: str
    say: Callable[[str], object]
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Keep a row and show it as progress."""
        self.rows.append(row)
        self.say(f"  {row.work}: {row.figure} {row.value:,.4g} {row.unit}")

    def write(self) -> Path:
        """Print the table and write the file; return its path."""
        lines = [("work", "figure", "value", "unit", "baseline", "value", "ratio", "promise", "")]
        for row in self.rows:
            promise = f"<= {row.at_most:g}" if row.at_most is not None else ""
            promise = f">= {row.at_least:g}" if row.at_least is not None else promise
            lines.append(
                (
                    row.work,
                    row.figure,
                    f"{row.value:,.4g}",
                    row.unit,
                    row.baseline or "",
                    "" if row.baseline_value is None else f"{row.baseline_value:,.4g}",
                    "" if row.ratio is None else f"{row.ratio:.3f}",
                    promise,
                    {True: "kept", False: "MISSED", None: ""}[row.keeps],
                )
            )
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        self.say("")
        for line in lines:
            self.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        path = Path(settings.VAR) / "bench" / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([row.as_dict() for row in self.rows], ensure_ascii=False, indent=1) + "\n")
        self.say(f"\nwritten to {path}")
        return path
