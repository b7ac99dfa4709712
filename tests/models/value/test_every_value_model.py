"""Laws that every value model keeps, tested on simulated customers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.customer_value import FORECAST_DAYS
from core.errors import BadInput, DataError
from models.artifact import Artifact
from models.metrics.value import PredictedTotals
from models.value.value_model import VALUE_MODELS, ValueModel
from tests.models.hazard.lifetime_worlds import true_risk, world
from tests.models.value.value_worlds import TODAY, OrderWorld

PURCHASES = [name for name in VALUE_MODELS if name != "survival"]
LEARNERS = [name for name in PURCHASES if name != "last_year"]
WORLD = OrderWorld(2500, seed=2, member_effect=3.0)
WITH_TREES = [name for name in PURCHASES if VALUE_MODELS[name].needs_features]

every_model = pytest.mark.parametrize("name", PURCHASES)
every_learner = pytest.mark.parametrize("name", LEARNERS)


@pytest.fixture(scope="module")
def models() -> dict[str, ValueModel]:
    training = WORLD.training()
    return {name: VALUE_MODELS[name](seed=1).fit(training) for name in PURCHASES}


@every_model
def test_forecasts_never_fall_as_the_horizon_grows(name, models):
    forecast = models[name].forecast(WORLD.features(TODAY), WORLD.history(TODAY))

    for curve in (forecast.orders, forecast.revenue, forecast.margin, forecast.value):
        assert (np.diff(curve, axis=1) >= -1e-9).all()
        assert (curve >= 0).all()
    assert forecast.orders.shape == (len(forecast), len(FORECAST_DAYS))


@every_learner
def test_predicts_later_orders_better_than_the_last_year(name, models):
    actual = WORLD.outcomes(TODAY, 26)
    errors = {
        one: PredictedTotals(forecast.at(forecast.margin, 182), actual.margin).errors.mean()
        for one in (name, "last_year")
        for forecast in [models[one].forecast(WORLD.features(TODAY), WORLD.history(TODAY))]
    }

    assert errors[name] < errors["last_year"]


@every_learner
def test_the_total_is_that_of_the_last_matured_window_if_the_customers_stay_the_same(name, models):
    actual = WORLD.outcomes(TODAY, 26)
    tolerance = 0.3 if name == "boosted" else 0.12  # trees alone do not know that customers grow older

    forecast = models[name].forecast(WORLD.features(TODAY), WORLD.history(TODAY))

    assert forecast.at(forecast.margin, 182).sum() == pytest.approx(actual.margin.sum(), rel=tolerance)


@pytest.mark.parametrize("name", WITH_TREES)
def test_trees_see_that_members_order_more_often(name, models):
    history, features = WORLD.history(TODAY), WORLD.features(TODAY)
    alike = replace(features, values=np.tile(features.values[:1], (2, 1)), customer_ids=features.customer_ids[:2],
                    cutoffs=features.cutoffs[:2])  # fmt: skip
    alike.values[:, 0] = [0.0, 1.0]

    orders = models[name].forecast(alike, history.take(np.array([0, 0]))).orders[:, -1]

    assert orders[1] > 1.1 * orders[0]


@every_model
def test_margin_is_the_customers_share_of_revenue_and_value_is_discounted(name, models):
    forecast = models[name].forecast(WORLD.features(TODAY), WORLD.history(TODAY))

    np.testing.assert_allclose(forecast.margin, 0.4 * forecast.revenue)
    assert (forecast.value <= forecast.margin + 1e-12).all()
    year = forecast.at(forecast.value, 365).sum() / forecast.at(forecast.margin, 365).sum()
    assert 1.1**-0.6 < year < 1.1**-0.35


@every_model
def test_save_and_load_give_the_same_forecast(name, models, tmp_path: Path):
    features, history = WORLD.features(TODAY), WORLD.history(TODAY)

    models[name].to_artifact().write(tmp_path)
    loaded = VALUE_MODELS[name].from_artifact(Artifact.read(tmp_path, memory_map=True))

    before, after = (one.forecast(features, history) for one in (models[name], loaded))
    for field in ("orders", "revenue", "margin", "value", "p_alive", "next_order_days"):
        np.testing.assert_array_equal(getattr(before, field), getattr(after, field))
    assert loaded.settings == models[name].settings
    np.testing.assert_array_equal(loaded.level_samples_, models[name].level_samples_)
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".npy", ".txt"}


@every_model
def test_the_same_settings_and_rows_give_the_same_model(name):
    training = OrderWorld(400, seed=9).training()
    first, second = (
        VALUE_MODELS[name](seed=3).fit(training).forecast(training.last.features, training.last.history)
        for _ in range(2)
    )

    np.testing.assert_array_equal(first.value, second.value)


@every_model
def test_one_customer_alone_is_worth_the_same_as_among_others_with_columns_in_any_order(name, models):
    features, history = WORLD.features(TODAY), WORLD.history(TODAY)
    row = np.array([7])
    shuffled = features.select(features.names[::-1]).take(row)

    alone = models[name].forecast(shuffled, history.take(row))

    np.testing.assert_allclose(alone.value[0], models[name].forecast(features, history).value[7], rtol=1e-9)


@pytest.mark.parametrize("name", WITH_TREES)
def test_a_missing_column_is_named(name, models):
    with pytest.raises(DataError, match="is_member"):
        models[name].forecast(WORLD.features(TODAY).select(["orders_total"]), WORLD.history(TODAY))


def test_a_horizon_beyond_the_last_forecast_is_refused(models):
    forecast = models["pareto_nbd"].forecast(WORLD.features(TODAY), WORLD.history(TODAY))

    with pytest.raises(BadInput, match="from 1 to 1095 days, not 1096"):
        forecast.at(forecast.value, 1096)


@every_learner
def test_customers_without_orders_are_worth_what_such_customers_ordered_in_past_windows(name, models):
    history = WORLD.history(TODAY).take(np.array([0]))
    unknown = np.array([np.nan])
    idle = replace(history, frequency=unknown, recency_weeks=unknown, age_weeks=unknown, order_value=unknown)

    forecast = models[name].forecast(WORLD.features(TODAY).take(np.array([0])), idle)

    assert np.isfinite(forecast.value).all()
    assert np.isnan(forecast.p_alive).all()


@pytest.mark.parametrize("hazard", ["kaplan_meier", "logistic_hazard"])
def test_a_subscription_brings_in_its_price_for_as_long_as_it_is_expected_to_run(hazard):
    features, labels = world(2500)
    months = 30.4375
    n = len(features)
    paid = 100.0 * np.minimum(labels.days_to_churn, 360) / months
    training = OrderWorld(n, seed=1).training()
    history = replace(
        training.now.take(np.arange(n)), monthly_revenue=np.full(n, 100.0), customer_ids=features.customer_ids
    )
    outcomes = replace(
        training.last.outcomes.take(np.arange(n)),
        customer_ids=features.customer_ids,
        orders=np.zeros(n),
        purchase_revenue=np.zeros(n),
        subscription_revenue=paid,
        margin=paid,
        horizon_days=360,
    )
    window = replace(training.last, features=features, history=history, outcomes=outcomes)
    model = VALUE_MODELS["survival"](hazard=hazard, calibrated=False, seed=1).fit(
        replace(training, windows=(window,), now=history, has_purchases=False, lifetimes=(features, labels))
    )

    forecast = model.forecast(features, history, days=np.array([30, 360]))

    survival = np.column_stack([1 - true_risk(features, day) for day in range(0, 361, 30)])
    expected = 100.0 * ((survival[:, :-1] + survival[:, 1:]) / 2).sum(axis=1) * 30 / months
    assert forecast.revenue[:, 1].mean() == pytest.approx(expected.mean(), rel=0.05)
    assert (forecast.p_alive == 1).all()


def test_the_interval_of_a_total_lies_around_it_where_margins_have_changed():
    training = WORLD.training()
    last = training.last
    richer = replace(last, outcomes=replace(last.outcomes, margin=1.3 * last.outcomes.margin))

    model = VALUE_MODELS["mbg_nbd"](seed=1).fit(replace(training, windows=(*training.windows[:-1], richer)))

    assert np.median(model.level_samples_) == pytest.approx(1.0, abs=0.03)
