"""Bootstrap intervals of figures.

Rows of one customer at several cutoffs are not independent. So customers are drawn, with replacement, each with all of
their rows (Efron & Tibshirani 1993, ch. 8; the percentile interval). Samples of a single customer are all the same and
say nothing of other customers, so there is no interval then: the bounds are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from statistics import NormalDist
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.90
TAILS = ((1 - CONFIDENCE) / 2, 1 - (1 - CONFIDENCE) / 2)
HALF_WIDTH = NormalDist().inv_cdf(TAILS[1])
"Of the interval of a normally distributed estimate, in standard errors: 1.645."
N_RESAMPLES = 300
CELLS_AT_ONCE = 2**21
"Weights that are held in memory together: 16 MB."
NAN = float("nan")
NO_INTERVAL = " (no interval)"


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure with the bounds of its interval. What is unknown is NaN, and left out of JSON, which has no NaN."""

    value: float = NAN
    low: float = NAN
    high: float = NAN

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if math.isnan(getattr(self, name)):
                # msgspec leaves out a field only if it is the default object itself, and there are many NaNs.
                msgspec.structs.force_setattr(self, name, NAN)

    def excludes(self, number: float) -> bool:
        """Whether the whole interval is above or below the number."""
        return self.low > number or self.high < number

    def is_gain(self, standard_errors: float | None = None) -> bool:
        """Whether a difference is above 0: by more than so many standard errors, or with its whole interval."""
        if standard_errors is None:
            return self.low > 0
        return self.value > standard_errors * (self.high - self.low) / (2 * HALF_WIDTH)

    @property
    def as_difference(self) -> str:
        """With signs, as a difference is written."""
        return f"{self.value:+.4f}" + (f" [{self.low:+.4f}, {self.high:+.4f}]" if self.has_interval else NO_INTERVAL)

    @property
    def interval_of_difference(self) -> str:
        """The bounds with signs, in words."""
        return f"90 % interval {self.low:+.4f} to {self.high:+.4f}" if self.has_interval else NO_INTERVAL.strip(" ()")

    @property
    def has_interval(self) -> bool:
        """Whether its bounds are known."""
        return not math.isnan(self.low)

    def __str__(self) -> str:
        return f"{self.value:.4f}" + (f" [{self.low:.4f}, {self.high:.4f}]" if self.has_interval else NO_INTERVAL)


def has_one_customer(customer_ids: NDArray[Any]) -> bool:
    """Whether all rows are of one customer."""
    return len(customer_ids) > 0 and bool((customer_ids == customer_ids[0]).all())


def resample_rows(customer_ids: NDArray[Any], *, n_resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """The row indices of each bootstrap sample: customers drawn with replacement, each with all of their rows."""
    _, owners = np.unique(customer_ids, return_inverse=True)
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners)
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    for customers in _draw_customers(len(counts), n_resamples=n_resamples, seed=seed):
        lengths = counts[customers]
        ends = np.cumsum(lengths)
        offsets = np.repeat(starts[customers] - (ends - lengths), lengths)
        yield order[offsets + np.arange(ends[-1])]


