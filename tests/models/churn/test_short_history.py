"""Who is known well enough for a score to mean something."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureColumn, FeatureTable
from models.churn.short_history import has_short_history


def known(**features: float) -> FeatureTable:
    columns = tuple(
        FeatureColumn(name=name, family="any", unit="days", en=name, ja=name, missing="", digest=name)
        for name in features
    )
    return FeatureTable(np.array(["ada"]), np.array(["2024-03-01"], "M8[D]"), np.array([[*features.values()]]), columns)


@pytest.mark.parametrize(
    ("first_day", "usual_gap", "short"),
    [(30, 10, False), (29, 10, True), (400, np.nan, True), (np.nan, np.nan, True)],
)
def test_two_purchases_and_a_month_make_a_history(first_day, usual_gap, short):
    table = known(days_since_first_purchase=first_day, mean_gap_days=usual_gap)

    assert has_short_history(table).tolist() == [short]


def test_who_is_known_by_usage_is_known():
    table = known(
        days_since_first_purchase=np.nan, mean_gap_days=np.nan, days_since_first_usage=90, usage_mean_gap_days=2
    )

    assert has_short_history(table).tolist() == [False]


def test_where_the_table_tells_nothing_nobody_is_known():
    assert has_short_history(known(shoe_size=40)).tolist() == [True]
