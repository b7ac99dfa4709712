"""Words and features map to the causes that a reader would expect; the TOML's own come first."""

from __future__ import annotations

import pytest

from core.config.customers import CauseSettings
from core.feature_table import FeatureColumn
from insights.causes.feature_causes import SHARED, CauseNames

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
