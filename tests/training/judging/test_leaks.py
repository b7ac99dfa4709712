"""Leak detection finds features that were written after the customer left, and accepts honest ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.leak_worlds import generate_leak_world
from core.errors import BadInput
from core.feature_table import FeatureColumn, FeatureTable
from core.intervals import Estimate
from core.model_card import Metric
from models.churn.gradient_boosting import GradientBoosting
from tests.models.churn.worlds import coin_toss, outcomes_of
from tests.worlds import config
from training.judging.leaks import MAX_RESPONSIBLE, MAX_TOGETHER, LabelledRows, LeakFindings, find_leaks
from training.judging.screening import doubt_model, screen_features

TELCO = Path(os.environ.get("KIZUNA_DATA", "../shared/data")) / "telco"


def buyers(n: int, seed: int) -> LabelledRows:
    """Customers who buy at their own rate until they drop out, seen after 360 days; churned: no purchase in 60 more."""
    random, days = np.random.default_rng(seed), 360
    rate = random.gamma(1.5, 1 / 40, n)
    dropped_out = random.exponential(400, n)
    gaps = random.exponential(1 / rate[:, None], (n, 200))
    bought = np.cumsum(gaps, axis=1)
    bought[bought > dropped_out[:, None]] = np.inf
    past = np.where(bought < days, bought, np.nan)
    active = (past > days - 180).sum(axis=1) > 0
    churned = ((bought >= days) & (bought < days + 60)).sum(axis=1) == 0
    features = {f"orders_{window}d": (past >= days - window).sum(axis=1) for window in (7, 30, 90, 180, 360)}
    features["days_since_last_purchase"] = days - np.max(np.nan_to_num(past), axis=1)
    features["days_since_first_purchase"] = days - past[:, 0]
    features["mean_gap_days"] = (features["days_since_first_purchase"] - features["days_since_last_purchase"]) / (
        np.maximum(features["orders_360d"] - 1, 1)
    )
    features["recency_vs_usual_gap"] = features["days_since_last_purchase"] / (features["mean_gap_days"] + 1)
    return LabelledRows(table(**features).take(active), outcomes_of(churned).take(active))


def table(**features: np.ndarray) -> FeatureTable:
    n = len(next(iter(features.values())))
    columns = tuple(
        FeatureColumn(name=name, family="any", unit="", en=name, ja=name, missing="", digest=name) for name in features
    )
    ids = outcomes_of(np.zeros(n)).customer_ids
    return FeatureTable(ids, np.full(n, np.datetime64("2024-03-01")), np.column_stack(list(features.values())), columns)


def with_feature(rows: LabelledRows, name: str, values: np.ndarray, *, as_of_today: bool = False) -> LabelledRows:
    features = rows.features
    column = FeatureColumn(
        name=name, family="any", unit="", en=name, ja=name, missing="", digest=name, as_of_today=as_of_today
    )
    widened = replace(features, values=np.column_stack([features.values, values]), columns=(*features.columns, column))
    return LabelledRows(widened, rows.outcomes)


def satisfaction_at_cancellation(rows: LabelledRows, seed: int, *, share: float = 1.0) -> np.ndarray:
    """A score that this share of cancelling customers gave, and a few others."""
    random, churned = np.random.default_rng(seed), rows.outcomes.churned
    is_asked = np.where(churned, random.random(len(churned)) < share, random.random(len(churned)) < 0.05)
    given = np.where(churned, random.integers(1, 3, len(churned)), random.integers(2, 6, len(churned)))
    return np.where(is_asked, given, np.nan)


def find(earlier: LabelledRows, later: LabelledRows) -> LeakFindings:
    return find_leaks([(earlier, later)])


def two_samples(column: Callable[[LabelledRows, int], np.ndarray]) -> tuple[LabelledRows, LabelledRows]:
    """Earlier and later buyers with one more undated column."""
    earlier, later = buyers(1500, 1), buyers(1500, 2)
    return (
        with_feature(earlier, "status", column(earlier, 0), as_of_today=True),
        with_feature(later, "status", column(later, 1), as_of_today=True),
    )


@pytest.mark.parametrize("seed", range(3))
def test_honest_features_raise_no_alarm(seed):
    assert find(buyers(1500, seed), buyers(1500, seed + 100)) == LeakFindings()


def test_an_undated_satisfaction_score_recorded_at_cancellation_raises_an_alarm():
    (leak,) = find(*two_samples(satisfaction_at_cancellation)).alarms

    assert leak.feature == "status"
    assert "alone it has an AUC of 0.9" in leak.finding


def test_a_reason_that_only_some_of_the_churned_customers_have_raises_an_alarm():
    def reason(rows: LabelledRows, seed: int) -> np.ndarray:
        churned = rows.outcomes.churned
        return np.where(churned & (np.random.default_rng(seed).random(len(churned)) < 0.2), 1.0, np.nan)

    (leak,) = find(*two_samples(reason)).alarms

    assert re.fullmatch(r"of (\d+) customers with a value, \1 left: was it written .*", leak.finding)


def test_an_offer_that_only_staying_customers_accepted_raises_an_alarm():
    def offer(rows: LabelledRows, seed: int) -> np.ndarray:
        churned = rows.outcomes.churned
        return (~churned & (np.random.default_rng(seed).random(len(churned)) < 0.2)).astype(float)

    (leak,) = find(*two_samples(offer)).alarms

    assert "customers with a value other than 0, 0 left" in leak.finding


def test_complaints_after_which_customers_leave_three_times_as_often_raise_no_alarm():
    def complaints(rows: LabelledRows, seed: int) -> np.ndarray:
        churned = rows.outcomes.churned
        return (np.random.default_rng(seed).random(len(churned)) < np.where(churned, 0.15, 0.05)).astype(float)

    assert find(*two_samples(complaints)).alarms == ()


@pytest.mark.parametrize("auc_of_one_column", [0.8, 0.93])
def test_the_only_good_column_raises_no_alarm(auc_of_one_column):
    def strong(seed: int) -> LabelledRows:
        random = np.random.default_rng(seed)
        churned = random.random(2000) < 0.3
        shift = np.sqrt(2) * norm.ppf(auc_of_one_column)
        rows = LabelledRows(table(noise=random.normal(size=2000)), outcomes_of(churned))
        return with_feature(rows, "calls", random.normal(size=2000) + shift * churned, as_of_today=True)

    assert find(strong(1), strong(2)).alarms == ()


def test_a_column_that_separates_most_customers_raises_an_alarm_below_an_auc_of_95_percent():
    def sharp(seed: int) -> LabelledRows:
        random = np.random.default_rng(seed)
        churned = random.random(2000) < 0.3
        score = np.where(churned, random.uniform(65, 95, 2000), random.uniform(5, 80, 2000))
        rows = LabelledRows(table(noise=random.normal(size=2000)), outcomes_of(churned))
        return with_feature(rows, "score", score, as_of_today=True)

    (leak,) = find(sharp(1), sharp(2)).alarms

    assert "without any overlap" in leak.finding or "alone it has an AUC" in leak.finding


def test_two_columns_that_are_the_label_only_together_raise_an_alarm():
    def sum_of_two(seed: int) -> LabelledRows:
        random = np.random.default_rng(seed)
        churned, noise = random.random(4000) < 0.4, random.normal(size=4000)
        rows = LabelledRows(table(noise=random.normal(size=4000)), outcomes_of(churned))
        rows = with_feature(rows, "first", noise + churned, as_of_today=True)
        return with_feature(rows, "second", churned - noise + random.normal(0, 0.05, 4000), as_of_today=True)

    (leak,) = find(sum_of_two(1), sum_of_two(2)).alarms

    assert leak.feature in ("first", "second")
    assert "without it the AUC falls from" in leak.finding


def test_a_column_that_is_responsible_is_found_among_hundreds_without_a_fit_for_each(monkeypatch: pytest.MonkeyPatch):
    def sum_of_two(seed: int) -> LabelledRows:
        random = np.random.default_rng(seed)
        churned, noise = random.random(1500) < 0.4, random.normal(size=1500)
        rows = LabelledRows(table(weak=random.normal(size=1500)), outcomes_of(churned))
        for place in range(300):
            rows = with_feature(rows, f"noise_{place}", random.normal(size=1500), as_of_today=True)
        rows = with_feature(rows, "first", noise + churned, as_of_today=True)
        return with_feature(rows, "second", churned - noise + random.normal(0, 0.05, 1500), as_of_today=True)

    fits: list[int] = []
    fit = GradientBoosting.fit
    monkeypatch.setattr(
        GradientBoosting,
        "fit",
        lambda self, features, outcomes: fits.append(len(features.names)) or fit(self, features, outcomes),
    )

    (leak,) = find(sum_of_two(1), sum_of_two(2)).alarms

    assert leak.feature in ("first", "second")
    assert fits[0] == 303
    assert max(fits[1:]) <= MAX_TOGETHER
    assert len(fits) <= 2 + MAX_RESPONSIBLE


def test_a_dated_feature_that_decides_the_label_gives_a_note_and_no_alarm():
    earlier, later = (
        with_feature(rows, "days_silent", rows.outcomes.churned * 1.0) for rows in (buyers(800, 1), buyers(800, 2))
    )

    findings = find(earlier, later)

    assert findings.alarms == ()
    assert "days_silent alone has an AUC of 1.000" in findings.notes[0]


def test_with_few_churned_customers_there_is_no_verdict():
    earlier, later = two_samples(satisfaction_at_cancellation)
    churned = later.outcomes.churned
    few = np.concatenate([np.flatnonzero(churned)[:29], np.flatnonzero(~churned)[:200]])

    findings = find(earlier, later.take(few))

    assert findings.alarms == ()
    assert "of 229 customers 29 churned" in findings.notes[0]


def test_copies_of_a_leak_raise_an_alarm_each():
    earlier, later = (
        with_feature(rows, "percent", rows.features.column("status") * 20, as_of_today=True)
        for rows in two_samples(satisfaction_at_cancellation)
    )

    assert [leak.feature for leak in find(earlier, later).alarms] == ["status", "percent"]


def test_there_is_no_leak_where_churn_is_random():
    assert find(LabelledRows(*coin_toss(1000, 1)), LabelledRows(*coin_toss(1000, 2))).alarms == ()


def test_settings_take_features_out_and_keep_doubtful_ones():
    splits = [two_samples(satisfaction_at_cancellation)]
    kept = screen_features(splits, config(exclude_features=("orders_7d",), allow_features=("status",)))

    assert "orders_7d" not in kept.kept
    assert "status" in kept.kept
    assert kept.excluded == ()
    assert kept.notes == (
        "Taken out by exclude_features: orders_7d.",
        "Kept by allow_features although leak detection doubts them: status.",
    )
    assert "status" not in screen_features(splits, config()).kept
    with pytest.raises(BadInput, match="allow_features: no feature 'statuss'; did you mean 'status'"):
        screen_features(splits, config(allow_features=("statuss",)))


def test_a_model_above_99_percent_is_doubted_for_its_undated_columns_only():
    columns = two_samples(satisfaction_at_cancellation)[0].features.columns
    metrics = [Metric("logistic", "auc", Estimate(0.997, 0.99, 1.0))]

    assert [leak.feature for leak in doubt_model(metrics, "logistic", columns=columns, allowed=())] == ["status"]
    assert doubt_model(metrics, "logistic", columns=columns, allowed=("status",)) == ()
    assert doubt_model(metrics, "logistic", columns=columns[:3], allowed=()) == ()
    assert doubt_model([Metric("logistic", "auc", Estimate(0.98))], "logistic", columns=columns, allowed=()) == ()


@pytest.mark.slow
def test_few_of_a_hundred_honest_columns_raise_an_alarm_and_few_leaks_are_missed():
    n_leaks = n_missed = n_honest = n_false = 0
    for seed in range(40):
        world = generate_leak_world(seed)
        is_first = np.arange(len(world.rows.outcomes)) % 2 == 0
        first, second = world.rows.take(is_first), world.rows.take(~is_first)
        alarmed = {leak.feature for leak in find_leaks([(first, second), (second, first)]).alarms}
        n_leaks, n_honest = n_leaks + len(world.leaks), n_honest + len(world.honest)
        n_missed, n_false = n_missed + len(world.leaks - alarmed), n_false + len(alarmed & world.honest)

    assert n_missed <= 0.06 * n_leaks
    assert n_false <= 0.02 * n_honest


@pytest.mark.skipif(not TELCO.is_dir(), reason="needs the telco tables of KIZUNA_DATA")
def test_in_telco_only_the_satisfaction_score_is_a_leak():
    rows = telco()
    is_earlier = np.random.default_rng(1).random(len(rows.outcomes)) < 0.5

    findings = find(rows.take(is_earlier), rows.take(~is_earlier))

    assert [leak.feature for leak in findings.alarms] == ["Satisfaction Score"]


def telco() -> LabelledRows:
    """Services and the satisfaction score of 7,043 customers; the score was asked after churn was known."""
    import pyarrow.parquet as pq

    services, status = (pq.read_table(TELCO / f"{name}.parquet") for name in ("services", "status"))
    services = services.drop_columns(["Service ID", "Count", "Quarter"])
    joined = services.join(status.select(["Customer ID", "Satisfaction Score", "Churn Value"]), "Customer ID")
    joined = joined.sort_by("Customer ID")
    outcomes = outcomes_of(joined["Churn Value"].to_numpy() == 1)
    features, columns = [], []
    for name in joined.drop_columns(["Customer ID", "Churn Value"]).column_names:
        values, words = _encode(joined[name].to_numpy(zero_copy_only=False))
        features.append(values)
        columns.append(
            FeatureColumn(
                name=name,
                family="any",
                unit="",
                en=name,
                ja=name,
                missing="",
                digest=name,
                vocabulary=words,
                as_of_today=True,
            )
        )
    return LabelledRows(
        FeatureTable(outcomes.customer_ids, outcomes.cutoffs, np.column_stack(features), tuple(columns)),
        outcomes,
    )


def _encode(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...] | None]:
    if values.dtype != object:
        return values.astype(float), None
    words = tuple(sorted({word for word in values if word is not None}))
    return np.array([np.nan if word is None else words.index(word) for word in values]), words
