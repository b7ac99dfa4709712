"""The level of churn: how far the churn rate of each cutoff lies from the mean probability that a model gives it.

Where the level moves from cutoff to cutoff, a model fitted on all of them gives probabilities of the past. Its order
of the customers may still be right, so only the level is adjusted, by an offset in log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.calibration import level_offset

Level = Literal["training", "newest", "season"]

MIN_CHURNED = 200
"Churned rows by which a level is measured: their rate is then known to about a fourteenth of itself."
YEAR_DAYS, SEASON_DAYS = 365, 45
"A cutoff belongs to the season of a day if it lies at most `SEASON_DAYS` from the same day a year earlier."


@dataclass(frozen=True, kw_only=True)
class LevelByCutoff:
    """Offsets in log-odds between a model's level and what happened; the arrays are (cutoffs,), oldest first."""

    days: NDArray[np.datetime64] = field(default_factory=lambda: np.empty(0, "datetime64[D]"))
    offsets: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    precisions: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    "One over the variance of each offset by chance."
    n_churned: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    newest_offset: float = 0.0
    "Of the newest cutoffs that together hold `MIN_CHURNED` churned rows, or of all."

    @classmethod
    def of(
        cls, log_odds: NDArray[np.float64], churned: NDArray[np.float64], *, cutoffs: NDArray[np.datetime64]
    ) -> Self:
        """From a model's log-odds of its training rows, (n,), and what happened."""
        days, codes = np.unique(cutoffs.astype("datetime64[D]"), return_inverse=True)
        n_churned = np.bincount(codes, weights=churned).astype(np.float64)
        is_newest = codes >= _first_of_newest(n_churned)
        probability = expit(log_odds)
        return cls(
            days=days,
            offsets=np.array(
                [level_offset(log_odds[codes == code], churned[codes == code]) for code in range(len(days))]
            ),
            # The variance of an offset by chance is that of the sum of the outcomes over the square of its slope.
            precisions=np.maximum(np.bincount(codes, weights=probability * (1 - probability)), 1e-9),
            n_churned=n_churned,
            newest_offset=level_offset(log_odds[is_newest], churned[is_newest]),
        )

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of the offset between cutoffs, without what chance explains."""
        if len(self.days) < 2:
            return 0.0
        excess = self.offsets.var(ddof=1) - (1 / self.precisions).mean()
        return float(np.sqrt(max(excess, 0.0)))

    def offsets_at(self, cutoffs: NDArray[np.datetime64], level: Level) -> NDArray[np.float64]:
        """What is added to the log-odds of rows at these cutoffs, (n,)."""
        if level == "training":
            return np.zeros(len(cutoffs))
        if level == "newest":
            return np.full(len(cutoffs), self.newest_offset)
        days, codes = np.unique(cutoffs.astype("datetime64[D]"), return_inverse=True)
        return np.array([self._season_offset(day) for day in days])[codes]

    def dump(self) -> dict[str, Any]:
        """The state for JSON; `load` is the inverse."""
        arrays = {name: getattr(self, name).tolist() for name in ("offsets", "precisions", "n_churned")}
        return {"days": self.days.astype(str).tolist(), **arrays, "newest_offset": self.newest_offset}

    @classmethod
    def load(cls, state: dict[str, Any]) -> Self:
        """The inverse of `dump`; an artifact without the state has its level in the calibration."""
        arrays = {name: np.array(state[name]) for name in ("offsets", "precisions", "n_churned") if name in state}
        days = np.array(state.get("days", []), "datetime64[D]")
        return cls(days=days, **arrays, newest_offset=state.get("newest_offset", 0.0))

    def _season_offset(self, day: np.datetime64) -> float:
        """The offset of the cutoffs around the same day a year earlier; the newest one where they hold too few."""
        distance = np.abs((self.days - day).astype(np.int64) + YEAR_DAYS)
        is_season = distance <= SEASON_DAYS
        if self.n_churned[is_season].sum() < MIN_CHURNED:
            return self.newest_offset
        return float(np.average(self.offsets[is_season], weights=self.precisions[is_season]))


def _first_of_newest(churned_by_cutoff: NDArray[np.float64]) -> int:
    """The code of the oldest cutoff that the newest level needs."""
    from_newest = np.cumsum(churned_by_cutoff[::-1])
    return max(len(from_newest) - 1 - int(np.searchsorted(from_newest, MIN_CHURNED)), 0)
