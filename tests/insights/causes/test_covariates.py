"""Words and features map to the expected causes; a feature drives the hazard of its cause, or of every cause."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from core.config.customers import CauseSettings
from core.feature_table import FeatureColumn, FeatureTable
from insights.causes.covariates import SHARED, CauseNames, Covariates
from models.protocols import AdditiveChurnModel
from tests.insights.causes.worlds import NAMES

USUAL = CauseNames(CauseSettings())


def column(name: str, family: str) -> FeatureColumn:
    return FeatureColumn(name=name, family=family, unit="", en=name, ja=name, missing="never", digest="d")


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("price", "price"), ("Too_Expensive", "price"), ("値上げのため", "price"), ("payment failed", "price"),
        ("missing feature", "product"), ("画面の不具合", "product"), ("OUTAGE", "support"), ("対応が遅い", "support"),
        ("company closed", "other"), ("chosen", ""), ("", ""), ("priceless art", ""),
    ],
)  # fmt: skip
def test_a_word_states_its_cause(word: str, cause: str):
    assert USUAL.causes_of([word, ""]).tolist() == [cause, ""]


def test_the_toml_s_own_words_come_first():
    own = CauseNames(CauseSettings(words={"support": ("bug",)}))

    assert USUAL.causes_of(["bug"]).tolist() == ["product"]
    assert own.causes_of(["bug", "a bug again"]).tolist() == ["support", "support"]


@pytest.mark.parametrize(
    ("name", "family", "cause"),
    [
        ("usage_days_30d", "usage", "product"), ("mrr_change_90d", "subscription", "price"),
        ("days_to_renewal", "subscription", "other"), ("tickets_90d", "support", "support"),
        ("tickets_topic_missing_feature_90d", "support", "product"), ("tickets_topic_price_365d", "support", "price"),
        ("tickets_topic_strange_90d", "support", "other"), ("account_industry", "attributes", "other"),
    ],
)  # fmt: skip
def test_a_feature_maps_to_its_cause(name: str, family: str, cause: str):
    (place,) = USUAL.causes_of_features([column(name, family)])

    assert USUAL.causes[place] == cause


def test_symptoms_map_to_no_cause_unless_the_toml_maps_them():
    nps = column("last_nps", "sentiment")

    assert USUAL.causes_of_features([nps]).tolist() == [SHARED]
    own = CauseNames(CauseSettings(features={"support": ("sentiment",), "product": ("last_*",)}))
    assert own.causes[own.causes_of_features([nps])[0]] == "product"


def test_settings_of_an_unknown_cause_are_an_error():
    with pytest.raises(ValueError, match="no cause 'prise'"):
        CauseSettings(words={"prise": ("expensive",)})


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
    return Covariates.from_features(features, past, model=cast(AdditiveChurnModel, StubModel()), names=NAMES)


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
