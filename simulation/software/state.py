"""The monthly state of an account (adoption, prices, problems), its transitions, and the churn hazards that follow.

Accounts churn for four causes, each with its own hazard. The state does not depend on churn, so a history can be
continued from any month, any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation.software.world import BUSY_MONTHS, FEWEST_SEATS, MOST_SEATS, PLANS, Accounts, SoftwareWorld

ADOPTION_KEPT = 0.85
"Share of the distance from the long-run mean of adoption that remains after a month."
PRESSURE_KEPT = 0.85
PRESSURE_BY_RISE = 11.0
"Pressure added by a price rise of 100 %."
PAIN_KEPT = 0.75
USUAL_ANSWER_HOURS = 7.0
BUSY_ANSWERS = 2.6
"Factor on answer times in a busy month."
DOWNGRADE_KEPT = 0.6

TOPICS = np.array(["outage", "bug", "how to", "missing feature", "price", "account"])
IS_SEVERE = np.array([True, True, False, False, False, False])
"Whether tickets of each topic are severe."


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """All accounts at the end of a month; arrays are (n,)."""

    adoption: NDArray[np.float64]
    "Logit of the share of people who use the product in a month."
    breadth: NDArray[np.float64]
    "Logit of the share of features that they use."
    pressure: NDArray[np.float64]
    "Remaining pressure from price rises; about 0.7 after a rise of 7 %."
    pain: NDArray[np.float64]
    "Remaining pain from severe problems that were answered late."
    slowness: NDArray[np.float64]
    "Log of the answer time for this account relative to the usual one."
    downgrade: NDArray[np.float64]
    "Remaining effect of a downgrade: 1 in the month after it."
    seats: NDArray[np.int64]
    "int64"
    plan: NDArray[np.int64]
    "int64 row of PLANS."
    price_level: NDArray[np.float64]
    "The price level that the account pays; that of the first list is 1."

    def take(self, rows: NDArray[np.int64]) -> AccountState:
        """The accounts at these rows; a row may be repeated."""
        return AccountState(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    @property
    def usefulness(self) -> NDArray[np.float64]:
        """(n,) 0 to 1: how useful the product is to the account."""
        return 0.65 * logistic(self.adoption) + 0.35 * logistic(self.breadth)


@dataclass(frozen=True, kw_only=True)
class MonthEvents:
    """The visible events of one month."""

    tickets: NDArray[np.int64]
    "(topics, n) int64: number of tickets opened."
    answer_hours: NDArray[np.float64]
    "(n,) typical answer time of the month."


def logistic(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a logit."""
    return 1 / (1 + np.exp(-logit))


def first_state(world: SoftwareWorld, accounts: Accounts, *, random: np.random.Generator) -> AccountState:
    """The state of each account when it begins."""
    n = len(accounts)
    zeros = np.zeros(n)
    return AccountState(
        adoption=accounts.fit + random.normal(0, 0.5, n),
        breadth=accounts.breadth_fit + random.normal(0, 0.4, n),
        pressure=zeros,
        pain=zeros,
        slowness=random.normal(0, 0.5, n),
        downgrade=zeros,
        seats=accounts.seats,
        plan=accounts.plan,
        price_level=np.array([world.list_price(month) for month in range(world.n_months)])[accounts.begins_in],
    )


