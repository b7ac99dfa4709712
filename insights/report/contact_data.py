"""Loads contacts: the messages of campaigns, and what customers did with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from insights.report.attribute_groups import MAX_GROUPS, OTHERS
from tables.engines.arrays import days, numbers, texts
from tables.tables import Tables

RESPONSES = ("opened_at", "clicked_at", "converted_at")


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """Contacts of the report's customers; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    days: NDArray[np.datetime64]
    "datetime64[D]"
    is_sent: NDArray[np.bool_]
    "Whether the message was sent; the others are the control group."
    groups: dict[str, NDArray[np.str_]]
    "The campaign and the channel of each contact."
    responses: dict[str, NDArray[np.bool_]]
    "Whether the customer opened, clicked or converted, by column; a column that the table lacks is not in it."


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
    contacts: ir.Table = tables.at(cutoff)["contacts"]
    present = [name for name in RESPONSES if name in contacts.columns]
    flags = {name: contacts[name].notnull().cast("int8") for name in present}
    columns = contacts.select(
        "customer_id", "event_time", "campaign_id", "channel", sent=contacts.treated.cast("int8"), **flags
    )
    rows = columns.filter(ibis._.customer_id.notnull()).order_by(["customer_id", "event_time"]).to_pyarrow()
    return Contacts(
        customer_ids=texts(rows["customer_id"]),
        days=days(rows["event_time"]),
        is_sent=numbers(rows["sent"]) == 1,
        groups={
            "campaign": texts(rows["campaign_id"]),
            "contact_channel": texts(rows["channel"]),
        },
        responses={name: numbers(rows[name]) == 1 for name in present},
    )


def merge_small_groups(groups: NDArray[np.str_]) -> NDArray[np.str_]:
    """The group of each row, (n,), with all but the `MAX_GROUPS` most frequent renamed to `OTHERS`; '' stays."""
    names, counts = np.unique(groups[groups != ""], return_counts=True)
    if len(names) <= MAX_GROUPS:
        return groups
    kept = names[np.argsort(-counts, kind="stable")][: MAX_GROUPS - 1]
    return np.where(np.isin(groups, kept) | (groups == ""), groups, OTHERS)
