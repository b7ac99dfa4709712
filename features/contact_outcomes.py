"""Contacts with a control group, and what customers did after them.

    cutoff        contact                     contact + horizon
    |---------------|[----------------------------)
    features        the outcome, measured in the same way in both groups

Features are those of a cutoff up to the day of the contact, so that they are known before chance decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.window import Cohort
from features.labels.labelling import label_outcomes
from tables.currencies import convert_to_base_currency
from tables.engines.arrays import numbers, seconds, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables

KEY_SPAN = 1 << 36
DAY_SECONDS = 86_400
Days = int | NDArray[np.float64]
"Of all contacts alike, or of each, (n,)."


@dataclass(frozen=True, kw_only=True)
class ContactLog:
    """Contacts in the order of their time; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    sent_at: NDArray[np.datetime64]
    "datetime64[s]."
    campaigns: NDArray[np.str_]
    "'' where unknown."
    treatments: NDArray[np.str_]
    "The name of what was or would have been sent; '' for control customers of no particular treatment."
    treated: NDArray[np.bool_]
    propensities: NDArray[np.float64]
    "P(treated); NaN where it was not recorded."
    converted_at: NDArray[np.datetime64]
    "datetime64[s]; NaT without a conversion."

    @classmethod
    def at(cls, customer_ids: NDArray[np.str_], moments: NDArray[np.datetime64] | np.datetime64) -> ContactLog:
        """What customers do from a moment on, each from their own or all from the same, whatever was sent."""
        n = len(customer_ids)
        return cls(
            customer_ids=customer_ids,
            sent_at=np.broadcast_to(moments, n).astype("datetime64[s]"),
            campaigns=np.full(n, ""),
            treatments=np.full(n, ""),
            treated=np.ones(n, dtype=np.bool_),
            propensities=np.ones(n),
            converted_at=np.full(n, np.datetime64("NaT", "s")),
        )

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The day of each contact."""
        return self.sent_at.astype("datetime64[D]")

    def take(self, rows: NDArray[Any]) -> ContactLog:
        """The contacts that an index array or mask selects."""
        return replace(self, **{name: array[rows] for name, array in vars(self).items()})


def load_contact_rows(tables: Tables, *, treatment: str) -> ContactLog:
    """All contacts; `treatment` is offer_id, kind, campaign_id, channel or contact.

    Raises DataError without a table of contacts, or where it lacks the column that names treatments.
    """
    latest = tables.latest()
    if "contacts" not in latest:
        raise DataError("uplift is learned from the table contacts, which is missing; add [tables.contacts]")
    contacts: ir.Table = latest["contacts"]
    rows = contacts.filter(contacts.customer_id.notnull() & contacts.event_time.notnull()).select(
        "customer_id",
        "event_time",
        treated=contacts.treated.cast("int8"),
        campaign=_text(contacts, "campaign_id"),
        treatment=_name_treatment(latest, contacts, treatment=treatment),
        propensity=_column(contacts, "propensity", kind="float64"),
        converted_at=_column(contacts, "converted_at", kind="timestamp"),
    )
    rows = rows.order_by(["event_time", "customer_id", "treatment"]).to_pyarrow()
    return ContactLog(
        customer_ids=texts(rows["customer_id"]),
        sent_at=seconds(rows["event_time"]),
        campaigns=texts(rows["campaign"]),
        treatments=texts(rows["treatment"]),
        treated=numbers(rows["treated"]) == 1,
        propensities=numbers(rows["propensity"]),
        converted_at=seconds(rows["converted_at"]),
    )


def _name_treatment(latest: Tables, contacts: ir.Table, *, treatment: str) -> ir.Value:
    if treatment == "contact":
        return ibis.literal("contact")
    if treatment == "kind":
        if "offers" not in latest or "offer_id" not in contacts.columns:
            raise DataError('[uplift] treatment = "kind" needs the table offers and contacts.offer_id; add them')
        offers = latest["offers"].select("offer_id", "kind").to_pyarrow().to_pylist()
        kinds = [(contacts.offer_id == row["offer_id"], row["kind"]) for row in offers if row["offer_id"]]
        return ibis.cases(*kinds, else_="") if kinds else ibis.literal("")
    if treatment == "offer_id" and "offer_id" not in contacts.columns:
        return _text(contacts, "campaign_id")
    if treatment not in contacts.columns:
        raise DataError(f'[uplift] treatment = "{treatment}" needs contacts.{treatment}; map it or choose another')
    return _text(contacts, treatment)


def _text(contacts: ir.Table, name: str) -> ir.Value:
    return contacts[name].coalesce("") if name in contacts.columns else ibis.literal("")


def _column(contacts: ir.Table, name: str, *, kind: str) -> ir.Value:
    return contacts[name].cast(kind) if name in contacts.columns else ibis.null(kind)


def find_orders(tables: Tables, contacts: ContactLog, *, n_days: Days) -> NDArray[np.float64]:
    """1.0 where the customer placed an order within this many days after the contact, (n,)."""
    latest = tables.latest()
    bought = latest["purchases"].filter(IS_PURCHASE).filter(ibis._.customer_id.notnull())
    rows = bought.select("customer_id", "event_time").distinct().to_pyarrow()
    keys, first = _keys(contacts, texts(rows["customer_id"]), times=seconds(rows["event_time"]))
    keys = np.sort(keys)
    ends = first + np.multiply(n_days, DAY_SECONDS).astype(np.int64)
    return (np.searchsorted(keys, ends) > np.searchsorted(keys, first)).astype(np.float64)


def sum_amounts(tables: Tables, contacts: ContactLog, *, n_days: Days) -> NDArray[np.float64]:
    """The net amount that the customer bought within this many days after the contact, base currency, (n,)."""
    if not tables.has_amounts:
        raise DataError('[uplift] outcome = "amount" needs purchases.amount; map it, or choose outcome = "purchased"')
    latest = tables.latest()
    purchases = convert_to_base_currency(latest["purchases"], "amount", tables=latest)
    bought = purchases.filter(ibis._.customer_id.notnull() & ibis._.amount.notnull())
    rows = bought.select("customer_id", "event_time", "amount").to_pyarrow()
    keys, first = _keys(contacts, texts(rows["customer_id"]), times=seconds(rows["event_time"]))
    order = np.argsort(keys, kind="stable")
    keys, sums = keys[order], np.concatenate([[0.0], np.cumsum(numbers(rows["amount"])[order])])
    ends = np.searchsorted(keys, first + np.multiply(n_days, DAY_SECONDS).astype(np.int64))
    return sums[ends] - sums[np.searchsorted(keys, first)]


def find_conversions(contacts: ContactLog, *, n_days: Days) -> NDArray[np.float64]:
    """1.0 where a contact has `converted_at` within this many days, (n,)."""
    seconds_after = np.multiply(n_days, DAY_SECONDS).astype("timedelta64[s]")
    within = contacts.converted_at < contacts.sent_at + seconds_after
    return within.astype(np.float64)  # a comparison with NaT is false


def find_stayed(tables: Tables, cohort: Cohort) -> NDArray[np.float64]:
    """1.0 for rows (customer, cutoff) that did not churn, (n,); NaN where that is not known or cannot happen."""
    labels = label_outcomes(tables, cohort)
    return np.where(labels.is_mature, (~labels.churned).astype(np.float64), np.nan)


def _keys(
    contacts: ContactLog, customer_ids: NDArray[np.str_], *, times: NDArray[np.datetime64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One number for each customer and time, of the events and of the contacts: events of a customer are neighbours."""
    _, codes = np.unique(np.concatenate([contacts.customer_ids, customer_ids]), return_inverse=True)
    of_contacts, of_events = codes[: len(contacts)], codes[len(contacts) :]
    return (
        of_events * KEY_SPAN + times.astype(np.int64),
        of_contacts * KEY_SPAN + contacts.sent_at.astype(np.int64),
    )
