"""Labels, churn causes and the report agree on which customers churned and when: a renewal within the grace period is
no churn for any of them."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.config.loading import read_config
from core.config.training import ChurnDefinition
from core.window import Cohort
from features.cohort import select_cohort
from features.labels.labelling import label_lifetimes, label_outcomes
from insights.finance.mrr import movements_of, retention_terms
from insights.report.report_data import load_report_data
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.episodes import SubscriptionEpisodes
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.worlds import config, frame, shop

CUTOFF, HORIZON_DAYS, GRACE_DAYS = date(2024, 3, 1), 30, 10
MIDNIGHT = datetime(2024, 3, 1)


Span = tuple[str, str, int, int | None, int, str | None]

SPANS = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bo"]),
        st.sampled_from("xy"),
        st.integers(-60, 45) | st.sampled_from([-1, 0, 1, HORIZON_DAYS]),
        st.integers(0, 60) | st.none(),
        st.sampled_from([0, 9, 23]),
        st.sampled_from(["price", "support", None]),
    ),
    max_size=8,
)
"Customer, subscription, first day from the cutoff, days until the end, hour of both, reason."
SEVERAL = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Churned = dict[str, tuple[date, str]]
"Customer to the day and the reason."


def find_short_gaps(spans: list[Span]) -> set[str]:
    """The customers with a subscription that ends within a day before the cutoff and goes on within a day of its end.

    Looking back, that is no gap. At the cutoff it is not known yet that the subscription goes on.
    """
    ends = {(span[:2], span[2] + span[3]) for span in spans if span[3] is not None and span[2] + span[3] < 0}
    begins = {(span[:2], span[2]) for span in spans if span[2] >= 0}
    return {
        subscription[0]
        for subscription, end in ends
        if any(other == subscription and first - end <= 1 for other, first in begins)
    }


def list_churned_by_label(tables: Tables, cohort: Cohort) -> Churned:
    """The customers whose label is churned."""
    labels = label_outcomes(tables, cohort)
    rows = labels.churned
    cells = zip(labels.customer_ids[rows], labels.churned_at[rows], labels.cause[rows], strict=True)
    return {str(customer): (day.item(), str(cause)) for customer, day, cause in cells}


def list_churned_by_episode(episodes: SubscriptionEpisodes, cutoff: date, horizon_days: int) -> Churned:
    """The customers with a subscription at the cutoff whose first episode to end within the horizon has ended."""
    start, end = (np.datetime64(day, "D") for day in (cutoff, cutoff + timedelta(days=horizon_days)))
    at_cutoff = np.isin(episodes.customer_ids, episodes.customer_ids[episodes.running_at(start)])
    churned: Churned = {}
    for place in np.flatnonzero(at_cutoff & episodes.has_ended_between(start, end)):
        customer, day = str(episodes.customer_ids[place]), episodes.ended_on[place].item()
        earlier = churned.get(customer)
        if earlier is None or (day, not episodes.reasons[place], episodes.reasons[place]) < (
            earlier[0], not earlier[1], earlier[1],
        ):  # fmt: skip
            churned[customer] = day, str(episodes.reasons[place])
    return churned


def contract(
    spans: list[Span],
    *,
    each_subscription: bool,
    free: frozenset[int] = frozenset(),
) -> Tables:
    """Tables of these spans, of which those in `free` (from 1 on) cost nothing, and of one who does not churn."""
    churn = ChurnDefinition(
        definition="subscription_ended",
        horizon_days=HORIZON_DAYS,
        grace_days=GRACE_DAYS,
        each_subscription=each_subscription,
    )
    rows = [("cyd", "z", -90, None, 0, None), *spans]
    return shop(
        settings=config(churn=churn, watermark=date(2024, 12, 1)),
        subscriptions=frame(
            *(span_row(number, *row) | ({"mrr": 0.0} if number in free else {}) for number, row in enumerate(rows))
        ),
    )


def span_row(
    number: int, customer: str, subscription: str, first: int, length: int | None, hour: int, reason: str | None
) -> dict[str, object]:
    # Each span has its own price: loading drops rows of one subscription with the same start and price as duplicates.
    began = MIDNIGHT + timedelta(days=first, hours=hour)
    return {
        "customer_id": customer, "subscription_id": f"{customer}-{subscription}", "plan": "pro", "mrr": 10.0 + number,
        "started_at": began, "ended_at": None if length is None else began + timedelta(days=length),
        "end_reason": reason,
    }  # fmt: skip


def agree(tables: Tables, *, unknown_at_cutoff: Collection[str] = ()) -> None:
    """Compare the three; customers who may be absent at the cutoff alone are compared where they are not."""
    cohort = select_cohort(tables, [CUTOFF])
    labels = list_churned_by_label(tables, cohort)
    absent = set(unknown_at_cutoff) - set(cohort.customer_ids.tolist())

    causes = list_churned_by_episode(SubscriptionEpisodes.of(tables), CUTOFF, HORIZON_DAYS)
    assert labels == leave_out(causes, absent)
    paying = SubscriptionEpisodes.of_paying_customers(tables, date(2024, 12, 1))
    report = leave_out(list_churned_by_episode(paying, CUTOFF, HORIZON_DAYS), absent)
    if tables.config.churn.each_subscription:
        assert report.keys() <= labels.keys()
    else:
        assert report == labels


def leave_out(churned: Churned, customers: Collection[str]) -> Churned:
    return {customer: end for customer, end in churned.items() if customer not in customers}


@pytest.mark.parametrize("each_subscription", [False, True])
@SEVERAL
@given(spans=SPANS)
@example(spans=[("ada", "x", -32, 31, 0, "price"), ("ada", "x", 0, 14, 0, "price"), ("bo", "x", -9, 20, 9, "price")])
def test_a_customer_is_labelled_churned_exactly_when_an_episode_has_ended(each_subscription: bool, spans: list[Span]):
    tables = contract(spans, each_subscription=each_subscription)
    agree(tables, unknown_at_cutoff=find_short_gaps(spans))


def test_a_gap_of_a_day_at_the_cutoff_is_an_end_at_the_cutoff_and_none_looking_back():
    tables = contract([("ada", "x", -32, 31, 0, "price"), ("ada", "x", 0, 14, 0, "price")], each_subscription=False)

    assert "ada" not in select_cohort(tables, [CUTOFF]).customer_ids
    assert list_churned_by_episode(SubscriptionEpisodes.of(tables), CUTOFF, HORIZON_DAYS)["ada"][0] == date(2024, 3, 15)


@SEVERAL
@given(spans=SPANS, free=st.sets(st.integers(1, 8)))
def test_free_plans_are_no_subscriptions_for_labels_causes_and_report(spans: list[Span], free: set[int]):
    tables = contract(spans, each_subscription=False, free=frozenset(free))
    agree(tables, unknown_at_cutoff=find_short_gaps(spans))


@pytest.mark.parametrize(
    ("spans", "churned_on"),
    [
        pytest.param([("ada", "x", -40, 40, 0, "price")], date(2024, 3, 1), id="end on the cutoff's midnight"),
        pytest.param([("ada", "x", -40, 70, 0, "price")], None, id="end on the first day after the horizon"),
        pytest.param([("ada", "x", 0, 5, 0, "price")], None, id="start on the cutoff"),
        pytest.param(
            [("ada", "x", -40, 45, 9, "price"), ("ada", "x", 5 + GRACE_DAYS, None, 23, None)],
            None,
            id="renewal on the last day of the grace period, at a later hour",
        ),
        pytest.param(
            [("ada", "x", -40, 45, 9, "price"), ("ada", "x", 6 + GRACE_DAYS, None, 0, None)],
            date(2024, 3, 6),
            id="renewal one day after the grace period",
        ),
        pytest.param(
            [("ada", "x", -40, 45, 9, None), ("ada", "x", 5, 10, 0, "price")],
            date(2024, 3, 16),
            id="change of plan on the same day, and a later end",
        ),
        pytest.param(
            [("ada", "x", -40, 45, 0, "price"), ("ada", "y", -20, None, 0, None)], None, id="another subscription runs"
        ),
        pytest.param(
            [("ada", "x", -60, 45, 0, "price"), ("ada", "x", -10, 25, 0, "support")],
            date(2024, 3, 16),
            id="overlapping spans of one subscription",
        ),
        pytest.param(
            [("ada", "x", -60, 55, 0, None), ("ada", "x", 3, 7, 0, "price")],
            None,
            id="no subscription runs at the cutoff, although a renewal follows",
        ),
    ],
)
def test_labels_causes_and_report_decide_ties_alike(spans: list[Span], churned_on: date | None):
    tables = contract(spans, each_subscription=False)

    agree(tables)
    assert list_churned_by_label(tables, select_cohort(tables, [CUTOFF])).get("ada", (None, ""))[0] == churned_on


def test_with_each_subscription_the_end_of_one_is_churn_for_labels_and_causes():
    tables = contract([("ada", "x", -40, 45, 0, "price"), ("ada", "y", -20, None, 0, None)], each_subscription=True)

    agree(tables)
    assert list_churned_by_label(tables, select_cohort(tables, [CUTOFF])) == {"ada": (date(2024, 3, 6), "price")}


def test_a_pause_over_a_months_end_is_no_churned_customer_but_its_money_leaves_and_comes_back():
    # Ada pays 11 until March 28, nothing for eight days, and 12 from April 5 on.
    tables = contract([("ada", "x", -40, 67, 0, "holiday"), ("ada", "x", 35, None, 0, None)], each_subscription=False)

    agree(tables)
    assert list_churned_by_label(tables, select_cohort(tables, [CUTOFF])) == {}
    report = load_report_data(tables, date(2024, 12, 1))
    ada = report.book.customer_ids.tolist().index("ada")
    march = int(np.flatnonzero(report.book.months == np.datetime64("2024-03", "M"))[0])
    in_march, in_april = (
        {name: int(parts[ada]) for name, parts in movements_of(report.book, column).items() if parts[ada]}
        for column in (march, march + 1)
    )
    assert in_march == {"opening": 11, "churn": 11}
    assert in_april == {"reactivation": 12, "closing": 12}
    n_churned, n_paying = retention_terms(report.book, start=march, end=march + 2)["logo_churn"]
    assert (n_churned[ada], n_paying[ada]) == (0, 1)


def test_labels_causes_and_report_agree_on_a_simulated_company(tmp_path: Path):
    company = simulate_software(SoftwareWorld(n_accounts=300, n_months=24, seed=11))
    tables = open_tables(read_config(company.write(tmp_path), os.environ))
    horizon_days = tables.config.churn.horizon_days
    last = tables.watermark("subscriptions") - timedelta(days=horizon_days + tables.config.churn.grace_days)
    episodes = SubscriptionEpisodes.of(tables)
    report_episodes = load_report_data(tables, tables.watermark("subscriptions")).episodes

    n_churned = 0
    for cutoff in (last - timedelta(days=200), last - timedelta(days=45), last):
        labels = list_churned_by_label(tables, select_cohort(tables, [cutoff]))
        n_churned += len(labels)
        assert (
            labels
            == list_churned_by_episode(episodes, cutoff, horizon_days)
            == list_churned_by_episode(report_episodes, cutoff, horizon_days)
        )
        lifetimes = label_lifetimes(tables, select_cohort(tables, [cutoff]), follow_days=horizon_days)
        assert set(lifetimes.customer_ids[lifetimes.churned].tolist()) == set(labels)

    assert n_churned > 20
