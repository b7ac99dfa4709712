"""Health is the inverse of churn risk, and the risk levels have fixed scores on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from core.config.training import RiskLevels
from core.health_scale import HealthScale

probabilities = st.floats(0.001, 0.999)


@st.composite
def any_risk_levels(draw):
    medium = draw(st.floats(0.01, 0.9))
    return RiskLevels(medium=medium, high=draw(st.floats(medium + 0.01, 0.99)))


@given(levels=any_risk_levels())
def test_the_medium_risk_level_maps_to_70_and_high_to_40(levels):
    health = HealthScale.from_risk_levels(levels).health(logit([levels.medium, levels.high]))

    assert health == pytest.approx([70, 40])


@given(levels=any_risk_levels(), one=probabilities, other=probabilities)
def test_a_higher_churn_probability_never_gives_a_better_health(levels, one, other):
    of_higher, of_lower = HealthScale.from_risk_levels(levels).health(logit([max(one, other), min(one, other)]))

    assert 0 <= of_higher <= of_lower <= 100


def test_with_the_default_risk_levels_health_is_100_minus_the_risk_in_percent():
    risk = np.linspace(0.01, 0.99, 99)

    assert HealthScale.from_risk_levels(RiskLevels()).health_of_risk(risk) == pytest.approx(100 * (1 - risk))


def test_the_health_of_an_unknown_risk_is_missing():
    assert np.isnan(HealthScale.from_risk_levels(RiskLevels()).health(np.array([np.nan]))).all()
