"""What can be chosen about a simulated software company, and its calendar of whole months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.errors import BadInput

PRICE_RISES = ((13, 0.07), (25, 0.09))
"Month of the records, counted from 0, and by how much the price list goes up then."
BUSY_MONTHS = (15, 16, 17, 28, 29)
"Months in which support cannot keep up."


@dataclass(frozen=True)
class SoftwareWorld:
    """How a simulated software company is made; the same settings make the same one."""

    n_accounts: int = 800
    start: date = date(2023, 4, 1)
    "The first day of a month."
    n_months: int = 36
    "Recorded completely, from `start` on."
    seed: int = 7
    horizon_days: int = 90
    "Of the churn definition in the TOML."
    churn_is_a_coin_toss: bool = False
    "Every account leaves with the same probability each month, for a cause drawn by lot, so that nothing tells it."

    def __post_init__(self) -> None:
        if min(self.n_accounts, self.n_months, self.horizon_days) < 1:
            raise BadInput("a simulated software company has at least one account, one month and a horizon of one day")
        if self.start.day != 1:
            raise BadInput(f"a simulated software company starts on the first of a month, not on {self.start}")

    @property
    def months(self) -> np.ndarray:
        """(n_months,) datetime64[M]."""
        return np.datetime64(self.start, "M") + np.arange(self.n_months)

    @property
    def firsts(self) -> np.ndarray:
        """(n_months + 1,) int64: the first day of each month and the day after the last, counted from `start`."""
        days = (np.datetime64(self.start, "M") + np.arange(self.n_months + 1)).astype("datetime64[D]")
        return (days - np.datetime64(self.start, "D")).astype(np.int64)

    @property
    def n_days(self) -> int:
        """How many days are recorded."""
        return int(self.firsts[-1])

    @property
    def end(self) -> date:
        """The first day that is not recorded."""
        return self.times(np.array([self.n_days])).astype("datetime64[D]")[0].astype(date)

    def month_of(self, day: date) -> int:
        """The month, counted from 0, that a day lies in."""
        return (day.year - self.start.year) * 12 + day.month - self.start.month

    def list_price(self, month: int) -> float:
        """The price list of a month; 1 is the first one."""
        return float(np.prod([1 + rise for begins, rise in PRICE_RISES if begins <= month]))

    def times(self, days: np.ndarray, seconds: np.ndarray | int = 0) -> np.ndarray:
        """Local moments, datetime64[s]: `seconds` after the midnight of each day, counted from `start`."""
        moments = days.astype(np.int64) * 86_400 + np.asarray(seconds, np.int64)
        return np.datetime64(self.start, "s") + moments.astype("timedelta64[s]")


def numbered(letter: str, n: int, digits: int) -> np.ndarray:
    """(n,) ids from 1 on, of one width, so that they are sorted as text too; longer where the digits do not do."""
    return np.char.mod(f"{letter}%0{max(digits, len(str(n)))}d", np.arange(1, n + 1))
