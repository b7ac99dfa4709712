"""What happened to every account, month by month: who was there, who left and why, who came back.

    month 0      1            2            3
    |-- begins --|============|==== ends --|            |== comes back ...
                  at risk      at risk: left, for a cause

An account is at risk in every month that it begins as a customer. The hazards of a month follow from its state at
the end of the month before, so that all that drives them can be seen at the first of the month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.software.accounts import Accounts
from simulation.software.hazards import drawn_causes, ends_a_term, hazards_in
from simulation.software.states import Happened, State, first_state, month_after
from simulation.software.world import SoftwareWorld

MONTHS_AWAY = 3
"Nobody comes back sooner."
COMING_BACK = 0.012
"P(an account that is away comes back in a month)."


@dataclass(frozen=True)
class Ends:
    """Every time an account left, by month and then account; every array is (ends,) unless said otherwise."""

    accounts: np.ndarray
    "int64 rows of Accounts."
    months: np.ndarray
    "int64 from the start of the records."
    days: np.ndarray
    "int64 from the start of the records; the day itself is no longer paid for."
    causes: np.ndarray
    "int64 rows of CAUSES."
    hazards: np.ndarray
    "(causes, ends) those of the month in which it left."

    @property
    def shares(self) -> np.ndarray:
        """(causes, ends) how much of the hazard each cause was: the expected share of each in every end."""
        return self.hazards / self.hazards.sum(axis=0)


@dataclass(frozen=True)
class Lives:
    """What happened to everybody; arrays are (n, n_months) unless said otherwise."""

    states: tuple[State, ...]
    "At the beginning, then at the end of each month: n_months + 1 of them."
    happened: tuple[Happened, ...]
    "In each month."
    paid_from: np.ndarray
    "int64: the first day of the month on which the account is a customer, counted from the start of the records."
    paid_until: np.ndarray
    "int64: the first day on which it no longer is; equal to paid_from where it is none in this month."
    tenure_months: np.ndarray
    "int64: months since the account (last) began; negative before."
    hazards: np.ndarray
    "(causes, n, n_months) those actually used; 0 where not at risk."
    ends: Ends

    @property
    def is_customer(self) -> np.ndarray:
        """bool: at any time of the month."""
        return self.paid_until > self.paid_from

    @property
    def at_risk(self) -> np.ndarray:
        """bool: customers since before the month."""
        return self.hazards.sum(axis=0) > 0


def live(world: SoftwareWorld, accounts: Accounts, random: np.random.Generator) -> Lives:
    """Let every month happen, once, for everybody together."""
    n, firsts = len(accounts), world.firsts
    begun_in, left_in = np.full((2, n), -1)
    states, happened, months, ends = [first_state(world, accounts, random)], [], [], []
    for month in range(world.n_months):
        first, after = firsts[month], firsts[month + 1]
        staying = begun_in > left_in
        tenure = month - begun_in
        hazards = hazards_in(world, accounts, states[-1], tenure) * staying
        leaving = staying & (random.random(n) < 1 - np.exp(-hazards.sum(axis=0)))
        day = first + 1 + np.floor(random.random(n) * (after - first - 1)).astype(np.int64)
        coming = ~staying & (left_in >= 0) & (month - left_in >= MONTHS_AWAY) & (random.random(n) < COMING_BACK)
        landing = accounts.begins_in == month
        paid_from = np.where(landing, accounts.begins_on, np.where(coming, day, first))
        paid = staying | landing | coming
        paid_until = np.where(paid, np.where(leaving, day, after), paid_from)
        ends.append(_ends(month, np.flatnonzero(leaving), day, hazards, random))
        begun_in, left_in = np.where(landing | coming, month, begun_in), np.where(leaving, month, left_in)
        renewing = staying & ends_a_term(accounts, tenure)
        state, seen = _next_state(world, accounts, states[-1], month, staying, renewing, coming, random)
        states.append(state)
        happened.append(seen)
        months.append((paid_from, paid_until, month - begun_in, hazards))
    paid_from, paid_until, tenure, hazards = (np.stack(parts, axis=-1) for parts in zip(*months, strict=True))
    together = Ends(*(np.concatenate(parts, axis=-1) for parts in zip(*ends, strict=True)))
    return Lives(tuple(states), tuple(happened), paid_from, paid_until, tenure, hazards, together)


def _next_state(
    world: SoftwareWorld,
    accounts: Accounts,
    state: State,
    month: int,
    staying: np.ndarray,
    renewing: np.ndarray,
    coming: np.ndarray,
    random: np.random.Generator,
) -> tuple[State, Happened]:
    """The month makes something of those who stay; who comes back starts without old grievances, others wait."""
    after, seen = month_after(world, accounts, state, month, renewing, random)
    forgotten = {"pressure": 0.0, "pain": 0.0, "shrunk": 0.0, "price_level": world.list_price(month)}
    waiting = {
        name: np.where(coming, forgotten[name], getattr(state, name)) if name in forgotten else getattr(state, name)
        for name in state.__dataclass_fields__
    }
    lived = {name: np.where(staying, getattr(after, name), waiting[name]) for name in waiting}
    return State(**lived), Happened(seen.tickets * staying, seen.answer_hours)


def _ends(
    month: int, leaving: np.ndarray, day: np.ndarray, hazards: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, ...]:
    theirs = hazards[:, leaving]
    return leaving, np.full(len(leaving), month), day[leaving], drawn_causes(theirs, random), theirs
