"""Figures that have crossed a line which boards watch, and whether that is good or bad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from insights.report.figure import Figure, Figures

Level = Literal["bad", "caution", "good"]


@dataclass(frozen=True)
class Line:
    """One line: which figure, which side of it speaks, and what it means."""

    code: str
    "core/i18n has its text under `threshold.<code>`."
    name: str
    level: Level
    threshold: float
    below: bool
    "Whether it speaks below the threshold; otherwise above."

    def is_crossed(self, value: float) -> bool:
        """Whether a value lies on the side that speaks."""
        return value < self.threshold if self.below else value > self.threshold


@dataclass(frozen=True)
class Breach:
    """A line that a figure has crossed."""

    line: Line
    figure: Figure

    @property
    def is_sure(self) -> bool:
        """Whether the figure's whole interval lies beyond the line."""
        return self.figure.estimate.excludes(self.line.threshold)


LINES = (
    Line("grr_below_90", "grr", "bad", 0.90, below=True),
    Line("ltv_below_cac", "ltv_over_cac", "bad", 1.0, below=True),
    Line("ltv_below_3_cac", "ltv_over_cac", "caution", 3.0, below=True),
    Line("nrr_above_120", "nrr", "good", 1.20, below=False),
)
"Of several lines of one figure the first that is crossed is told."


def find_breaches(figures: Figures) -> tuple[Breach, ...]:
    """The lines that the year's figures have crossed, the bad first."""
    found: dict[str, Breach] = {}
    for line in LINES:
        figure = figures.one(line.name)
        if figure is not None and line.is_crossed(figure.value):
            found.setdefault(line.name, Breach(line, figure))
    order = {"bad": 0, "caution": 1, "good": 2}
    return tuple(sorted(found.values(), key=lambda one: order[one.line.level]))
