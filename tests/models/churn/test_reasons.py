"""Reasons name the features that contribute most, as sentences."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from core.scores import Reason
from models.churn.logistic import Logistic
from models.churn.reasons import explain_scores, usual_values
from tests.models.churn.worlds import COLUMNS, HORIZON_DAYS, customers, learnable

USUAL = np.array([30.0, 20.0, 50.0, 2.0, 40.0])


def reasons(contributions: list[float], values: list[float], k: int = 3) -> tuple[Reason, ...]:
    (of_customer,) = explain_scores(np.array([contributions]), np.array([values]), columns=COLUMNS, usual=USUAL, k=k)
    return of_customer


def test_the_sentence_of_a_long_absence_names_the_customers_own_rhythm():
    (reason,) = reasons([0.8, 0, 0, 0, 0], [74.0, 21.4, 50, 0, 40], k=1)

    assert reason.en == "Last purchase 74 days ago (this customer usually buys every 21 days)"
    assert reason.ja == "最終購入から74日(この顧客はふだん約21日ごとに購入)"
    assert (reason.code, reason.direction, reason.weight) == ("recency", "up", 0.8)
    assert (reason.value, reason.usual_value, reason.compared_with) == (74.0, 21.4, "customer")


def test_without_an_own_rhythm_the_cohorts_median_is_usual():
    (reason,) = reasons([0.8, 0, 0, 0, 0], [74.0, np.nan, 50, 0, 40], k=1)

    assert (reason.usual_value, reason.compared_with) == (30.0, "all_customers")
    assert reason.en == "Last purchase 74 days ago (median of all customers: 30 days)"
    assert reason.ja == "最終購入から74日(全顧客の中央値:30日)"


def test_the_strongest_family_comes_first_whatever_its_direction():
    strongest = reasons([0.3, 0, -0.9, 0.1, 0], [74.0, 21, 500, 0, 40])

    assert [(reason.code, reason.direction) for reason in strongest] == [
        ("spend", "down"),
        ("recency", "up"),
        ("channels", "up"),
    ]


def test_a_family_weighs_the_sum_of_its_features_and_the_strongest_one_gives_the_sentence():
    columns = (COLUMNS[2], msgspec.structs.replace(COLUMNS[2], name="orders", en="orders"))

    ((reason,),) = explain_scores(
        np.array([[-0.5, 0.7]]), np.array([[10.0, 3.0]]), columns=columns, usual=np.array([50.0, 5.0]), k=3
    )

    assert reason.weight == pytest.approx(0.2)
    assert reason.en == "Orders: 3 (median of all customers: 5)"


def test_words_and_missing_values_read_as_such():
    channel, spent = reasons([0, 0, 0.1, 0.9, 0], [74.0, 21, np.nan, 0, 40])

    assert (channel.value, channel.usual_value) == ("app", "web")
    assert channel.en == "Main channel: app (most common among all customers: web)"
    assert channel.ja == "主な経路:app(全顧客で最も多い値:web)"
    assert (spent.value, spent.en) == (None, "Spent in 365 days: not recorded")
    assert spent.ja == "365日間の購入額:記録なし"


@pytest.mark.parametrize(
    ("currency", "n_decimals", "english", "japanese"),
    [
        ("USD", 2, "$1,200.50 (median of all customers: $50.00)", "$1,200.50(全顧客の中央値:$50.00)"),
        ("JPY", 0, "¥1,200 (median of all customers: ¥50)", "1,200円(全顧客の中央値:50円)"),
        ("KWD", 3, "KWD\N{NO-BREAK SPACE}1,200.500 (median of all customers: KWD\N{NO-BREAK SPACE}50.000)", None),
    ],
)
def test_an_amount_has_the_sign_and_the_decimals_of_its_currency(
    currency: str, n_decimals: int, english: str, japanese: str | None
):
    spent = msgspec.structs.replace(COLUMNS[2], currency=currency, n_decimals=n_decimals)

    ((reason,),) = explain_scores(np.array([[0.5]]), np.array([[1200.5]]), columns=[spent], usual=np.array([50.0]), k=1)

    assert reason.en == f"Spent in 365 days: {english}"
    assert japanese is None or reason.ja == f"365日間の購入額:{japanese}"


@pytest.mark.parametrize(
    ("weight", "english", "japanese"),
    [
        (0.9, "the others are at lower risk", "それ以外の顧客は解約リスクが低め"),
        (-0.9, "the others are at higher risk", "それ以外の顧客は解約リスクが高め"),
    ],
)
def test_a_word_that_most_customers_have_says_why_it_counts(weight: float, english: str, japanese: str):
    (reason,) = reasons([0, 0, 0, weight, 0], [74.0, 21, 50, 2, 40], k=1)

    assert reason.en == f"Main channel: web (as most customers; {english})"
    assert reason.ja == f"主な経路:web(多くの顧客と同じ。{japanese})"


@pytest.mark.parametrize(
    ("recency", "rhythm"),
    [(30.0, np.nan), (30.4, np.nan), (21.0, 21.4), (1.0, 0.3)],
    ids=["median", "median once rounded", "own rhythm", "daily"],
)
def test_what_is_as_usual_is_no_reason(recency: float, rhythm: float):
    given = reasons([0.8, 0, 0.3, 0, 0], [recency, rhythm, 10, 0, 40])

    assert [reason.code for reason in given] == ["spend"]


def test_another_feature_of_the_family_speaks_where_the_strongest_is_as_usual():
    columns = tuple(msgspec.structs.replace(COLUMNS[2], name=name, en=name) for name in ("orders", "spent", "rest"))

    ((reason,),) = explain_scores(
        np.array([[0.7, 0.2, -0.1]]), np.array([[5.0, 3.0, 1.0]]), columns=columns, usual=np.array([5.0, 9.0, 9.0]), k=3
    )

    assert reason.en == "Spent: 3 (median of all customers: 9)"
    assert reason.weight == pytest.approx(0.8)


def test_a_customer_without_any_purchase_has_a_sentence_of_its_own():
    (reason,) = reasons([0.8, 0, 0, 0, 0], [np.nan, np.nan, 50, 0, 40], k=1)

    assert reason.en == "Has never bought anything"
    assert reason.ja == "購入履歴がありません"
    assert reason.value is None


def test_only_a_reason_that_lowers_the_risk_is_marked():
    raising, lowering = reasons([0, 0, 0.9, -0.1, 0], [74.0, 21, 10, 0, 40])

    assert raising.mark(ENGLISH) == raising.en
    assert lowering.mark(ENGLISH) == f"{lowering.en} [lowers the risk]"
    assert lowering.mark(JAPANESE) == f"{lowering.ja}【リスクを下げる要因】"


def test_what_contributes_nothing_is_no_reason():
    assert reasons([0, 0, 0, 0, 0], [74.0, 21, 50, 0, 40]) == ()


def test_the_usual_value_is_the_median_or_the_most_frequent_word():
    values = np.array([[1, 1, 1, 0, np.nan], [2, 1, 1, 1, np.nan], [9, 1, 1, 1, np.nan]], dtype=float)

    usual = usual_values(values, COLUMNS)

    assert (usual[0], usual[3]) == (2, 1)
    assert np.isnan(usual[4])


def test_a_customer_who_stays_away_longer_has_that_reason_and_a_higher_score():
    model = Logistic(n_resamples=0, regularization=10.0).fit(*learnable())
    features = customers(2, seed=5)
    features.values[:] = [[5, 20, 55, 2, 40], [200, 20, 55, 2, 40]]

    soon, late = model.score(features, HORIZON_DAYS).value
    recency = {reason.code: reason.direction for reason in model.reasons(features)[1]}["recency"]

    assert late > soon
    assert recency == "up"


def test_the_shoe_size_matters_least():
    importance = Logistic(n_resamples=0).fit(*learnable()).importance(customers(300, seed=5))

    assert next(iter(importance)) == "net_amount_365d"
    assert importance["shoe_size"] < 0.2 * importance["net_amount_365d"]


def test_a_champion_explains_itself_in_the_words_of_today():
    model = Logistic(n_resamples=0, regularization=10.0).fit(*learnable())
    features = customers(2, seed=5)
    before = model.score(features, HORIZON_DAYS).value

    model.update_texts([msgspec.structs.replace(column, en=f"new {column.en}", vocabulary=None) for column in COLUMNS])

    assert {column.en for column in model.columns_} == {f"new {column.en}" for column in COLUMNS}
    np.testing.assert_array_equal(model.score(features, HORIZON_DAYS).value, before)
