"""Reasons for a change of health say what rose or fell, from where, and since when."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np

from core.feature_table import FeatureColumn
from features.families.catalogue import static_features
from insights.health.reasons import changes_between
from insights.health.risk import Risk

DAY = date(2026, 4, 1)
DECLARED = {feature.name: feature.column for feature in static_features()}
PLAN = FeatureColumn(
    name="plan", family="subscription", unit="", en="plan", ja="プラン", missing="", digest="d",
    vocabulary=("Basic", "Team"),
)  # fmt: skip


def change(column: FeatureColumn, before: float, now: float, **others: float) -> tuple[str, str]:
    """The sentences on one feature that changed within 28 days; `others` are further features of the customer."""
    columns = (column, *(DECLARED[name] for name in others))

    def risk(value: float, contribution: float, day: date) -> Risk:
        return Risk(
            cutoff=day,
            customer_ids=np.array(["ada"]),
            columns=columns,
            values=np.array([[value, *others.values()]], np.float32),
            contributions=np.array([[contribution, *(0.0 for _ in others)]], np.float32),
            average=0.0,
        )

    earlier, today = risk(before, 0.0, DAY - timedelta(days=28)), risk(now, 1.0, DAY)
    ((reason,),) = changes_between(earlier, today, rows=np.array([0]))
    return reason.en, reason.ja


def test_a_number_falls_or_rises_from_where_to_where():
    assert change(DECLARED["usage_days_30d"], 18, 3) == (
        "Days with usage in the last 30 days fell from 18 to 3 within 28 days",
        "直近30日間の利用日数が28日間で18日から3日に減少",
    )
    assert (
        change(DECLARED["tickets_30d"], 0, 4)[0]
        == "Support tickets in the last 30 days rose from 0 to 4 within 28 days"
    )


def test_an_amount_falls_in_its_currency_and_a_title_with_a_comma_stands_before_a_colon():
    spend = msgspec.structs.replace(DECLARED["spend_30d"], currency="JPY")

    assert change(spend, 3360, 0) == (
        "Spend in the last 30 days, before returns: fell from ¥3,360 to ¥0 within 28 days",
        "直近30日間の購入金額(返品前)が28日間で3,360円から0円に減少",
    )


def test_a_trend_reads_as_a_change_of_what_it_measures():
    assert change(DECLARED["spend_trend_30d"], 0.6, 0.25)[0] == (
        "Spend in the last 30 days compared with the 30 before: down 67%"
    )


def test_a_word_changes():
    assert change(PLAN, 1, 0) == (
        "Plan changed from Team to Basic within 28 days",
        "プランが28日間でTeamからBasicに変化",
    )


def test_an_absence_reads_as_one():
    assert change(DECLARED["orders_trend_30d"], 0.5, np.nan, mean_gap_days=7) == (
        "No orders in the last 60 days (this customer usually buys every 7 days)",
        "直近60日間に購入がありません(この顧客はふだん約7日ごとに購入)",
    )
    others = {"days_since_last_usage": 26, "usage_mean_gap_days": 2}
    assert (
        change(DECLARED["usage_recency_vs_usual_gap"], 0.5, 13, **others)[1]
        == "ふだん約2日ごとの利用が26日間ありません"
    )


def test_values_that_look_the_same_did_not_fall():
    share = msgspec.structs.replace(PLAN, vocabulary=None, unit="share")

    assert change(share, 0.512, 0.508)[0] == "Plan: 51% (much as 28 days earlier)"
