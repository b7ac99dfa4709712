"""What limits contacts with customers, read from the tables as they were known at a cutoff."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.contact_state import FATIGUE_DAYS, ContactState, RecentContacts
from core.interactions import codes_of
from core.offers import SERVICE_KINDS
from tables.consents import customers_refusing
from tables.engines.arrays import midnight, seconds, texts
from tables.tables import Tables


def load_contact_state(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> ContactState:
    """The contact state of these customers, (n,), as known before midnight of the cutoff.

    A table that the data set does not have limits nothing. Contacts that control groups did not get are marked as not
    made. Without `closed_at` no ticket counts as open, and without `is_complaint` none as a complaint.
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
    n_days = max(FATIGUE_DAYS, view.config.contact_policy.other_campaign_days)
    contacts = mark_promotional(view)
    logged = contacts.filter(contacts.event_time >= midnight(cutoff - timedelta(days=n_days)))
    names = ("channel", "campaign_id")
    cells = {name: logged[name] if name in logged.columns else ibis.null("string") for name in names}
    recent = logged.select("customer_id", "event_time", "promotional", "treated", **cells).to_pyarrow()
    places = rows.places(texts(recent["customer_id"]))
    loaded = RecentContacts(
        rows=places,
        times=seconds(recent["event_time"]),
        channels=texts(recent["channel"]),
        campaigns=texts(recent["campaign_id"]),
        promotional=recent["promotional"].to_numpy().astype(np.bool_),
        made=recent["treated"].to_numpy().astype(np.bool_),
    )
    return loaded.take(places >= 0)


def mark_promotional(view: Tables) -> ir.Table:
    """The contacts with `promotional`: by the kind of their offer, or else by their purpose.

    A contact of unknown kind is marketing, unless its purpose is one of SERVICE_KINDS.
    """
    contacts: ir.Table = view["contacts"]
    promotional: ir.Value = ibis.literal(True)
    if "purpose" in contacts.columns:
        promotional = ~contacts.purpose.strip().lower().isin(SERVICE_KINDS).fill_null(False)
    if "offers" not in view or "offer_id" not in contacts.columns:
        return contacts.mutate(promotional=promotional)
    contacts = contacts.mutate(promotional=promotional)
    kinds = view["offers"].group_by(offer_of_kind=_.offer_id).aggregate(offer_kind=_.kind.min())
    joined = contacts.left_join(kinds, [("offer_id", "offer_of_kind")])
    is_listed = joined.offer_kind.isin(view.config.contact_policy.promotional_kinds)
    return joined.mutate(promotional=is_listed.fill_null(joined.promotional)).select(*contacts.columns)
