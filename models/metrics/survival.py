"""Metrics of churn curves on a later test period, in which customers were observed for different times.

    integrated_brier       mean squared error of P(churn by t), averaged over t (Graf et al. 1999)
    auc@3m                 P(a customer who churned within 3 months ranks above one who stayed longer) (Uno et al. 2007)
    calibration_error@3m   distance between P and the Kaplan-Meier churn rate, over fifths of the customers
    cause_share_error@12m  the largest error of a cause's share of churn

A month is 30 days here. Times are right-censored, and every figure is computed for many bootstrap samples at once,
given as weights (samples, rows):

    T   the end of the day on which a customer churned, or of the last day observed
    S   Kaplan-Meier: the share that has not churned
    G   the same for censoring: a customer who churned at T has weight 1 / G(T-), one who stayed beyond t has 1 / G(t-)

(Graf et al. 1999; Kaplan & Meier 1958.) On one day, churn comes before the end of observation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.intervals import N_RESAMPLES, estimate_intervals
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.risk_curves import RiskCurves
from core.survival import TimeToEvent
from core.window import DAYS_PER_HORIZON_MONTH
from models.metrics.churn.data import calibration_bins
from models.metrics.weighted import RankedRows, ratio

EVALUATED_MONTHS = (1, 3, 6, 12)
N_BINS = 5
"Of the calibration error: with more bins, the noise of few customers would be most of it."

INTEGRATED_BRIER = "integrated_brier"

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"From weights (samples, rows) to (samples,)."


@dataclass(frozen=True)
class CensoredTimes:
    """When each of (n,) rows churned or was last observed."""

    days: NDArray[np.float64]
    "T, (n,)."
    is_event: NDArray[np.bool_]
    "(n,) churned at T; otherwise observed until T."

    @classmethod
    def of(cls, outcomes: Labels) -> Self:
        """The times of these outcomes."""
        return cls(np.where(outcomes.churned, outcomes.days_to_churn + 1, outcomes.days_observed), outcomes.churned)

    def take(self, rows: NDArray[Any]) -> CensoredTimes:
        """The rows that an index array or mask selects."""
        return CensoredTimes(self.days[rows], self.is_event[rows])

    @cached_property
    def _time_to_event(self) -> TimeToEvent:
        return TimeToEvent.of_one_cause(self.days, self.is_event)

    def survival(self, weights: NDArray[np.float64], days: float) -> NDArray[np.float64]:
        """S(days): the share that has not churned by then, (samples,). It is constant after the last day observed."""
        return self._time_to_event.kaplan_meier(weights).at(days)

    def ipc_weights(self, weights: NDArray[np.float64], days: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weights of rows that churned by `days` and of rows that stayed so long, (samples, n) each."""
        observed = self._time_to_event.censoring(weights)
        has_churned = self.is_event & (self.days <= days)
        has_stayed = np.where(self.is_event, self.days > days, self.days >= days)
        until_then = observed.before(days)[:, None]
        return (
            ratio(weights * has_churned, observed.before(self.days), otherwise=0.0),
            ratio(weights * has_stayed, np.broadcast_to(until_then, weights.shape), otherwise=0.0),
        )


def months_within(horizon_days: int) -> tuple[int, ...]:
    """The months among 1, 3, 6 and 12 that a horizon reaches."""
    return tuple(m for m in EVALUATED_MONTHS if m * DAYS_PER_HORIZON_MONTH <= horizon_days)


