"""What a customer pays a month."""

from __future__ import annotations

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from models.churn.monthly_revenue import monthly_revenue


def told(**columns: float) -> float:
    described = tuple(
        FeatureColumn(name=name, family="f", unit="", en="", ja="", missing="", digest="d") for name in columns
    )
    row = FeatureTable(np.array(["a"]), np.array(["2024-01-01"], "M8[D]"), np.array([[*columns.values()]]), described)
    return float(monthly_revenue(row)[0])


def test_a_subscription_s_price_comes_first():
    assert told(mrr_now=50.0, net_spend_365d=1200.0, days_since_first_purchase=400.0) == 50.0


def test_a_year_s_purchases_are_spread_over_the_months_since_the_first():
    assert round(told(net_spend_365d=1200.0, days_since_first_purchase=900.0)) == 100
    assert round(told(net_spend_365d=300.0, days_since_first_purchase=91.0)) == 100


def test_where_neither_is_known_nothing_is_made_up():
    assert np.isnan(told(shoe_size=40.0))
