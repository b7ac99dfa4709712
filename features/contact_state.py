"""What limits contacts with customers, read from the tables as they were known at a cutoff."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.config.decisions import ContactPolicy
from core.contact_state import FATIGUE_DAYS, ContactState, RecentContacts
from core.interactions import codes_of
from core.offers import SERVICE_KINDS
from tables.consents import customers_refusing
from tables.engines.arrays import midnight, seconds, texts
from tables.tables import Tables


def load_contact_state(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> ContactState:
    """The contact state of these customers, (n,), as known before midnight of the cutoff.

    A table that the data set does not have limits nothing. Contacts of control groups, which were not made, do not
    count. Without `closed_at` no ticket counts as open, and without `is_complaint` none as a complaint.
    """
    view, order = tables.at(cutoff), np.argsort(customer_ids)
    rows = _RowsOf(customer_ids[order], order)
    state = ContactState.unknown(customer_ids)
    state.refuses[rows.of(_find_refusing(tables, view, cutoff=cutoff))] = True
    if "tickets" in view:
        _add_tickets(state, view["tickets"], rows=rows)
    return state if "contacts" not in view else state.add_contacts(_load_contacts(view, rows, cutoff=cutoff))


class _RowsOf:
    """Finds the rows of customers by their ids."""

    def __init__(self, ids: NDArray[np.str_], order: NDArray[np.int64]) -> None:
        self._ids, self._order = ids, order

    def places(self, customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """(m,) the row of each id; -1 for one that is not asked for."""
        return np.append(self._order, -1)[codes_of(customer_ids, self._ids)]

    def of(self, customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """The rows of those ids that are asked for."""
        places = self.places(customer_ids)
        return places[places >= 0]


def _find_refusing(tables: Tables, view: Tables, *, cutoff: date) -> NDArray[np.str_]:
    """Customers whose latest word is a refusal; unsubscribing is one, until a later consent."""
    refusing = customers_refusing(tables, "contact", cutoff=cutoff)
    if "contacts" not in view or "unsubscribed_at" not in view["contacts"].columns:
        return refusing
    left = view["contacts"].filter(_.unsubscribed_at.notnull())
    left = left.group_by("customer_id").aggregate(unsubscribed_at=_.unsubscribed_at.max())
    if "consents" in view:
        consents = view["consents"].filter((_.purpose.strip().lower() == "contact") & _.granted)
        granted = consents.select(granted_to="customer_id", granted_at="event_time")
        back = [left.customer_id == granted.granted_to, left.unsubscribed_at <= granted.granted_at]
        left = left.anti_join(granted, back)
    return np.union1d(refusing, texts(left.select("customer_id").to_pyarrow()["customer_id"]))


def _add_tickets(state: ContactState, tickets: ir.Table, *, rows: _RowsOf) -> None:
    if "closed_at" in tickets.columns:
        still_open = tickets.filter(tickets.closed_at.isnull()).select("customer_id").distinct()
        state.has_open_ticket[rows.of(texts(still_open.to_pyarrow()["customer_id"]))] = True
    if "is_complaint" in tickets.columns:
        complaints = tickets.filter(tickets.is_complaint).group_by("customer_id")
        last = complaints.aggregate(last=_.opened_at.max()).to_pyarrow()
        places = rows.places(texts(last["customer_id"]))
        state.last_complaint_at[places[places >= 0]] = seconds(last["last"])[places >= 0]


def _load_contacts(view: Tables, rows: _RowsOf, *, cutoff: date) -> RecentContacts:
    policy = view.config.contact_policy
    n_days = max(FATIGUE_DAYS, policy.other_campaign_days)
    contacts: ir.Table = view["contacts"]
    made = contacts.filter(contacts.treated, contacts.event_time >= midnight(cutoff - timedelta(days=int(n_days))))
    names = ("channel", "campaign_id", "offer_id", "purpose")
    cells = {name: made[name] if name in made.columns else ibis.null("string") for name in names}
    recent = made.select("customer_id", "event_time", **cells).to_pyarrow()
    places = rows.places(texts(recent["customer_id"]))
    loaded = RecentContacts(
        rows=places,
        times=seconds(recent["event_time"]),
        channels=texts(recent["channel"]),
        campaigns=texts(recent["campaign_id"]),
        promotional=_are_promotional(recent, _load_kinds(view), policy=policy),
    )
    return loaded.take(places >= 0)


def _load_kinds(view: Tables) -> dict[str, str]:
    """The kind of each offer by offer_id; empty without offers."""
    if "offers" not in view:
        return {}
    offers = view["offers"].select("offer_id", "kind").to_pyarrow()
    return dict(zip(texts(offers["offer_id"]).tolist(), texts(offers["kind"]).tolist(), strict=True))


def _are_promotional(recent: Any, kinds: dict[str, str], *, policy: ContactPolicy) -> NDArray[np.bool_]:
    """(k,) by the kind of the offer or else by the purpose; a contact of unknown kind is marketing."""
    offers, purposes = texts(recent["offer_id"]).tolist(), texts(recent["purpose"]).tolist()
    return np.array(
        [
            kinds[offer] in policy.promotional_kinds if offer in kinds else purpose.strip().lower() not in SERVICE_KINDS
            for offer, purpose in zip(offers, purposes, strict=True)
        ],
        dtype=np.bool_,
    )
