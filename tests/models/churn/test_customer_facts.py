"""Monthly revenue comes from subscriptions or purchases, and a short history has too few events or days."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureColumn, FeatureTable
from models.churn.customer_facts import has_short_history, monthly_revenue


def one_customer(**features: float) -> FeatureTable:
    columns = tuple(
        FeatureColumn(name=name, family="any", unit="days", en=name, ja=name, missing="", digest=name)
        for name in features
    )
    return FeatureTable(np.array(["ada"]), np.array(["2024-03-01"], "M8[D]"), np.array([[*features.values()]]), columns)


def revenue_of(**features: float) -> float:
    return float(monthly_revenue(one_customer(**features))[0])


def test_the_price_of_a_subscription_comes_first():
    assert revenue_of(mrr_now=50.0, net_spend_365d=1200.0, days_since_first_purchase=400.0) == 50.0


def test_purchases_of_a_year_are_averaged_over_the_months_since_the_first_one():
    assert round(revenue_of(net_spend_365d=1200.0, days_since_first_purchase=900.0)) == 100
    assert round(revenue_of(net_spend_365d=300.0, days_since_first_purchase=91.0)) == 100


def test_where_the_record_is_shorter_than_a_year_all_purchases_are_averaged():
    assert round(revenue_of(net_spend_365d=np.nan, net_spend_total=300.0, days_since_first_purchase=91.0)) == 100
    assert round(revenue_of(net_spend_total=300.0, days_since_first_purchase=91.0, mrr_now=0.0)) == 100


def test_a_customer_who_has_never_bought_has_no_revenue_and_one_of_neither_table_an_unknown_one():
    assert revenue_of(net_spend_365d=0.0, days_since_first_purchase=np.nan) == 0
    assert revenue_of(mrr_now=0.0) == 0


def test_without_subscriptions_and_purchases_there_is_no_revenue():
    assert np.isnan(revenue_of(shoe_size=40.0))


@pytest.mark.parametrize(
    ("first_day", "usual_gap", "is_short"),
    [(30, 10, False), (29, 10, True), (400, np.nan, True), (np.nan, np.nan, True)],
)
def test_two_purchases_and_a_month_make_a_history(first_day, usual_gap, is_short):
    table = one_customer(days_since_first_purchase=first_day, mean_gap_days=usual_gap)

    assert has_short_history(table).tolist() == [is_short]


def test_usage_is_enough_for_a_history():
    table = one_customer(
        days_since_first_purchase=np.nan, mean_gap_days=np.nan, days_since_first_usage=90, usage_mean_gap_days=2
    )

    assert has_short_history(table).tolist() == [False]


@pytest.mark.parametrize(("tenure_days", "is_short"), [(30, False), (29, True), (np.nan, True)])
def test_of_a_data_set_with_nothing_but_subscriptions_a_month_makes_a_history(tenure_days: float, is_short: bool):
    assert has_short_history(one_customer(subscription_tenure_days=tenure_days)).tolist() == [is_short]


def test_without_features_of_purchases_or_usage_every_history_is_short():
    assert has_short_history(one_customer(shoe_size=40)).tolist() == [True]
