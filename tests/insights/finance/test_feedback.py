"""NPS, CSAT and waiting times against values computed by hand; intervals stay within the scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.finance.feedback import SurveyResponses, is_satisfied, median_hours, net_promoter_score


def test_nps_is_promoters_minus_detractors_in_points():
    assert net_promoter_score(np.array([10, 9, 8, 7, 6, 0, np.nan])).value == 0
    assert net_promoter_score(np.array([10.0, 10, 3])).value == pytest.approx(100 / 3)


def test_nps_ignores_a_score_of_eleven():
    assert net_promoter_score(np.array([11.0, 10, 0])).value == 0


def test_four_promoters_still_give_a_wide_nps_interval():
    nps = net_promoter_score(np.full(4, 10.0))

    assert nps.value == 100
    assert nps.low < 70


@given(st.lists(st.integers(0, 10), min_size=1, max_size=50))
def test_the_nps_interval_stays_within_minus_100_and_100(scores):
    nps = net_promoter_score(np.array(scores, float))

    assert -100 <= nps.low <= nps.high <= 100


def test_nps_without_a_response_is_nan():
    assert np.isnan(net_promoter_score(np.array([np.nan])).value)


def test_four_of_five_is_satisfied_and_a_missing_response_is_not():
    responses = SurveyResponses(
        customer_ids=np.array(list("abcd")),
        scores=np.array([5.0, 4.0, 3.0, np.nan]),
        days=np.full(4, np.datetime64("2026-01-01")),
    )

    assert is_satisfied(responses).tolist() == [True, True, False, False]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=20))
def test_the_weighted_median_equals_the_median_of_repeated_rows(drawn):
    hours, weights = (np.array(column, float) for column in zip(*drawn, strict=True))
    repeated = np.repeat(hours, weights.astype(int))

    median = median_hours(hours, weights[None, :])[0]

    assert median == (np.median(repeated) if len(repeated) else pytest.approx(np.nan, nan_ok=True))