def advance_month(
    world: SoftwareWorld,
    accounts: Accounts,
    *,
    state: AccountState,
    month: int,
    renewing: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[AccountState, MonthEvents]:
    """The state after a month and its events. `renewing` (n,) marks accounts whose price may rise in it."""
    state = _change_contracts(world, state, month=month, renewing=renewing, random=random)
    n = len(accounts)
    slowness = 0.7 * state.slowness + random.normal(0, 0.4, n)
    busy = BUSY_ANSWERS if month in BUSY_MONTHS else 1.0
    answer_hours = USUAL_ANSWER_HOURS * busy * np.exp(slowness)
    tickets = random.poisson(ticket_rates(accounts, state))
    severe = tickets[IS_SEVERE].sum(axis=0) * (answer_hours / 12).clip(0.2, 4)
    advanced = replace(
        state,
        adoption=_revert_towards(state.adoption, accounts.fit, spread=0.3, random=random),
        breadth=_revert_towards(state.breadth, accounts.breadth_fit, spread=0.25, random=random),
        pain=PAIN_KEPT * state.pain + 0.5 * severe,
        slowness=slowness,
    )
    return advanced, MonthEvents(tickets=tickets, answer_hours=answer_hours)


def ticket_rates(accounts: Accounts, state: AccountState) -> NDArray[np.float64]:
    """(topics, n) expected tickets per month."""
    people, short_of_use = np.sqrt(state.seats), 1 - state.usefulness
    return np.stack(
        [
            0.02 * people * accounts.trouble,
            0.04 * people * accounts.trouble,
            0.06 * people * short_of_use,
            0.05 * people * short_of_use,
            0.03 + 0.35 * state.pressure * accounts.price_sensitivity + 0.2 * accounts.dearness.clip(0),
            0.015 * people,
        ]
    )


def _change_contracts(
    world: SoftwareWorld, state: AccountState, *, month: int, renewing: NDArray[np.bool_], random: np.random.Generator
) -> AccountState:
    """The state with seats, plans and prices as of the first of the month."""
    use, n = state.usefulness, len(state.seats)
    growing = random.random(n) < 0.01 + 0.06 * use
    shrinking = ~growing & (random.random(n) < 0.004 + 0.03 * (1 - use) ** 2 + 0.02 * state.pressure)
    step = np.where(growing, random.uniform(1.1, 1.5, n), np.where(shrinking, random.uniform(0.55, 0.9, n), 1.0))
    seats = np.where(growing, np.ceil(state.seats * step), np.floor(state.seats * step)).astype(np.int64)
    seats = seats.clip(np.minimum(FEWEST_SEATS, state.seats), MOST_SEATS)
    plan = state.plan + (random.random(n) < 0.012 * use) - (random.random(n) < 0.003 + 0.012 * state.pressure)
    plan = plan.clip(0, len(PLANS) - 1)
    list_price = world.list_price(month)
    risen = np.where(renewing, (list_price / state.price_level - 1).clip(0), 0.0)
    less = (seats < state.seats) | (plan < state.plan)
    return replace(
        state,
        pressure=PRESSURE_KEPT * state.pressure + PRESSURE_BY_RISE * risen,
        downgrade=np.maximum(DOWNGRADE_KEPT * state.downgrade, less),
        seats=seats,
        plan=plan,
        price_level=np.where(risen > 0, list_price, state.price_level),
    )


def _revert_towards(
    value: NDArray[np.float64], home: NDArray[np.float64], *, spread: float, random: np.random.Generator
) -> NDArray[np.float64]:
    return home + ADOPTION_KEPT * (value - home) + random.normal(0, spread, len(value))


CAUSES = np.array(["product", "price", "support", "other"])

RANDOM_CHURN_HAZARD = 0.022
"Per month, if churn is random."
AT_RENEWAL, BETWEEN_RENEWALS = 2.0, 0.8
"Factor on all hazards in the month in which a yearly term ends, and in its other months."


def hazards_in(
    world: SoftwareWorld, accounts: Accounts, *, state: AccountState, tenure_months: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(causes, n) the monthly cause-specific hazards, given the state at the end of the previous month.

    `tenure_months` (n,) is the number of months since each account began.
    """
    n = len(accounts)
    if world.churn_is_random:
        return np.full((len(CAUSES), n), RANDOM_CHURN_HAZARD / len(CAUSES))
    product = 0.9 * np.exp(-13.0 * state.usefulness)
    price = accounts.price_sensitivity * (
        0.0001 + 0.022 * state.pressure + 0.025 * state.downgrade + 0.03 * accounts.dearness.clip(0)
    )
    support = 0.0001 + 0.03 * np.minimum(state.pain, 4)
    other = 0.0016 * accounts.closing
    return np.stack([product, price, support, other]) * term_factor(accounts, tenure_months)


def term_factor(accounts: Accounts, tenure_months: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) the factor of the term on every hazard; 1 for monthly terms."""
    yearly = accounts.term_months > 1
    ending = ends_a_term(accounts, tenure_months)
    return np.where(yearly, np.where(ending, AT_RENEWAL, BETWEEN_RENEWALS), 1.0)


def ends_a_term(accounts: Accounts, tenure_months: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the term ends on the first of the month, so that the price may change."""
    return (tenure_months > 0) & (tenure_months % accounts.term_months == 0)


def draw_causes(hazards: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """(n,) rows of CAUSES, each drawn in proportion to its share of the hazard."""
    shares = np.cumsum(hazards, axis=0) / hazards.sum(axis=0)
    return (random.random(hazards.shape[1]) > shares).sum(axis=0).clip(max=len(CAUSES) - 1)
