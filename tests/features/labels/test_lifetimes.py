"""Labels of customers who are followed beyond the horizon: when they churned."""

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
from tests.features.labels.test_labelling import HORIZON, MIDNIGHT, cohort, few, span, world
from tests.worlds import frame, shop

FOLLOWED = 200


def follow_purchases(*purchases: str, definition: Definition = "no_purchase", **changes: Any) -> Labels:
    return label_lifetimes(shop(*purchases, settings=world(definition, **changes)), cohort("ada"), follow_days=FOLLOWED)


def follow_subscriptions(*spans: dict[str, object], **changes: Any) -> Labels:
    settings = world("subscription_ended", grace_days=10, **changes)
    return label_lifetimes(shop(settings=settings, subscriptions=frame(*spans)), cohort("ada"), follow_days=FOLLOWED)


def test_a_customer_churns_at_the_end_of_the_first_long_inactivity():
    labels = follow_purchases("ada 2024-03-20", "ada 2024-04-15", "ada 2024-07-01")

    assert labels.churned_at.tolist() == [date(2024, 4, 15) + timedelta(days=HORIZON)]


def test_a_customer_who_never_returns_churns_after_exactly_one_horizon():
    labels = follow_purchases("bo 2024-03-20")

    assert labels.days_to_churn.tolist() == [HORIZON - 1]
    assert labels.within(HORIZON).churned.tolist() == [True]
    assert labels.within(HORIZON - 1).churned.tolist() == [False]


def test_an_inactivity_that_outlasts_the_record_is_no_churn_yet():
    tables = shop("ada 2024-12-10", settings=world("no_purchase"))

    labels = label_lifetimes(tables, cohort("ada", cutoff=date(2024, 12, 1)), follow_days=FOLLOWED)

    assert (labels.churned.tolist(), labels.days_observed.tolist()) == ([False], [24])


def test_an_end_long_after_the_horizon_has_its_day_and_cause():
    labels = follow_subscriptions(span("ada", "2024-01-01", "2024-08-05", "price"))

    assert (labels.churned_at.tolist(), labels.cause.tolist()) == ([date(2024, 8, 5)], ["price"])
    assert labels.within(60).cause.tolist() == [""]


def test_overdue_customers_churn_by_their_rhythm_at_the_cutoff():
    labels = follow_purchases(
        "ada 2024-02-10", "ada 2024-02-14", "ada 2024-03-09", "ada 2024-06-01", definition="overdue"
    )

    assert labels.churned_at.tolist() == [date(2024, 3, 9) + timedelta(days=3 * 4)]


def test_a_customer_who_churns_within_the_gap_is_not_observed():
    assert follow_subscriptions(span("ada", "2024-01-01", "2024-03-03")).days_observed.tolist() == [0]


def test_with_each_subscription_the_first_end_without_renewal_is_the_day_of_churn():
    ends = span("ada", "2023-01-01", "2024-08-05", "price") | {"subscription_id": "a"}
    runs = span("ada", "2023-06-01", None)

    each, last = (follow_subscriptions(ends, runs, each_subscription=counts) for counts in (True, False))

    assert (each.churned_at.tolist(), each.cause.tolist()) == ([date(2024, 8, 5)], ["price"])
    assert last.churned.tolist() == [False]


def test_with_each_subscription_an_end_within_the_gap_leaves_the_others_observed():
    ended, later = (span("ada", "2023-01-01", day) | {"subscription_id": day} for day in ("2024-03-03", "2024-08-05"))

    labels = follow_subscriptions(ended, later, each_subscription=True)

    assert labels.churned_at.tolist() == [date(2024, 8, 5)]
    assert labels.days_observed[0] > 0


def test_ends_after_the_day_of_knowledge_are_unknown():
    labels = follow_subscriptions(span("ada", "2024-01-01", "2024-08-05", "price"))

    assert labels.censor(np.datetime64("2024-08-05")).churned.tolist() == [False]
    assert labels.censor(np.datetime64("2024-08-06")).churned.tolist() == [True]


@few
@given(days=st.lists(st.integers(-60, 250), max_size=12))
def test_over_one_horizon_lifetimes_and_labels_agree(days: list[int]):
    bought = [f"ada {(MIDNIGHT + timedelta(days=day)).isoformat()}" for day in days]
    tables = shop("bo 2024-01-01", *bought, settings=world("no_purchase"))

    lifetimes = label_lifetimes(tables, cohort("ada"), follow_days=FOLLOWED).within(HORIZON)

    assert lifetimes.churned.tolist() == label_outcomes(tables, cohort("ada")).churned.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("definition", sorted(LABELS))
def test_duckdb_and_postgresql_give_the_same_lifetimes(definition: Definition):
    first, second = (
        replace(
            label_lifetimes(tables, cohort("ada", "bo", "cyd", "dan", cutoff=CUTOFFS[0]), follow_days=FOLLOWED),
            definition="",
        )
        for tables in (world_on(definition, "Europe/London", engine(name)) for name in ("duckdb", "postgres"))
    )

    for name in ("churned", "churned_at", "cause", "observed_until"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)
