"""How customers live from day to day: they order, are pleased or annoyed, lose interest, and are gone.

    joins            loses interest       is gone
    |==== regular ====|---- fading --------|
    orders as usual    fewer orders, far fewer visits

Dropout is a hazard of one's own (as in the Pareto/NBD model of Schmittlein,
Morrison & Colombo 1987), raised by experiences: a defect, a late delivery, and
a rise of prices for those who mind it. Each is a stated cause.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.shop.customers import Customers
from simulation.shop.world import ShopWorld

CAUSES = np.array(["own reasons", "defect", "late delivery", "prices"])

DEFECT_SHARE = 0.6
"Of the orders that go wrong; the others come late."
ANNOYANCE_KEPT = 0.965
"Share of an annoyance that is left after a day: half of it is gone in three weeks."
DEFECT_HAZARD = 0.018
"A day, by an annoyance of 1."
DELAY_HAZARD = 0.012
PRICE_HAZARD = 0.0012
"A day after the rise, by a price sensitivity of 1."
FADING_ORDERS = 0.35
FADING_VISITS = 0.25
"Of the usual rates, while interest is being lost."
FADING_DAYS = 30.0
"Mean; geometric."


@dataclass(frozen=True)
class Orders:
    """Every order, by day and then customer; every array is (orders,)."""

    customers: np.ndarray
    "int64 rows of the population."
    days: np.ndarray
    "int64 from the start of the records."
    defect: np.ndarray
    "bool: something in it was broken."
    delayed: np.ndarray
    "bool: it came late."


@dataclass(frozen=True)
class Lives:
    """What happened to everybody."""

    orders: Orders
    visits: np.ndarray
    "(2, visits) int64: customer, day."
    fading_from: np.ndarray
    "(n,) int64: the first day of fading; n_days + 1 where there is none."
    gone_from: np.ndarray
    "(n,) int64: the first day without them; n_days + 1 where there is none."
    causes: np.ndarray
    "(n,) text: why interest was lost; '' where it was not."


def live(world: ShopWorld, customers: Customers, random: np.random.Generator) -> Lives:
    """Let every day happen, once, for everybody together."""
    n = len(customers)
    annoyance = np.zeros((2, n))
    fading_from, gone_from = np.full((2, n), world.n_days + 1)
    causes = np.full(n, "", dtype=CAUSES.dtype)
    orders, visits = [], []
    for day, demand in enumerate(world.demand(world.n_days)):
        present = (customers.joins_on <= day) & (gone_from > day)
        fading = fading_from <= day
        ordered = orders_on(day, demand, customers, present, fading, random)
        wrong = went_wrong(customers, ordered, random)
        annoyance = annoyance * ANNOYANCE_KEPT + wrong
        hazards = hazards_on(world, customers, annoyance, day)
        losing = present & ~fading & (random.random(n) < 1 - np.exp(-hazards.sum(axis=0)))
        leaving = present & fading & (random.random(n) < 1 / FADING_DAYS)
        fading_from[losing], gone_from[leaving] = day + 1, day + 1
        causes[losing] = drawn_causes(hazards[:, losing], random)
        visits.append(_dated(day, visits_on(customers, present, fading, random)))
        orders.append((_dated(day, np.flatnonzero(ordered)), wrong[:, ordered]))
    who_when, wrong = (np.concatenate(parts, axis=1) for parts in zip(*orders, strict=True))
    made = Orders(who_when[0], who_when[1], wrong[0].astype(bool), wrong[1].astype(bool))
    return Lives(made, np.concatenate(visits, axis=1), fading_from, gone_from, causes)


def orders_on(
    day: int, demand: float, customers: Customers, present: np.ndarray, fading: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """(n,) bool: who orders on a day; everybody does on the day they join."""
    rates = customers.orders_per_day * demand * np.where(fading, FADING_ORDERS, 1)
    ordering = random.random(len(customers)) < 1 - np.exp(-rates)
    return (present & ordering) | (customers.joins_on == day)


def went_wrong(customers: Customers, ordered: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(2, n) 0 or 1: whose order of the day is defect, or else late."""
    unlucky = ordered & (random.random(len(customers)) < customers.bad_luck)
    defect = unlucky & (random.random(len(customers)) < DEFECT_SHARE)
    return np.stack([defect, unlucky & ~defect]).astype(np.float64)


def hazards_on(world: ShopWorld, customers: Customers, annoyance: np.ndarray, day: int) -> np.ndarray:
    """(causes, n) the rates a day at which interest is lost."""
    if world.churn_is_a_coin_toss:
        return np.zeros((len(CAUSES), len(customers)))
    dearer = PRICE_HAZARD * customers.price_sensitivity * (day >= world.price_rise_day)
    return np.stack([customers.leaves_per_day, DEFECT_HAZARD * annoyance[0], DELAY_HAZARD * annoyance[1], dearer])


def drawn_causes(hazards: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(losing,) text: one cause each, in proportion to its share of the hazard."""
    shares = np.cumsum(hazards, axis=0) / hazards.sum(axis=0)
    return CAUSES[(random.random(hazards.shape[1]) > shares).sum(axis=0)]


def visits_on(customers: Customers, present: np.ndarray, fading: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The customer of each visit of a day, one entry a visit."""
    rates = customers.visits_per_day * np.where(fading, FADING_VISITS, 1) * present
    return np.repeat(np.arange(len(customers)), random.poisson(rates))


def _dated(day: int, who: np.ndarray) -> np.ndarray:
    return np.stack([who, np.full(len(who), day)])
