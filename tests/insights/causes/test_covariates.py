"""A feature drives the hazard of its cause, or of every cause."""

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


class StubModel:
    """A model of these features, in its own order."""

    columns_ = COLUMNS[::-1]


def covariates(values: np.ndarray, past: np.ndarray) -> Covariates:
    days = np.full(len(values), np.datetime64("2024-03-01"))
    features = FeatureTable(np.arange(len(values)).astype(str), days, values, COLUMNS)
    return Covariates.from_features(features, past, model=cast(AdditiveModel, StubModel()), names=NAMES)


def test_features_drive_the_hazard_of_their_cause_and_shared_ones_every_hazard():
    matrix = covariates(np.random.default_rng(1).normal(size=(50, 4)), np.ones(50, bool))

    assert NAMES.causes == ("product", "price", "other")
    assert matrix.families.tolist() == ["all sentiment", "all subscription", "subscription", "usage"]
    assert matrix.drives.tolist() == [[True, True, False, True], [True, True, True, False], [True, True, False, False]]


def test_current_rows_do_not_change_centring_and_scaling():
    values = np.random.default_rng(1).normal(size=(60, 4))
    past = np.arange(60) < 50

    with_today, without = covariates(values, past), covariates(values[past], past[past])

    np.testing.assert_allclose(with_today.take(past).values, without.values)
    np.testing.assert_allclose(without.values.mean(axis=0), 0, atol=1e-12)
