"""What subscriptions tell: what runs now and for how much, how it changed, and when it comes up for renewal.

A line is one unchanged span. Everything is as known at the cutoff: a span that ends later still runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Feature, Grain, Leader, Measure
from features.families.windowed import over_windows
from tables.vocabulary import names_of, quoted

SPAN = Grain("span", "subscriptions")
RUNNING = "running == 1"

NONE_RUNS = "no subscription runs"
NEVER = "no subscription on record"
FAMILY = "subscription"

NOW = (
    Feature(
        "subscriptions_running", FAMILY, Measure(SPAN, "count", condition=RUNNING), "subscriptions",
        "subscriptions running", "契約中のサブスクリプション数", "never missing",
    ),
    Feature(
        "mrr_now", FAMILY, Measure(SPAN, "sum", "mrr", condition=RUNNING), "base currency a month",
        "monthly recurring revenue", "月次経常収益(MRR)", "never missing",
    ),
    Feature(
        "seats_now", FAMILY, Measure(SPAN, "sum", "seats", condition=RUNNING), "seats",
        "seats paid for", "契約席数", "never missing",
    ),
    Feature(
        "longest_term_months", FAMILY, Measure(SPAN, "largest", "term_months", condition=RUNNING), "months",
        "longest term of what runs", "契約期間の最長(月)", NONE_RUNS,
    ),
    Feature(
        "days_to_renewal", FAMILY, Measure(SPAN, "least", "days_to_renewal", condition=RUNNING), "days",
        "days to the next renewal", "次回更新までの日数", NONE_RUNS,
        says_en="renewal in {value} days (usually {usual})", says_ja="更新まで{value}日(通常{usual}日)",
    ),
    Feature(
        "cancellations_requested", FAMILY, Measure(SPAN, "count", condition=f"{RUNNING} and cancelling == 1"),
        "subscriptions", "running subscriptions whose end was asked for", "解約申請済みの契約数", "never missing",
    ),
)  # fmt: skip

TENURE = (
    Feature(
        "subscription_tenure_days", FAMILY, Measure(SPAN, "largest", "age_days"), "days",
        "days since the first subscription began", "初回契約からの日数", NEVER,
    ),
    Feature(
        "days_since_subscription_change", FAMILY, Measure(SPAN, "least", "age_days"), "days",
        "days since a subscription last began or changed", "直近の契約・変更からの日数", NEVER,
    ),
    Feature(
        "subscriptions_ended_total", FAMILY, Measure(SPAN, "count", condition="running == 0 and mrr_step >= 0"),
        "spans", "spans that have ended on record", "終了した契約の数", "never missing",
    ),
    Feature(
        "days_since_subscription_ended", FAMILY, Measure(SPAN, "least", "ended_age_days", condition="running == 0"),
        "days", "days since a span last ended", "直近の契約終了からの日数", "no span has ended",
    ),
    Feature(
        "reactivations_total", FAMILY, Measure(SPAN, "count", condition="restarted == 1"), "times",
        "returns after a time without a subscription", "契約再開の回数", "never missing",
    ),
)  # fmt: skip

CHANGES = (
    *over_windows(
        Feature(
            "mrr_change_{window}", FAMILY, Measure(SPAN, "sum", "mrr_step"), "base currency a month",
            "change of running subscriptions' monthly price {window}", "{window}の月額変更の合計",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            "upgrades_{window}", FAMILY, Measure(SPAN, "count", condition="mrr_step > 0"), "times",
            "upgrades {window}", "{window}のアップグレード回数",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            "downgrades_{window}", FAMILY, Measure(SPAN, "count", condition="mrr_step < 0"), "times",
            "downgrades {window}", "{window}のダウングレード回数",
        ),
        (90, 365, None),
    ),
    Feature(
        "refunded_total", FAMILY, Measure(SPAN, "sum", "refunded"), "base currency",
        "refunded on ended subscriptions", "契約終了時の返金額の合計", "never missing",
    ),
)  # fmt: skip

SUBSCRIPTION_FEATURES = (*NOW, *TENURE, *CHANGES)


def plan_features(plans: tuple[str, ...]) -> Iterator[Feature]:
    """Which of these plans a customer has; the plans are learnt from the data."""
    if not plans:
        return
    running = tuple(Measure(SPAN, "count", condition=f"{RUNNING} and plan == {quoted(plan)}") for plan in plans)
    main = Leader(plans, running, "largest")
    yield Feature("main_plan", FAMILY, main, "plan", "plan of most running subscriptions", "主な契約プラン", NONE_RUNS)
    for plan, name, count in zip(plans, names_of(plans), running, strict=True):
        yield Feature(
            f"subscriptions_on_{name}", FAMILY, count, "subscriptions",
            f"running subscriptions on {plan}", f"{plan}の契約数", "never missing",
        )  # fmt: skip
