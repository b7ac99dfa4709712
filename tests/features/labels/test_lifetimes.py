"""When customers were lost, however long after the cutoff."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.training import Definition
from core.labels import Labels
from features.labels.labelling import LABELS, label_lifetimes, label_outcomes
from tests.engines import engine
from tests.features.labels.test_label_engines import CUTOFFS
from tests.features.labels.test_label_engines import world as world_on
from tests.features.labels.test_labels import HORIZON, MIDNIGHT, cohort, few, span, world
from tests.worlds import frame, shop

FOLLOWED = 200


def followed(*purchases: str, definition: Definition = "no_purchase", **changes: Any) -> Labels:
    return label_lifetimes(shop(*purchases, settings=world(definition, **changes)), cohort("ada"), follow_days=FOLLOWED)


def subscribed(*spans: dict[str, object], **changes: Any) -> Labels:
    settings = world("subscription_ended", grace_days=10, **changes)
    return label_lifetimes(shop(settings=settings, subscriptions=frame(*spans)), cohort("ada"), follow_days=FOLLOWED)


def test_who_keeps_buying_is_lost_when_the_first_long_silence_ends():
    found = followed("ada 2024-03-20", "ada 2024-04-15", "ada 2024-07-01")

    assert found.churned_at.tolist() == [date(2024, 4, 15) + timedelta(days=HORIZON)]


def test_who_never_comes_back_is_lost_after_exactly_one_horizon():
    found = followed("bo 2024-03-20")

    assert found.days_stayed.tolist() == [HORIZON - 1]
    assert found.within(HORIZON).churned.tolist() == [True]
    assert found.within(HORIZON - 1).churned.tolist() == [False]


def test_a_silence_that_the_records_do_not_see_the_end_of_is_no_churn_yet():
    tables = shop("ada 2024-12-10", settings=world("no_purchase"))

    found = label_lifetimes(tables, cohort("ada", cutoff=date(2024, 12, 1)), follow_days=FOLLOWED)

    assert (found.churned.tolist(), found.days_observed.tolist()) == ([False], [24])


def test_an_end_long_after_the_horizon_is_dated_and_keeps_its_cause():
    found = subscribed(span("ada", "2024-01-01", "2024-08-05", "price"))

    assert (found.churned_at.tolist(), found.cause.tolist()) == ([date(2024, 8, 5)], ["price"])
    assert found.within(60).cause.tolist() == [""]


def test_the_overdue_are_lost_by_the_rhythm_that_they_had_at_the_cutoff():
    found = followed("ada 2024-02-10", "ada 2024-02-14", "ada 2024-03-09", "ada 2024-06-01", definition="overdue")

    assert found.churned_at.tolist() == [date(2024, 3, 9) + timedelta(days=3 * 4)]


def test_who_left_within_the_gap_was_gone_before_the_time_counts():
    assert subscribed(span("ada", "2024-01-01", "2024-03-03")).days_observed.tolist() == [0]


def test_where_each_subscription_counts_the_first_that_ends_for_good_dates_the_end_while_another_runs():
    ends = span("ada", "2023-01-01", "2024-08-05", "price") | {"subscription_id": "a"}
    runs = span("ada", "2023-06-01", None)

    each, last = (subscribed(ends, runs, each_subscription=counts) for counts in (True, False))

    assert (each.churned_at.tolist(), each.cause.tolist()) == ([date(2024, 8, 5)], ["price"])
    assert last.churned.tolist() == [False]


def test_where_each_subscription_counts_one_that_ends_within_the_gap_leaves_the_others_to_be_followed():
    ended, later = (span("ada", "2023-01-01", day) | {"subscription_id": day} for day in ("2024-03-03", "2024-08-05"))

    found = subscribed(ended, later, each_subscription=True)

    assert found.churned_at.tolist() == [date(2024, 8, 5)]
    assert found.days_observed[0] > 0


def test_what_is_known_at_a_day_has_not_heard_of_later_ends():
    found = subscribed(span("ada", "2024-01-01", "2024-08-05", "price"))

    assert found.known_at(np.datetime64("2024-08-05")).churned.tolist() == [False]
    assert found.known_at(np.datetime64("2024-08-06")).churned.tolist() == [True]


@few
@given(days=st.lists(st.integers(-60, 250), max_size=12))
def test_over_the_horizon_of_the_label_both_say_the_same(days: list[int]):
    bought = [f"ada {(MIDNIGHT + timedelta(days=day)).isoformat()}" for day in days]
    tables = shop("bo 2024-01-01", *bought, settings=world("no_purchase"))

    long = label_lifetimes(tables, cohort("ada"), follow_days=FOLLOWED).within(HORIZON)

    assert long.churned.tolist() == label_outcomes(tables, cohort("ada")).churned.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("definition", sorted(LABELS))
def test_duckdb_and_postgresql_follow_customers_alike(definition: Definition):
    first, second = (
        replace(
            label_lifetimes(tables, cohort("ada", "bo", "cyd", "dan", cutoff=CUTOFFS[0]), follow_days=FOLLOWED),
            definition="",
        )
        for tables in (world_on(definition, "Europe/London", engine(name)) for name in ("duckdb", "postgres"))
    )

    for name in ("churned", "churned_at", "cause", "observed_until"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)
