"""What limits contacts: refusals, open tickets, complaints and the contacts of the last days.

    contacts of the last days          cutoff          moment of a decision
    |----- x --------- x ---------------|---------------------|
                       |<---- younger than 7 days: counts ---->|

Contacts are kept one by one, not as counts, so that limits hold at any moment after the cutoff.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of

CONTACT, OF_CHANNEL = "contact", "contact:"
"Purposes of consents: contact through every channel; before the name of a channel, contact through this one alone."
WEEK = np.timedelta64(7, "D")
FATIGUE_DAYS = 30
"Contacts of as many days make customers tired of another one."


@dataclass(frozen=True, kw_only=True)
class RecentContacts:
    """Contacts that were made or are planned, in the order of their customer; every array is (k,).

    Of customers of the permanent control group also those that they would have got: the same limits then hold for
    both groups, so that they can be compared.
    """

    rows: NDArray[np.int64]
    "The customer: a row of the state, ascending."
    times: NDArray[np.datetime64]
    "datetime64[s], local."
    channels: NDArray[np.str_]
    "'' where unknown."
    campaigns: NDArray[np.str_]
    "'' for a contact of no campaign."
    promotional: NDArray[np.bool_]
    "False for contacts that a customer is owed, such as a renewal."
    made: NDArray[np.bool_]
    "False for contacts that a control group did not get; they limit promotional contacts alone."

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def empty(cls) -> RecentContacts:
        """No contacts."""
        return cls(
            rows=np.empty(0, np.int64),
            times=np.empty(0, "datetime64[s]"),
            channels=np.empty(0, "U1"),
            campaigns=np.empty(0, "U1"),
            promotional=np.empty(0, np.bool_),
            made=np.empty(0, np.bool_),
        )

    def sort(self) -> RecentContacts:
        """The contacts by customer, then by time."""
        return self.take(np.lexsort((self.times, self.rows)))

    def take(self, places: NDArray[Any]) -> RecentContacts:
        """The contacts that an index array or mask selects."""
        return replace(self, **{one.name: getattr(self, one.name)[places] for one in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Objections:
    """Customers who have unsubscribed or complained since a state was recorded; every array is (k,)."""

    rows: NDArray[np.int64]
    "The customer: a row of the state."
    times: NDArray[np.datetime64]
    "datetime64[s], local."
    is_refusal: NDArray[np.bool_]
    "Whether the customer has unsubscribed; otherwise a complaint."


@dataclass(frozen=True, kw_only=True)
class ContactState:
    """What is known of customers that limits contacts with them; arrays are (n,)."""

    customer_ids: NDArray[np.str_]
    refuses: NDArray[np.bool_]
    "Whether the customer refuses contact."
    has_open_ticket: NDArray[np.bool_]
    last_complaint_at: NDArray[np.datetime64]
    "datetime64[s], local; NaT without a complaint."
    contacts: RecentContacts
    "Of as many days as the contact policy looks back."
    refuses_channel: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict[str, NDArray[np.bool_]])
    "(n,) whether each refuses contact through a channel, by its name in lower case; only channels that some refuse."
    max_per_month: NDArray[np.int64] | None = None
    "(n,) contacts of FATIGUE_DAYS after which one more promotional contact loses money; None limits no customer."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @classmethod
    def unknown(cls, customer_ids: NDArray[np.str_]) -> ContactState:
        """The state of customers about whom nothing is recorded: nothing limits contacts with them."""
        n = len(customer_ids)
        return cls(
            customer_ids=customer_ids,
            refuses=np.zeros(n, np.bool_),
            has_open_ticket=np.zeros(n, np.bool_),
            last_complaint_at=np.full(n, "NaT", "datetime64[s]"),
            contacts=RecentContacts.empty(),
        )

    def take(self, row: int) -> ContactState:
        """The state of one customer, n = 1; the time does not grow with the number of customers."""
        start, end = (int(np.searchsorted(self.contacts.rows, one)) for one in (row, row + 1))
        own = self.contacts.take(np.arange(start, end))
        return ContactState(
            customer_ids=self.customer_ids[row : row + 1],
            refuses=self.refuses[row : row + 1],
            has_open_ticket=self.has_open_ticket[row : row + 1],
            last_complaint_at=self.last_complaint_at[row : row + 1],
            contacts=replace(own, rows=np.zeros(len(own), np.int64)),
            refuses_channel={name: one[row : row + 1] for name, one in self.refuses_channel.items()},
            max_per_month=None if self.max_per_month is None else self.max_per_month[row : row + 1],
        )

    def reorder(self, order: NDArray[np.int64]) -> ContactState:
        """The state of the customers in another order; `order` are all rows."""
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        contacts = replace(self.contacts, rows=places[self.contacts.rows]).sort()
        names = ("customer_ids", "refuses", "has_open_ticket", "last_complaint_at")
        limits = None if self.max_per_month is None else self.max_per_month[order]
        reordered = {name: getattr(self, name)[order] for name in names}
        by_channel = {name: one[order] for name, one in self.refuses_channel.items()}
        return replace(self, contacts=contacts, max_per_month=limits, refuses_channel=by_channel, **reordered)

    def add_contacts(self, contacts: RecentContacts) -> ContactState:
        """The state with further contacts, such as decisions since the cutoff; their rows may be in any order."""
        merged = {
            one.name: np.concatenate([getattr(self.contacts, one.name), getattr(contacts, one.name)])
            for one in fields(contacts)
        }
        return replace(self, contacts=RecentContacts(**merged).sort())

    def drop_unmade(self, members: NDArray[np.bool_]) -> ContactState:
        """The state without contacts that control groups did not get; `members`, (n,), of the permanent one keep them.

        The control group of a campaign may get other contacts, so what it did not get limits nothing.
        """
        return replace(self, contacts=self.contacts.take(self.contacts.made | members[self.contacts.rows]))

    def add_objections(self, objections: Objections) -> ContactState:
        """The state with further refusals and complaints."""
        refuses, last = self.refuses.copy(), self.last_complaint_at.copy()
        complains = ~objections.is_refusal
        refuses[objections.rows[objections.is_refusal]] = True
        np.fmax.at(last, objections.rows[complains], objections.times[complains])
        return replace(self, refuses=refuses, last_complaint_at=last)

    def replace_consents(self, consents: Mapping[str, Mapping[str, bool]]) -> ContactState:
        """The state with newer answers of customers, by id, then by purpose: `contact` or `contact:<channel>`.

        `customer_ids` must be sorted.
        """
        refuses, by_channel = self.refuses.copy(), {name: one.copy() for name, one in self.refuses_channel.items()}
        rows = codes_of(np.array(list(consents), dtype=str), self.customer_ids)
        for row, answers in zip(rows.tolist(), consents.values(), strict=True):
            for purpose, granted in answers.items() if row >= 0 else ():
                if purpose == CONTACT:
                    refuses[row] = not granted
                elif purpose.startswith(OF_CHANNEL):
                    channel = purpose.removeprefix(OF_CHANNEL).strip()
                    by_channel.setdefault(channel, np.zeros(len(self), np.bool_))[row] = not granted
        return replace(self, refuses=refuses, refuses_channel=by_channel)

    def refuses_in(self, channel: str | None) -> NDArray[np.bool_]:
        """Whether each customer refuses contact at all, or through this channel, (n,)."""
        of_channel = self.refuses_channel.get((channel or "").strip().lower())
        return self.refuses if of_channel is None else self.refuses | of_channel

    def count_in_week(
        self, moments: NDArray[np.datetime64], *, selected: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Contacts of each customer within the 7 days before their moment, (n,); later ones are planned and count.

        `moments` are (n,); `selected`, (k,), limits the contacts that count.
        """
        return self._count(moments[self.contacts.rows] - self.contacts.times < WEEK, selected)

    def count_on_day(
        self, moments: NDArray[np.datetime64], *, selected: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Contacts of each customer on the local day of their moment, (n,); see `count_in_week`."""
        days = moments.astype("datetime64[D]")[self.contacts.rows]
        return self._count(self.contacts.times.astype("datetime64[D]") == days, selected)

    def reaches_monthly_limit(self, moments: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Whether one more contact at each customer's moment, (n,), is above their `max_per_month`."""
        if self.max_per_month is None:
            return np.zeros(len(self), np.bool_)
        age = moments[self.contacts.rows] - self.contacts.times
        return self._count(age < np.timedelta64(FATIGUE_DAYS, "D"), None) >= self.max_per_month

    def has_since(
        self, moments: NDArray[np.datetime64], *, days: int, selected: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether each customer has one of the selected contacts, (k,), within `days` before their moment, (n,)."""
        if not days:
            return np.zeros(len(self), np.bool_)
        age = moments[self.contacts.rows] - self.contacts.times
        return self._count(age < np.timedelta64(days, "D"), selected) > 0

    def _count(self, counted: NDArray[np.bool_], selected: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        mask = counted if selected is None else counted & selected
        return np.bincount(self.contacts.rows[mask], minlength=len(self))
