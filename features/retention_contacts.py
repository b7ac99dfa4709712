"""Which contacts were made to keep customers: by the kind of their offer, their purpose or their campaign."""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir

from tables.tables import Tables

NAMING = ("purpose", "campaign_id")
"Columns of contacts that say what a contact was made for."
SEPARATORS = " _-"
"Not compared: win-back, win_back and WinBack are one word."


def select_retention_contacts(tables: Tables) -> ir.Table:
    """The contacts that were made to keep customers."""
    latest = tables.latest()
    contacts: ir.Table = latest["contacts"]
    is_saving = ibis.or_(
        ibis.literal(False), *(_names_purpose(contacts[name], tables) for name in NAMING if name in contacts.columns)
    )
    if "offers" in latest and "offer_id" in contacts.columns:
        offers: ir.Table = latest["offers"]
        saving = offers.filter(offers.kind.isin(list(tables.config.offers.saving_kinds)))
        is_saving |= contacts.offer_id.isin(saving.offer_id).fill_null(False)
    return contacts.filter(contacts.treated & is_saving)


def _names_purpose(column: ir.StringColumn, tables: Tables) -> ir.BooleanValue:
    """Whether a name contains a word in `[churn] retention_purposes`; not where it is missing."""
    plain = column.lower()
    for separator in SEPARATORS:
        plain = plain.replace(separator, "")
    words = (re.sub(f"[{re.escape(SEPARATORS)}]", "", word.lower()) for word in tables.config.churn.retention_purposes)
    return ibis.or_(ibis.literal(False), *(plain.contains(word) for word in words if word)).fill_null(False)
