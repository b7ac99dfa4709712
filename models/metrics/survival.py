"""How good curves of leaving are, out of time, where customers were followed for different times.

    integrated_brier   mean squared distance between P(churn by t) and what happened, averaged over t (Graf et al. 1999)
    auc@3m             P(who left within 3 months is ranked above who stayed longer) (Uno et al. 2007)
    calibration_error@3m   distance between P and the Kaplan-Meier share that left, over fifths of the customers
    cause_share_error@12m  the largest distance of a cause's share of those who leave

A month is 30 days here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.intervals import estimate_intervals
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.risk_curves import RiskCurves
from models.metrics.censoring import Followed
from models.metrics.classification import calibration_bins
from models.metrics.weighted import RankedRows, ratio

MONTH_DAYS = 30
JUDGED_MONTHS = (1, 3, 6, 12)
N_BINS = 5
"Of the calibration error: with more, the noise of few customers would be most of it."

INTEGRATED_BRIER = "integrated_brier"

Figure = Callable[[np.ndarray], np.ndarray]
"From weights (samples, rows) to (samples,)."


def judged_months(horizon_days: int) -> tuple[int, ...]:
    """Of 1, 3, 6 and 12 months, those that a horizon reaches."""
    return tuple(m for m in JUDGED_MONTHS if m * MONTH_DAYS <= horizon_days)


def survival_metrics(
    model: str, curves: RiskCurves, outcomes: Labels, split: str = "test", n_resamples: int = 300, seed: int = 0
) -> tuple[Metric, ...]:
    """Every figure of one model's curves, with its interval over customers."""
    figures = JudgedCurves.of(curves, outcomes).figures()
    found = estimate_intervals(
        lambda weights: np.column_stack([figure(weights) for figure in figures.values()]),
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
        distances=[place for place, name in enumerate(figures) if name.startswith("calibration_error")],
    )
    return tuple(Metric(model, name, figure, split) for name, figure in zip(figures, found, strict=True))


def compare_curves(
    model: str,
    against: str,
    curves: RiskCurves,
    curves_against: RiskCurves,
    outcomes: Labels,
    n_resamples: int = 300,
    seed: int = 0,
) -> Comparison:
    """How much lower the first model's integrated Brier score is on the same customers; positive means better."""
    one, other = JudgedCurves.of(curves, outcomes), JudgedCurves.of(curves_against, outcomes)
    (found,) = estimate_intervals(
        lambda weights: (other.integrated_brier(weights) - one.integrated_brier(weights))[:, None],
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
    )
    return Comparison(model, against, INTEGRATED_BRIER, found)


@dataclass(frozen=True)
class JudgedCurves:
    """Curves beside what happened; every figure takes weights (samples, rows) and gives (samples,)."""

    curves: RiskCurves
    followed: Followed
    cause: np.ndarray
    "(n,) text: why each left, '' where unstated."

    @classmethod
    def of(cls, curves: RiskCurves, outcomes: Labels) -> JudgedCurves:
        """Raises BadInput where rows do not match, or where nobody was followed."""
        if len(curves) != len(outcomes) or not len(outcomes):
            raise BadInput(f"{len(curves)} curves and {len(outcomes)} outcomes are not the same rows; align them")
        if outcomes.days_observed.max() < curves.period_days:
            raise BadInput(f"nobody was followed for {curves.period_days} days; judge at an earlier cutoff")
        return cls(curves, Followed.of(outcomes), outcomes.cause)

    @property
    def reach_days(self) -> int:
        """How far both the curves and what happened go."""
        return int(min(self.curves.horizon_days, self.followed.days.max()))

    def figures(self) -> dict[str, Figure]:
        """Every figure by name; at 1, 3, 6 and 12 months as far as there is something to judge by."""
        found: dict[str, Figure] = {INTEGRATED_BRIER: self.integrated_brier}
        for months in judged_months(self.reach_days):
            for name, figure in self.at(months * MONTH_DAYS).items():
                found[f"{name}@{months}m"] = figure
        if self.curves.causes and judged_months(self.reach_days):
            months = judged_months(self.reach_days)[-1]
            found[f"cause_share_error@{months}m"] = self.cause_share_error(months * MONTH_DAYS)
        return found

    def at(self, days: int) -> dict[str, Figure]:
        """The figures of one horizon."""
        risk = self.curves.at(days)
        return {
            "brier": lambda weights: self.brier(weights, days),
            "auc": self.auc(days),
            "calibration_error": self.calibration_error(days),
            "mean_probability": lambda weights: ratio(weights @ risk, weights.sum(axis=1)),
            "observed_rate": lambda weights: 1.0 - self.followed.staying(weights, days),
        }

    def brier(self, weights: np.ndarray, days: int) -> np.ndarray:
        """Mean squared distance between the risk and what happened, each speaking for those unseen."""
        gone, there = self.followed.standing_for(weights, days)
        risk = self.curves.at(days)
        return ratio(gone @ (1.0 - risk) ** 2 + there @ risk**2, weights.sum(axis=1))

    def integrated_brier(self, weights: np.ndarray) -> np.ndarray:
        """The Brier score averaged over time from 0, where it is 0, by trapezia between the ends of periods."""
        days = [0, *(int(day) for day in self.curves.days if day <= self.reach_days)]
        scores = np.column_stack([np.zeros(len(weights)), *(self.brier(weights, day) for day in days[1:])])
        return np.asarray(np.trapezoid(scores, days, axis=1)) / days[-1]

    def auc(self, days: int) -> Figure:
        """Cumulative cases against who is still there, cases weighted for those unseen."""
        ranked = RankedRows.of(self.curves.at(days), self.followed.left & (self.followed.days <= days))

        def figure(weights: np.ndarray) -> np.ndarray:
            gone, there = self.followed.standing_for(weights, days)
            return ranked.groups(gone + there).auc()

        return figure

    def calibration_error(self, days: int) -> Figure:
        """Mean distance between the risk and the Kaplan-Meier share that left, over bins of equally many rows."""
        risk = self.curves.at(days)
        bins = calibration_bins(risk, N_BINS)
        members = [np.flatnonzero(bins == each) for each in np.unique(bins)]
        parts = [(rows, risk[rows], self.followed.take(rows)) for rows in members]

        def figure(weights: np.ndarray) -> np.ndarray:
            summed = np.zeros(len(weights))
            for rows, said, followed in parts:
                own = weights[:, rows]
                total = own.sum(axis=1)
                observed = 1.0 - followed.staying(own, days)
                summed += np.abs(own @ said - total * observed)
            return ratio(summed, weights.sum(axis=1))

        return figure

    def cause_share_error(self, days: int) -> Figure:
        """The largest distance between a cause's part of the risk and of those who left and said why."""
        said, causes = self.curves.causes_at(days), self.curves.causes
        stated = np.column_stack([self.cause == cause for cause in causes]).astype(np.float64)

        def figure(weights: np.ndarray) -> np.ndarray:
            gone, _ = self.followed.standing_for(weights, days)
            return np.abs(_shares(weights @ said) - _shares(gone @ stated)).max(axis=1)

        return figure


def _shares(amounts: np.ndarray) -> np.ndarray:
    total = amounts.sum(axis=1, keepdims=True)
    return ratio(amounts, np.broadcast_to(total, amounts.shape))
