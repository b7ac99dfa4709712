"""The people of the accounts: a few administrators first, then colleagues as seats are filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.software.accounts import Accounts
from simulation.software.lives import Lives
from simulation.software.spans import seats_by_month
from simulation.software.world import SoftwareWorld, numbered

FILLING_DAYS = 50.0
"Mean time until a seat has its person."
ACQUISITION_YEN = 160_000.0
"Median of what it costs to win an account, noted with its first person."


@dataclass(frozen=True)
class People:
    """Everybody, by account and then in the order in which they joined; every array is (people,) unless said."""

    person_ids: np.ndarray
    accounts: np.ndarray
    "int64 rows of Accounts."
    joined_on: np.ndarray
    "int64 days from the start of the records."
    is_admin: np.ndarray
    "bool"
    language: np.ndarray
    first: np.ndarray
    "(n + 1,) int64: where each account's people begin."

    def __len__(self) -> int:
        return len(self.person_ids)

    def present(self, world: SoftwareWorld, lives: Lives) -> np.ndarray:
        """(n, n_months) int64: how many of each account's people have joined by each month and have a seat in it."""
        n = len(self.first) - 1
        month = np.searchsorted(world.firsts[:-1], self.joined_on)
        joined = np.zeros((n, world.n_months + 1), np.int64)
        np.add.at(joined, (self.accounts, month), 1)
        begun = joined[:, :-1].cumsum(axis=1)
        begins = (lives.tenure_months == 0) & lives.is_customer
        # Who begins within a month works in it with those who join on the first day.
        at_once = np.zeros(n, np.int64)
        np.add.at(at_once, self.accounts[self.joined_on == self.joined_on[self.first[self.accounts]]], 1)
        present = np.maximum(begun, np.where(begins, at_once[:, None], 0))
        return np.minimum(present, seats_by_month(lives)) * lives.is_customer


def make_people(world: SoftwareWorld, accounts: Accounts, lives: Lives, random: np.random.Generator) -> People:
    """A person a seat, as many as the account ever has; those after the last day do not come."""
    seats = np.where(lives.is_customer, seats_by_month(lives), 0)
    who = np.repeat(np.arange(len(accounts)), seats.max(axis=1).clip(1))
    place = np.arange(len(who)) - np.searchsorted(who, who)
    seat_from = np.argmax(seats[who] > place[:, None], axis=1)
    since = np.maximum(world.firsts[seat_from], accounts.begins_on[who])
    at_once = place < 1 + accounts.seats[who] // 12
    waited = np.where(at_once, 0, 1 + random.exponential(FILLING_DAYS, len(who)).astype(np.int64))
    joined_on = since + waited
    kept = np.flatnonzero((joined_on < world.n_days) | (place == 0))
    kept = kept[np.lexsort((joined_on[kept], who[kept]))]
    who, joined_on = who[kept], joined_on[kept]
    place = np.arange(len(who)) - np.searchsorted(who, who)
    foreign = accounts.foreign[who] ^ (random.random(len(who)) < 0.05)
    return People(
        person_ids=numbered("p", len(who), 5),
        accounts=who,
        joined_on=joined_on,
        is_admin=place < 1 + accounts.seats[who] // 15,
        language=np.where(foreign, "en", "ja"),
        first=np.searchsorted(who, np.arange(len(accounts) + 1)),
    )


def customers_table(world: SoftwareWorld, accounts: Accounts, people: People, random: np.random.Generator) -> pa.Table:
    """Who they are and whose; what it cost to win the account stands with its first person."""
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
