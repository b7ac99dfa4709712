"""Money to the last unit: amounts as whole numbers of the currency's smallest unit, so that sums reconcile exactly.

    1,234 JPY -> 1234    12.34 GBP -> 1234 (two decimals)

Amounts in another currency are converted at the rate of the month that a figure is of; without a rate it is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.errors import DataError

NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "RWF", "UGX"})
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"ISO 4217; every other currency has two."


def decimals_of(currency: str) -> int:
    """How many decimals a currency has."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


@dataclass(frozen=True)
class Money:
    """The base currency, and what one of each other currency was worth in it, month by month."""

    currency: str
    rates: Mapping[str, Mapping[np.datetime64, float]] = field(default_factory=dict)
    "Currency to month (datetime64[M]) to base currency for one of it."
    decimals: int | None = None
    "Of the base currency, where it is not ISO 4217's."

    @property
    def n_decimals(self) -> int:
        """How many decimals amounts in the base currency have."""
        return decimals_of(self.currency) if self.decimals is None else self.decimals

    @property
    def unit(self) -> float:
        """The smallest unit, in the base currency."""
        return 10.0**-self.n_decimals

    def units(self, amounts: np.ndarray) -> np.ndarray:
        """Amounts in the base currency as whole units, int64; half a unit is rounded to even."""
        return np.rint(np.asarray(amounts, dtype=np.float64) / self.unit).astype(np.int64)

    def amounts(self, units: np.ndarray) -> np.ndarray:
        """Units as amounts."""
        return np.round(units * self.unit, self.n_decimals)

    def rates_in(self, currencies: np.ndarray, month: np.datetime64) -> np.ndarray:
        """Base currency for one of each currency in a month, (n,); '' is the base currency.

        Raises DataError, naming currency and month, where there is no rate.
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
