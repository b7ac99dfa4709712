"""The accounts of the simulated company: firms with seats, and hidden traits that drive their behaviour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.software.world import SoftwareWorld, number_ids

INDUSTRIES = np.array(["manufacturing", "retail", "finance", "healthcare", "logistics", "startup"])
INDUSTRY_SHARES = np.array([0.22, 0.2, 0.15, 0.13, 0.12, 0.18])
CLOSING = np.array([0.6, 0.8, 0.4, 0.5, 0.8, 4.5])
"How often a firm of each industry closes or is acquired, relative to the average firm."
OWNERS = np.array(["sato", "suzuki", "tanaka", "kobayashi", "mori", "ito"])
CHANNELS = np.array(["search", "event", "partner", "content"])
PLANS = np.array(["starter", "team", "business"])
SEAT_PRICE = np.array([9_000.0, 14_000.0, 20_000.0])
"Yen per seat and month by plan, before price rises."
MARGINS = np.array([0.72, 0.76, 0.8])
FEWEST_SEATS, MOST_SEATS = 3, 80
FOREIGN = 0.18
"Share of the accounts that write in English and pay in USD."
LANDED_AT_START = 0.4
"Share of the accounts that begin in the first month."


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """All firms; arrays are (n,)."""

    account_ids: NDArray[np.str_]
    begins_in: NDArray[np.int64]
    "int64 months from the start of the records."
    begins_on: NDArray[np.int64]
    "int64 days from the start of the records."
    industry: NDArray[np.str_]
    size: NDArray[np.str_]
    "Text: small, medium or large, the size of the firm; its first seats correlate with it."
    owner: NDArray[np.str_]
    "The person responsible for the account."
    source: NDArray[np.str_]
    foreign: NDArray[np.bool_]
    "bool"
    seats: NDArray[np.int64]
    "int64, at the beginning."
    plan: NDArray[np.int64]
    "int64 row of PLANS, at the beginning."
    term_months: NDArray[np.int64]
    "int64: 1 or 12."
    fit: NDArray[np.float64]
    "How well the product suits the firm: the long-run mean of its adoption, a logit."
    breadth_fit: NDArray[np.float64]
    "The long-run mean of its breadth, the logit of the share of features it uses."
    price_sensitivity: NDArray[np.float64]
    "About 1: how strongly prices deter it."
    dearness: NDArray[np.float64]
    "Log of its price per seat relative to the list; some accounts negotiate."
    trouble: NDArray[np.float64]
    "About 1: how often it has problems."
    closing: NDArray[np.float64]
    "About 1: how likely it leaves for reasons outside the product."

    def __len__(self) -> int:
        return len(self.account_ids)

    def take(self, rows: NDArray[np.int64]) -> Accounts:
        """The accounts at these rows; a row may be repeated."""
        return Accounts(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def make_accounts(world: SoftwareWorld, random: np.random.Generator) -> Accounts:
    """Draw all firms."""
    n = world.n_accounts
    bulk = random.normal(0, 1, n)
    size = np.array(["small", "medium", "large"])[np.digitize(bulk, [-0.3, 0.9])]
    industry = random.choice(len(INDUSTRIES), n, p=INDUSTRY_SHARES)
    begins_in, begins_on = draw_starts(world, random)
    seats = np.exp(2.5 + 0.6 * bulk + random.normal(0, 0.4, n)).astype(np.int64)
    fit = random.normal(0.3, 1.2, n)
    return Accounts(
        account_ids=number_ids("a", n, digits=4),
        begins_in=begins_in,
        begins_on=begins_on,
        industry=INDUSTRIES[industry],
        size=size,
        owner=random.choice(OWNERS, n),
        source=random.choice(CHANNELS, n, p=[0.4, 0.2, 0.25, 0.15]),
        foreign=random.random(n) < FOREIGN,
        seats=seats.clip(FEWEST_SEATS, MOST_SEATS),
        plan=np.digitize(bulk + random.normal(0, 0.8, n), [-0.4, 0.9]),
        term_months=np.where(random.random(n) < 0.55, 12, 1),
        fit=fit,
        breadth_fit=0.4 * fit + random.normal(-0.3, 0.7, n),
        price_sensitivity=random.gamma(1.2, 1 / 1.2, n) * np.where(size == "small", 1.25, 0.85),
        dearness=random.normal(0, 0.22, n),
        trouble=random.gamma(0.5, 2.0, n),
        closing=CLOSING[industry] * random.gamma(4.0, 1 / 4.0, n),
    )


def draw_starts(world: SoftwareWorld, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) the month and (n,) the day on which each account begins: many in the first month, then evenly."""
    at_start = random.random(world.n_accounts) < LANDED_AT_START
    latest = np.where(at_start, 1, world.n_months)
    months = np.floor(random.random(world.n_accounts) * latest).astype(np.int64)
    firsts = world.firsts
    lengths = firsts[months + 1] - firsts[months]
    return months, firsts[months] + np.floor(random.random(world.n_accounts) * (lengths - 2)).astype(np.int64)
