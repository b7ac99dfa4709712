"""Churn curves, and the figures that follow from them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.risk_curves import LONGEST_DAYS, RiskCurves
from core.window import DAYS_PER_MONTH

hazards = hnp.arrays(np.float64, (1, 5), elements=st.floats(0, 1))


def curves(*hazard: float, shares: tuple[float, ...] = ()) -> RiskCurves:
    risk = 1.0 - np.cumprod(1.0 - np.array([hazard]), dtype=np.float64)
    causes = tuple(f"cause {place}" for place in range(len(shares)))
    return RiskCurves(period_days=30, risk=risk[None], by_cause=risk[None, :, None] * np.array(shares), causes=causes)


def test_a_constant_hazard_gives_the_geometric_curve_at_any_day():
    constant = curves(0.1, 0.1, 0.1)

    for days in (0, 7, 30, 45, 90):
        assert constant.at(days)[0] == pytest.approx(1 - 0.9 ** (days / 30))


def test_the_tail_continues_a_constant_hazard():
    rate = -np.log(0.9) / 30

    months = curves(*[0.1] * 12).months_expected[0]

    assert months == pytest.approx((1 - np.exp(-rate * LONGEST_DAYS)) / rate / DAYS_PER_MONTH)


def test_no_customer_is_expected_to_stay_longer_than_ten_years():
    assert curves(0.0, 0.0, 0.0).months_expected[0] == pytest.approx(120, abs=0.1)


def test_the_restricted_mean_is_the_area_under_the_survival_curve():
    curve = curves(0.3, 0.05, 0.5)
    days = np.linspace(0, 90, 9001)
    survival = 1 - np.array([curve.at(day)[0] for day in days])

    assert curve.months_within[0] == pytest.approx(np.trapezoid(survival, days) / DAYS_PER_MONTH, rel=1e-5)


def test_a_customer_who_churns_for_certain_in_the_first_period_has_no_tail():
    certain = curves(1.0, 1.0, 1.0)

    assert certain.months_expected[0] == certain.months_within[0]
    assert certain.at(45)[0] == 1.0


@given(hazards, st.lists(st.floats(0, 150), min_size=2, max_size=8))
def test_churn_never_falls_and_causes_add_up_at_any_day(hazard, days):
    curve = curves(*hazard[0], shares=(0.25, 0.75))

    risks = [curve.at(day)[0] for day in sorted(days)]

    assert all(earlier <= later + 1e-12 for earlier, later in pairwise(risks))
    for day in days:
        assert curve.causes_at(day).sum() == pytest.approx(curve.at(day)[0], abs=1e-9)
