"""The history of every customer, day by day: they order, are annoyed, lose interest, and leave.

    joins            loses interest       leaves
    |==== regular ====|---- fading --------|
    orders as usual    fewer orders, far fewer visits

Each customer has a hazard of losing interest (as in the Pareto/NBD model of Schmittlein, Morrison & Colombo 1987).
Experiences raise it: a defect, a late delivery, a price rise for price-sensitive customers, and contacts that bother.
Each is a cause.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.shop.contacting import ContactProcess, ShopContacts
from simulation.shop.world import Customers, ShopWorld

CAUSES = np.array(["own reasons", "defect", "late delivery", "prices", "contacts"])
"The last one only where contacts have effects."

DEFECT_SHARE = 0.6
"Share of the failed orders that are defective; the others are late."
ANNOYANCE_KEPT = 0.965
"Share of an annoyance that remains after a day: half of it is gone in three weeks."
DEFECT_HAZARD = 0.018
"Per day, at an annoyance of 1."
DELAY_HAZARD = 0.012
PRICE_HAZARD = 0.0012
"Per day after the price rise, at a price sensitivity of 1."
FADING_ORDERS = 0.35
FADING_VISITS = 0.25
"Factor on the usual visit rate while a customer is losing interest; likewise FADING_ORDERS."
FADING_DAYS = 30.0
"Mean of a geometric distribution."


@dataclass(frozen=True, kw_only=True)
class ShopOrders:
    """All orders, by day and then customer; arrays are (orders,)."""

    customers: NDArray[np.int64]
    "int64 rows of Customers."
    days: NDArray[np.int64]
    "int64 from the start of the records."
    defect: NDArray[np.bool_]
    "bool: an item in it is broken."
    delayed: NDArray[np.bool_]
    "bool: it is delivered late."


@dataclass(frozen=True, kw_only=True)
class ShopHistory:
    """What happens to every customer."""

    orders: ShopOrders
    visits: NDArray[np.int64]
    "(2, visits) int64: customer, day."
    fading_from: NDArray[np.int64]
    "(n,) int64: the first day of losing interest; n_days + 1 if there is none."
    gone_from: NDArray[np.int64]
    "(n,) int64: the first day after the customer has left; n_days + 1 if there is none."
    causes: NDArray[np.str_]
    "(n,) text: the cause of losing interest; '' if they do not."
    contacts: ShopContacts
    "None where contacts have no effects: those are drawn when the history is complete."


def simulate_history(
    world: ShopWorld, customers: Customers, *, contacting: ContactProcess, random: np.random.Generator
) -> ShopHistory:
    """Simulate every day once, for all customers together."""
    n = len(customers)
    annoyance = np.zeros((2, n))
    fading_from, gone_from = np.full((2, n), world.n_days + 1)
    causes = np.full(n, "", dtype=CAUSES.dtype)
    orders, visits = [], []
    for day, demand in enumerate(world.demand(world.n_days)):
        present = (customers.joins_on <= day) & (gone_from > day)
        fading = fading_from <= day
        annoyance = contacting.begin_day(day, annoyance)
        rates = order_rates(
            customers.orders_per_day * demand * contacting.orders_kept_on(day), contacting.lifts_on(day), fading=fading
        )
        ordered = orders_on(day, rates, customers=customers, present=present, random=random)
        contacting.note_orders(day, ordered)
        wrong = draw_mishaps(customers, ordered, random=random)
        annoyance = annoyance * ANNOYANCE_KEPT + wrong
        hazards = hazards_on(world, customers, annoyance=annoyance, bother=contacting.bother_hazard(), day=day)
        losing = present & ~fading & (random.random(n) < 1 - np.exp(-hazards.sum(axis=0)))
        leaving = present & fading & (random.random(n) < 1 / FADING_DAYS)
        fading_from[losing], gone_from[leaving] = day + 1, day + 1
        causes[losing] = draw_causes(hazards[:, losing], random)
        visits.append(_add_day(day, visits_on(customers, present, fading=fading, random=random)))
        orders.append((_add_day(day, np.flatnonzero(ordered)), wrong[:, ordered]))
    who_when, wrong = (np.concatenate(parts, axis=1) for parts in zip(*orders, strict=True))
    who_orders, days = who_when
    defect, delayed = wrong.astype(bool)
    return ShopHistory(
        orders=ShopOrders(customers=who_orders, days=days, defect=defect, delayed=delayed),
        visits=np.concatenate(visits, axis=1),
        fading_from=fading_from,
        gone_from=gone_from,
        causes=causes,
        contacts=contacting.contacts,
    )


def order_rates(
    usual: NDArray[np.float64], lifts: NDArray[np.float64], *, fading: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n,) expected orders of a day: the usual ones and those that offers add, fewer of both while fading."""
    return (usual + lifts) * np.where(fading, FADING_ORDERS, 1)


def orders_on(
    day: int,
    rates: NDArray[np.float64],
    *,
    customers: Customers,
    present: NDArray[np.bool_],
    random: np.random.Generator,
) -> NDArray[np.bool_]:
    """(n,) whether each customer orders on a day; all do on the day they join."""
    ordering = random.random(len(customers)) < 1 - np.exp(-rates)
    return (present & ordering) | (customers.joins_on == day)


def draw_mishaps(
    customers: Customers, ordered: NDArray[np.bool_], *, random: np.random.Generator
) -> NDArray[np.float64]:
    """(2, n) 0 or 1: whether the order of the day is defective, and whether it is late."""
    unlucky = ordered & (random.random(len(customers)) < customers.bad_luck)
    defect = unlucky & (random.random(len(customers)) < DEFECT_SHARE)
    return np.stack([defect, unlucky & ~defect]).astype(np.float64)


def hazards_on(
    world: ShopWorld, customers: Customers, *, annoyance: NDArray[np.float64], bother: NDArray[np.float64], day: int
) -> NDArray[np.float64]:
    """(causes, n) the daily hazards of losing interest; `bother` is the one that contacts cause."""
    if world.churn_is_random:
        return np.zeros((len(CAUSES), len(customers)))
    dearer = PRICE_HAZARD * customers.price_sensitivity * (day >= world.price_rise_day)
    annoyed = [DEFECT_HAZARD * annoyance[0], DELAY_HAZARD * annoyance[1]]
    return np.stack([customers.leaves_per_day, *annoyed, dearer, bother])


def draw_causes(hazards: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.str_]:
    """(losing,) one cause each, drawn in proportion to its share of the hazard."""
    shares = np.cumsum(hazards, axis=0) / hazards.sum(axis=0)
    return CAUSES[(random.random(hazards.shape[1]) > shares).sum(axis=0)]


def visits_on(
    customers: Customers, present: NDArray[np.bool_], *, fading: NDArray[np.bool_], random: np.random.Generator
) -> NDArray[np.int64]:
    """(visits,) the customer of each visit of a day."""
    rates = customers.visits_per_day * np.where(fading, FADING_VISITS, 1) * present
    return np.repeat(np.arange(len(customers)), random.poisson(rates))


def _add_day(day: int, who: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([who, np.full(len(who), day)])
