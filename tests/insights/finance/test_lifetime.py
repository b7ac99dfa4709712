"""Survival of paying customers and lifetime value against values computed by hand."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import BadInput
from core.window import DAYS_PER_MONTH
from insights.finance.lifetime import (
    SubscriberLifetimes,
    lifetime_value,
    mean_lifetime_months,
    sum_discounted_months,
    sum_tail_months,
)
from tables.episodes import SubscriptionEpisodes
from tests.insights.causes.worlds import subscriptions
from tests.worlds import config, shop


def lifetimes(*months_and_ends: tuple[float, bool]) -> SubscriberLifetimes:
    months, has_ended = (np.array(column) for column in zip(*months_and_ends, strict=True))
    ids = np.array([f"c{number}" for number in range(len(months))])
    return SubscriberLifetimes(
        customer_ids=ids, months=months.astype(float), has_ended=has_ended, is_last=np.ones(len(months), bool)
    )


def lifetimes_of(*lines: str) -> SubscriberLifetimes:
    """As known on 2025-12-01, with a grace period of 30 days."""
    tables = shop(settings=config(watermark=date(2025, 12, 1)), subscriptions=subscriptions(*lines))
    return SubscriberLifetimes.of(SubscriptionEpisodes.of_paying_customers(tables, date(2025, 12, 1)))


def geometric(retention: float, n_months: int) -> NDArray[np.float64]:
    """The survival curve of constant churn, (n_months,)."""
    return (retention ** np.arange(n_months)).astype(np.float64)


def curve(subscribers: SubscriberLifetimes, n_months: int) -> list[float]:
    return subscribers.survival(n_months, np.ones((1, len(subscribers.months))))[0].tolist()


def test_an_open_episode_counts_for_as_long_as_it_was_observed():
    subscribers = lifetimes((1.5, True), (2.5, False), (3.5, True), (9.0, False))

    assert curve(subscribers, 5) == pytest.approx([1, 1, 3 / 4, 3 / 4, 3 / 8, 3 / 8])


def test_at_equal_times_ends_come_before_censoring():
    assert curve(lifetimes((1.0, True), (1.0, False), (2.0, False)), 2) == pytest.approx([1, 2 / 3, 2 / 3])


def test_survival_is_nan_beyond_the_longest_episode():
    assert np.isnan(curve(lifetimes((1.2, True), (2.2, False)), 3)[3])


def test_survival_is_nan_beyond_the_longest_episode_of_a_sample():
    shares = lifetimes((1.2, True), (2.2, False)).survival(2, np.array([[1.0, 0.0], [0.0, 1.0]]))

    assert np.isnan(shares[:, 2]).tolist() == [True, False]


def test_a_change_of_plan_continues_an_episode_and_a_long_gap_ends_it():
    subscribers = lifetimes_of("ada 2025-01-01 2025-03-01", "ada 2025-03-01 2025-06-01", "ada 2025-09-01 -")

    assert (subscribers.has_ended.tolist(), subscribers.is_last.tolist()) == ([True, False], [False, True])
    assert (subscribers.months * DAYS_PER_MONTH).tolist() == pytest.approx([151, 91])


def test_an_episode_within_its_grace_period_has_not_ended():
    subscribers = lifetimes_of("ada 2025-01-01 2025-11-01", "bo 2025-01-01 2025-10-31", "cyd 2025-01-01 2025-11-20")

    assert subscribers.has_ended.tolist() == [False, True, False]
    assert (subscribers.months * DAYS_PER_MONTH).tolist() == pytest.approx([304, 303, 323])


def test_a_third_less_churn_raises_lifetime_value_by_half():
    now, then = (lifetime_value(400_000, churn) for churn in (0.03, 0.02))

    assert mean_lifetime_months(0.03) == pytest.approx(33.3, abs=0.05)
    assert (now, then) == (pytest.approx(13_333_333, abs=1), pytest.approx(20_000_000))
    assert then / now == pytest.approx(1.5)


def test_whole_months_count_completed_months_only():
    assert lifetime_value(400_000, 0.03, whole_months=True) == 13_200_000
    assert lifetime_value(400_000, 0.02, whole_months=True) == 20_000_000
    assert mean_lifetime_months(0.0, whole_months=True) == math.inf


def test_a_long_curve_with_constant_churn_equals_the_simple_form():
    survival = geometric(0.97, 2_000)

    assert 400_000 * sum_discounted_months(survival, 0.0) == pytest.approx(lifetime_value(400_000, 0.03))
    assert sum_discounted_months(survival, 0.1) < sum_discounted_months(survival, 0.0)


def test_a_short_curve_with_its_tail_equals_the_long_curve():
    churn, discount = 0.03, 0.1
    whole, observed = geometric(1 - churn, 3000), geometric(1 - churn, 12)

    with_tail = sum_discounted_months(observed, discount) + sum_tail_months(
        observed, np.array(churn), yearly_discount=discount
    )

    assert with_tail == pytest.approx(sum_discounted_months(whole, discount))


def test_a_churn_above_one_raises_an_error():
    with pytest.raises(BadInput, match="between 0 and 1, found 3"):
        mean_lifetime_months(3)
