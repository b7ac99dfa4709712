"""How long customers stay: lives of subscriptions, and the share that is still there after so many months.

    spans   |--- basic ---|-- pro --|      |-- pro --        a gap of more than the grace days ends a life
    lives   |---- ended after 14 months ---|  |- running -   who runs on is counted as long as they were watched

Source: Kaplan & Meier 1958, Nonparametric estimation from incomplete observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insights.finance.mrr import RUNS_ON, Spans

DAYS_A_MONTH = 365.25 / 12
FEWEST_WATCHED = 20
"Curves are told as far as so many customers have been watched."


@dataclass(frozen=True)
class Lives:
    """Stretches of paid subscription without a gap; every array is (n,), sorted by customer and time."""

    customer_ids: np.ndarray
    months: np.ndarray
    "float64, how long each lasted, or has been watched."
    ended: np.ndarray
    "bool; the others were still paying."
    is_last: np.ndarray
    "bool: the customer's newest."

    def take(self, rows: np.ndarray) -> Lives:
        """The lives that an index array or boolean mask picks."""
        return Lives(self.customer_ids[rows], self.months[rows], self.ended[rows], self.is_last[rows])

    @classmethod
    def of(cls, spans: Spans, until: np.datetime64, grace_days: int) -> Lives:
        """Lives as seen on a day; a life that ended less than the grace days before it may go on, so it runs."""
        paid = spans.take((spans.mrr > 0) & (spans.started_on < until))
        order = np.lexsort((paid.started_on, paid.customer_ids))
        paid = paid.take(order)
        ends = np.where(np.isnat(paid.ended_on), RUNS_ON, paid.ended_on)
        _, owners = np.unique(paid.customer_ids, return_inverse=True)
        reached = _reached(ends, owners)
        gap = paid.started_on[1:] - reached[:-1]
        is_first = np.append(True, (np.diff(owners) != 0) | (gap > np.timedelta64(grace_days, "D")))[: len(owners)]
        starts = np.flatnonzero(is_first)
        lasts = np.append(starts[1:], len(owners))[: len(starts)] - 1
        ended = np.asarray(reached[lasts] + np.timedelta64(grace_days, "D") <= until)
        stop = np.minimum(reached[lasts], until)
        months = (stop - paid.started_on[starts]).astype(np.float64) / DAYS_A_MONTH
        ids = paid.customer_ids[starts]
        return cls(ids, months, ended, np.append(ids[1:] != ids[:-1], True)[: len(ids)])


def _reached(ends: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """The latest end so far, span by span, within each customer."""
    days = ends.astype("datetime64[D]").astype(np.int64)
    apart = owners * (2 * int(RUNS_ON.astype(np.int64)))
    return (np.maximum.accumulate(days + apart) - apart).astype("datetime64[D]")


def survival(lives: Lives, n_months: int, weights: np.ndarray) -> np.ndarray:
    """The share that still pays after 0, 1 .. n_months months, (samples, n_months + 1), for weights (samples, lives).

    NaN where nobody is watched any more; a life that ends and one that is last seen at one moment: the end counts.
    """
    order = np.argsort(lives.months, kind="stable")
    months, sorted_weights = lives.months[order], weights[:, order]
    starts = np.flatnonzero(np.diff(months, prepend=-1.0) != 0)
    everybody = np.add.reduceat(sorted_weights, starts, axis=1)
    left = np.add.reduceat(sorted_weights * lives.ended[order], starts, axis=1)
    watched = everybody[:, ::-1].cumsum(axis=1)[:, ::-1]
    hazard = np.divide(left, watched, out=np.zeros_like(left), where=watched > 0)
    curve = np.cumprod(1 - hazard, axis=1)
    at = np.searchsorted(months[starts], np.arange(n_months + 1), side="right")
    shares = np.column_stack([np.ones(len(weights)), curve])[:, at]
    longest = np.where(sorted_weights > 0, months, 0.0).max(axis=1)
    return np.where(np.arange(n_months + 1) <= longest[:, None], shares, np.nan)
