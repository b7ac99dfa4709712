"""When an item is due again, from the customer's own intervals and from those of all customers.

    bought   bought      bought            cutoff
      |--gap---|----gap----|--days since last--|

    usual gap = (days between first and last purchase + PRIOR_GAPS * the item's gap) / (number of gaps + PRIOR_GAPS)
    due       = days since last >= DUE_SHARE * usual gap

Days are calendar days, so two purchases on one day count once. The usual gap is the customer's own mean gap, shrunk
towards the item's median gap; after a first purchase it is the item's median alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, Interactions, purchase_days

MIN_GAPS = 3
"An item with fewer gaps has no known gap."

# From 0.5 to 8 it makes no difference on online_retail II, 28 days from 2010-07-07 and 2010-08-04.
PRIOR_GAPS = 2.0
"Weight of the item's gap, in gaps of the customer's own."

# On online_retail II, 11 % of all items ever bought are bought again within the horizon where 0.4 to 0.5 of the gap
# has passed, which is the highest rate; 8.5 % below that, 9 % from 0.75 to 1, 4 % beyond 2. A threshold of 0.4 hides
# a tenth of all pairs.
DUE_SHARE = 0.4
"An item is due once this share of its usual gap has passed."

DEFAULT_GAP_DAYS = 30.0
"The usual gap in a shop where no item has a known gap."


@dataclass(frozen=True, kw_only=True)
class Dueness:
    """One row for each customer and item that they bought: how long ago, and whether the item is due again."""

    rows: NDArray[np.int64]
    "(pairs,) row of the customer, ascending."
    items: NDArray[np.int64]
    "(pairs,) item codes, ascending within a row."
    days_since_last: NDArray[np.float32]
    "(pairs,) days from the last purchase to the cutoff; 0 for a purchase after the cutoff."
    usual_gap_days: NDArray[np.float32]
    "(pairs,)"
    due: NDArray[np.bool_]
    "(pairs,)"


def usual_gap_days(interactions: Interactions) -> NDArray[np.float32]:
    """(m,) median days between two purchases of an item by the same customer; NaN below `MIN_GAPS` gaps."""
    rows, items, days = purchase_days(interactions)
    is_repeat = (np.diff(rows) == 0) & (np.diff(items) == 0)
    repeated, gaps = items[1:][is_repeat], np.diff(days)[is_repeat].astype(np.float32)
    order = np.lexsort((gaps, repeated))
    repeated, gaps = repeated[order], gaps[order]
    starts = np.searchsorted(repeated, np.arange(len(interactions.item_ids) + 1))
    counts, firsts = np.diff(starts), starts[:-1]
    enough = counts >= MIN_GAPS
    medians = np.full(len(counts), np.nan, dtype=np.float32)
    lower, upper = firsts + (counts - 1) // 2, firsts + counts // 2
    medians[enough] = (gaps[lower[enough]] + gaps[upper[enough]]) / 2
    return medians


def default_gap(gap_days: NDArray[np.floating]) -> float:
    """The gap of items whose own is unknown: the median of the known gaps, or `DEFAULT_GAP_DAYS`."""
    is_known = ~np.isnan(gap_days)
    return float(np.median(gap_days[is_known])) if is_known.any() else DEFAULT_GAP_DAYS


def dueness(
    histories: Histories, gap_days: NDArray[np.floating], *, cutoff: date, default_gap_days: float | None = None
) -> Dueness:
    """Which purchased items are due at the cutoff; `gap_days` is (m,) in the histories' codes.

    `default_gap_days` replaces a gap of NaN (default: `default_gap(gap_days)`).
    """
    rows, items, days = purchase_days(histories)
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (np.diff(rows) != 0) | (np.diff(items) != 0)
    firsts = np.flatnonzero(is_first)
    lasts = np.append(firsts[1:], len(rows)) - 1 if len(firsts) else firsts
    rows, items = rows[firsts], items[firsts]
    usual = gap_days[items].astype(np.float64)
    if np.isnan(usual).any():
        usual[np.isnan(usual)] = default_gap(gap_days) if default_gap_days is None else default_gap_days
    # `lasts - firsts` is the number of gaps: purchase days of one customer and item are consecutive entries.
    usual = (days[lasts] - days[firsts] + PRIOR_GAPS * usual) / (lasts - firsts + PRIOR_GAPS)
    since = np.maximum(np.datetime64(cutoff, "D").astype(np.int64) - days[lasts], 0)
    return Dueness(
        rows=rows,
        items=items,
        days_since_last=since.astype(np.float32),
        usual_gap_days=usual.astype(np.float32),
        due=since >= DUE_SHARE * usual,
    )
