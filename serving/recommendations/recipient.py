"""Whom recommendations are for: the record in the release, the events since then, and whether both may be used."""

from __future__ import annotations

from dataclasses import dataclass

from serving.journal.customer import LiveCustomer
from serving.journal.protocol import Journal
from serving.release.recommender_part import RecommenderPart


@dataclass(frozen=True)
class Recipient:
    """A customer or an anonymous visitor."""

    customer_id: str | None
    "Of the customer, also where the request named a visitor who has become one; None without either."
    row: int
    "In the customers of the part; -1 where nothing on record may be used, or where there is none."
    live: LiveCustomer | None
    "The events since the release, if there are any that may be used."
    is_on_record: bool
    declines: bool
    "Whether they refuse personal recommendations."


def find_recipient(part: RecommenderPart, customer_id: str | None, *, journal: Journal) -> Recipient:
    """Look up a customer or a visitor; None is a request that names neither.

    A refusal counts from the moment at which it was reported.
    """
    if customer_id is None:
        return Recipient(None, -1, None, is_on_record=False, declines=False)
    live = journal.customer(customer_id)
    who = customer_id if live is None else live.customer_id
    row = part.customers.index.find(who)
    declined = row >= 0 and bool(part.customers.declined_recommendations[row])
    if live is None:
        return Recipient(who, row, None, is_on_record=row >= 0, declines=declined)
    if live.refuses("recommend", before=declined):
        return Recipient(None, -1, None, is_on_record=row >= 0, declines=True)
    return Recipient(who, row, live if live.says_something else None, is_on_record=row >= 0, declines=False)
