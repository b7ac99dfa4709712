"""What customers say comes out as a hand would work it out, with honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.finance.feedback import SurveyResponses, median_hours, net_promoter_score, satisfied


def test_promoters_less_detractors_in_points():
    assert net_promoter_score(np.array([10, 9, 8, 7, 6, 0, np.nan])).value == 0
    assert net_promoter_score(np.array([10.0, 10, 3])).value == pytest.approx(100 / 3)


def test_a_score_of_eleven_is_no_answer():
    assert net_promoter_score(np.array([11.0, 10, 0])).value == 0


def test_even_four_promoters_are_no_certainty():
    found = net_promoter_score(np.full(4, 10.0))

    assert found.value == 100
    assert found.low < 70


@given(st.lists(st.integers(0, 10), min_size=1, max_size=50))
def test_the_interval_lies_within_what_can_be(scores):
    found = net_promoter_score(np.array(scores, float))

    assert -100 <= found.low <= found.high <= 100


def test_nobody_asked_is_nothing_known():
    assert np.isnan(net_promoter_score(np.array([np.nan])).value)


def test_four_of_five_is_satisfied_and_silence_is_no_answer():
    answers = SurveyResponses(
        np.array(list("abcd")), np.array([5.0, 4.0, 3.0, np.nan]), np.full(4, np.datetime64("2026-01-01"))
    )

    assert satisfied(answers).tolist() == [True, True, False, False]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=20))
def test_the_weighted_median_is_the_median_of_rows_repeated(drawn):
    hours, weights = (np.array(column, float) for column in zip(*drawn, strict=True))
    repeated = np.repeat(hours, weights.astype(int))

    found = median_hours(hours, weights[None, :])[0]

    assert found == (np.median(repeated) if len(repeated) else pytest.approx(np.nan, nan_ok=True))
