"""Recency: a longer absence means a higher risk, and nothing else counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable
from models.churn.recency import Recency
from tests.models.churn.worlds import HORIZON_DAYS, customers, learnable, outcomes_of


def away(*days: float) -> FeatureTable:
    features = customers(len(days), seed=1)
    features.values[:, 0] = days
    return features


def test_a_longer_absence_never_lowers_the_score():
    model = Recency(n_resamples=0).fit(*learnable())

    scored = model.score(away(*range(400)), HORIZON_DAYS).value

    assert (np.diff(scored) >= 0).all()
    assert scored[-1] > scored[0] + 0.2


@settings(max_examples=50, deadline=None)
@given(table=st.lists(st.tuples(st.integers(0, 300) | st.none(), st.booleans()), min_size=1, max_size=40))
def test_any_history_gives_probabilities(table):
    days = [float("nan") if one is None else float(one) for one, _ in table]
    model = Recency(n_resamples=2).fit(away(*days), outcomes_of(np.array([churned for _, churned in table])))

    scored = model.score(away(0, 10, 1000, float("nan")), HORIZON_DAYS).value

    assert ((scored >= 0) & (scored <= 1)).all()


def test_customers_without_purchases_have_their_own_rate():
    model = Recency(n_resamples=0).fit(away(*[5.0] * 200, *[np.nan] * 200), outcomes_of(np.arange(400) >= 300))

    bought, never = model.score(away(5, np.nan), HORIZON_DAYS).value

    assert bought == pytest.approx(0, abs=0.05)
    assert never == pytest.approx(0.5, abs=0.05)


def test_usage_is_used_where_there_are_no_purchases():
    features, outcomes = learnable()
    usage = FeatureTable(
        features.customer_ids,
        features.cutoffs,
        features.values[:, :1],
        (
            FeatureColumn(
                name="days_since_last_usage", family="usage", unit="days", en="", ja="", missing="", digest=""
            ),
        ),
    )

    assert Recency(n_resamples=0).fit(usage, outcomes).importance(usage)["days_since_last_usage"] > 0.1


def test_a_table_without_recency_is_refused():
    features, outcomes = learnable(50)

    with pytest.raises(DataError, match="days_since_last_purchase or days_since_last_usage"):
        Recency().fit(features.select(["shoe_size"]), outcomes)


def test_an_event_may_become_less_likely_with_absence_and_churn_may_not():
    days = np.repeat([5.0, 50.0, 200.0], 100)
    happened = np.concatenate([np.arange(100) < share for share in (60, 30, 10)])
    outcomes = outcomes_of(happened)

    of_event = Recency(n_resamples=0).fit(away(*days), replace(outcomes, is_event=True))
    of_churn = Recency(n_resamples=0).fit(away(*days), outcomes)

    recent, absent = of_event.score(away(5, 200), HORIZON_DAYS).value
    assert recent == pytest.approx(0.6, abs=0.05)
    assert absent == pytest.approx(0.1, abs=0.05)
    assert len(set(of_churn.score(away(5, 200), HORIZON_DAYS).value)) == 1
