"""What boards calculate on the back of an envelope comes out to the yen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import BadInput
from insights.finance.lifetime import (
    Economics,
    discounted_months,
    expected_months,
    lifetime_value,
    months_beyond,
    revenue_over,
)


def test_a_third_less_churn_is_half_as_much_again():
    now, then = (Economics(400_000, churn).lifetime_value for churn in (0.03, 0.02))

    assert expected_months(0.03) == pytest.approx(33.3, abs=0.05)
    assert (now, then) == (pytest.approx(13_333_333, abs=1), pytest.approx(20_000_000))
    assert then / now == pytest.approx(1.5)


def test_whole_months_only_are_a_little_less():
    assert lifetime_value(400_000, 0.03, whole_months=True) == 13_200_000
    assert lifetime_value(400_000, 0.02, whole_months=True) == 20_000_000
    assert Economics(400_000, 0.03, whole_months=True).lifetime_value == 13_200_000
    assert expected_months(0.0, whole_months=True) == math.inf


def test_a_long_curve_of_constant_churn_is_the_simple_form():
    survival = 0.97 ** np.arange(2_000)

    assert 400_000 * discounted_months(survival, 0.0) == pytest.approx(lifetime_value(400_000, 0.03))
    assert discounted_months(survival, 0.1) < discounted_months(survival, 0.0)


def test_a_curve_of_constant_churn_with_its_tail_is_the_whole_of_it():
    churn, discount = 0.03, 0.1
    whole, observed = (1 - churn) ** np.arange(3000), (1 - churn) ** np.arange(12)

    with_tail = discounted_months(observed, discount) + months_beyond(observed, np.array(churn), discount)

    assert with_tail == pytest.approx(discounted_months(whole, discount))


def test_payback_and_the_ratio_follow_from_margin_and_cost():
    economics = Economics(mrr=10_000, monthly_churn=0.05, margin=0.8, acquisition_cost=64_000)

    assert economics.payback_months == 8
    assert economics.value_over_cost == pytest.approx(2.5)
    assert Economics(10_000, 0.05).value_over_cost == math.inf


def test_revenue_of_the_coming_months_counts_who_stays_and_who_comes():
    assert revenue_over(Economics(100, 0.5), n_customers=8, new_a_month=4, months=3).tolist() == [800, 800, 800]
    assert revenue_over(Economics(100, 0.0), n_customers=1, new_a_month=0).sum() == 3_600


def test_a_churn_above_one_is_refused():
    with pytest.raises(BadInput, match="between 0 and 1, found 3"):
        expected_months(3)
