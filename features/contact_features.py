"""The features of customers on the days of contacts, at few cutoffs.

cutoff 1      contact   contact   cutoff 2    contact
|-------------|---------|---------|-----------|----
features of both contacts         features of the third
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureTable
from core.window import Cohort
from features.daily_memo import DailyMemo
from features.pipeline import compute_features
from tables.tables import Tables


def choose_cutoffs(days: NDArray[np.datetime64], max_cutoffs: int) -> NDArray[np.datetime64]:
    """At most this many of the days, the first one among them, spread evenly over the contacts; sorted."""
    unique = np.unique(days)
    if len(unique) <= max_cutoffs:
        return unique
    ordered = np.sort(days)
    places = np.arange(max_cutoffs) * len(ordered) // max_cutoffs
    return np.unique(ordered[places])


def compute_contact_features(
    tables: Tables,
    customer_ids: NDArray[np.str_],
    *,
    days: NDArray[np.datetime64],
    cutoffs: NDArray[np.datetime64],
    vocabularies: Mapping[str, tuple[str, ...]] | None = None,
    names: Collection[str] | None = None,
    memo: DailyMemo | None = None,
) -> FeatureTable:
    """The features of each contact, (n,), at the last cutoff up to its day, in the order of the contacts.

    `vocabularies`, `names` and `memo` are those of `compute_features`.
    """
    cohort, places = place_in_cohort(customer_ids, days, cutoffs=cutoffs)
    return compute_features(tables, cohort, vocabularies=vocabularies, names=names, memo=memo).take(places)


def place_in_cohort(
    customer_ids: NDArray[np.str_], days: NDArray[np.datetime64], *, cutoffs: NDArray[np.datetime64]
) -> tuple[Cohort, NDArray[np.int64]]:
    """The customers at each cutoff, each once, and the place of each contact among them, (n,)."""
    own = cutoffs[np.searchsorted(cutoffs, days, side="right") - 1]
    _, codes = np.unique(customer_ids, return_inverse=True)
    keys = own.astype("datetime64[D]").astype(np.int64) * (int(codes.max(initial=0)) + 1) + codes
    _, first, places = np.unique(keys, return_index=True, return_inverse=True)
    return Cohort(customer_ids[first], own[first].astype("datetime64[D]")), places
