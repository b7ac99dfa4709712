"""When is an item due again? From the customer's own intervals and from everybody's.

    bought   bought      bought            cutoff
      |--gap---|----gap----|--days since last--|

    usual gap = (days between the first and the last purchase + PRIOR_GAPS * the item's gap) / (gaps + PRIOR_GAPS)
    due       = days since last >= DUE_SHARE * usual gap

Days are calendar days, so two purchases of one day are one. The mean of the gaps is the customer's own interval
shrunk towards the item's median, which is all there is after a first purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.interactions import Histories, Interactions

FEWEST_GAPS = 3
"An item's gap is not known from fewer."

# On online_retail II, 28 days from 2010-07-07 and 2010-08-04, from .5 to 8 it makes no difference.
PRIOR_GAPS = 2.0
"How many gaps of the customer's own weigh as much as the item's."

# There, of all that was ever bought, .11 are bought again where .4 to .5 of the gap has passed, which is the most;
# .085 below, .09 from .75 to 1, .04 beyond 2. Hiding what is below .4 hides a tenth of all pairs.
DUE_SHARE = 0.4
"An item is due once this share of its usual gap has passed."

DEFAULT_GAP_DAYS = 30.0
"The usual gap in a shop where no item's is known."


@dataclass(frozen=True)
class Dueness:
    """For each item of each history, once: how long ago it was bought, and whether it is time again."""

    rows: np.ndarray
    "(pairs,) int64: row of the customer, rising."
    items: np.ndarray
    "(pairs,) int64 codes, rising within a row."
    days_since_last: np.ndarray
    "(pairs,) float32: from the day of the last purchase to the cutoff; 0 where that is later."
    usual_gap_days: np.ndarray
    "(pairs,) float32."
    due: np.ndarray
    "(pairs,) bool."


def usual_gap_days(interactions: Interactions) -> np.ndarray:
    """Median days between two purchase days of an item by the same customer, (m,) float32.

    NaN where fewer than `FEWEST_GAPS` are known.
    """
    rows, items, days = _purchase_days(interactions)
    again = (np.diff(rows) == 0) & (np.diff(items) == 0)
    repeated, gaps = items[1:][again], np.diff(days)[again].astype(np.float32)
    order = np.lexsort((gaps, repeated))
    repeated, gaps = repeated[order], gaps[order]
    starts = np.searchsorted(repeated, np.arange(len(interactions.item_ids) + 1))
    counts, firsts = np.diff(starts), starts[:-1]
    enough = counts >= FEWEST_GAPS
    medians = np.full(len(counts), np.nan, dtype=np.float32)
    lower, upper = firsts + (counts - 1) // 2, firsts + counts // 2
    medians[enough] = (gaps[lower[enough]] + gaps[upper[enough]]) / 2
    return medians


def gap_of_unknown(gap_days: np.ndarray) -> float:
    """What stands in where an item's gap is not known: the median of those that are."""
    known = gap_days[~np.isnan(gap_days)]
    return float(np.median(known)) if len(known) else DEFAULT_GAP_DAYS


def dueness(histories: Histories, gap_days: np.ndarray, cutoff: date, unknown_days: float | None = None) -> Dueness:
    """What is due at the cutoff of all that was ever bought; `gap_days` is (m,), in the histories' codes.

    `unknown_days` stands in for a gap of NaN (default: `gap_of_unknown`).
    """
    rows, items, days = _purchase_days(histories)
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (np.diff(rows) != 0) | (np.diff(items) != 0)
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(rows)) - 1 if len(firsts) else firsts
    rows, items = rows[firsts], items[firsts]
    usual = gap_days[items].astype(np.float64)
    if np.isnan(usual).any():
        usual[np.isnan(usual)] = gap_of_unknown(gap_days) if unknown_days is None else unknown_days
    usual = (days[lasts] - days[firsts] + PRIOR_GAPS * usual) / (lasts - firsts + PRIOR_GAPS)
    since = np.maximum(np.datetime64(cutoff, "D").astype(np.int64) - days[lasts], 0)
    return Dueness(rows, items, since.astype(np.float32), usual.astype(np.float32), since >= DUE_SHARE * usual)


def _purchase_days(histories: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, item and day number of each day on which an item was bought, in that order, each once; int64."""
    rows, items = histories.customers, histories.items.astype(np.int64)
    days = histories.times.astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((days, items, rows))
    rows, items, days = rows[order], items[order], days[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(rows) != 0) | (np.diff(items) != 0) | (np.diff(days) != 0)
    return rows[new], items[new], days[new]
