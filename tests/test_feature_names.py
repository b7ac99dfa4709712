"""Names of features and families that code repeats are names that a feature has."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from features.families.catalogue import DECLARED, LEARNT
from insights.causes.feature_causes import SYMPTOMS, USUAL_FEATURES
from insights.health.dimensions import BY_FAMILY, BY_NAME
from models.churn import monthly_revenue

FEATURES = [*DECLARED, *(feature for learnt in LEARNT.values() for feature in learnt.features(("word",)))]
NAMES = {feature.name for feature in FEATURES}
FAMILIES = {feature.family for feature in FEATURES} | {"attributes", "preferences"}


@pytest.mark.parametrize("name", [monthly_revenue.MRR, monthly_revenue.YEAR, monthly_revenue.FIRST_DAY])
def test_expected_revenue_reads_features_that_exist(name):
    assert name in NAMES


@pytest.mark.parametrize("pattern", [one for patterns in USUAL_FEATURES.values() for one in patterns])
def test_a_cause_is_driven_by_features_or_families_that_exist(pattern):
    assert pattern in FAMILIES or any(fnmatch(name, pattern) for name in NAMES)


def test_symptoms_and_health_dimensions_are_families_and_features_that_exist():
    assert {*SYMPTOMS, *BY_FAMILY} - FAMILIES == set()
    assert [pattern for pattern in BY_NAME if not any(fnmatch(name, pattern) for name in NAMES)] == []
