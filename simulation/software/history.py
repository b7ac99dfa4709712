"""The history of every account, month by month: who is a customer, who churns and why, who returns.

    month 0      1            2            3
    |-- begins --|============|== churns --|            |== returns ...
                  at risk      at risk

An account is at risk in every month that it is a customer at the start of. The hazards of a month follow from the
state at the end of the previous month, so everything that drives them is visible on the first of the month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.software.contacting import AccountContacting, AccountContacts
from simulation.software.state import (
    AccountState,
    MonthEvents,
    advance_month,
    draw_causes,
    ends_a_term,
    first_state,
    hazards_in,
)
from simulation.software.world import Accounts, SoftwareWorld

MONTHS_AWAY = 3
"Minimum before an account returns."
COMING_BACK = 0.012
"P(a churned account returns in a month)."


@dataclass(frozen=True, kw_only=True)
class ChurnEvents:
    """Every churn of an account, by month and then account; arrays are (churns,) unless stated otherwise."""

    accounts: NDArray[np.int64]
    "int64 rows of Accounts."
    months: NDArray[np.int64]
    "int64 months from the start of the records."
    days: NDArray[np.int64]
    "int64 days from the start of the records; the first day that is not paid."
    causes: NDArray[np.int64]
    "int64 rows of CAUSES."
    hazards: NDArray[np.float64]
    "(causes, churns) the hazards of the month of the churn."

    @property
    def shares(self) -> NDArray[np.float64]:
        """(causes, churns) the share of each cause in the hazard: its expected share of the churn."""
        return self.hazards / self.hazards.sum(axis=0)


@dataclass(frozen=True, kw_only=True)
class AccountHistory:
    """What happens to every account; arrays are (n, n_months) unless stated otherwise."""

    states: tuple[AccountState, ...]
    "At the beginning, then at the end of each month: n_months + 1 states."
    events: tuple[MonthEvents, ...]
    "The events of each month."
    paid_from: NDArray[np.int64]
    "int64: the first day of the month as a customer, counted from the start of the records."
    paid_until: NDArray[np.int64]
    "int64: the first day after that; equal to paid_from if the account is not a customer in the month."
    tenure_months: NDArray[np.int64]
    "int64: months since the account began or returned; negative before."
    hazards: NDArray[np.float64]
    "(causes, n, n_months); 0 where not at risk."
    churns: ChurnEvents
    contacts: AccountContacts
    "None where contacts have no effects: those are drawn when the history is complete."

    @property
    def is_customer(self) -> NDArray[np.bool_]:
        """(n, n_months) whether the account is a customer at any time in the month."""
        return self.paid_until > self.paid_from

    @property
    def at_risk(self) -> NDArray[np.bool_]:
        """(n, n_months) whether the account is a customer at the start of the month."""
        return self.hazards.sum(axis=0) > 0


def simulate_history(world: SoftwareWorld, accounts: Accounts, *, random: np.random.Generator) -> AccountHistory:
    """Simulate every month once, for all accounts together."""
    n, firsts = len(accounts), world.firsts
    began_in, churned_in = np.full((2, n), -1)
    contacting = AccountContacting(world, accounts)
    states, events, months, churns = [first_state(world, accounts, random=random)], [], [], []
    for month in range(world.n_months):
        first, after = firsts[month], firsts[month + 1]
        is_staying = began_in > churned_in
        tenure = month - began_in
        state = contacting.begin_month(month, states[-1], staying=is_staying)
        hazards = hazards_in(world, accounts, state=state, tenure_months=tenure) * is_staying
        hazards = hazards * contacting.factors_in(month)
        is_churning = is_staying & (random.random(n) < 1 - np.exp(-hazards.sum(axis=0)))
        # One day per account serves as the day of its churn or of its return.
        day = first + 1 + np.floor(random.random(n) * (after - first - 1)).astype(np.int64)
        may_return = ~is_staying & (churned_in >= 0) & (month - churned_in >= MONTHS_AWAY)
        is_returning = may_return & (random.random(n) < COMING_BACK)
        is_beginning = accounts.begins_in == month
        paid_from = np.where(is_beginning, accounts.begins_on, np.where(is_returning, day, first))
        is_paid = is_staying | is_beginning | is_returning
        paid_until = np.where(is_paid, np.where(is_churning, day, after), paid_from)
        churns.append(_churns_of_month(month, np.flatnonzero(is_churning), day=day, hazards=hazards, random=random))
        began_in = np.where(is_beginning | is_returning, month, began_in)
        churned_in = np.where(is_churning, month, churned_in)
        renewing = is_staying & ends_a_term(accounts, tenure)
        advanced, month_events = advance_month(
            world, accounts, state=state, month=month, renewing=renewing, random=random
        )
        states.append(
            _merge_states(
                states[-1], advanced, staying=is_staying, returning=is_returning, price_level=world.list_price(month)
            )
        )
        events.append(MonthEvents(tickets=month_events.tickets * is_staying, answer_hours=month_events.answer_hours))
        months.append((paid_from, paid_until, month - began_in, hazards))
    paid_from, paid_until, tenure, hazards = (np.stack(parts, axis=-1) for parts in zip(*months, strict=True))
    return AccountHistory(
        states=tuple(states),
        events=tuple(events),
        paid_from=paid_from,
        paid_until=paid_until,
        tenure_months=tenure,
        hazards=hazards,
        churns=_concatenate(churns),
        contacts=contacting.contacts,
    )


def _merge_states(
    before: AccountState,
    after: AccountState,
    *,
    staying: NDArray[np.bool_],
    returning: NDArray[np.bool_],
    price_level: float,
) -> AccountState:
    """The advanced state of accounts that stay, and the old state of the others.

    A returning account has no old grievances and pays the current list.
    """
    none = np.zeros(len(returning))
    fresh = replace(before, pressure=none, pain=none, downgrade=none, price_level=np.full(len(returning), price_level))
    merged: dict[str, NDArray[Any]] = {}
    for name in before.__dataclass_fields__:
        old = np.where(returning, getattr(fresh, name), getattr(before, name))
        merged[name] = np.where(staying, getattr(after, name), old)
    return AccountState(**merged)


def _churns_of_month(
    month: int,
    rows: NDArray[np.int64],
    *,
    day: NDArray[np.int64],
    hazards: NDArray[np.float64],
    random: np.random.Generator,
) -> ChurnEvents:
    """The churns of these accounts, with a cause drawn for each."""
    own = hazards[:, rows]
    causes = draw_causes(own, random)
    return ChurnEvents(accounts=rows, months=np.full(len(rows), month), days=day[rows], causes=causes, hazards=own)


def _concatenate(churns: Sequence[ChurnEvents]) -> ChurnEvents:
    names = ChurnEvents.__dataclass_fields__
    return ChurnEvents(**{name: np.concatenate([getattr(part, name) for part in churns], axis=-1) for name in names})
