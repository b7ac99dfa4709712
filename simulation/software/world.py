"""The settings of a simulated software company, and its calendar of whole months."""

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

    def __post_init__(self) -> None:
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
