"""What acting on churn scores earns in the test period, from what customers were worth at the test cutoff.

The value is that of the 365 days before the cutoff: a value champion may have seen what came after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.intervals import Estimate
from core.labels import Labels
from core.model_card import ContactProfit, Metric, RetentionProfit
from core.retention import RetentionTerms, RetentionValues, median_of_positive
from features.yearly_value import compute_yearly_value
from models.metrics.churn.profit import measure_contacts
from tables.tables import Tables
from training.churn.trials import Trials

NO_MONEY = (
    "There are no figures in money, because the value of customers is unknown; state customer_value under [retention]."
)
NOTHING = Estimate(0.0, 0.0, 0.0)


def load_retention_values(tables: Tables, outcomes: Labels) -> RetentionValues | None:
    """What the customers of the test rows were worth at their cutoff; None where unknown, and for predicted events."""
    config = tables.config
    if tables.event is not None or not len(outcomes):
        return None
    if config.retention.customer_value is None:
        yearly = compute_yearly_value(tables, outcomes.customer_ids, cutoff=outcomes.cutoffs[0].astype(object))
        of_year = _retention_of(
            config, yearly.value, description=f"{yearly.kind} of the 365 days before the test cutoff"
        )
        if of_year is not None:
            return of_year
    return use_stated_value(config, len(outcomes))


def use_stated_value(config: Config, n_customers: int) -> RetentionValues | None:
    """The terms of a contact where the TOML states one value for all customers; None where it does not."""
    for section, value in (("retention", config.retention.customer_value), ("offers", config.offers.customer_value)):
        if value:
            return _retention_of(
                config, np.full(n_customers, value), description=f"customer_value of [{section}], the same for all"
            )
    return None


def _retention_of(config: Config, values: NDArray[np.float64], *, description: str) -> RetentionValues | None:
    """The terms of a contact for customers of these values, (n,); None where none is above 0."""
    median = median_of_positive(values)
    if np.isnan(median):
        return None
    terms = RetentionTerms.of(config.retention, config.offers, median_value=median)
    return RetentionValues(terms, np.maximum(np.nan_to_num(values), 0.0), description)


def measure_money(config: Config, test: Trials, *, metrics: Sequence[Metric], model: str) -> RetentionProfit | None:
    """What contacts by the scores of a model would have earned; None where the value of customers is unknown."""
    retention = test.retention
    if retention is None:
        return None
    contacts = measure_contacts(
        test.scores[model],
        test.outcomes,
        retention=retention,
        capacity=config.retention.capacity if test.groups is None else None,
        seed=config.seed,
    )
    best = {one.name: one.estimate for one in metrics if (one.model, one.split) == (model, test.split)}
    return RetentionProfit(
        currency=config.currency,
        value=retention.description,
        terms=retention.terms,
        contacts=(
            ContactProfit(contacted="no customer", share=NOTHING, profit=NOTHING),
            contacts[0],
            ContactProfit(
                contacted="the best share, highest churn probability first",
                share=best["max_profit_share"],
                profit=best["max_profit"],
            ),
            *contacts[1:],
        ),
    )