def survival_metrics(
    model: str,
    curves: RiskCurves,
    *,
    outcomes: Labels,
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[Metric, ...]:
    """Every metric of one model's curves, with its interval over customers."""
    statistics = EvaluatedCurves.of(curves, outcomes).statistics()
    values = estimate_intervals(
        lambda weights: np.column_stack([statistic(weights) for statistic in statistics.values()]),
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
        distances=[place for place, name in enumerate(statistics) if name.startswith("calibration_error")],
    )
    return tuple(
        Metric(model=model, name=name, estimate=value, split=split)
        for name, value in zip(statistics, values, strict=True)
    )


def compare_curves(
    model: str,
    against: str,
    *,
    curves: RiskCurves,
    curves_against: RiskCurves,
    outcomes: Labels,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """How much lower the first model's integrated Brier score is on the same customers; positive means better."""
    one, other = EvaluatedCurves.of(curves, outcomes), EvaluatedCurves.of(curves_against, outcomes)
    (estimate,) = estimate_intervals(
        lambda weights: (other.integrate_brier(weights) - one.integrate_brier(weights))[:, None],
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
    )
    return Comparison(model=model, against=against, name=INTEGRATED_BRIER, difference=estimate)


@dataclass(frozen=True)
class EvaluatedCurves:
    """Curves and outcomes; every statistic takes weights (samples, rows) and gives (samples,)."""

    curves: RiskCurves
    times: CensoredTimes
    cause: NDArray[np.str_]
    "(n,) the churn cause of each row, '' where none was stated."

    @classmethod
    def of(cls, curves: RiskCurves, outcomes: Labels) -> EvaluatedCurves:
        """Raises BadInput where rows do not match, or where no customer was observed for one period."""
        if len(curves) != len(outcomes) or not len(outcomes):
            raise BadInput(f"{len(curves)} curves and {len(outcomes)} outcomes are not the same rows; align them")
        if outcomes.days_observed.max() < curves.period_days:
            raise BadInput(f"no customer was observed for {curves.period_days} days; evaluate at an earlier cutoff")
        return cls(curves, CensoredTimes.of(outcomes), outcomes.cause)

    @property
    def last_day(self) -> int:
        """The last day that both the curves and the observations reach."""
        return int(min(self.curves.horizon_days, self.times.days.max()))

    @property
    def _brier_days(self) -> list[int]:
        """Day 0 and the ends of periods within the last day."""
        return [0, *(int(day) for day in self.curves.days if day <= self.last_day)]

    def statistics(self) -> dict[str, Statistic]:
        """Every statistic by name; those at 1, 3, 6 and 12 months as far as the observations reach."""
        statistics: dict[str, Statistic] = {INTEGRATED_BRIER: self.integrate_brier}
        for months in months_within(self.last_day):
            for name, statistic in self.statistics_at(months * DAYS_PER_HORIZON_MONTH).items():
                statistics[f"{name}@{months}m"] = statistic
        if self.curves.causes and months_within(self.last_day):
            months = months_within(self.last_day)[-1]
            statistics[f"cause_share_error@{months}m"] = self.cause_share_error(months * DAYS_PER_HORIZON_MONTH)
        return statistics

    def statistics_at(self, days: int) -> dict[str, Statistic]:
        """The statistics of one horizon."""
        risk = self.curves.at(days)
        return {
            "brier": lambda weights: self.brier(weights, days),
            "auc": self.auc(days),
            "calibration_error": self.calibration_error(days),
            "mean_probability": lambda weights: ratio(weights @ risk, weights.sum(axis=1)),
            "observed_rate": lambda weights: 1.0 - self.times.survival(weights, days),
        }

    def brier(self, weights: NDArray[np.float64], days: int) -> NDArray[np.float64]:
        """Mean squared error of the risk, with inverse-probability-of-censoring weights."""
        churned, stayed = self.times.ipc_weights(weights, days)
        risk = self.curves.at(days)
        return ratio(churned @ (1.0 - risk) ** 2 + stayed @ risk**2, weights.sum(axis=1))

    def integrate_brier(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The Brier score averaged over time from day 0, where it is 0, by trapezoids between the ends of periods."""
        days = self._brier_days
        scores = np.column_stack([np.zeros(len(weights)), *(self.brier(weights, day) for day in days[1:])])
        return np.asarray(np.trapezoid(scores, days, axis=1)) / days[-1]

    def score_rows(self) -> NDArray[np.float64]:
        """What each row adds to the integrated Brier score, (n,); their mean is the score."""
        n = len(self.curves)
        scores = [np.zeros(n)]
        for day in self._brier_days[1:]:
            churned, stayed = (weights[0] for weights in self.times.ipc_weights(np.ones((1, n)), day))
            risk = self.curves.at(day)
            scores.append(churned * (1.0 - risk) ** 2 + stayed * risk**2)
        return np.asarray(np.trapezoid(scores, self._brier_days, axis=0)) / self._brier_days[-1]

    def auc(self, days: int) -> Statistic:
        """Cumulative/dynamic AUC: customers who churned by the day against customers who stayed, weighted as above."""
        ranked = RankedRows.of(self.curves.at(days), self.times.is_event & (self.times.days <= days))

        def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            churned, stayed = self.times.ipc_weights(weights, days)
            return ranked.groups(churned + stayed).auc()

        return statistic

    def calibration_error(self, days: int) -> Statistic:
        """Mean distance between the risk and the Kaplan-Meier churn rate, over bins with equal numbers of rows."""
        risk = self.curves.at(days)
        bins = calibration_bins(risk, N_BINS)
        members = [np.flatnonzero(bins == each) for each in np.unique(bins)]
        parts = [(rows, risk[rows], self.times.take(rows)) for rows in members]

        def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            summed = np.zeros(len(weights))
            for rows, risk_of_bin, times in parts:
                of_bin = weights[:, rows]
                total = of_bin.sum(axis=1)
                observed = 1.0 - times.survival(of_bin, days)
                summed += np.abs(of_bin @ risk_of_bin - total * observed)
            return ratio(summed, weights.sum(axis=1))

        return statistic

    def cause_share_error(self, days: int) -> Statistic:
        """The largest distance between a cause's share of the risk and its share of churn with a stated cause."""
        predicted, causes = self.curves.causes_at(days), self.curves.causes
        is_cause = np.column_stack([self.cause == cause for cause in causes]).astype(np.float64)

        def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            churned, _ = self.times.ipc_weights(weights, days)
            return np.abs(_shares(weights @ predicted) - _shares(churned @ is_cause)).max(axis=1)

        return statistic


def _shares(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    total = amounts.sum(axis=1, keepdims=True)
    return ratio(amounts, np.broadcast_to(total, amounts.shape))
