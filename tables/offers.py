"""The offers of a business, and how those who were contacted took them.

contact           answer_days            cutoff
|------ accepted or not at all ------|      |
|  a contact that is younger tells nothing yet, but has used up capacity  |
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis.expr.types as ir

from core.offers import Offer, OfferBook, OfferContacts
from tables.engines.arrays import midnight
from tables.engines.expressions import ibis
from tables.tables import Tables


def offer_book(tables: Tables, cutoff: date) -> OfferBook:
    """The offers, by offer_id, with what `contacts` told of them before midnight of the cutoff.

    Empty where the data set has no offers. A cost or margin that is missing is 0. Without `converted_at` nobody knows
    who accepted, so contacts then count against capacity only.
    """
    known = tables.at(cutoff)
    if "offers" not in known:
        return OfferBook()
    offers = tuple(_offer(row) for row in known["offers"].order_by("offer_id").to_pyarrow().to_pylist())
    if "contacts" not in known:
        return OfferBook(offers)
    counted = _contacts(known["contacts"], cutoff, tables.config.offers.answer_days).to_pyarrow().to_pylist()
    return OfferBook(offers, {row.pop("offer_id"): OfferContacts(**row) for row in counted})


def _offer(row: dict) -> Offer:
    stated = {name: value for name, value in row.items() if name in Offer.__struct_fields__ and value is not None}
    return Offer(**stated)


def _contacts(contacts: ir.Table, cutoff: date, answer_days: int) -> ir.Table:
    """One row an offer: customers who were treated with it, asked long enough ago, and who accepted in time."""
    treated = contacts.filter(ibis._.treated)
    counts = {"given": treated.count()}
    if "converted_at" in treated.columns:
        asked = treated.event_time < midnight(cutoff - timedelta(days=answer_days))
        in_time = treated.converted_at < treated.event_time + ibis.interval(days=answer_days)
        counts |= {"asked": _count(asked), "accepted": _count(asked & in_time)}
    return treated.group_by("offer_id").aggregate(**counts)


def _count(true: ir.BooleanValue) -> ir.IntegerScalar:
    return ibis.ifelse(true, 1, 0).sum()
