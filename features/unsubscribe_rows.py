"""Past contacts and whether the customer unsubscribed after them: what fatigue is learned from.

Unsubscriptions come from `contacts.unsubscribed_at`, and where that column is missing from the first consent that the
customer refuses after the contact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.contact_answers import UnsubscribeRows
from tables.engines.arrays import midnight, numbers, seconds, texts
from tables.tables import Tables

MAX_CONTACTS = 1_000_000
"The newest ones."
RECENT_DAYS = 30
DAY_SECONDS = 86_400
KEY_SPAN = np.int64(1) << 36


@dataclass(frozen=True, kw_only=True)
class UnsubscribeLog:
    """Contacts with their customers and times; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    sent_at: NDArray[np.datetime64]
    "datetime64[s]"
    costs: NDArray[np.float64]
    "Base currency; NaN where it was not recorded."
    rows: UnsubscribeRows


def load_unsubscribe_rows(tables: Tables, cutoff: date) -> UnsubscribeRows | None:
    """The rows of `load_unsubscribe_log`."""
    log = load_unsubscribe_log(tables, cutoff)
    return None if log is None else log.rows


def load_unsubscribe_log(tables: Tables, cutoff: date) -> UnsubscribeLog | None:
    """The newest contacts whose time to answer is over at midnight of the cutoff; None where nothing is recorded.

    A customer has `[offers] answer_days` to unsubscribe.
    """
    view, answer_days = tables.at(cutoff), tables.config.offers.answer_days
    if "contacts" not in view:
        return None
    has_column = "unsubscribed_at" in view["contacts"].columns
    if not has_column and "consents" not in view:
        return None
    contacts = view["contacts"].filter(_.customer_id.notnull())
    newest = (
        _select_columns(contacts).order_by([ibis.desc("event_time"), "customer_id"]).limit(MAX_CONTACTS).to_pyarrow()
    )
    log = _ContactTimes(texts(newest["customer_id"]), seconds(newest["event_time"]), numbers(newest["treated"]) == 1)
    window = np.timedelta64(answer_days, "D")
    left_at = seconds(newest["unsubscribed_at"]) if has_column else log.first_after(*_refusals(view))
    rows = UnsubscribeRows(
        treated=log.treated,
        propensities=numbers(newest["propensity"]),
        unsubscribed=(left_at >= log.sent_at) & (left_at < log.sent_at + window),
        recent_contacts=log.count_before(),
        evidence="contacts" if has_column else "refused consents",
    )
    is_over = log.sent_at < np.datetime64(cutoff - timedelta(days=answer_days), "s")
    return UnsubscribeLog(
        customer_ids=log.customer_ids[is_over],
        sent_at=log.sent_at[is_over],
        costs=numbers(newest["cost"])[is_over],
        rows=rows.take(is_over),
    )


def count_recent_contacts(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> NDArray[np.int64]:
    """The contacts that each customer had in the 30 days before midnight of the cutoff, (n,)."""
    view = tables.at(cutoff)
    if "contacts" not in view:
        return np.zeros(len(customer_ids), dtype=np.int64)
    since = midnight(cutoff - timedelta(days=RECENT_DAYS))
    recent = view["contacts"].filter(_.treated, _.customer_id.notnull(), _.event_time >= since)
    rows = recent.group_by("customer_id").aggregate(n=_.count()).to_pyarrow()
    ids, counts = texts(rows["customer_id"]), numbers(rows["n"]).astype(np.int64)
    by_id = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    return np.array([by_id.get(customer_id, 0) for customer_id in customer_ids.tolist()], dtype=np.int64)


def _select_columns(contacts: ir.Table) -> ir.Table:
    return contacts.select(
        "customer_id",
        "event_time",
        treated=contacts.treated.cast("int8"),
        propensity=contacts.propensity if "propensity" in contacts.columns else ibis.null("float64"),
        cost=contacts.cost if "cost" in contacts.columns else ibis.null("float64"),
        unsubscribed_at=contacts.unsubscribed_at if "unsubscribed_at" in contacts.columns else ibis.null("timestamp"),
    )


def _refusals(view: Tables) -> tuple[NDArray[np.str_], NDArray[np.datetime64]]:
    """The customer and the time of each refusal of contact."""
    consents = view["consents"].filter(_.purpose.strip().lower() == "contact", ~_.granted, _.customer_id.notnull())
    rows = consents.select("customer_id", "event_time").to_pyarrow()
    return texts(rows["customer_id"]), seconds(rows["event_time"])


@dataclass(frozen=True)
class _ContactTimes:
    """Contacts, (n,), whose customers' other contacts and refusals are looked up by one sorted search."""

    customer_ids: NDArray[np.str_]
    sent_at: NDArray[np.datetime64]
    treated: NDArray[np.bool_]

    @cached_property
    def _unique_ids(self) -> NDArray[np.str_]:
        return np.unique(self.customer_ids)

    def first_after(self, owners: NDArray[np.str_], times: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """The first of a customer's times at or after each contact, (n,); NaT if there is none."""
        keys = np.sort(self._keys(owners, times)[np.isin(owners, self._unique_ids)])
        own = self._keys(self.customer_ids, self.sent_at)
        keys_after = np.append(keys, np.iinfo(np.int64).max)[np.searchsorted(keys, own)]
        is_own = keys_after // KEY_SPAN == own // KEY_SPAN
        return np.where(is_own, (keys_after % KEY_SPAN).astype("datetime64[s]"), np.datetime64("NaT", "s"))

    def count_before(self) -> NDArray[np.int64]:
        """The treated contacts of the customer in the 30 days before each contact, (n,)."""
        keys = np.sort(self._keys(self.customer_ids[self.treated], self.sent_at[self.treated]))
        own = self._keys(self.customer_ids, self.sent_at)
        return np.searchsorted(keys, own) - np.searchsorted(keys, own - RECENT_DAYS * DAY_SECONDS)

    def _keys(self, owners: NDArray[np.str_], times: NDArray[np.datetime64]) -> NDArray[np.int64]:
        return np.searchsorted(self._unique_ids, owners) * KEY_SPAN + times.astype(np.int64)
