"""The reasons of every feature read as sentences, with and without values, in both languages."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.i18n.translation import GAP
from features.families.catalogue import all_features
from models.churn.reasons import explain_scores

COLUMNS = {feature.name: feature.column for feature in all_features()}
OWN_GAPS = {"value", "value_days", "usual", "usual_days", "change", "usual_change"}
"Gaps for the value of the feature itself."
UNFILLED = re.compile(r"\{\w+\}|\bnan\b|None|unknown")


def reason(name: str, value: float, *, usual: float, **others: float) -> tuple[str, str]:
    """The English and the Japanese reason of one feature; `others` are further features of the customer."""
    columns = tuple(COLUMNS[one] for one in (name, *others))
    contributions = np.array([[1.0, *(0.0 for _ in others)]])
    values, usual_values = np.array([[value, *others.values()]]), np.array([usual, *others.values()])
    ((first, *_),) = explain_scores(contributions, values, columns=columns, usual=usual_values, k=1)
    return first.en, first.ja


def test_a_trend_reads_as_a_change():
    assert reason("orders_trend_30d", 0.25, usual=0.5) == (
        "Orders in the last 30 days compared with the 30 before: down 67% (usually steady)",
        "直近30日間の購入回数(その前の30日間との比較):67%減(通常は横ばい)",
    )
    assert reason("orders_trend_30d", 0.0, usual=0.6)[0].endswith(": down to none (usually up 50%)")


def test_a_customer_without_orders_has_no_trend():
    assert reason("orders_trend_30d", np.nan, usual=0.5) == (
        "No orders in the last 60 days (usually steady)",
        "直近60日間に購入がありません(通常は横ばい)",
    )


def test_a_customer_who_never_used_the_product_is_compared_with_others():
    assert reason("days_since_last_usage", np.nan, usual=7.4) == (
        "Has never used the app (others: 7.4 days ago)",
        "利用履歴がありません(他の顧客は7.4日前)",
    )


def test_a_long_absence_names_the_customer_s_rhythm():
    others = {"days_since_last_usage": 26.0, "usage_mean_gap_days": 1.08}

    assert reason("usage_recency_vs_usual_gap", 24.0, usual=1.1, **others) == (
        "Inactive for 26 days; normally uses it every day (24 times their usual gap)",
        "ふだん約1日ごとの利用が26日間ありません(通常間隔の24倍)",
    )


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_sentence_names_declared_features_only(name: str):
    column = COLUMNS[name]
    sentences = (column.says_en, column.says_ja, column.says_missing_en, column.says_missing_ja)
    gaps = {gap for sentence in sentences for gap in GAP.findall(sentence)} - OWN_GAPS

    assert {gap.removeprefix("every_") for gap in gaps} <= set(COLUMNS)


def test_without_the_features_that_a_sentence_names_the_plain_sentence_stands():
    assert reason("usage_recency_vs_usual_gap", 24.0, usual=1.1) == (
        "Time since the last usage, in multiples of the customer's usual gap: 24 (usually 1.1)",
        "最終利用からの日数(通常の利用間隔の何倍か):24(通常は1.1)",
    )


def test_counts_and_shares_are_compared_with_the_usual_value():
    assert reason("orders_30d", 0.0, usual=5.0) == (
        "Orders in the last 30 days: 0 (usually 5)",
        "直近30日間の購入回数:0(通常は5)",
    )
    assert reason("weekend_order_share_90d", 0.25, usual=0.5)[0] == (
        "Share of orders on a weekend in the last 90 days: 25% (usually 50%)"
    )
    assert reason("weekend_order_share_90d", np.nan, usual=0.5) == (
        "Share of orders on a weekend in the last 90 days: not known because there was no purchase in the window "
        "(usually 50%)",
        "直近90日間の購入に占める週末の割合:期間内に購入がないため不明(通常は50%)",
    )


def test_one_day_is_not_one_days():
    assert reason("days_since_last_purchase", 1.0, usual=14.0)[0] == "Last purchase 1 day ago (usually 14 days)"


def test_a_value_that_nobody_has_is_not_held_against_the_customer():
    assert reason("days_since_last_usage", np.nan, usual=np.nan) == (
        "Days since the last usage: not known",
        "最終利用からの日数:不明",
    )


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_feature_reads_as_a_sentence(name: str):
    words = COLUMNS[name].vocabulary
    for value in (0.0, np.nan) if words else (0.0, 0.3, 1.0, 26.0, np.nan):
        for usual in (0.0, np.nan) if words else (0.5, 7.4, np.nan):
            for sentence in reason(name, value, usual=usual):
                assert not UNFILLED.search(sentence), sentence
                assert sentence[0] == sentence[0].upper()
