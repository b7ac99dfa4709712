"""The figures a subscription business is run by, which reconcile to the last unit.

    opening + fx + new + reactivation + expansion - contraction - churn = closing

A customer is new in the first month at whose end they pay and reactivated when they come back; what changes for one
who stays is expansion or contraction. Retention compares what the customers of a beginning pay at an end:

    NRR  sum(closing) / sum(opening)         GRR  sum(min(closing, opening)) / sum(opening)
    logo churn  share of them who pay nothing any more    revenue churn  what those paid / sum(opening)
"""

from __future__ import annotations

import numpy as np

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from insights.finance.mrr import MrrTable
from models.metrics.weighted import ratio

MOVEMENTS = ("opening", "fx", "new", "reactivation", "expansion", "contraction", "churn", "closing")


def movements_of(book: MrrTable, column: int) -> dict[str, np.ndarray]:
    """Each customer's part of each movement in one month, (n,) int64 by name."""
    opening, valued, closing = book.units[:, column], book.revalued[:, column], book.units[:, column + 1]
    came, left = (valued == 0) & (closing > 0), (valued > 0) & (closing == 0)
    stayed = (valued > 0) & (closing > 0)
    back = came & (book.had_before()[:, column] | (opening > 0))
    change = closing - valued
    return {
        "opening": opening,
        "fx": valued - opening,
        "new": np.where(came & ~back, closing, 0),
        "reactivation": np.where(back, closing, 0),
        "expansion": np.where(stayed, np.maximum(change, 0), 0),
        "contraction": np.where(stayed, np.maximum(-change, 0), 0),
        "churn": np.where(left, valued, 0),
        "closing": closing,
    }


RETENTION = ("nrr", "grr", "logo_churn", "revenue_churn")


def retention(
    book: MrrTable, start: int, end: int, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """NRR, GRR, logo and revenue churn from the book's column `start` to `end`, with 90 % intervals over customers.

    Shares of the opening, all told at the rates of the span's first month, so that no rate moves them; NaN where nobody
    paid at the start.
    """
    parts = retention_parts(book, start, end)
    paid = parts["nrr"][1] > 0
    if not paid.any():
        return dict.fromkeys(RETENTION, Estimate())
    above, below = (np.column_stack([parts[name][side][paid] for name in RETENTION]) for side in (0, 1))
    found = estimate_intervals(
        lambda weights: ratio(weights @ above, weights @ below),
        book.customer_ids[paid],
        n_resamples=n_resamples,
        seed=seed,
    )
    return dict(zip(RETENTION, found, strict=True))


def retention_parts(book: MrrTable, start: int, end: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each customer's part above and below the line of each figure of `RETENTION`, (n,) float64 each."""
    opening = book.revalued[:, start].astype(np.float64)
    paid = opening > 0
    closing = np.where(paid, book.at_rates_of(start, start)[:, end], 0).astype(np.float64)
    left = paid & (closing == 0)
    return {
        "nrr": (closing, opening),
        "grr": (np.minimum(closing, opening), opening),
        "logo_churn": (left.astype(np.float64), paid.astype(np.float64)),
        "revenue_churn": (opening * left, opening),
    }
