"""Thresholds that boards watch, and the figures that crossed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from insights.report.figure import Figure, Figures

Level = Literal["bad", "caution", "good"]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A limit of one figure, and what it means to cross it."""

    code: str
    "core/i18n has its text under `threshold.<code>`."
    name: str
    "The figure."
    level: Level
    limit: float
    below: bool
    "Whether values below the threshold cross it; otherwise values above it."

    def is_crossed(self, value: float) -> bool:
        """Whether a value crosses the threshold."""
        return value < self.limit if self.below else value > self.limit


@dataclass(frozen=True)
class Breach:
    """A threshold that a figure has crossed."""

    threshold: Threshold
    figure: Figure

    @property
    def is_sure(self) -> bool:
        """Whether the whole interval of the figure is beyond the threshold."""
        return self.figure.estimate.excludes(self.threshold.limit)


THRESHOLDS = (
    Threshold(code="grr_below_90", name="grr", level="bad", limit=0.90, below=True),
    Threshold(code="ltv_below_cac", name="ltv_over_cac", level="bad", limit=1.0, below=True),
    Threshold(code="ltv_below_3_cac", name="ltv_over_cac", level="caution", limit=3.0, below=True),
    Threshold(code="nrr_above_120", name="nrr", level="good", limit=1.20, below=False),
)
"Of the thresholds of one figure, only the first that is crossed is reported."


def find_breaches(figures: Figures) -> tuple[Breach, ...]:
    """The thresholds that the figures of the year have crossed, bad ones first."""
    breaches: dict[str, Breach] = {}
    for threshold in THRESHOLDS:
        figure = figures.one(threshold.name)
        if figure is not None and threshold.is_crossed(figure.value):
            breaches.setdefault(threshold.name, Breach(threshold, figure))
    order = {"bad": 0, "caution": 1, "good": 2}
    return tuple(sorted(breaches.values(), key=lambda breach: order[breach.threshold.level]))
