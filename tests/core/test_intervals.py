"""Bootstrap intervals over customers."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intervals import (
    Estimate,
    estimate_interval,
    estimate_intervals,
    resample_rows,
    resample_weights,
    scale_of_subsamples,
    subsample_weights,
)

owners = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=20).map(np.array)


@given(customer_ids=owners, seed=st.integers(0, 1000))
def test_weights_and_rows_describe_the_same_samples(customer_ids, seed):
    for weights, rows in zip(
        resample_weights(customer_ids, n_resamples=5, seed=seed),
        resample_rows(customer_ids, n_resamples=5, seed=seed),
        strict=True,
    ):
        np.testing.assert_array_equal(weights, np.bincount(rows, minlength=len(customer_ids)))


@given(customer_ids=owners, seed=st.integers(0, 1000))
def test_all_rows_of_a_customer_are_drawn_equally_often(customer_ids, seed):
    for weights in resample_weights(customer_ids, n_resamples=3, seed=seed):
        assert all(len(set(weights[customer_ids == owner])) == 1 for owner in set(customer_ids))


@given(customer_ids=owners, seed=st.integers(0, 1000))
def test_a_subsample_draws_each_customer_once_with_all_rows_or_not_at_all(customer_ids, seed):
    n_customers = len(set(customer_ids))
    n_drawn = max(1, round(0.4 * n_customers))

    for weights in subsample_weights(customer_ids, share=0.4, n_resamples=3, seed=seed):
        drawn = {owner for owner in customer_ids if weights[customer_ids == owner].all()}
        assert len(drawn) == n_drawn
        assert set(weights) <= {0.0, n_customers / n_drawn}
        assert not weights[[owner not in drawn for owner in customer_ids]].any()


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_the_scaled_spread_of_subsamples_is_the_standard_error(share):
    values, ids = np.random.default_rng(1).normal(size=3000), np.arange(3000).astype(str)

    means = [np.average(values, weights=w) for w in subsample_weights(ids, share=share, n_resamples=400, seed=1)]

    assert np.std(means) * scale_of_subsamples(share) == pytest.approx(1 / np.sqrt(3000), rel=0.1)


def test_weights_and_rows_give_the_same_interval():
    values, ids = np.random.default_rng(1).normal(size=40), np.repeat(np.arange(20).astype(str), 2)

    by_rows = estimate_interval(lambda rows: values[rows].mean(), ids, n_resamples=50)
    (by_weights,) = estimate_intervals(lambda w: (w @ values / w.sum(axis=1))[:, None], ids, n_resamples=50)

    assert [by_weights.value, by_weights.low, by_weights.high] == pytest.approx(
        [by_rows.value, by_rows.low, by_rows.high]
    )


def test_a_90_percent_interval_covers_the_truth_nine_times_in_ten():
    ids = np.arange(200).astype(str)
    n_covered = 0
    for seed in range(200):
        values = np.random.default_rng(seed).normal(size=200)
        (mean,) = estimate_intervals(
            lambda w, values=values: (w @ values / w.sum(axis=1))[:, None], ids, n_resamples=100, seed=seed
        )
        n_covered += mean.low <= 0 <= mean.high

    assert 0.84 <= n_covered / 200 <= 0.95


def test_more_rows_per_customer_do_not_narrow_the_interval():
    random = np.random.default_rng(1)
    by_customer = random.normal(size=50)
    one_row, eight_rows = np.arange(50).astype(str), np.repeat(np.arange(50), 8).astype(str)

    alone = estimate_interval(lambda rows: by_customer[rows].mean(), one_row)
    repeated = estimate_interval(lambda rows: np.repeat(by_customer, 8)[rows].mean(), eight_rows)

    assert repeated.high - repeated.low == pytest.approx(alone.high - alone.low, rel=0.01)


def test_a_figure_without_a_value_has_no_bounds():
    (nothing,) = estimate_intervals(lambda w: np.full((len(w), 1), np.nan), np.array(["a", "b"]), n_resamples=5)

    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()


def test_one_customer_gives_no_interval_however_many_rows():
    values, ids = np.arange(5.0), np.array(["ada"] * 5)

    by_rows = estimate_interval(lambda rows: float(values[rows].mean()), ids)
    (by_weights,) = estimate_intervals(lambda w: (w @ values / w.sum(axis=1))[:, None], ids)

    for estimate in (by_rows, by_weights):
        assert (estimate.value, estimate.has_interval, estimate.excludes(0.0)) == (2.0, False, False)
        assert str(estimate) == "2.0000 (no interval)"
        assert estimate.as_difference == "+2.0000 (no interval)"
        assert estimate.interval_of_difference == "no interval"


def test_the_interval_does_not_depend_on_the_block_size(monkeypatch):
    values, ids = np.arange(10.0), np.arange(10).astype(str)

    def mean() -> object:
        return estimate_intervals(lambda w: (w @ values / w.sum(axis=1))[:, None], ids, n_resamples=20)

    together = mean()
    monkeypatch.setattr("core.intervals.CELLS_AT_ONCE", 25)

    assert mean() == together


def test_an_estimate_without_an_interval_round_trips_through_json():
    decoded = msgspec.json.decode(msgspec.json.encode(Estimate(0.5, np.nan, float("nan"))), type=Estimate)

    assert decoded.value == 0.5
    assert np.isnan([decoded.low, decoded.high]).all()


def test_a_statistic_that_is_infinite_in_many_samples_has_an_infinite_bound():
    churned = np.array([1.0] + [0.0] * 29)

    months = estimate_interval(
        lambda rows: np.inf if not churned[rows].any() else len(rows) / churned[rows].sum(), np.arange(30)
    )

    assert months.value == 30
    assert months.low < 30
    assert months.high == np.inf
