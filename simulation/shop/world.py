"""The settings of a simulated shop, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

SEASON_STRENGTH = 0.15
SEASON_PEAK_DAY = 350
"Mid-December."
WEEKDAY_FACTORS = (0.9, 0.9, 0.9, 0.9, 1.0, 1.25, 1.15)
"Monday to Sunday; their mean is 1."


@dataclass(frozen=True)
class ShopWorld:
    """The settings of a simulated shop; the same settings give the same shop."""

    n_customers: int = 3_000
    n_items: int = 300
    n_tastes: int = 8
    "Number of latent groups that items belong to and customers prefer."

    start: date = date(2024, 4, 1)
    n_days: int = 730
    "Number of completely recorded days, from `start` on."

    seed: int = 7
    horizon_days: int = 60
    "Horizon of the churn definition in the shop's TOML."

    churn_is_random: bool = False
    "All customers buy at the same rate without memory, so nothing predicts churn; half of them churn in the horizon."

    no_items: bool = False
    "Purchases have no items, and there is no items table."

    def __post_init__(self) -> None:
        if min(self.n_customers, self.n_days, self.horizon_days, self.n_tastes) < 1:
            raise BadInput("a simulated shop needs at least one customer, one day, one taste and a horizon of one day")
        if self.n_items < self.n_tastes:
            raise BadInput(
                f"{self.n_items} items are too few for {self.n_tastes} tastes; set n_items to at least {self.n_tastes}"
            )

    @property
    def end(self) -> date:
        """The first day that is not recorded."""
        return self.start + timedelta(days=self.n_days)

    @property
    def price_rise_day(self) -> int:
        """The day, counted from `start`, on which every price goes up."""
        return int(0.6 * self.n_days)

    def demand(self, n_days: int) -> NDArray[np.float64]:
        """(n_days,) factor of season and weekday on all order rates, from `start` on; 1 is average."""
        if self.churn_is_random:
            return np.ones(n_days)
        days = np.arange(n_days)
        day_of_year = days + self.start.timetuple().tm_yday
        season = 1 + SEASON_STRENGTH * np.cos(2 * np.pi * (day_of_year - SEASON_PEAK_DAY) / 365.25)
        return season * np.array(WEEKDAY_FACTORS)[(days + self.start.weekday()) % 7]

    def times(
        self, days: NDArray[np.int64] | NDArray[np.float64], seconds: NDArray[np.int64] | NDArray[np.float64]
    ) -> NDArray[np.datetime64]:
        """(n,) local times, datetime64[s]: `seconds` after midnight of each day, counted from `start`."""
        moments = days.astype(np.int64) * 86_400 + seconds.astype(np.int64)
        return np.datetime64(self.start, "s") + moments.astype("timedelta64[s]")
