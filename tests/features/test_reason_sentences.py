"""The reasons of every feature read as sentences, with and without values, in both languages."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.i18n.translation import GAP
from features.families.catalogue import all_features
from models.churn.described_values import OWN_VALUE
from models.churn.reasons import explain_scores

COLUMNS = {feature.name: feature.column for feature in all_features()}
UNFILLED = re.compile(r"\{\w+\}|\bnan\b|None|unknown")


def reason(name: str, value: float, *, usual: float, weight: float = 1.0, **others: float) -> tuple[str, str]:
    """The English and the Japanese reason of one feature; `others` are further features of the customer."""
    columns = tuple(COLUMNS[one] for one in (name, *others))
    contributions = np.array([[weight, *(0.0 for _ in others)]])
    values, usual_values = np.array([[value, *others.values()]]), np.array([usual, *others.values()])
    ((first, *_),) = explain_scores(contributions, values, columns=columns, usual=usual_values, k=1)
    return first.en, first.ja


def test_a_trend_reads_as_a_change():
    assert reason("orders_trend_30d", 0.25, usual=0.5) == (
        "Orders in the last 30 days compared with the 30 before: down 67% (median of all customers: steady)",
        "直近30日間の購入回数(その前の30日間との比較):67%減(全顧客の中央値:横ばい)",
    )
    assert reason("orders_trend_30d", 0.0, usual=0.6)[0].endswith(": down to none (median of all customers: up 50%)")


def test_an_absence_names_the_customer_s_own_rhythm_where_it_is_known():
    assert reason("orders_trend_30d", np.nan, usual=0.5, mean_gap_days=7.0) == (
        "No orders in the last 60 days (this customer usually buys every 7 days)",
        "直近60日間に購入がありません(この顧客はふだん約7日ごとに購入)",
    )
    assert reason("orders_trend_30d", np.nan, usual=0.5) == (
        "No orders in the last 60 days",
        "直近60日間に購入がありません",
    )
    assert reason("orders_30d", 0.0, usual=5.0, mean_gap_days=1.0)[0] == (
        "No orders in the last 30 days (this customer usually buys every day)"
    )


def test_two_families_with_the_same_sentence_are_one_reason_and_the_next_family_follows():
    columns = tuple(COLUMNS[name] for name in ("orders_trend_30d", "spend_trend_30d", "days_since_last_purchase"))
    values = np.array([[np.nan, np.nan, 70.0]])

    (reasons,) = explain_scores(
        np.array([[3.0, 2.0, 1.0]]), values, columns=columns, usual=np.array([0.5, 0.5, 10.0]), k=2
    )

    assert [one.code for one in reasons] == ["frequency", "recency"]


def test_a_customer_who_never_used_the_product_is_not_compared():
    assert reason("days_since_last_usage", np.nan, usual=7.4) == ("Has never used the app", "利用履歴がありません")


def test_a_long_absence_and_a_short_one_read_differently():
    others = {"days_since_last_usage": 26.0, "usage_mean_gap_days": 1.08}

    assert reason("usage_recency_vs_usual_gap", 24.0, usual=1.1, **others) == (
        "No usage for 26 days (this customer usually uses it every day)",
        "ふだん約1日ごとの利用が26日間ありません",
    )
    assert reason("usage_recency_vs_usual_gap", 24.0, usual=1.1, weight=-1.0, **others)[0].startswith(
        "Last used 26 days"
    )
    others = {"days_since_last_purchase": 2.0, "mean_gap_days": 7.0}
    assert reason("recency_vs_usual_gap", 0.3, usual=1.1, **others) == (
        "Last purchase 2 days ago (this customer usually buys every 7 days)",
        "最終購入から2日(この顧客はふだん約7日ごとに購入)",
    )


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_sentence_names_declared_features_only(name: str):
    column = COLUMNS[name]
    sentences = (
        *(column.says_en, column.says_ja, column.says_missing_en, column.says_missing_ja),
        *(column.says_zero_en, column.says_zero_ja, column.says_above_en, column.says_above_ja),
    )
    gaps = {gap for sentence in sentences for gap in GAP.findall(sentence)} - set(OWN_VALUE)

    assert {gap.removeprefix("every_") for gap in gaps} <= set(COLUMNS)


def test_without_the_features_that_a_sentence_names_the_plain_sentence_stands():
    assert reason("usage_recency_vs_usual_gap", 24.0, usual=1.1) == (
        "Time since the last usage, in multiples of the customer's usual gap: 24 (median of all customers: 1.1)",
        "最終利用からの日数(通常の利用間隔の何倍か):24(全顧客の中央値:1.1)",
    )


def test_counts_and_shares_are_compared_with_all_customers():
    assert reason("orders_30d", 2.0, usual=5.0) == (
        "Orders in the last 30 days: 2 (median of all customers: 5)",
        "直近30日間の購入回数:2回(全顧客の中央値:5回)",
    )
    assert reason("weekend_order_share_90d", 0.25, usual=0.5)[0] == (
        "Share of orders on a weekend in the last 90 days: 25% (median of all customers: 50%)"
    )


def test_a_value_that_is_missing_reads_as_what_did_not_happen():
    assert reason("weekend_order_share_90d", np.nan, usual=0.5) == (
        "There was no purchase in the last 90 days",
        "直近90日間に購入がありません",
    )
    assert reason("hours_to_answer_vs_usual", np.nan, usual=0.5)[0] == (
        # Without a ticket, "no ticket was answered" would read as if the support had left some waiting.
        "There was no ticket in the last 90 days, or none was answered"
    )


def test_one_day_is_not_one_days():
    assert reason("days_since_last_purchase", 1.0, usual=14.0)[0] == (
        "Last purchase 1 day ago (median of all customers: 14 days)"
    )


def test_a_value_that_nobody_has_is_not_held_against_the_customer():
    assert reason("days_since_last_usage", np.nan, usual=np.nan) == (
        "Days since the last usage: not recorded",
        "最終利用からの日数:記録なし",
    )


@pytest.mark.parametrize("name", list(COLUMNS))
def test_no_sentence_compares_a_missing_value_or_leaves_open_whose_value_is_usual(name: str):
    for value in (0.0, np.nan) if COLUMNS[name].vocabulary else (0.0, 0.3, 26.0, np.nan):
        english, japanese = reason(name, value, usual=0.0 if COLUMNS[name].vocabulary else 7.4)

        assert not re.search(r"\((usually|others)", english)
        assert not re.search(r"不明|通常は|他の顧客", japanese)
        assert not np.isnan(value) or "all customers" not in english
        assert (":" in english and "(全顧客" in japanese) or "all customers" not in english


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_feature_reads_as_a_sentence(name: str):
    words = COLUMNS[name].vocabulary
    for value in (0.0, np.nan) if words else (0.0, 0.3, 1.0, 26.0, np.nan):
        for usual in (0.0, np.nan) if words else (2.5, 7.4, np.nan):  # 0.3 and 0.5 days are both every day
            for sentence in reason(name, value, usual=usual):
                assert not UNFILLED.search(sentence), sentence
                assert sentence[0] == sentence[0].upper()
