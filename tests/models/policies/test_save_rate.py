"""The save rate: what control groups show goes before what is stated, and too few contacts show nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.contact_answers import SaveRows
from models.policies.save_rate import judge_save_rate, measure_save_rate


def rows_of(n: int, *, stays_treated: float, stays_control: float, propensity: float = 0.5) -> SaveRows:
    """n customers; these shares of each group stay."""
    treated = np.arange(n) < n * propensity
    stayed = np.empty(n, dtype=np.bool_)
    for arm, share in ((treated, stays_treated), (~treated, stays_control)):
        stayed[arm] = np.arange(arm.sum()) < share * arm.sum()
    return SaveRows(
        customer_ids=np.array([f"c{row}" for row in range(n)]),
        treated=treated,
        propensities=np.full(n, propensity),
        stayed=stayed,
        before=np.empty((n, 0)),
    )


def test_the_measured_rate_is_the_share_of_churning_customers_who_are_kept():
    measured = measure_save_rate(rows_of(2_000, stays_treated=0.6, stays_control=0.5))

    assert measured.value == pytest.approx(0.1 / 0.5)
    # Two means of 1,000 customers: sqrt(.24 / 1000 + .25 / 1000) = 0.0221; over the churn of 0.5, times 1.645.
    assert measured.high - measured.value == pytest.approx(1.645 * 0.02214 / 0.5, rel=1e-3)


def test_a_shown_rate_counts_in_place_of_the_stated_one():
    save = judge_save_rate(rows_of(2_000, stays_treated=0.6, stays_control=0.5), stated_rate=0.05)

    assert save.rate == pytest.approx(0.2)
    assert save.source == (
        "save rate measured against control groups: 0.2 (0.13 to 0.27) on 2,000 contacts; 0.05 was stated"
    )


def test_without_an_effect_a_log_that_would_have_shown_the_stated_rate_outweighs_it():
    save = judge_save_rate(rows_of(4_000, stays_treated=0.5, stays_control=0.5), stated_rate=0.1)

    assert save.rate == 0
    assert save.source.startswith("none: control groups show no save rate, 0 (-0.052 to 0.052) on 4,000 contacts")


def test_a_log_too_small_to_tell_leaves_the_stated_rate():
    save = judge_save_rate(rows_of(200, stays_treated=0.5, stays_control=0.5), stated_rate=0.1)

    assert save.rate == 0.1
    assert "assumed in the configuration: control groups cannot tell, 0 (-0.23 to 0.23)" in save.source


def test_contacts_that_drive_customers_away_have_a_rate_below_zero():
    assert judge_save_rate(rows_of(4_000, stays_treated=0.4, stays_control=0.5), stated_rate=0.1).rate == pytest.approx(
        -0.2
    )


def test_a_rate_is_stated_where_almost_no_customer_churned():
    save = judge_save_rate(rows_of(2_000, stays_treated=0.995, stays_control=0.99), stated_rate=0.1)

    assert (save.rate, save.source) == (0.1, "save rate of 0.1 assumed in the configuration")


def test_what_was_known_before_makes_the_interval_narrower_and_shares_are_weighted():
    rows = rows_of(2_000, stays_treated=0.6, stays_control=0.5, propensity=0.8)
    with_history = SaveRows(
        **{**vars(rows), "before": (rows.stayed[:, None] ^ (np.arange(2_000) % 10 == 0)[:, None]) * 1.0}
    )
    plain, explained = measure_save_rate(rows), measure_save_rate(with_history)

    assert plain.value == pytest.approx(0.2)
    assert explained.high - explained.low < 0.8 * (plain.high - plain.low)


def test_contacts_of_one_customer_are_not_independent():
    rows = rows_of(2_000, stays_treated=0.6, stays_control=0.5)
    same = SaveRows(**{**vars(rows), "customer_ids": np.array([f"c{row // 2}" for row in range(2_000)])})
    one, two = measure_save_rate(rows), measure_save_rate(same)

    assert (two.high - two.low) / (one.high - one.low) == pytest.approx(2**0.5, rel=0.01)
