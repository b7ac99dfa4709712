"""Amounts of several currencies in the base currency, so that they can be added up.

Each is worth what the newest rate says of a month that was over at the cutoff; where no rate is known, the amount is
missing: adding dollars to yen would corrupt the sum.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from core.config.data_set import Config
from core.exchange_rates import load_exchange_rates
from tables.engines.expressions import Expression, ibis
from tables.tables import Tables


def in_base_currency(lines: Expression, column: str, known: Tables) -> Expression:
    """The lines with an amount's column converted; as they are where the table knows no currencies."""
    if "currency" not in lines.columns:
        return lines
    base = known.config.currency
    said = lines.currency.upper()
    rates = [(said == currency, rate) for currency, rate in newest_rates(known.config, known.cutoff).items()]
    rate = ibis.cases((said.isnull() | (said == base), 1.0), *rates, else_=ibis.null("float64"))
    return lines.mutate(**{column: lines[column] * rate})


def newest_rates(config: Config, cutoff: date | None) -> dict[str, float]:
    """Base currency for one of each other currency, by the newest month that was over at the cutoff."""
    until = np.datetime64(cutoff, "M") if cutoff else np.datetime64("9999-01", "M")
    found = {}
    for currency, by_month in load_exchange_rates(config).items():
        past = [month for month in by_month if month < until]
        if past:
            found[currency] = by_month[max(past)]
    return found
