"""The lengths of episodes and the share of paying customers that is left after so many months."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.window import DAYS_PER_MONTH
from insights.finance.survival import SubscriberLifetimes
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


def curve(known: SubscriberLifetimes, n_months: int) -> list[float]:
    return known.survival(n_months, np.ones((1, len(known.months))))[0].tolist()


def test_an_episode_that_runs_on_counts_as_long_as_it_was_observed():
    known = lifetimes((1.5, True), (2.5, False), (3.5, True), (9.0, False))

    assert curve(known, 5) == pytest.approx([1, 1, 3 / 4, 3 / 4, 3 / 8, 3 / 8])


def test_an_end_comes_before_the_last_observation_at_the_same_moment():
    assert curve(lifetimes((1.0, True), (1.0, False), (2.0, False)), 2) == pytest.approx([1, 2 / 3, 2 / 3])


def test_nothing_is_known_beyond_the_longest_episode():
    assert np.isnan(curve(lifetimes((1.2, True), (2.2, False)), 3)[3])


def test_nothing_is_known_beyond_the_longest_episode_that_a_sample_holds():
    shares = lifetimes((1.2, True), (2.2, False)).survival(2, np.array([[1.0, 0.0], [0.0, 1.0]]))

    assert np.isnan(shares[:, 2]).tolist() == [True, False]


def test_a_change_of_plan_goes_on_and_a_long_gap_ends_an_episode():
    known = lifetimes_of("ada 2025-01-01 2025-03-01", "ada 2025-03-01 2025-06-01", "ada 2025-09-01 -")

    assert (known.has_ended.tolist(), known.is_last.tolist()) == ([True, False], [False, True])
    assert (known.months * DAYS_PER_MONTH).tolist() == pytest.approx([151, 91])


def test_a_customer_whose_subscription_ended_lately_may_still_renew():
    known = lifetimes_of("ada 2025-01-01 2025-11-01", "bo 2025-01-01 2025-10-31", "cyd 2025-01-01 2025-11-20")

    assert known.has_ended.tolist() == [False, True, False]
    assert (known.months * DAYS_PER_MONTH).tolist() == pytest.approx([304, 303, 323])
