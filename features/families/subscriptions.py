"""Subscriptions: what runs at the cutoff and for how much, how it changed, and when it renews.

A row is one unchanged span of a subscription. A span that ends after the cutoff still runs at the cutoff.
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
from features.compiler.declaration import Feature, Grain, Leader, Measure
from features.compiler.windows import over_windows
from features.families.feature_set import FeatureSet, WordFeatures
from tables.vocabulary import names_of, quoted

SPAN = Grain("span", "subscriptions")
RUNNING = "running == 1"

NONE_RUNS = "no subscription runs"
NEVER = "no subscription on record"
FAMILY = FeatureFamily.SUBSCRIPTION

NOW = (
    Feature(
        name="subscriptions_running",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition=RUNNING),
        unit="subscriptions",
        en="subscriptions running",
        ja="契約中のサブスクリプション数",
        missing="never missing",
    ),
    Feature(
        name=MRR_NOW,
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="mrr", condition=RUNNING),
        unit="base currency a month",
        en="monthly recurring revenue",
        ja="月次経常収益(MRR)",
        missing="never missing",
    ),
    Feature(
        name=SEATS_NOW,
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="seats", condition=RUNNING),
        unit="seats",
        en="seats paid for",
        ja="契約席数",
        missing="never missing",
    ),
    Feature(
        name=LONGEST_TERM_MONTHS,
        family=FAMILY,
        expression=Measure(SPAN, "largest", column="term_months", condition=RUNNING),
        unit="months",
        en="longest term of what runs",
        ja="契約期間の最長(月)",
        missing=NONE_RUNS,
    ),
    Feature(
        name=DAYS_TO_RENEWAL,
        family=FAMILY,
        expression=Measure(SPAN, "least", column=DAYS_TO_RENEWAL, condition=RUNNING),
        unit="days",
        en="days to the next renewal",
        ja="次回更新までの日数",
        missing=NONE_RUNS,
        says_en="renewal in {value} days (usually {usual})",
        says_ja="更新まで{value}日(通常{usual}日)",
    ),
    Feature(
        name="cancellations_requested",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition=f"{RUNNING} and cancelling == 1"),
        unit="subscriptions",
        en="running subscriptions whose end was asked for",
        ja="解約申請済みの契約数",
        missing="never missing",
    ),
)

TENURE = (
    Feature(
        name=SUBSCRIPTION_TENURE_DAYS,
        family=FAMILY,
        expression=Measure(SPAN, "largest", column="age_days"),
        unit="days",
        en="days since the first subscription began",
        ja="初回契約からの日数",
        missing=NEVER,
    ),
    Feature(
        name=DAYS_SINCE_SUBSCRIPTION_CHANGE,
        family=FAMILY,
        expression=Measure(SPAN, "least", column="age_days"),
        unit="days",
        en="days since a subscription last began or changed",
        ja="直近の契約・変更からの日数",
        missing=NEVER,
    ),
    Feature(
        name="subscriptions_ended_total",
        family=FAMILY,
        expression=Measure(SPAN, "count", condition="running == 0 and mrr_step >= 0"),
        unit="spans",
        en="spans that have ended on record",
        ja="終了した契約の数",
        missing="never missing",
    ),
    Feature(
        name="days_since_subscription_ended",
        family=FAMILY,
        expression=Measure(SPAN, "least", column="ended_age_days", condition="running == 0"),
        unit="days",
        en="days since a span last ended",
        ja="直近の契約終了からの日数",
        missing="no span has ended",
    ),
    Feature(
        name=REACTIVATIONS_TOTAL,
        family=FAMILY,
        expression=Measure(SPAN, "count", condition="restarted == 1"),
        unit="times",
        en="returns after a time without a subscription",
        ja="契約再開の回数",
        missing="never missing",
    ),
)

CHANGES = (
    *over_windows(
        Feature(
            name="mrr_change_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "sum", column="mrr_step"),
            unit="base currency a month",
            en="change of running subscriptions' monthly price {window}",
            ja="{window}の月額変更の合計",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="upgrades_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "count", condition="mrr_step > 0"),
            unit="times",
            en="upgrades {window}",
            ja="{window}のアップグレード回数",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="downgrades_{window}",
            family=FAMILY,
            expression=Measure(SPAN, "count", condition="mrr_step < 0"),
            unit="times",
            en="downgrades {window}",
            ja="{window}のダウングレード回数",
        ),
        (90, 365, None),
    ),
    Feature(
        name="refunded_total",
        family=FAMILY,
        expression=Measure(SPAN, "sum", column="refunded"),
        unit="base currency",
        en="refunded on ended subscriptions",
        ja="契約終了時の返金額の合計",
        missing="never missing",
    ),
)


def plan_features(plans: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these plans."""
    if not plans:
        return
    running = tuple(Measure(SPAN, "count", condition=f"{RUNNING} and plan == {quoted(plan)}") for plan in plans)
    main = Leader(plans, running, "largest")
    yield Feature(
        name=MAIN_PLAN,
        family=FAMILY,
        expression=main,
        unit="plan",
        en="plan of most running subscriptions",
        ja="主な契約プラン",
        missing=NONE_RUNS,
    )
    for plan, name, count in zip(plans, names_of(plans), running, strict=True):
        yield Feature(
            name=f"subscriptions_on_{name}",
            family=FAMILY,
            expression=count,
            unit="subscriptions",
            en=f"running subscriptions on {plan}",
            ja=f"{plan}の契約数",
            missing="never missing",
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
