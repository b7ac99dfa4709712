"""The settings of a simulated software company, its calendar of whole months, and its accounts.

Accounts are firms with seats, and hidden traits that drive their behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

PRICE_RISES = ((13, 0.07), (25, 0.09))
"Month of the records, counted from 0, and the share by which list prices rise in it."
BUSY_MONTHS = (15, 16, 17, 28, 29)
"Months in which support is overloaded."


@dataclass(frozen=True)
class SoftwareWorld:
    """The settings of a simulated software company; the same settings give the same company."""

    n_accounts: int = 800
    start: date = date(2023, 4, 1)
    "The first day of a month."
    n_months: int = 36
    "Number of completely recorded months, from `start` on."
    seed: int = 7
    horizon_days: int = 90
    "Horizon of the churn definition in the TOML."
    churn_is_random: bool = False
    "Every account churns with the same probability each month, for a random cause, so nothing predicts it."
    offer_effects: bool = False
    """\
    Contacts change whether and why accounts churn, and their plans. Without, no contact has any effect. Off by default,
    because figures were published on the company without; `kizuna simulate` sets it."""

    def __post_init__(self) -> None:
        if self.offer_effects and self.churn_is_random:
            raise BadInput("where churn is random, contacts cannot change it; set offer_effects or churn_is_random")
        if min(self.n_accounts, self.n_months, self.horizon_days) < 1:
            raise BadInput("a software company needs at least one account, one month and a horizon of one day")
        if self.start.day != 1:
            raise BadInput(f"a simulated software company starts on the first of a month, not on {self.start}")

    @property
    def months(self) -> NDArray[np.datetime64]:
        """(n_months,) datetime64[M]."""
        return np.datetime64(self.start, "M") + np.arange(self.n_months)

    @property
    def firsts(self) -> NDArray[np.int64]:
        """(n_months + 1,) the first day of each month and the day after the last, counted from `start`."""
        days = (np.datetime64(self.start, "M") + np.arange(self.n_months + 1)).astype("datetime64[D]")
        return (days - np.datetime64(self.start, "D")).astype(np.int64)

    @property
    def n_days(self) -> int:
        """Number of recorded days."""
        return int(self.firsts[-1])

    @property
    def end(self) -> date:
        """The first day that is not recorded."""
        return self.times(np.array([self.n_days])).astype("datetime64[D]")[0].astype(date)

    def month_of(self, day: date) -> int:
        """The month of a day, counted from 0."""
        return (day.year - self.start.year) * 12 + day.month - self.start.month

    def list_price(self, month: int) -> float:
        """The price level of the list of a month; the first one is 1."""
        return float(np.prod([1 + rise for begins, rise in PRICE_RISES if begins <= month]))

    def times(
        self, days: NDArray[np.int64] | NDArray[np.float64], seconds: NDArray[np.int64] | int = 0
    ) -> NDArray[np.datetime64]:
        """(n,) local times, datetime64[s]: `seconds` after midnight of each day, counted from `start`."""
        moments = days.astype(np.int64) * 86_400 + np.asarray(seconds, np.int64)
        return np.datetime64(self.start, "s") + moments.astype("timedelta64[s]")


def number_ids(letter: str, n: int, *, digits: int) -> NDArray[np.str_]:
    """(n,) ids from 1 on, all of one length, so that they sort as text too; longer if the digits do not suffice."""
    return np.char.mod(f"{letter}%0{max(digits, len(str(n)))}d", np.arange(1, n + 1))


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