def resample_weights(customer_ids: NDArray[Any], *, n_resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """The samples of `resample_rows` as weights: how often each row is in the sample, (n,) each."""
    _, owners = np.unique(customer_ids, return_inverse=True)
    n_customers = int(owners.max()) + 1
    for customers in _draw_customers(n_customers, n_resamples=n_resamples, seed=seed):
        yield np.bincount(customers, minlength=n_customers)[owners].astype(np.float64)


def subsample_weights(
    customer_ids: NDArray[Any], *, share: float, n_resamples: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Samples of a share of the customers without replacement, as weights that sum to about all rows, (n,) each.

    A statistic of one varies more than one of all customers: `scale_of_subsamples` gives the factor.
    """
    _, owners = np.unique(customer_ids, return_inverse=True)
    n_customers = int(owners.max()) + 1
    n_drawn = max(1, round(share * n_customers))
    random = np.random.default_rng(seed)
    for _ in range(n_resamples):
        counts = np.zeros(n_customers)
        counts[random.choice(n_customers, n_drawn, replace=False)] = n_customers / n_drawn
        yield counts[owners]


def scale_of_subsamples(share: float) -> float:
    """The standard deviation of a statistic of all customers, in those of subsamples of a share of them.

    The delete-d jackknife (Shao & Wu 1989): the variance of a mean of m out of n is (n - m) / m times that of n.
    """
    return math.sqrt(share / (1 - share))


def estimate_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    customer_ids: NDArray[Any],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """A statistic of all rows with its bootstrap interval; `statistic` takes row indices, (rows,).

    A difference between two models on the same rows is a statistic like any other: that is the paired bootstrap.
    """
    value = float(statistic(np.arange(len(customer_ids))))
    if has_one_customer(customer_ids):
        return Estimate(value)
    samples = resample_rows(customer_ids, n_resamples=n_resamples, seed=seed)
    return _percentile_interval(value, np.array([statistic(rows) for rows in samples], dtype=np.float64))


def estimate_intervals(
    statistics: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    customer_ids: NDArray[Any],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    distances: Collection[int] = (),
) -> list[Estimate]:
    """Several statistics with intervals from the same samples, many samples at a time.

    `statistics` takes weights (samples, rows), how often each row counts, and returns (samples, statistics).
    `distances` are the columns of statistics that cannot be negative and that noise increases, e.g. calibration error.
    Without rows there is nothing to resample: the bounds are NaN.
    """
    values = statistics(np.ones((1, len(customer_ids))))[0]
    if not len(customer_ids) or has_one_customer(customer_ids):
        return [Estimate(float(value)) for value in values]
    samples = resample_weights(customer_ids, n_resamples=n_resamples, seed=seed)
    at_once = max(1, CELLS_AT_ONCE // len(customer_ids))
    blocks = [np.empty((0, len(values)))]
    while weights := list(islice(samples, at_once)):
        blocks.append(statistics(np.array(weights)))
    resampled = np.concatenate(blocks)
    for column in distances:
        resampled[:, column] = _remove_bias(resampled[:, column], values[column])
    return percentile_intervals(values, resampled)


def percentile_intervals(values: NDArray[np.float64], resampled: NDArray[np.float64]) -> list[Estimate]:
    """The interval of each statistic, (statistics,), from its values in samples, (samples, statistics)."""
    # Columns without NaN are done all at once.
    finite = np.flatnonzero(np.isfinite(resampled).all(axis=0)) if len(resampled) else np.empty(0, np.int64)
    bounds: NDArray[np.float64] = np.empty((0, 2))
    if len(finite):
        bounds = np.quantile(resampled[:, finite], TAILS, axis=0).T
    at_once: dict[int, Estimate] = {
        int(column): Estimate(float(values[column]), float(low), float(high))
        for column, (low, high) in zip(finite, bounds, strict=True)
    }
    return [
        at_once.get(column) or _percentile_interval(float(value), resampled[:, column])
        for column, value in enumerate(values)
    ]


def _remove_bias(resampled: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Shift samples of a distance down by their mean excess: resampling adds noise, which increases distances."""
    return resampled if np.isnan(resampled).all() else np.maximum(resampled - (np.nanmean(resampled) - value), 0)


def _draw_customers(n_customers: int, *, n_resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    for _ in range(n_resamples):
        yield random.integers(0, n_customers, n_customers)


def _percentile_interval(value: float, resampled: NDArray[np.float64]) -> Estimate:
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled):
        return Estimate(value, NAN, NAN)
    # There is nothing to interpolate between a number and infinity; a bound may be infinite, too.
    method = "linear" if np.isfinite(resampled).all() else "nearest"
    low, high = np.quantile(resampled, TAILS, method=method)
    return Estimate(value, float(low), float(high))
