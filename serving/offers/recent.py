"""Contacts, refusals and complaints that were stored since the cutoff of a release, which its tables do not have yet.

    contacts of the tables        cutoff     stored decisions and outcomes      now
    |-----------------------------|------------------------------------------|

Every stored decision for an offer counts as a contact: those of `kizuna decide` when they are sent, and those that a
request has asked for at once, because whether the customer has seen the offer is not known. What the permanent control
group would have got limits what it would get next, as if it had been made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time

import numpy as np
from numpy.typing import NDArray

from core.contact_state import Objections, RecentContacts
from core.decisions import DecisionRow, NoContact, OutcomeKind
from core.interactions import codes_of
from serving.decisions.store import ContactHistory, DecisionStore
from serving.release.offer_part import OfferCustomers, OfferTerms
from serving.release.release import Release


def load_history_since(store: DecisionStore, release: Release, *, customer_id: str | None = None) -> ContactHistory:
    """What was stored since the cutoff of the release, for one customer or for all. Raises SourceUnavailable."""
    return store.load_history(datetime.combine(release.description.cutoff, time()), customer_id=customer_id)


def add_if_unchanged(store: DecisionStore, decision: DecisionRow, *, release: Release, history: ContactHistory) -> bool:
    """Store a decision unless its customer has got others since this history was loaded. Raises SourceUnavailable."""
    since = datetime.combine(release.description.cutoff, time())
    return store.add_if_unchanged(decision, history=history, since=since)


def add_history(customers: OfferCustomers, history: ContactHistory, *, terms: OfferTerms) -> OfferCustomers:
    """The customers with what was stored of them."""
    state, ids = customers.contacts, customers.contacts.customer_ids
    if history.decisions:
        added = state.add_contacts(_to_contacts(history, ids, terms=terms))
        state = added.drop_unmade(terms.control.members(ids))
    if history.objections:
        state = state.add_objections(_to_objections(history, ids))
    return replace(customers, contacts=state)


def add_consents(customers: OfferCustomers, consents: Mapping[str, Mapping[str, bool]]) -> OfferCustomers:
    """The customers with answers that were reported since the release, by customer and purpose."""
    return replace(customers, contacts=customers.contacts.replace_consents(consents)) if consents else customers


def _to_contacts(history: ContactHistory, customer_ids: NDArray[np.str_], *, terms: OfferTerms) -> RecentContacts:
    chosen = (one for one in history.decisions if one.offer_id is not None)
    logged = [one for one in chosen if one.no_contact is None or one.no_contact == NoContact.CONTROL_GROUP]
    owed = {one.offer_id for one in terms.book.offers if one.kind not in terms.policy.promotional_kinds}
    rows = codes_of(np.array([one.customer_id for one in logged], dtype=np.str_), customer_ids).astype(np.int64)
    contacts = RecentContacts(
        rows=rows,
        times=np.array([one.send_at or one.decided_at for one in logged], dtype="datetime64[s]"),
        channels=np.array([one.channel or "" for one in logged], dtype=np.str_),
        campaigns=np.array([one.campaign_id or "" for one in logged], dtype=np.str_),
        promotional=np.array([one.offer_id not in owed for one in logged], dtype=np.bool_),
        made=np.array([one.treated for one in logged], dtype=np.bool_),
    )
    return contacts.take(rows >= 0)


def _to_objections(history: ContactHistory, customer_ids: NDArray[np.str_]) -> Objections:
    names = np.array([one.customer_id for one in history.objections], dtype=np.str_)
    rows = codes_of(names, customer_ids).astype(np.int64)
    is_listed = rows >= 0
    return Objections(
        rows=rows[is_listed],
        times=np.array([one.event_time for one in history.objections], dtype="datetime64[s]")[is_listed],
        is_refusal=np.array([one.kind == OutcomeKind.UNSUBSCRIBED for one in history.objections])[is_listed],
    )
