"""Money as whole numbers of the currency's smallest unit, so that sums reconcile exactly.

    1,234 JPY -> 1234    12.34 GBP -> 1234 (two decimals)

Amounts in another currency are converted at the rate of the figure's month; a missing rate is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.currencies import decimals_of
from core.errors import DataError
from tables.currencies import load_exchange_rates


@dataclass(frozen=True)
class Money:
    """The base currency, and the exchange rates to it by currency and month."""

    currency: str
    rates: Mapping[str, Mapping[np.datetime64, float]] = field(default_factory=dict)
    "Currency to month (datetime64[M]) to the price of one unit of it in the base currency."
    decimals: int | None = None
    "Decimals of the base currency, where they differ from ISO 4217."

    @classmethod
    def of(cls, config: Config) -> Money:
        """The base currency of a data set with the exchange rates of `[money] rates`.

        Raises DataError with the file and line where the file of rates is not valid.
        """
        return cls(config.currency, load_exchange_rates(config), decimals=config.money.decimals)

    @property
    def n_decimals(self) -> int:
        """The number of decimals of amounts in the base currency."""
        return decimals_of(self.currency) if self.decimals is None else self.decimals

    @property
    def unit(self) -> float:
        """The smallest unit, in the base currency."""
        return 10.0**-self.n_decimals

    def units(self, amounts: NDArray[np.float64]) -> NDArray[np.int64]:
        """Amounts in the base currency as whole units, int64; half a unit is rounded to even."""
        return np.rint(np.asarray(amounts, dtype=np.float64) / self.unit).astype(np.int64)

    def amounts(self, units: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Whole units as amounts in the base currency."""
        return np.round((units * self.unit).astype(np.float64), self.n_decimals)

    def rates_in(self, currencies: NDArray[np.str_], month: np.datetime64) -> NDArray[np.float64]:
        """The rate of each currency to the base currency in a month, (n,); '' is the base currency.

        Raises DataError with the currency and the month where there is no rate.
        """
        names, places = np.unique(currencies, return_inverse=True)
        return np.array([self._rate(str(name), month) for name in names])[places] if len(names) else np.empty(0)

    def _rate(self, currency: str, month: np.datetime64) -> float:
        if currency in ("", self.currency):
            return 1.0
        try:
            return self.rates[currency][month.astype("datetime64[M]")]
        except KeyError as fault:
            raise DataError(
                f"there is no rate of {currency} to {self.currency} for {month.astype('datetime64[M]')}; add it to the "
                "file that [money] rates names"
            ) from fault
