"""Past contacts with a control group, and what customers bought after them, for the frequency that pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contact_answers import UnsubscribeRows
from features.contact_outcomes import ContactLog, find_orders, sum_amounts
from features.unsubscribe_rows import UnsubscribeLog
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class FrequencyRows:
    """Contacts whose time to answer is over; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    rows: UnsubscribeRows
    acted: NDArray[np.bool_]
    "Ordered within the time to answer; measured alike in both groups."
    amounts: NDArray[np.float64]
    "Bought within the time to answer, less returns, base currency."
    costs: NDArray[np.float64]
    "Base currency; NaN where it was not recorded."


def load_frequency_rows(tables: Tables, log: UnsubscribeLog | None) -> FrequencyRows | None:
    """What customers bought after the contacts of a log; None without a control group or dated amounts."""
    if log is None or not log.rows.has_control:
        return None
    if "purchases" not in tables or tables.is_undated("purchases") or not tables.has_amounts:
        return None
    contacts, n_days = ContactLog.at(log.customer_ids, log.sent_at), tables.config.offers.answer_days
    return FrequencyRows(
        customer_ids=log.customer_ids,
        rows=log.rows,
        acted=find_orders(tables, contacts, n_days=n_days) > 0,
        amounts=sum_amounts(tables, contacts, n_days=n_days),
        costs=log.costs,
    )
