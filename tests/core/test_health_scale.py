"""Health is risk told the other way round, and the limits of the tiers are fixed scores on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from core.config.learning import RiskLevels
from core.health_scale import HealthScale

probabilities = st.floats(0.001, 0.999)


@st.composite
def some_tiers(draw):
    medium = draw(st.floats(0.01, 0.9))
    return RiskLevels(medium=medium, high=draw(st.floats(medium + 0.01, 0.99)))


@given(tiers=some_tiers())
def test_the_tiers_lie_at_70_and_40_whatever_they_are(tiers):
    found = HealthScale.of(tiers).health(logit([tiers.medium, tiers.high]))

    assert found == pytest.approx([70, 40])


@given(tiers=some_tiers(), one=probabilities, other=probabilities)
def test_who_is_likelier_to_leave_is_never_healthier(tiers, one, other):
    likelier, less_likely = HealthScale.of(tiers).health(logit([max(one, other), min(one, other)]))

    assert 0 <= likelier <= less_likely <= 100


def test_with_the_usual_tiers_health_is_the_probability_of_staying():
    chances = np.linspace(0.01, 0.99, 99)

    assert HealthScale.of(RiskLevels()).health(logit(chances)) == pytest.approx(100 * (1 - chances))


def test_what_is_not_known_has_no_health():
    assert np.isnan(HealthScale.of(RiskLevels()).health(np.array([np.nan]))).all()
