"""What money is worth in this data set: its base currency with the rates that the TOML's file states."""

from __future__ import annotations

from core.config.data_set import Config
from core.exchange_rates import load_exchange_rates
from insights.finance.money import Money


def money_of(config: Config) -> Money:
    """The base currency with its rates. Raises in one line for a file of rates that is not so."""
    return Money(config.currency, load_exchange_rates(config), config.money.decimals)
