"""Every feature has one health dimension, and the dimensions add up to the total."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureColumn
from core.health import DIMENSIONS
from features.families.catalogue import all_features
from insights.health.risk import BY_FAMILY, BY_NAME, DEFAULT_DIMENSION, dimension_of, sum_by_dimension

CATALOGUE = [feature.column for feature in all_features()]


def column(name: str, family: str) -> FeatureColumn:
    return FeatureColumn(name=name, family=family, unit="", en=name, ja=name, missing="never", digest="d")


@pytest.mark.parametrize(
    ("name", "family", "dimension"),
    [
        ("days_since_last_usage", "usage", "usage"),
        ("usage_kinds_30d", "usage", "depth"),
        ("usage_errors_7d", "usage", "support"),
        ("tickets_open", "support", "support"),
        ("ticket_satisfaction_90d", "support", "sentiment"),
        ("last_nps", "sentiment", "sentiment"),
        ("mrr_now", "subscription", "billing"),
        ("subscription_tenure_days", "subscription", "relationship"),
        ("customers.country", "attributes", "relationship"),
        ("points_balance", "points", "relationship"),
        ("community_actions_30d", "community", "community"),
        ("mood", "something new", DEFAULT_DIMENSION),
    ],
)
def test_a_feature_has_the_dimension_a_reader_would_expect(name, family, dimension):
    assert dimension_of(column(name, family)) == dimension


def test_every_family_has_a_dimension_and_every_dimension_has_features():
    assert {each.family for each in CATALOGUE} <= set(BY_FAMILY)
    assert {dimension_of(each) for each in CATALOGUE} == set(DIMENSIONS)
    assert set(BY_NAME.values()) | set(BY_FAMILY.values()) <= set(DIMENSIONS)


def test_every_name_pattern_matches_a_feature():
    from fnmatch import fnmatchcase

    assert [p for p in BY_NAME if not any(fnmatchcase(each.name, p) for each in CATALOGUE)] == []


def test_dimensions_add_up_to_the_total_and_one_without_features_is_unknown():
    columns = [column("last_nps", "sentiment"), column("mrr_now", "subscription"), column("spend_7d", "spend")]
    contributions = np.random.default_rng(1).normal(size=(5, 3))

    dimensions = sum_by_dimension(contributions, columns)

    assert np.nansum(dimensions, axis=1) == pytest.approx(contributions.sum(axis=1))
    assert np.isnan(dimensions[:, DIMENSIONS.index("usage")]).all()
    assert dimensions[:, DIMENSIONS.index("billing")] == pytest.approx(contributions[:, 1:].sum(axis=1))
