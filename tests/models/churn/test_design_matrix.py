"""The design matrix has no missing values and no heavy tails, and one column per word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.feature_table import FeatureColumn
from models.churn.design_matrix import MAX_DEVIATIONS, MISSING, DesignMatrix

SPENT = FeatureColumn(name="spent", family="spend", unit="", en="", ja="", missing="", digest="")
CHANNEL = FeatureColumn(
    name="channel", family="channels", unit="", en="", ja="", missing="", digest="", vocabulary=("app", "shop", "web")
)

numbers = st.lists(st.floats(-1e9, 1e9) | st.none(), min_size=2, max_size=60)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


@settings(max_examples=60, deadline=None)
@given(fitted_on=numbers, values=numbers)
def test_the_design_is_finite_and_bounded_for_any_values(fitted_on, values):
    matrix = DesignMatrix.fit(np.array([fitted_on], dtype=float).T, [SPENT])

    design = matrix.transform(np.array([values], dtype=float).T)

    assert (np.abs(design) <= MAX_DEVIATIONS).all()


@settings(max_examples=30, deadline=None)
@given(fitted_on=numbers, values=numbers)
def test_with_knots_it_is_finite_and_bounded_too(fitted_on, values):
    matrix = DesignMatrix.fit(np.array([fitted_on], dtype=float).T, [SPENT], n_knots=3)

    assert (np.abs(matrix.transform(np.array([values], dtype=float).T)) <= MAX_DEVIATIONS).all()


def test_a_knot_column_measures_how_far_a_number_is_above_one_of_its_quantiles():
    matrix = DesignMatrix.fit(column(*range(1, 101)), [SPENT], n_knots=1)

    below, at, beyond = matrix.raw(column(10, 50, 90))

    assert below[0] == pytest.approx(at[0], abs=0.02) == pytest.approx(0, abs=0.02)
    assert beyond[0] > 0
    assert len(matrix.owners) == 2
    assert matrix.knots.shape == (1, 1)


def test_the_log_transform_keeps_order_and_shortens_tails():
    matrix = DesignMatrix.fit(column(*np.random.default_rng(1).lognormal(3, 2, 500)), [SPENT])

    small, usual, large, vast = matrix.transform(column(1, 20, 400, 8000))[:, 0]

    assert small < usual < large < vast
    assert vast - large < 1.5 * (large - usual)


def test_a_missing_value_becomes_the_median_with_an_indicator():
    matrix = DesignMatrix.fit(column(*[10.0] * 30, *[20.0] * 31, *[np.nan] * 30), [SPENT])

    missing, median = matrix.transform(column(np.nan, 20))

    assert matrix.kinds.tolist()[1:] == [MISSING]
    assert missing[0] == median[0]
    assert missing[1] > 0 > median[1]


def test_each_frequent_word_has_a_column():
    matrix = DesignMatrix.fit(column(*[0.0] * 40, *[1.0] * 40, *[2.0] * 3), [CHANNEL])

    assert matrix.kinds.tolist() == [0, 1]
    assert (matrix.transform(column(2, np.nan)) < 0).all()


def test_a_constant_feature_has_no_column():
    assert not len(DesignMatrix.fit(column(*[7.0] * 50), [SPENT]).owners)


def test_design_columns_are_summed_by_feature():
    values = np.column_stack([np.arange(60) % 3, np.arange(60.0)])
    matrix = DesignMatrix.fit(values, [CHANNEL, SPENT])
    design = matrix.transform(values)

    by_feature = matrix.sum_by_feature(design)

    assert by_feature[:, 0] == pytest.approx(design[:, :3].sum(axis=1))
    assert by_feature[:, 1] == pytest.approx(design[:, 3])
