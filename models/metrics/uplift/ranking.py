"""Qini and AUUC: how well a score ranks customers by what a treatment changes, with intervals.

Customers are sorted by falling score; equal scores count together. Of the first k of n customers

    Q(k) = Y_T(k) - Y_C(k) * N_T(k) / N_C(k)         incremental outcomes among the treated (Radcliffe 2007)
    U(k) = (Y_T(k) / N_T(k) - Y_C(k) / N_C(k)) * k   incremental outcomes if all k had been treated

where N are customers and Y outcomes of the treated (T) and of the control group (C), each customer weighted by
1 / P(its group). With one propensity for all, the weights cancel out and the curves are the textbook ones.

    qini = (area below Q - area below the straight line to its end) / (the same of the perfect ranking)
    auuc = area below U / n^2, in outcomes per customer; a random ranking has half the average effect

The perfect ranking has treated customers with an outcome first and control customers with one last, which no model can
reach: a qini of .07 can be excellent. This normalisation is the one of scikit-uplift's `qini_auc_score`. A ranking by
chance has a qini of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.experiments import RandomisedRows
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from models.metrics.weighted import ratio

QINI, AUUC = "qini", "auuc"


@dataclass(frozen=True)
class RankedExperiment:
    """An experiment in the order of a score."""

    rows: RandomisedRows
    order: NDArray[np.int64]
    "(n,) row numbers, highest score first."
    starts: NDArray[np.int64]
    "(groups,) place of the first row of each score in that order."

    @classmethod
    def of(cls, score: NDArray[np.float64], rows: RandomisedRows) -> Self:
        """Sort the rows by a score, (n,)."""
        order = np.argsort(-score, kind="stable")
        return cls(rows, order, np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0))

    @classmethod
    def perfect(cls, rows: RandomisedRows) -> Self:
        """The best order that outcomes allow: the treated with an outcome first, control customers with one last."""
        return cls.of(np.where(rows.treated, rows.outcomes, -rows.outcomes), rows)

    def curve(self, weights: NDArray[np.float64]) -> UpliftCurve:
        """The sums down to each score, for weights (samples, n): how often each row counts."""
        treated, outcomes = self.rows.treated[self.order], self.rows.outcomes[self.order]
        counts = weights[:, self.order]
        of_arms = counts * self.rows.arm_weights[self.order]

        def sum_down(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.cumsum(np.add.reduceat(values, self.starts, axis=1), axis=1)

        return UpliftCurve(
            customers=sum_down(counts),
            treated=sum_down(of_arms * treated),
            control=sum_down(of_arms * ~treated),
            outcomes_treated=sum_down(of_arms * (treated * outcomes)),
            outcomes_control=sum_down(of_arms * (~treated * outcomes)),
        )


@dataclass(frozen=True)
class UpliftCurve:
    """Sums from the highest score down to each score; every array is (samples, groups)."""

    customers: NDArray[np.float64]
    "k."
    treated: NDArray[np.float64]
    "N_T."
    control: NDArray[np.float64]
    "N_C."
    outcomes_treated: NDArray[np.float64]
    "Y_T."
    outcomes_control: NDArray[np.float64]
    "Y_C."

    @property
    def incremental(self) -> NDArray[np.float64]:
        """Q: incremental outcomes among the treated."""
        return self.outcomes_treated - self.outcomes_control * ratio(self.treated, self.control, otherwise=0.0)

    @property
    def uplift(self) -> NDArray[np.float64]:
        """U: incremental outcomes if every customer so far had been treated."""
        with_treatment = ratio(self.outcomes_treated, self.treated, otherwise=0.0)
        return self.customers * (with_treatment - ratio(self.outcomes_control, self.control, otherwise=0.0))

    def area(self, heights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The area below a curve that starts at 0, by trapezoids over customers, (samples,)."""
        steps = np.diff(self.customers, axis=1, prepend=0.0)
        before = np.pad(heights[:, :-1], ((0, 0), (1, 0)))
        return ((heights + before) / 2 * steps).sum(axis=1)

    @property
    def area_over_random(self) -> NDArray[np.float64]:
        """The area between Q and the straight line from 0 to its end, (samples,)."""
        incremental = self.incremental
        return self.area(incremental) - incremental[:, -1] * self.customers[:, -1] / 2

    @property
    def auuc(self) -> NDArray[np.float64]:
        """The area below U per customer and share of the customers, (samples,)."""
        return self.area(self.uplift) / self.customers[:, -1] ** 2


def measure_ranking(
    score: NDArray[np.float64], rows: RandomisedRows, *, weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Qini and AUUC, (samples,) each, of a score (n,) for weights (samples, n); NaN without any outcome."""
    curve = RankedExperiment.of(score, rows).curve(weights)
    perfect = RankedExperiment.perfect(rows).curve(weights)
    return {QINI: ratio(curve.area_over_random, perfect.area_over_random), AUUC: curve.auuc}


def ranking_metrics(
    model: str,
    score: NDArray[np.float64],
    *,
    rows: RandomisedRows,
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[Metric, ...]:
    """Qini and AUUC of one model's scores, (n,), with intervals over customers."""
    estimates = estimate_intervals(
        lambda weights: np.column_stack(list(measure_ranking(score, rows, weights=weights).values())),
        rows.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
    )
    return tuple(
        Metric(model=model, name=name, estimate=one, split=split)
        for name, one in zip((QINI, AUUC), estimates, strict=True)
    )


def compare_rankings(
    scores: Mapping[str, NDArray[np.float64]],
    *,
    rows: RandomisedRows,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """How much higher the qini of the first of two models' scores is on the same customers; positive is better."""
    (model, one), (against, other) = scores.items()
    (difference,) = estimate_intervals(
        lambda weights: (
            measure_ranking(one, rows, weights=weights)[QINI] - measure_ranking(other, rows, weights=weights)[QINI]
        )[:, None],
        rows.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
    )
    return Comparison(model=model, against=against, name=QINI, difference=difference)


@dataclass(frozen=True)
class QiniBand:
    """A Qini curve for plots: incremental outcomes per 1,000 customers by the share that is treated."""

    shares: NDArray[np.float64]
    "(points,) from 0 to 1."
    values: tuple[Estimate, ...]
    "One for each share."


def qini_band(
    score: NDArray[np.float64], rows: RandomisedRows, *, n_points: int = 20, n_resamples: int = N_RESAMPLES
) -> QiniBand:
    """The Qini curve with its band, read off at equal steps of the share of customers."""
    shares = np.linspace(0, 1, n_points + 1)
    ranked = RankedExperiment.of(score, rows)

    def heights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = ranked.curve(weights)
        per_customer = 1_000 * curve.incremental / curve.customers[:, -1:]
        reached = curve.customers / curve.customers[:, -1:]
        return np.array([np.interp(shares, [0, *x], [0, *y]) for x, y in zip(reached, per_customer, strict=True)])

    return QiniBand(shares, tuple(estimate_intervals(heights, rows.customer_ids, n_resamples=n_resamples)))
