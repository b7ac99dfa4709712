"""What changes of an account from month to month, and how: adoption, prices, problems.

Everything here would happen in the same way whether accounts leave or not, so
that a life can be told onwards from any month, as often as one likes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.software.accounts import FEWEST_SEATS, MOST_SEATS, PLANS, Accounts
from simulation.software.world import BUSY_MONTHS, SoftwareWorld

ADOPTION_KEPT = 0.85
"Of a month's distance from where adoption tends to, the share that is left after another."
PRESSURE_KEPT = 0.85
PRESSURE_BY_RISE = 11.0
"What a rise of the price by all of itself adds to the pressure."
PAIN_KEPT = 0.75
USUAL_ANSWER_HOURS = 7.0
BUSY_ANSWERS = 2.6
"How many times as long an answer takes in a busy month."
SHRUNK_KEPT = 0.6

TOPICS = np.array(["outage", "bug", "how to", "missing feature", "price", "account"])
IS_GRAVE = np.array([True, True, False, False, False, False])
"Topics whose tickets are severe."


@dataclass(frozen=True)
class State:
    """Every account at the end of a month; every array is (n,)."""

    adoption: np.ndarray
    "Logit of the share of the people who use it in a month."
    breadth: np.ndarray
    "Logit of the share of the features that they use."
    pressure: np.ndarray
    "What is left of price rises; .7 after a rise of 7 %."
    pain: np.ndarray
    "What is left of grave problems that were answered late."
    slowness: np.ndarray
    "Log of how long support takes to answer this account, against the usual."
    shrunk: np.ndarray
    "What is left of having cut down: 1 in the month after."
    seats: np.ndarray
    "int64"
    plan: np.ndarray
    "int64 row of PLANS."
    price_level: np.ndarray
    "The price list that it pays by; 1 is the first one."

    def take(self, rows: np.ndarray) -> State:
        """The accounts that an index array picks; one may be picked many times."""
        return State(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def usefulness(self) -> np.ndarray:
        """0 to 1: how much the account has of the product."""
        return 0.65 * logistic(self.adoption) + 0.35 * logistic(self.breadth)


@dataclass(frozen=True)
class Happened:
    """What can be seen of one month."""

    tickets: np.ndarray
    "(topics, n) int64: how many were opened."
    answer_hours: np.ndarray
    "(n,) how long this month's answers take, about."


def logistic(logit: np.ndarray) -> np.ndarray:
    """0 to 1."""
    return 1 / (1 + np.exp(-logit))


def first_state(world: SoftwareWorld, accounts: Accounts, random: np.random.Generator) -> State:
    """Everybody as they come."""
    n = len(accounts)
    still = np.zeros(n)
    return State(
        adoption=accounts.fit + random.normal(0, 0.5, n),
        breadth=accounts.breadth_fit + random.normal(0, 0.4, n),
        pressure=still,
        pain=still,
        slowness=random.normal(0, 0.5, n),
        shrunk=still,
        seats=accounts.seats,
        plan=accounts.plan,
        price_level=np.array([world.list_price(month) for month in range(world.n_months)])[accounts.begins_in],
    )


def month_after(
    world: SoftwareWorld,
    accounts: Accounts,
    state: State,
    month: int,
    renewing: np.ndarray,
    random: np.random.Generator,
) -> tuple[State, Happened]:
    """What a month makes of everybody. `renewing`: whose price may rise in it, bool (n,)."""
    state = _changed(world, state, month, renewing, random)
    n = len(accounts)
    slowness = 0.7 * state.slowness + random.normal(0, 0.4, n)
    busy = BUSY_ANSWERS if month in BUSY_MONTHS else 1.0
    answer_hours = USUAL_ANSWER_HOURS * busy * np.exp(slowness)
    tickets = random.poisson(ticket_rates(accounts, state))
    grave = tickets[IS_GRAVE].sum(axis=0) * (answer_hours / 12).clip(0.2, 4)
    lived = replace(
        state,
        adoption=_drawn_towards(state.adoption, accounts.fit, 0.3, random),
        breadth=_drawn_towards(state.breadth, accounts.breadth_fit, 0.25, random),
        pain=PAIN_KEPT * state.pain + 0.5 * grave,
        slowness=slowness,
    )
    return lived, Happened(tickets, answer_hours)


def ticket_rates(accounts: Accounts, state: State) -> np.ndarray:
    """(topics, n) tickets a month, by what drives them."""
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


def _changed(
    world: SoftwareWorld, state: State, month: int, renewing: np.ndarray, random: np.random.Generator
) -> State:
    """Seats, plans and prices as of the first of the month."""
    use, n = state.usefulness, len(state.seats)
    growing = random.random(n) < 0.01 + 0.06 * use
    shrinking = ~growing & (random.random(n) < 0.004 + 0.03 * (1 - use) ** 2 + 0.02 * state.pressure)
    step = np.where(growing, random.uniform(1.1, 1.5, n), np.where(shrinking, random.uniform(0.55, 0.9, n), 1.0))
    seats = np.where(growing, np.ceil(state.seats * step), np.floor(state.seats * step)).astype(np.int64)
    seats = seats.clip(np.minimum(FEWEST_SEATS, state.seats), MOST_SEATS)
    plan = state.plan + (random.random(n) < 0.012 * use) - (random.random(n) < 0.003 + 0.012 * state.pressure)
    plan = plan.clip(0, len(PLANS) - 1)
    listed = world.list_price(month)
    risen = np.where(renewing, (listed / state.price_level - 1).clip(0), 0.0)
    less = (seats < state.seats) | (plan < state.plan)
    return replace(
        state,
        pressure=PRESSURE_KEPT * state.pressure + PRESSURE_BY_RISE * risen,
        shrunk=np.maximum(SHRUNK_KEPT * state.shrunk, less),
        seats=seats,
        plan=plan,
        price_level=np.where(risen > 0, listed, state.price_level),
    )


def _drawn_towards(value: np.ndarray, home: np.ndarray, spread: float, random: np.random.Generator) -> np.ndarray:
    return home + ADOPTION_KEPT * (value - home) + random.normal(0, spread, len(value))
