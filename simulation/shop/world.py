"""What can be chosen about a simulated shop, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.errors import BadInput

SEASON_STRENGTH = 0.15
SEASON_PEAK_DAY = 350
"Mid-December."
WEEKDAY_FACTORS = (0.9, 0.9, 0.9, 0.9, 1.0, 1.25, 1.15)
"Monday to Sunday; their mean is 1."


@dataclass(frozen=True)
class ShopWorld:
    """How a simulated shop is made; the same settings make the same shop."""

    n_customers: int = 3_000
    n_items: int = 300
    n_tastes: int = 8
    "Latent groups that items belong to and customers prefer."

    start: date = date(2024, 4, 1)
    n_days: int = 730
    "Recorded completely, from `start` on."

    seed: int = 7
    horizon_days: int = 60
    "Of the churn definition in the shop's TOML."

    churn_is_a_coin_toss: bool = False
    "Everybody buys at one rate without memory, so that nothing tells who buys within the horizon: half do."

    no_items: bool = False
    "Purchases carry no items, and there is no items table."

    def __post_init__(self) -> None:
        if min(self.n_customers, self.n_days, self.horizon_days, self.n_tastes) < 1:
            raise BadInput("a simulated shop has at least one customer, one day, one taste and a horizon of one day")
        if self.n_items < self.n_tastes:
            raise BadInput(f"{self.n_items} items cannot serve {self.n_tastes} tastes; give n_items of that or more")

    @property
    def end(self) -> date:
        """The first day that is not recorded."""
        return self.start + timedelta(days=self.n_days)

    @property
    def price_rise_day(self) -> int:
        """The day, counted from `start`, on which every price goes up."""
        return int(0.6 * self.n_days)

    def demand(self, n_days: int) -> np.ndarray:
        """(n_days,) what the season and the weekday do to everybody's order rate, from `start` on; 1 is ordinary."""
        if self.churn_is_a_coin_toss:
            return np.ones(n_days)
        days = np.arange(n_days)
        day_of_year = days + self.start.timetuple().tm_yday
        season = 1 + SEASON_STRENGTH * np.cos(2 * np.pi * (day_of_year - SEASON_PEAK_DAY) / 365.25)
        return season * np.array(WEEKDAY_FACTORS)[(days + self.start.weekday()) % 7]

    def times(self, days: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """Local moments, datetime64[s]: `seconds` after the midnight of each day, counted from `start`."""
        moments = days.astype(np.int64) * 86_400 + seconds.astype(np.int64)
        return np.datetime64(self.start, "s") + moments.astype("timedelta64[s]")
