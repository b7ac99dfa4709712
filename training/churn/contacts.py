"""Which labels a retention contact may have changed: customers who would have left, and stayed because of an offer.

    cutoff                                 cutoff + gap + horizon
    [------------- a retention contact ---------------)    the row is left out of fitting and tests

The model then estimates P(churn | features, no contact). Where contacts were chosen by what the features show, this is
unbiased without weights, because given the features it does not matter whom the business picked (Hernan and Robins,
Causal Inference, chapter 15: outcome regression among the untreated). Keeping the rows would teach the model that
customers of the kind that is contacted are safe, so that it would stop finding them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.labels import Labels
from features.retention_contacts import select_retention_contacts
from tables.engines.arrays import days, texts
from tables.tables import Tables

MAX_SHARE_LEFT_OUT = 0.5
"Where more rows were contacted, hardly any are left to learn from, and all rows are kept."


def find_contacted(tables: Tables, outcomes: Labels) -> NDArray[np.bool_]:
    """Which rows had a retention contact from their cutoff to the end of their horizon, (n,).

    A retention contact was really made (`treated`), and had an offer of a kind in `[offers] saving_kinds` or a purpose
    or campaign named in `[churn] retention_purposes`.
    """
    if "contacts" not in tables.latest() or not len(outcomes):
        return np.zeros(len(outcomes), np.bool_)
    rows = select_retention_contacts(tables).select("customer_id", "event_time").to_pyarrow()
    ids, codes = np.unique(np.concatenate([outcomes.customer_ids, texts(rows["customer_id"])]), return_inverse=True)
    del ids
    row_codes, contact_codes = codes[: len(outcomes)], codes[len(outcomes) :]
    contact_days = days(rows["event_time"]).astype(np.int64)
    # One sorted number per contact, so that the contacts of a row's window are neighbours.
    span = 1_000_000
    keys = np.sort(contact_codes * span + contact_days)
    first = row_codes * span + outcomes.cutoffs.astype("datetime64[D]").astype(np.int64)
    return np.searchsorted(keys, first + outcomes.gap_days + outcomes.horizon_days) > np.searchsorted(keys, first)


def describe_contacted(contacted: NDArray[np.bool_], outcomes: Labels, *, are_left_out: bool) -> str:
    """How many rows were contacted, and what that means for the model; '' without any."""
    if not contacted.any():
        return ""
    rates = (float(outcomes.churned[rows].mean()) if rows.any() else float("nan") for rows in (contacted, ~contacted))
    churned, others = rates
    how_many = (
        f"{int(contacted.sum()):,} of {len(contacted):,} rows had a retention contact within the horizon "
        f"({churned:.1%} of them churned, {others:.1%} of the others)"
    )
    if are_left_out:
        return (
            f"{how_many}; they are left out of fitting and tests, so the model predicts churn without such a contact."
        )
    return f"{how_many}; they are too many to leave out, so scores are lower where customers are usually contacted."
