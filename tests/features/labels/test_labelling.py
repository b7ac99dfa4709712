"""Labels of each definition of churn, on small worlds with known answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.training import ChurnDefinition
from core.errors import DataError
from core.labels import Labels
from core.window import Cohort
from features.labels.labelling import can_churn, label_outcomes
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 1)
GAP, HORIZON = 7, 30
MIDNIGHT = datetime(2024, 3, 1)

few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def cohort(*customer_ids: str, cutoff: date = CUTOFF) -> Cohort:
    return Cohort(np.array(customer_ids), np.full(len(customer_ids), cutoff, "datetime64[D]"))


def world(definition: str, **changes: Any):
    """A configuration with this definition of churn, complete until the end of 2024."""
    churn: dict[str, Any] = {"definition": definition, "horizon_days": HORIZON, "gap_days": GAP} | changes
    return config(churn=ChurnDefinition(**churn), watermark=date(2025, 1, 1))


def label_purchases(*purchases: str, definition: str = "no_purchase", who: str = "ada", **changes: Any) -> Labels:
    return label_outcomes(shop(*purchases, settings=world(definition, **changes)), cohort(who))


def span(who: str, started: str, ended: str | None, reason: str = "") -> dict[str, object]:
    times = {"started_at": started, "ended_at": ended}
    return {"customer_id": who, "subscription_id": who, "plan": "basic", "mrr": 10.0, **times, "end_reason": reason}


def label_subscriptions(*spans: dict[str, object], **changes: Any) -> Labels:
    settings_ = world("subscription_ended", grace_days=10, **changes)
    return label_outcomes(shop(settings=settings_, subscriptions=frame(*spans)), cohort("ada"))


def assert_same(first: Labels, second: Labels) -> None:
    for name in ("churned", "churned_at", "cause", "amount_after"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)


@pytest.mark.parametrize(
    ("moment", "stayed"),
    [
        ("2024-02-29T23:59:59", False),
        ("2024-03-01T00:00:00", False),
        ("2024-03-07T23:59:59", False),
        ("2024-03-08T00:00:00", True),
        ("2024-04-06T23:59:59", True),
        ("2024-04-07T00:00:00", False),
    ],
)
def test_only_a_purchase_between_the_gap_and_the_end_of_the_horizon_counts(moment, stayed):
    assert label_purchases(f"ada {moment}").churned.tolist() == [not stayed]


def test_without_a_gap_a_purchase_at_midnight_of_the_cutoff_counts():
    assert label_purchases("ada 2024-03-01", gap_days=0).churned.tolist() == [False]


def test_an_inactive_customer_churns_at_the_end_of_the_horizon():
    assert label_purchases("bo 2024-03-10").churned_at.tolist() == [date(2024, 4, 7)]


def test_a_return_is_no_purchase_and_is_subtracted_from_the_amount():
    gone = label_purchases("ada 2024-03-10 -4")
    stayed = label_purchases("ada 2024-03-10 25", "ada 2024-03-12 -4", "ada 2024-05-01 99")

    assert (gone.churned.tolist(), gone.amount_after.tolist()) == ([True], [-4.0])
    assert (stayed.churned.tolist(), stayed.amount_after.tolist()) == ([False], [21.0])


def test_a_row_is_mature_once_its_whole_horizon_is_recorded():
    tables = shop("ada 2024-01-01", settings=world("no_purchase"))
    last = date(2025, 1, 1) - timedelta(days=GAP + HORIZON)

    mature = [
        label_outcomes(tables, cohort("ada", cutoff=day)).is_mature[0] for day in (last, last + timedelta(days=1))
    ]

    assert mature == [True, False]


def test_a_card_that_later_turns_out_to_be_ada_has_adas_label():
    identities = frame(
        {"alias_id": "card-1", "customer_id": "ada", "recorded_time": "2024-06-01"},
        {"alias_id": "card-2", "customer_id": "card-1", "recorded_time": "2024-07-01"},
    )
    tables = shop("ada 2024-03-10 8", settings=world("no_purchase"), identities=identities)

    labels = label_outcomes(tables, cohort("ada", "bo", "card-1", "card-2"))

    assert labels.churned.tolist() == [False, True, False, False]
    assert labels.amount_after.tolist() == [8.0, 0.0, 8.0, 8.0]


def test_labels_read_the_latest_version_of_a_line():
    lines = ("ada 2024-03-10 30 line_id=1", "ada 2024-03-10 0.5 line_id=1 recorded_time=2024-09-01")

    assert label_purchases(*lines).amount_after.tolist() == [0.5]


@pytest.mark.parametrize(("back_on", "churned"), [("2024-03-27", False), ("2024-03-28", True)])
def test_overdue_waits_for_a_multiple_of_the_usual_gap(back_on, churned):
    rhythm = ("ada 2024-01-01", "ada 2024-01-11", "ada 2024-01-21", "ada 2024-01-21T18:00")

    labels = label_purchases(*rhythm, f"ada {back_on}", definition="overdue", overdue_multiple=2.0)

    assert labels.churned.tolist() == [churned]
    assert labels.churned_at.tolist() == [date(2024, 3, 28) if churned else None]


def test_overdue_waits_for_the_horizon_where_there_is_no_usual_gap_yet():
    labels = label_purchases("ada 2024-01-01", definition="overdue")

    assert labels.churned_at.tolist() == [date(2024, 4, 7)]


@given(
    days=st.lists(st.integers(-60, -1), min_size=2, max_size=6), earlier=st.integers(1, 40), amount=st.integers(0, 9)
)
@few
def test_overdue_depends_on_the_past_only_through_the_usual_gap(days, earlier, amount):
    later = [MIDNIGHT + timedelta(days=n) for n in (10, 25, 36)]
    past = [MIDNIGHT + timedelta(days=day) for day in days]

    def label(shift: int, cost: int) -> Labels:
        moved = [f"ada {(day - timedelta(days=shift)).isoformat()} {cost}" for day in past]
        return label_purchases(*moved, *(f"ada {day.isoformat()}" for day in later), definition="overdue")

    assert_same(label(0, 5), label(earlier, amount))


def test_an_end_without_renewal_is_churn_with_its_day_and_cause():
    labels = label_subscriptions(span("ada", "2023-01-01", "2024-03-20T15:00", "price"))

    assert (labels.churned[0], labels.churned_at[0], labels.cause[0]) == (True, np.datetime64("2024-03-20"), "price")


@pytest.mark.parametrize(("renewed", "churned"), [("2024-03-20", False), ("2024-03-30", False), ("2024-03-31", True)])
def test_a_renewal_within_the_grace_period_is_no_churn(renewed, churned):
    labels = label_subscriptions(span("ada", "2023-01-01", "2024-03-20"), span("ada", renewed, None))

    assert labels.churned.tolist() == [churned]


def test_the_end_of_one_of_two_running_subscriptions_is_no_churn():
    assert not label_subscriptions(span("ada", "2023-01-01", "2024-03-20"), span("ada", "2023-06-01", None)).churned[0]


def test_with_each_subscription_the_end_of_one_of_two_is_churn():
    ends, runs = span("ada", "2023-01-01", "2024-03-20") | {"subscription_id": "a"}, span("ada", "2023-06-01", None)

    assert label_subscriptions(ends, runs, each_subscription=True).churned[0]


def test_a_customer_without_a_subscription_at_the_cutoff_is_never_mature():
    assert not label_subscriptions(span("ada", "2023-01-01", "2024-02-01"), span("bo", "2023-01-01", None)).is_mature[0]


def test_an_end_is_certain_only_after_the_grace_period():
    assert label_subscriptions(span("ada", "2023-01-01", None)).observed_until.tolist() == [date(2024, 12, 22)]


outside = st.one_of(st.integers(-90, GAP - 1), st.integers(GAP + HORIZON, 90))
facts_outside = st.lists(st.tuples(st.sampled_from(["ada", "bo"]), outside, st.integers(0, 86_399)), max_size=6)
facts_inside = st.lists(
    st.tuples(st.sampled_from(["ada", "bo"]), st.integers(GAP, GAP + HORIZON - 1), st.integers(0, 86_399)), max_size=4
)


def log_lines(facts: list[tuple[str, int, int]]) -> list[str]:
    return [f"{who} {(MIDNIGHT + timedelta(days=day, seconds=second)).isoformat()}" for who, day, second in facts]


def visits(facts: list[tuple[str, int, int]]):
    rows = [line.split() for line in log_lines(facts)]
    return frame(*({"customer_id": who, "event_time": when, "event": "visit"} for who, when in rows))


@given(inside=facts_inside, others=facts_outside)
@few
def test_facts_outside_the_window_change_no_label_of_no_purchase(inside, others):
    subjects, always = cohort("ada", "bo"), "cyd 2024-01-01"

    def label(*lines: str) -> Labels:
        return label_outcomes(shop(always, *lines, settings=world("no_purchase")), subjects)

    alone = label(*log_lines(inside))

    assert_same(alone, label(*log_lines(others + inside)))
    assert alone.churned.tolist() == [all(fact[0] != who for fact in inside) for who in ("ada", "bo")]


@given(inside=facts_inside, others=facts_outside)
@few
def test_facts_outside_the_window_change_no_label_of_no_usage(inside, others):
    subjects, always = cohort("ada", "bo"), [("cyd", -50, 0)]

    def label(facts: list[tuple[str, int, int]]) -> Labels:
        return label_outcomes(shop(settings=world("no_usage"), usage=visits(always + facts)), subjects)

    assert_same(label(inside), label(others + inside))


@given(past=st.lists(st.tuples(st.integers(61, 400), st.integers(1, 60)), min_size=1, max_size=4))
@few
def test_subscriptions_that_ended_before_the_cutoff_change_no_label(past):
    now = span("ada", "2023-01-01", "2024-03-20", "price")
    days = [(CUTOFF - timedelta(days=started), CUTOFF - timedelta(days=ended)) for started, ended in past]
    ended_spans = [span("ada", started.isoformat(), ended.isoformat(), "moved") for started, ended in days]

    assert_same(label_subscriptions(now), label_subscriptions(now, *ended_spans))


@pytest.mark.parametrize("definition", ["no_purchase", "overdue"])
def test_the_order_of_lines_and_of_the_cohort_is_irrelevant(definition):
    lines = ["ada 2024-03-10", "bo 2024-01-05", "bo 2024-02-04", "bo 2024-03-20 7", "cyd 2024-02-01"]
    subjects = Cohort(np.array(["ada", "bo", "cyd"] * 2), np.repeat(np.array(["2024-02-01", "2024-03-01"], "M8[D]"), 3))
    order = np.array([4, 0, 3, 5, 2, 1])
    shuffled = Cohort(subjects.customer_ids[order], subjects.cutoffs[order])

    first = label_outcomes(shop(*lines, settings=world(definition)), subjects)
    second = label_outcomes(shop(*lines[::-1], settings=world(definition)), shuffled)

    assert_same(first.take(order), second)


def test_a_definition_without_its_table_raises_a_data_error():
    with pytest.raises(DataError, match=r"'no_usage' reads the table usage, which is missing"):
        label_purchases("ada 2024-03-10", definition="no_usage")


def test_an_empty_cohort_has_no_labels():
    tables = shop("ada 2024-03-10", settings=world("no_purchase"))

    assert len(label_outcomes(tables, Cohort(np.empty(0, "U1"), np.empty(0, "M8[D]")))) == 0


def test_only_a_customer_with_a_running_subscription_can_end_one():
    settings_ = world("subscription_ended", grace_days=10)
    spans = frame(span("ada", "2023-01-01", None), span("bo", "2023-01-01", "2024-02-01"))
    tables = shop(settings=settings_, subscriptions=spans)

    assert can_churn(tables, cohort("ada", "bo")).tolist() == [True, False]


def test_every_customer_of_a_shop_can_stop_buying():
    assert can_churn(shop("ada 2024-02-20", settings=world("no_purchase")), cohort("ada")).tolist() == [True]
