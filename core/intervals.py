"""How sure a figure is: the bootstrap over customers.

Rows of one customer at several cutoffs are not independent, so customers are
drawn, with replacement, and bring all their rows (Efron & Tibshirani 1993,
ch. 8; the percentile interval).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from itertools import islice

import msgspec
import numpy as np

CONFIDENCE = 0.90
TAILS = ((1 - CONFIDENCE) / 2, 1 - (1 - CONFIDENCE) / 2)
CELLS_AT_ONCE = 2**21
"Weights held in memory together: 16 MB."


NONE = float("nan")


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure with the bounds of its interval; NaN (left out in JSON, which knows no NaN) where there is none."""

    value: float = NONE
    low: float = NONE
    high: float = NONE

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if math.isnan(getattr(self, name)):
                # Only the default itself is left out, and there are many NaNs.
                msgspec.structs.force_setattr(self, name, NONE)

    def excludes(self, number: float) -> bool:
        """Whether the whole interval lies on one side of the number."""
        return self.low > number or self.high < number

    @property
    def signed(self) -> str:
        """As a difference is written."""
        return f"{self.value:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def resample_rows(customer_ids: np.ndarray, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Row indices of each bootstrap sample: customers drawn with replacement, each with all of its rows."""
    _, owners = np.unique(customer_ids, return_inverse=True)
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners)
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    for drawn in _draws(len(counts), n_resamples, seed):
        lengths = counts[drawn]
        ends = np.cumsum(lengths)
        offsets = np.repeat(starts[drawn] - (ends - lengths), lengths)
        yield order[offsets + np.arange(ends[-1])]


def resample_weights(customer_ids: np.ndarray, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """The samples of `resample_rows`, told as how often each row stands in them: (n,) float64 each."""
    _, owners = np.unique(customer_ids, return_inverse=True)
    n_customers = int(owners.max()) + 1
    for drawn in _draws(n_customers, n_resamples, seed):
        yield np.bincount(drawn, minlength=n_customers)[owners].astype(np.float64)


def estimate_interval(
    statistic: Callable[[np.ndarray], float], customer_ids: np.ndarray, n_resamples: int = 300, seed: int = 0
) -> Estimate:
    """The statistic of all rows with its bootstrap interval; `statistic` takes row indices, (rows,) int64.

    A difference between two models on the same rows is a statistic like any other: that is the paired bootstrap.
    """
    value = float(statistic(np.arange(len(customer_ids))))
    drawn = np.array(
        [statistic(rows) for rows in resample_rows(customer_ids, n_resamples=n_resamples, seed=seed)], dtype=np.float64
    )
    return _within_bounds(value, drawn)


def estimate_intervals(
    statistics: Callable[[np.ndarray], np.ndarray],
    customer_ids: np.ndarray,
    n_resamples: int = 300,
    seed: int = 0,
    distances: Collection[int] = (),
) -> list[Estimate]:
    """Many statistics from the same samples, many samples at a time.

    `statistics` takes weights (samples, rows), how often each row counts, and returns (samples, statistics).
    `distances` are the places of those that cannot be below zero and that noise makes greater.
    """
    values = statistics(np.ones((1, len(customer_ids))))[0]
    samples = resample_weights(customer_ids, n_resamples=n_resamples, seed=seed)
    at_once = max(1, CELLS_AT_ONCE // len(customer_ids))
    drawn = [np.empty((0, len(values)))]
    while weights := list(islice(samples, at_once)):
        drawn.append(statistics(np.array(weights)))
    together = np.concatenate(drawn)
    for place in distances:
        together[:, place] = _moved_back(together[:, place], values[place])
    return _each_within_bounds(values, together)


def _moved_back(drawn: np.ndarray, value: float) -> np.ndarray:
    """Samples of a distance without what they are longer on average: resampling adds noise, which lengthens it."""
    return drawn if np.isnan(drawn).all() else np.maximum(drawn - (np.nanmean(drawn) - value), 0)


def _draws(n_customers: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    random = np.random.default_rng(seed)
    for _ in range(n_resamples):
        yield random.integers(0, n_customers, n_customers)


def _each_within_bounds(values: np.ndarray, drawn: np.ndarray) -> list[Estimate]:
    """The same of every column of (samples, statistics), those that are finite throughout all at once."""
    finite = np.flatnonzero(np.isfinite(drawn).all(axis=0)) if len(drawn) else np.empty(0, np.int64)
    bounds = np.quantile(drawn[:, finite], TAILS, axis=0).T.tolist() if len(finite) else []
    at_once = {
        place: Estimate(float(values[place]), *both) for place, both in zip(finite.tolist(), bounds, strict=True)
    }
    return [at_once.get(place) or _within_bounds(float(value), drawn[:, place]) for place, value in enumerate(values)]


def _within_bounds(value: float, drawn: np.ndarray) -> Estimate:
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Estimate(value, float("nan"), float("nan"))
    # Between a number and infinity there is nothing to interpolate: a bound may be infinite, too.
    method = "linear" if np.isfinite(drawn).all() else "nearest"
    low, high = np.quantile(drawn, TAILS, method=method)
    return Estimate(value, float(low), float(high))
