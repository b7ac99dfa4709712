"""What was lived may move the risk of the cause that it speaks of, or of every cause."""

from __future__ import annotations

from typing import cast

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from insights.causes.covariates import Covariates
from models.churn.additive import AdditiveModel
from tests.insights.causes.worlds import NAMES

FAMILIES = {
    "usage_days_30d": "usage",
    "mrr_now": "subscription",
    "days_to_renewal": "subscription",
    "last_nps": "sentiment",
}
COLUMNS = tuple(
    FeatureColumn(name=name, family=family, unit="", en=name, ja=name, missing="never", digest="d")
    for name, family in FAMILIES.items()
)


class Knowing:
    """A model that knows these features, in its own order."""

    columns_ = COLUMNS[::-1]


def lived(values: np.ndarray, past: np.ndarray) -> Covariates:
    days = np.full(len(values), np.datetime64("2024-03-01"))
    features = FeatureTable(np.arange(len(values)).astype(str), days, values, COLUMNS)
    return Covariates.through(features, past, cast(AdditiveModel, Knowing()), NAMES)


def test_features_move_the_risk_of_their_cause_and_those_of_no_cause_move_every_risk():
    found = lived(np.random.default_rng(1).normal(size=(50, 4)), np.ones(50, bool))

    assert NAMES.causes == ("product", "price", "other")
    assert found.families.tolist() == ["all sentiment", "all subscription", "subscription", "usage"]
    assert found.moves.tolist() == [[True, True, False, True], [True, True, True, False], [True, True, False, False]]


def test_today_does_not_change_what_is_usual():
    values = np.random.default_rng(1).normal(size=(60, 4))
    past = np.arange(60) < 50

    with_today, without = lived(values, past), lived(values[past], past[past])

    np.testing.assert_allclose(with_today.take(past).values, without.values)
    np.testing.assert_allclose(without.values.mean(axis=0), 0, atol=1e-12)
