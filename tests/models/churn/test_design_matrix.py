"""What a linear model sees: no gaps, no heavy tails, words apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.feature_table import FeatureColumn
from models.churn.design_matrix import MISSING, WIDEST, DesignMatrix

SPENT = FeatureColumn("spent", "spend", "", "", "", "", "")
CHANNEL = FeatureColumn("channel", "channels", "", "", "", "", "", vocabulary=("app", "shop", "web"))

numbers = st.lists(st.floats(-1e9, 1e9) | st.none(), min_size=2, max_size=60)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


@settings(max_examples=60, deadline=None)
@given(seen=numbers, asked=numbers)
def test_whatever_comes_the_design_is_finite_and_bounded(seen, asked):
    learnt = DesignMatrix.learnt_from(np.array([seen], dtype=float).T, [SPENT])

    design = learnt.transform(np.array([asked], dtype=float).T)

    assert (np.abs(design) <= WIDEST).all()


@settings(max_examples=30, deadline=None)
@given(seen=numbers, asked=numbers)
def test_with_bends_it_is_finite_and_bounded_too(seen, asked):
    learnt = DesignMatrix.learnt_from(np.array([seen], dtype=float).T, [SPENT], bends=3)

    assert (np.abs(learnt.transform(np.array([asked], dtype=float).T)) <= WIDEST).all()


def test_a_bend_tells_how_far_a_number_lies_beyond_one_of_its_quantiles():
    learnt = DesignMatrix.learnt_from(column(*range(1, 101)), [SPENT], bends=1)

    below, at, beyond = learnt.raw(column(10, 50, 90))

    assert below[0] == pytest.approx(at[0], abs=0.02) == pytest.approx(0, abs=0.02)
    assert beyond[0] > 0
    assert len(learnt.owners) == 2
    assert learnt.knots.shape == (1, 1)


def test_order_is_kept_while_tails_are_drawn_in():
    learnt = DesignMatrix.learnt_from(column(*np.random.default_rng(1).lognormal(3, 2, 500)), [SPENT])

    small, usual, large, vast = learnt.transform(column(1, 20, 400, 8000))[:, 0]

    assert small < usual < large < vast
    assert vast - large < 1.5 * (large - usual)


def test_a_gap_is_filled_with_the_median_and_marked():
    learnt = DesignMatrix.learnt_from(column(*[10.0] * 30, *[20.0] * 31, *[np.nan] * 30), [SPENT])

    missing, median = learnt.transform(column(np.nan, 20))

    assert learnt.kinds.tolist()[1:] == [MISSING]
    assert missing[0] == median[0]
    assert missing[1] > 0 > median[1]


def test_each_word_that_is_frequent_enough_has_a_column():
    learnt = DesignMatrix.learnt_from(column(*[0.0] * 40, *[1.0] * 40, *[2.0] * 3), [CHANNEL])

    assert learnt.kinds.tolist() == [0, 1]
    assert (learnt.transform(column(2, np.nan)) < 0).all()


def test_what_never_varies_has_no_column():
    assert not len(DesignMatrix.learnt_from(column(*[7.0] * 50), [SPENT]).owners)


def test_design_columns_are_summed_over_their_feature():
    values = np.column_stack([np.arange(60) % 3, np.arange(60.0)])
    learnt = DesignMatrix.learnt_from(values, [CHANNEL, SPENT])
    design = learnt.transform(values)

    by_feature = learnt.by_feature(design)

    assert by_feature[:, 0] == pytest.approx(design[:, :3].sum(axis=1))
    assert by_feature[:, 1] == pytest.approx(design[:, 3])
