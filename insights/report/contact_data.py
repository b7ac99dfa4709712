"""Loads contacts: the messages of campaigns, and what customers did with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from insights.report.attribute_groups import MAX_GROUPS, OTHERS
from tables.engines.arrays import days, numbers, seconds, texts
from tables.tables import Tables

RESPONSES = ("opened_at", "clicked_at", "converted_at")
DAY_SECONDS = 86_400
KEY_SPAN = 2**36
"Seconds, more than any two times are apart."


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """Contacts of the report's customers; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    days: NDArray[np.datetime64]
    "datetime64[D]"
    is_sent: NDArray[np.bool_]
    "Whether the message was sent; the others are the control group."
    groups: dict[str, NDArray[np.str_]]
    "The campaign, or the purpose where none is known, and the channel of each contact; '' where it is missing."
    responses: dict[str, NDArray[np.bool_]]
    "Whether the customer opened, clicked or converted, by column; a column that the table lacks is not in it."
    converted_at: NDArray[np.datetime64] | None = None
    "datetime64[s], NaT without a conversion; None where the table has none."
    costs: NDArray[np.float64] | None = None
    "Base currency, 0 where it is missing; None where the table has no costs."
    acted: NDArray[np.bool_] | None = None
    """\
    Whether the customer did within `[offers] answer_days` what the control group can do as well: placed an order, or
    converted where no purchases are recorded. None where neither is recorded for the control group."""
    can_compare: NDArray[np.bool_] | None = None
    "Whether these days are over; None without a control group."


def load_contacts(tables: Tables, cutoff: date) -> Contacts:
    """Load the contacts before the cutoff, with the responses known then; none without the table."""
    if "contacts" not in tables:
        return Contacts(
            customer_ids=np.empty(0, "U1"),
            days=np.empty(0, "M8[D]"),
            is_sent=np.empty(0, bool),
            groups={},
            responses={},
        )
    tables_then = tables.at(cutoff)
    rows = _select_contacts(tables_then["contacts"])
    is_sent = numbers(rows["sent"]) == 1
    responses = {name: numbers(rows[name]) == 1 for name in RESPONSES if name in rows.column_names}
    contacts = Contacts(
        customer_ids=texts(rows["customer_id"]),
        days=days(rows["event_time"]),
        is_sent=is_sent,
        groups={
            "campaign": texts(rows["campaign"]),
            "contact_channel": texts(rows["channel"]),
        },
        responses=responses,
        converted_at=seconds(rows["moment"]) if "moment" in rows.column_names else None,
        costs=np.nan_to_num(numbers(rows["cost"])) if "cost" in rows.column_names else None,
    )
    if is_sent.all():
        return contacts
    answer_days = tables.config.offers.answer_days
    return replace(
        contacts,
        acted=_find_actions(tables_then, contacts, sent_at=seconds(rows["event_time"]), n_days=answer_days),
        can_compare=contacts.days + answer_days <= np.datetime64(cutoff, "D"),
    )


def _select_contacts(contacts: ir.Table) -> pa.Table:
    present = [name for name in RESPONSES if name in contacts.columns]
    flags = {name: contacts[name].notnull().cast("int8") for name in present}
    more = {"cost": contacts.cost} if "cost" in contacts.columns else {}
    more |= {"moment": contacts.converted_at} if "converted_at" in contacts.columns else {}
    columns = contacts.select(
        "customer_id",
        "event_time",
        campaign=_first_of(contacts, "campaign_id", "purpose"),
        channel=_first_of(contacts, "channel"),
        sent=contacts.treated.cast("int8"),
        **flags,
        **more,
    )
    return columns.filter(ibis._.customer_id.notnull()).order_by(["customer_id", "event_time"]).to_pyarrow()


def _first_of(contacts: ir.Table, *names: str) -> ir.Value:
    """The first of these columns with a value; '' without one."""
    return ibis.coalesce(*(contacts[name] for name in names if name in contacts.columns), "")


def _find_actions(
    tables: Tables, contacts: Contacts, *, sent_at: NDArray[np.datetime64], n_days: int
) -> NDArray[np.bool_] | None:
    if "purchases" in tables:
        return _has_order_after(tables["purchases"], contacts.customer_ids, sent_at=sent_at, n_days=n_days)
    if contacts.converted_at is None:
        return None
    converted = contacts.converted_at < sent_at + np.timedelta64(n_days, "D")
    return converted if converted[~contacts.is_sent].any() else None


def _has_order_after(
    purchases: ir.Table, customer_ids: NDArray[np.str_], *, sent_at: NDArray[np.datetime64], n_days: int
) -> NDArray[np.bool_]:
    """Whether the customer of each contact, (n,), placed an order within this many days after it."""
    bought = purchases.filter((purchases.amount > 0) & purchases.customer_id.notnull())
    rows = bought.select("customer_id", "event_time").distinct().to_pyarrow()
    _, codes = np.unique(np.concatenate([customer_ids, texts(rows["customer_id"])]), return_inverse=True)
    first = _key(codes[: len(customer_ids)], sent_at)
    orders = np.sort(_key(codes[len(customer_ids) :], seconds(rows["event_time"])))
    return np.searchsorted(orders, first + n_days * DAY_SECONDS) > np.searchsorted(orders, first)


def _key(codes: NDArray[np.int64], times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """One sorted number per customer and time, so that the orders after a contact are neighbours."""
    return codes * KEY_SPAN + times.astype("datetime64[s]").astype(np.int64)


def merge_small_groups(groups: NDArray[np.str_]) -> NDArray[np.str_]:
    """The group of each row, (n,), with all but the `MAX_GROUPS` most frequent renamed to `OTHERS`; '' stays."""
    names, counts = np.unique(groups[groups != ""], return_counts=True)
    if len(names) <= MAX_GROUPS:
        return groups
    kept = names[np.argsort(-counts, kind="stable")][: MAX_GROUPS - 1]
    return np.where(np.isin(groups, kept) | (groups == ""), groups, OTHERS)
