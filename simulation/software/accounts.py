"""Who the simulated company's accounts are: firms with seats, and a hidden nature that drives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.software.world import SoftwareWorld, numbered

INDUSTRIES = np.array(["manufacturing", "retail", "finance", "healthcare", "logistics", "startup"])
INDUSTRY_SHARES = np.array([0.22, 0.2, 0.15, 0.13, 0.12, 0.18])
CLOSING = np.array([0.6, 0.8, 0.4, 0.5, 0.8, 4.5])
"How often a firm of each industry closes or is bought, against the ordinary one."
OWNERS = np.array(["sato", "suzuki", "tanaka", "kobayashi", "mori", "ito"])
CHANNELS = np.array(["search", "event", "partner", "content"])
PLANS = np.array(["starter", "team", "business"])
SEAT_PRICE = np.array([9_000.0, 14_000.0, 20_000.0])
"Yen a month by plan, before rises."
MARGINS = np.array([0.72, 0.76, 0.8])
FEWEST_SEATS, MOST_SEATS = 3, 80
FOREIGN = 0.18
"Share of the accounts that write English and pay in USD."
LANDED_AT_START = 0.4
"Share of the accounts that have begun in the first month."


@dataclass(frozen=True)
class Accounts:
    """The firms; every array is (n,)."""

    account_ids: np.ndarray
    begins_in: np.ndarray
    "int64 months from the start of the records."
    begins_on: np.ndarray
    "int64 days from the start of the records."
    industry: np.ndarray
    size: np.ndarray
    "Text: small, medium, large; of the firm, which its first seats only hint at."
    owner: np.ndarray
    "Who looks after the account."
    source: np.ndarray
    foreign: np.ndarray
    "bool"
    seats: np.ndarray
    "int64, at the beginning."
    plan: np.ndarray
    "int64 row of PLANS, at the beginning."
    term_months: np.ndarray
    "int64: 1 or 12."
    fit: np.ndarray
    "How well the product suits the firm: where its adoption, a logit, tends to."
    breadth_fit: np.ndarray
    "The same for how many of its features are of use."
    price_sensitivity: np.ndarray
    "About 1: how much prices put it off."
    dearness: np.ndarray
    "Log of what it pays a seat, against the list; some bargain."
    trouble: np.ndarray
    "About 1: how often it meets problems."
    closing: np.ndarray
    "About 1: how likely it is to go for reasons of its own."

    def __len__(self) -> int:
        return len(self.account_ids)

    def take(self, rows: np.ndarray) -> Accounts:
        """The accounts that an index array picks; one may be picked many times."""
        return Accounts(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def make_accounts(world: SoftwareWorld, random: np.random.Generator) -> Accounts:
    """Draw every firm."""
    n = world.n_accounts
    bulk = random.normal(0, 1, n)
    size = np.array(["small", "medium", "large"])[np.digitize(bulk, [-0.3, 0.9])]
    industry = random.choice(len(INDUSTRIES), n, p=INDUSTRY_SHARES)
    begins_in, begins_on = beginnings(world, random)
    seats = np.exp(2.5 + 0.6 * bulk + random.normal(0, 0.4, n)).astype(np.int64)
    fit = random.normal(0.3, 1.2, n)
    return Accounts(
        account_ids=numbered("a", n, 4),
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


def beginnings(world: SoftwareWorld, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The month and the day on which each account begins, (n,) int64 each: many in the first month, then evenly."""
    at_start = random.random(world.n_accounts) < LANDED_AT_START
    latest = np.where(at_start, 1, world.n_months)
    months = np.floor(random.random(world.n_accounts) * latest).astype(np.int64)
    firsts = world.firsts
    lengths = firsts[months + 1] - firsts[months]
    return months, firsts[months] + np.floor(random.random(world.n_accounts) * (lengths - 2)).astype(np.int64)
