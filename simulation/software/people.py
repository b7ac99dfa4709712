"""The people of the accounts: a few administrators first, then colleagues as seats are filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.software.contracts import seats_by_month
from simulation.software.history import AccountHistory
from simulation.software.world import Accounts, SoftwareWorld, number_ids

FILLING_DAYS = 50.0
"Mean time until a seat has a person."
ACQUISITION_YEN = 160_000.0
"Median cost of acquiring an account, recorded with its first person."


@dataclass(frozen=True, kw_only=True)
class People:
    """All people, by account and then date of joining; arrays are (people,) unless stated otherwise."""

    person_ids: NDArray[np.str_]
    accounts: NDArray[np.int64]
    "int64 rows of Accounts."
    joined_on: NDArray[np.int64]
    "int64 days from the start of the records."
    is_admin: NDArray[np.bool_]
    "bool"
    language: NDArray[np.str_]
    first: NDArray[np.int64]
    "(n + 1,) int64: the first row of each account."

    def __len__(self) -> int:
        return len(self.person_ids)

    def present(self, world: SoftwareWorld, history: AccountHistory) -> NDArray[np.int64]:
        """(n, n_months) the number of people of each account who have joined by each month and have a seat."""
        n = len(self.first) - 1
        month = np.searchsorted(world.firsts[:-1], self.joined_on)
        joined = np.zeros((n, world.n_months + 1), np.int64)
        np.add.at(joined, (self.accounts, month), 1)
        n_joined = joined[:, :-1].cumsum(axis=1)
        begins = (history.tenure_months == 0) & history.is_customer
        # An account that begins within a month has the people of its first day in that month.
        n_first_day = np.zeros(n, np.int64)
        np.add.at(n_first_day, self.accounts[self.joined_on == self.joined_on[self.first[self.accounts]]], 1)
        present = np.maximum(n_joined, np.where(begins, n_first_day[:, None], 0))
        return np.minimum(present, seats_by_month(history)) * history.is_customer


def make_people(
    world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory, random: np.random.Generator
) -> People:
    """One person per seat, up to the most seats of the account; people who join after the last day are dropped."""
    seats = np.where(history.is_customer, seats_by_month(history), 0)
    rows = np.repeat(np.arange(len(accounts)), seats.max(axis=1).clip(1))
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    seat_from = np.argmax(seats[rows] > place[:, None], axis=1)
    since = np.maximum(world.firsts[seat_from], accounts.begins_on[rows])
    joins_at_start = place < 1 + accounts.seats[rows] // 12
    waited = np.where(joins_at_start, 0, 1 + random.exponential(FILLING_DAYS, len(rows)).astype(np.int64))
    joined_on = since + waited
    chosen = np.flatnonzero((joined_on < world.n_days) | (place == 0))
    chosen = chosen[np.lexsort((joined_on[chosen], rows[chosen]))]
    rows, joined_on = rows[chosen], joined_on[chosen]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    foreign = accounts.foreign[rows] ^ (random.random(len(rows)) < 0.05)
    return People(
        person_ids=number_ids("p", len(rows), digits=5),
        accounts=rows,
        joined_on=joined_on,
        is_admin=place < 1 + accounts.seats[rows] // 15,
        language=np.where(foreign, "en", "ja"),
        first=np.searchsorted(rows, np.arange(len(accounts) + 1)),
    )


def customers_table(
    world: SoftwareWorld, accounts: Accounts, *, people: People, random: np.random.Generator
) -> pa.Table:
    """The people with their accounts; the acquisition cost of an account is in the row of its first person."""
    cost = np.round(ACQUISITION_YEN * np.exp(random.normal(0, 0.4, len(accounts))) * accounts.seats**0.5, -2)
    is_first = np.append(True, people.accounts[1:] != people.accounts[:-1])
    return pa.table(
        {
            "customer_id": people.person_ids,
            "joined_at": world.times(people.joined_on),
            "account_id": accounts.account_ids[people.accounts],
            "role": np.where(people.is_admin, "admin", "user"),
            "acquisition_source": accounts.source[people.accounts],
            "acquisition_cost": pa.array(cost[people.accounts], mask=~is_first),
            "language": people.language,
            "valid_from": world.times(people.joined_on),
        }
    )
