"""Training value models on a shop that records only purchases, and on a small software company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.config.training import ChurnDefinition, ValueSettings
from core.errors import GateRefused, NotEnoughHistory, UnknownName
from core.model_card import Comparison
from core.model_kinds import VALUE
from features.customer_value import measure_outcomes, summarise_history
from models.hazard.logistic_hazard import LogisticHazard
from models.mlflow_store.registry import Registry
from tables.building import tables_from_frames
from tests.models.hazard.lifetime_worlds import world
from tests.models.mlflow_store.test_hazard_champion import FakeRegistry
from tests.training.conftest import session_of
from tests.training.hazard.test_pipeline import spans
from tests.worlds import config
from training.judging.promotion import promote
from training.run.cards import render_card_markdown, verdict
from training.run.pipeline import TrainingResult
from training.run.session import Session
from training.value.gate import compare_value_recipes
from training.value.pipeline import train_value
from training.value.rows import choose_value_cutoffs, load_value_rows
from training.value.study import evaluate_value, fit_final_value, select_value_recipes

START, DAYS = date(2024, 1, 1), 600


def orders(n: int, *, seed: int, days: int = DAYS) -> pa.Table:
    """Customers with rates of their own, who stop at some time; a third of the amount is its cost."""
    random, rows = np.random.default_rng(seed), []
    for place in range(n):
        first, rate = random.uniform(0, days * 0.6), random.gamma(0.8, 1 / 25)
        end = min(days, first + random.exponential(250))
        count = random.poisson(rate * (end - first))
        for day in [first, *np.sort(random.uniform(first, end, count))]:
            moment = datetime.combine(START, datetime.min.time()) + timedelta(days=float(day))
            amount = float(random.gamma(4, 10))
            rows.append({"customer_id": f"c{place:04d}", "event_time": moment, "amount": amount, "cost": amount / 3})
    return pa.Table.from_pylist(rows)


def shop(folder: Path, n: int = 300, *, days: int = DAYS, value: ValueSettings | None = None) -> Session:
    """A session on such a shop."""
    settings = config(var=str(folder / "var"), active_days=200, value=value or ValueSettings())
    return session_of(settings, {}, {"purchases": orders(n, seed=4, days=days)})


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return shop(tmp_path_factory.mktemp("value"), value=ValueSettings(max_cutoffs=1, models=("mbg_nbd", "blend")))


@pytest.fixture(scope="module")
def result(small_shop: Session) -> TrainingResult:
    return train_value(small_shop)


def test_purchases_without_items_are_enough_and_the_last_year_is_the_first_champion(result):
    card = result.challenger.card

    assert card.model in ("mbg_nbd", "blend")
    assert result.first_champion is not None
    assert result.first_champion.card.model == "last_year"
    assert result.first_champion.card.is_baseline
    assert {metric.model for metric in card.metrics} == {"last_year", "mbg_nbd", "blend"}
    assert card.label.startswith("the gross margin of purchases less returns within 180 days")
    assert any("not the configured 365" in limit for limit in card.limits)
    assert any(limit.startswith("Validation: walk-forward") for limit in card.limits)


def test_the_card_shows_the_metrics_of_the_validation_that_chose_the_model(small_shop, result):
    card = result.challenger.card
    on_validation = [metric for metric in card.metrics if metric.split == "validation"]
    rows = load_value_rows(small_shop.tables)
    days = rows.cutoffs.validation
    horizon = rows.cutoffs.horizon_days
    recipe = select_value_recipes(small_shop, None, settings={})["mbg_nbd"]
    forecasts = [rows.fit_and_forecast(recipe, day) for day in days]
    errors = [
        np.abs(one.at(one.margin, horizon) - rows.outcomes(day, horizon).margin)
        for one, day in zip(forecasts, days, strict=True)
    ]

    assert {metric.model for metric in on_validation} == {"last_year", "mbg_nbd", "blend"}
    mae = card.metric("mae", "mbg_nbd", split="validation")
    assert mae is not None
    # The parameters of a training begin at those of another day, so they are the same to three digits.
    assert mae.value == pytest.approx(np.concatenate(errors).mean(), rel=1e-3)
    section = render_card_markdown(card).split("## Metrics on validation, which chose the model")[1]
    assert section.lstrip().startswith("| model | mae |")


def test_the_challenger_is_compared_with_the_last_year(result):
    (comparison,) = result.challenger.card.comparisons

    assert (comparison.against, comparison.name) == ("last_year", "relative_mae")
    assert comparison.difference.low > 0
    assert result.challenger.card.beats_baselines


def test_the_gate_lets_a_better_model_pass_once(small_shop, result):
    promotion = promote(small_shop, "value")

    assert promotion.version.version == result.challenger.version
    with pytest.raises(GateRefused, match="champion already"):
        promote(small_shop, "value")


def test_a_refresh_of_a_champion_that_knows_the_newest_window_is_no_worse_than_itself(small_shop, result):
    card = result.challenger.card

    comparison = compare_value_recipes(small_shop, champion=card, challenger=card)

    assert isinstance(comparison, Comparison)
    assert comparison.difference.value == 0


def test_mlflow_predicts_from_a_data_frame(small_shop, result):
    mlflow.set_tracking_uri(small_shop.tracking.tracking_uri)
    model = mlflow.pyfunc.load_model(f"models:/{small_shop.registry.name('value')}/{result.challenger.version}")
    rows = load_value_rows(small_shop.tables).at(date(2025, 2, 1))
    frame = rows.features.to_pandas()
    for name, column in vars(rows.history).items():
        frame[name] = column
    frame["customer_id"] = frame.pop("customer_ids")

    predicted = model.predict(frame)

    assert isinstance(predicted, pd.DataFrame)
    assert (predicted["margin"] > 0).all()
    assert np.allclose(predicted["margin"] / predicted["revenue"], 2 / 3, atol=0.01)


def test_an_unknown_model_is_refused_before_anything_is_computed(small_shop):
    with pytest.raises(UnknownName, match="did you mean 'pareto_nbd'"):
        train_value(small_shop, "pareto_nbt")


def test_a_history_of_two_months_says_how_many_days_are_needed():
    with pytest.raises(NotEnoughHistory, match=r"needs 90 days of purchases or subscriptions.*the tables record 61"):
        choose_value_cutoffs(ValueSettings(), first=START, until=START + timedelta(days=61))


def test_where_nothing_can_be_fitted_the_baseline_is_chosen_and_the_others_say_why(small_shop):
    lines = orders(40, seed=1).filter(pa.array([True] * 40 + [False] * (len(orders(40, seed=1)) - 40)))
    once = lines.group_by("customer_id").aggregate([("event_time", "min"), ("amount", "min"), ("cost", "min")])
    once = once.rename_columns(["customer_id", "event_time", "amount", "cost"])

    session = replace(small_shop, tables=tables_from_frames(small_shop.config, {"purchases": once}))
    study = evaluate_value(session, select_value_recipes(session, None, settings={}), model=None)

    assert study.chosen == "last_year"
    assert "ordered on a second day" in study.unfitted["mbg_nbd"]
    assert verdict(study.evaluation("last_year"), VALUE).endswith("so it is not shown to be better than one")


def test_subscriptions_alone_are_worth_their_price_by_the_model_and_settings_of_the_hazard_champion(small_shop):
    settings = config(
        active_days=90,
        churn=ChurnDefinition(definition="subscription_ended", grace_days=0),
        value=ValueSettings(max_cutoffs=1),
    )
    frames = {"subscriptions": spans(300, seed=2, hazards={"basic": 0.10, "pro": 0.02})}

    champion = LogisticHazard(regularization=200.0).fit(*world(200)).to_artifact()
    registry = cast(Registry, FakeRegistry(champion))
    tables = tables_from_frames(settings, frames)
    session = replace(small_shop, config=settings, tables=tables, registry=registry)
    recipes = select_value_recipes(session, None, settings={})
    study = evaluate_value(session, recipes, model=None)

    assert study.chosen == "survival"
    subscriptions = fit_final_value(study, "survival").subscriptions_
    assert subscriptions is not None
    assert subscriptions.hazard.settings == LogisticHazard(regularization=200.0).settings
    assert study.rows.sources.description == "the price of running subscriptions"
    biases = {one.model: one.estimate.value for one in study.metrics if one.name == "total_bias"}
    assert abs(biases["survival"]) < 0.25


def test_history_ends_at_the_cutoff_and_outcomes_begin_there():
    day = datetime(2025, 3, 1)
    moments = [day - timedelta(days=400), day - timedelta(days=10), day, day + timedelta(days=29, hours=23)]
    rows = [{"customer_id": "ada", "event_time": one, "amount": 10.0 * (n + 1)} for n, one in enumerate(moments)]
    rows += [
        {"customer_id": "ada", "event_time": day + timedelta(days=30), "amount": 1.0},
        {"customer_id": "ada", "event_time": day + timedelta(days=5), "amount": -4.0},
        {"customer_id": "bo", "event_time": day + timedelta(days=900), "amount": 1.0},
    ]
    tables = tables_from_frames(config(active_days=500), {"purchases": pa.Table.from_pylist(rows)})
    ids = np.array(["ada", "bo"])

    history = summarise_history(tables, ids, cutoff=date(2025, 3, 1))
    outcomes = measure_outcomes(tables, ids, cutoff=date(2025, 3, 1), horizon_days=30)

    assert history.frequency[0] == 1
    assert np.isnan(history.frequency[1])
    assert (history.recency_weeks[0] * 7, history.age_weeks[0] * 7) == pytest.approx((390, 399))
    assert (history.order_value[0], history.revenue_year[0]) == (15.0, 20.0)
    assert (outcomes.orders[0], outcomes.purchase_revenue[0]) == (2, 66.0)
    assert outcomes.margin.tolist() == [66.0, 0.0]


@pytest.mark.parametrize(("days", "horizon"), [(1200, 365), (1094, 270), (364, 120), (95, 30)])
def test_the_test_leaves_twice_its_horizon_of_history(days, horizon):
    cutoffs = choose_value_cutoffs(ValueSettings(), first=START, until=START + timedelta(days=days))

    assert cutoffs.horizon_days == horizon
    assert (cutoffs.test - START).days >= 2 * horizon
    assert all((cutoffs.test - day).days >= horizon for day in cutoffs.validation)
