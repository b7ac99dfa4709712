"""Subscriptions: what runs at the cutoff and for how much, how it changed, and when it renews.

A row is one unchanged span of a subscription (`tables.subscription_spans`). A span that ends after the cutoff still
runs at the cutoff. Discounts and add-ons count for the price, but not as subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import (
    DAYS_SINCE_SUBSCRIPTION_CHANGE,
    DAYS_TO_RENEWAL,
    LONGEST_TERM_MONTHS,
    MAIN_PLAN,
    MRR_NOW,
    REACTIVATIONS_TOTAL,
    SEATS_NOW,
    SUBSCRIPTION_TENURE_DAYS,
    FeatureFamily,
)
from features.compiler.declaration import NEVER_MISSING, Feature, Grain, Leader, Measure
from features.families.feature_set import FeatureSet, WordFeatures, over_windows
from tables.attributes import names_of, quote_text

SPAN = Grain(name="span", table="subscriptions")
RUNNING = "running == 1"
SUBSCRIBED = f"{RUNNING} and main == 1"
"Whether a span is a running subscription, and no item beside its main plan."

NONE_RUNS = "no subscription is running"
NEVER = "there is no subscription on record"
FAMILY = FeatureFamily.SUBSCRIPTION

NOW = (
    Feature(
        name="subscriptions_running",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition=SUBSCRIBED),
        unit="subscriptions",
        title="running subscriptions",
        says_zero="No running subscription",
        missing=NEVER_MISSING,
    ),
    Feature(
        name=MRR_NOW,
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="mrr", condition=RUNNING),
        unit="base currency a month",
        title="monthly recurring revenue (MRR)",
        says_zero="Pays no monthly price at present",
        missing=NEVER_MISSING,
    ),
    Feature(
        name=SEATS_NOW,
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="seats", condition=RUNNING),
        unit="seats",
        title="paid seats",
        missing=NEVER_MISSING,
    ),
    Feature(
        name=LONGEST_TERM_MONTHS,
        family=FAMILY,
        expression=Measure(SPAN, "largest", column="term_months", condition=RUNNING),
        unit="months",
        title="longest term of the running subscriptions, in months",
        says_missing="No running subscription",
        missing=NONE_RUNS,
    ),
    Feature(
        name=DAYS_TO_RENEWAL,
        family=FAMILY,
        expression=Measure(SPAN, "least", column=DAYS_TO_RENEWAL, condition=RUNNING),
        unit="days",
        title="days to the next renewal",
        says="Renewal in {value_days}",
        says_missing="No renewal ahead",
        missing=NONE_RUNS,
    ),
    Feature(
        name="cancellations_requested",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition=f"{SUBSCRIBED} and cancelling == 1"),
        unit="subscriptions",
        title="running subscriptions with a requested cancellation",
        says_zero="No cancellation requested",
        missing=NEVER_MISSING,
    ),
)

TENURE = (
    Feature(
        name=SUBSCRIPTION_TENURE_DAYS,
        family=FAMILY,
        expression=Measure(SPAN, "largest", column="age_days"),
        unit="days",
        title="days since the first subscription started",
        says="First subscribed {value_days} ago",
        says_missing="Has never subscribed",
        missing=NEVER,
    ),
    Feature(
        name=DAYS_SINCE_SUBSCRIPTION_CHANGE,
        family=FAMILY,
        expression=Measure(SPAN, "least", column="age_days"),
        unit="days",
        title="days since a subscription last started or changed",
        says="Last new or changed subscription {value_days} ago",
        says_missing="Has never subscribed",
        missing=NEVER,
    ),
    Feature(
        name="subscriptions_ended_total",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition="running == 0 and main == 1 and mrr_step >= 0"),
        unit="spans",
        title="ended subscriptions",
        says_zero="No subscription has ended",
        missing=NEVER_MISSING,
    ),
    Feature(
        name="days_since_subscription_ended",
        family=FAMILY,
        expression=Measure(SPAN, "least", column="ended_age_days", condition="running == 0"),
        unit="days",
        title="days since a subscription last ended or changed",
        says="A subscription last ended or changed {value_days} ago",
        says_missing="No subscription has ended or changed",
        missing="no subscription has ended or changed",
    ),
    Feature(
        name=REACTIVATIONS_TOTAL,
        family=FAMILY,
        expression=Measure(SPAN, "count", condition="restarted == 1"),
        unit="times",
        title="reactivations",
        says_zero="Has never come back after an end",
        missing=NEVER_MISSING,
    ),
)

CHANGES = (
    *over_windows(
        Feature(
            name="mrr_change_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "sum", column="mrr_step"),
            unit="base currency a month",
            title="change in monthly price {window}",
            says_zero="No change in the monthly price {window}",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="upgrades_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "count", condition="mrr_step > 0"),
            unit="times",
            title="upgrades {window}",
            says_zero="No upgrades {window}",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="downgrades_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "count", condition="mrr_step < 0"),
            unit="times",
            title="downgrades {window}",
            says_zero="No downgrades {window}",
        ),
        (90, 365, None),
    ),
    Feature(
        name="refunded_total",
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="refunded"),
        unit="base currency",
        title="amount refunded on ended subscriptions",
        says_zero="Nothing was refunded",
        missing=NEVER_MISSING,
    ),
)


def plan_features(plans: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these plans."""
    if not plans:
        return
    on_plan = [f"plan == {quote_text(plan)}" for plan in plans]
    running = [Measure(SPAN, "count", condition=f"{RUNNING} and {condition}") for condition in on_plan]
    subscribed = tuple(Measure(SPAN, "count", condition=f"{SUBSCRIBED} and {condition}") for condition in on_plan)
    main = Leader(plans, subscribed, "largest")
    yield Feature(
        name=MAIN_PLAN,
        family=FAMILY,
        expression=main,
        unit="plan",
        title="main plan",
        says_missing="No running subscription",
        missing=NONE_RUNS,
    )
    for plan, name, count in zip(plans, names_of(plans), running, strict=True):
        yield Feature(
            name=f"subscriptions_on_{name}",
            family=FAMILY,
            expression=count,
            unit="subscriptions",
            title="running subscriptions on the plan {word}",
            says_zero="No subscription on the plan {word}",
            word=plan,
            missing=NEVER_MISSING,
        )


FEATURES = FeatureSet(
    static=(*NOW, *TENURE, *CHANGES),
    per_word=(
        WordFeatures(
            table="subscriptions",
            column="plan",
            keeper=MAIN_PLAN,
            declare=plan_features,
            placeholder="<plan>",
        ),
    ),
)
