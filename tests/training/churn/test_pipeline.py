"""Training registers a challenger with its evaluation and keeps everything needed to repeat it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pytest

from core.errors import UnknownName
from core.labels import Labels
from features.cohort import select_cohort
from features.pipeline import compute_features
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.registry import open_store
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import PASSWORD, Frames, open_shop
from training.churn.pipeline import describe_level, train_churn
from training.run.pipeline import TrainingResult
from training.run.session import Session


def files_of(session: Session, run_id: str) -> list[Path]:
    artifacts = Path(open_store(session.tracking.tracking_uri).get_run(run_id).info.artifact_uri or "")
    return [path for path in artifacts.rglob("*") if path.is_file()]


def test_the_first_training_gives_a_challenger_and_a_baseline_as_champion(
    shop: Session, training_result: TrainingResult
):
    assert training_result.first_champion is not None
    assert training_result.first_champion.card.is_baseline
    assert training_result.first_champion.card.model in ("recency", "rfm")
    assert training_result.challenger.card.model == "logistic"
    assert shop.registry.aliases("churn")["champion"] == training_result.first_champion.version


def test_where_behaviour_predicts_churn_the_model_beats_every_baseline(training_result: TrainingResult):
    card = training_result.challenger.card

    assert card.beats_baselines
    assert card.verdict.startswith("logistic beats base_rate and recency and rfm over ")
    assert {comparison.against for comparison in card.comparisons} == {"base_rate", "recency", "rfm"}


def test_the_card_says_that_its_metrics_are_those_of_the_recipe(training_result: TrainingResult):
    card = training_result.challenger.card

    assert card.cutoff == card.test_cutoff == max(card.training_cutoffs)
    assert "fitted again on every known outcome" in card.limits[0]
    assert card.metric("auc") is not None
    assert card.metric("auc", "recency") is not None
    assert card.metric("log_loss", split="validation") is not None


def test_the_card_says_what_acting_on_the_scores_earns_and_what_that_assumes(
    shop: Session, training_result: TrainingResult
):
    card = training_result.challenger.card
    run = open_store(shop.tracking.tracking_uri).get_run(training_result.run_id)

    assert card.money is not None
    none, every, best, _ = card.money.contacts
    assert (none.profit.value, every.share.value) == (0, 1)
    assert best.profit.value >= max(every.profit.value, 0)
    assert 0 < best.share.low <= best.share.value <= best.share.high <= 1
    assert card.money.value == "margin of the 365 days before the test cutoff"
    assert card.money.terms.sources["save_rate"] == "[offers] save_rate"
    assert card.money.terms.sources["contact_cost"].startswith("assumed: 0.5% of the median value")
    assert {"empc", "savings"} <= set(run.data.metrics)
    assert "max_profit" not in run.data.metrics


def test_a_run_keeps_configuration_folds_metrics_plots_and_card(shop: Session, training_result: TrainingResult):
    names = {path.name for path in files_of(shop, training_result.run_id)}
    run = open_store(shop.tracking.tracking_uri).get_run(training_result.run_id)

    assert {"config.json", "folds.json", "card.md", "card.json"} <= names
    assert {"roc.png", "precision_recall.png", "reliability.png", "lift.png", "feature_importance.png"} <= names
    assert run.data.metrics["auc.low"] < run.data.metrics["auc"] < run.data.metrics["auc.high"]
    assert run.data.tags["data_digest"] == shop.tables.digest
    assert run.data.params["settings.n_resamples"] == "5"


def test_no_file_of_a_run_contains_the_password_of_the_configuration(shop: Session, training_result: TrainingResult):
    everything = [*files_of(shop, training_result.run_id), *Path(training_result.challenger.folder).rglob("*.json")]

    assert not any(PASSWORD.encode() in path.read_bytes() for path in everything)
    assert any(b"postgres://kizuna:***@db/shop" in path.read_bytes() for path in everything)


def test_mlflow_loads_the_model_and_scores_a_frame_by_column_name(shop: Session, training_result: TrainingResult):
    cutoff = training_result.challenger.card.cutoff + timedelta(days=30)
    features = compute_features(shop.tables, select_cohort(shop.tables, [cutoff]))
    frame = features.to_pandas()
    ours = (
        CHURN_MODELS["logistic"].from_artifact(shop.registry.artifact(training_result.challenger)).score(features, 60)
    )

    mlflow.set_tracking_uri(shop.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.shop.churn/{training_result.challenger.version}")
    scored = loaded.predict(frame[frame.columns[::-1]])

    assert scored["churn_probability"].tolist() == pytest.approx(ours.value.tolist())
    assert (scored["low"] <= scored["churn_probability"]).all()


def test_an_interrupted_training_leaves_no_version_and_a_killed_run(
    shop: Session, training_result: TrainingResult, monkeypatch
):
    before = shop.registry.versions("churn")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shop.registry, "_store", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_churn(shop, "recency")

    client = open_store(shop.tracking.tracking_uri)
    experiment = client.get_run(training_result.run_id).info.experiment_id
    assert [run.info.status for run in client.search_runs([experiment], max_results=1)] == ["KILLED"]
    assert shop.registry.versions("churn") == before


def test_an_unknown_model_or_setting_raises_an_error_with_the_nearest_name(shop: Session):
    with pytest.raises(UnknownName, match="did you mean 'logistic'"):
        train_churn(shop, "logistics")
    with pytest.raises(UnknownName, match="did you mean 'regularization'"):
        train_churn(shop, "logistic", settings={"regularisation": 1.0})


@pytest.mark.slow
def test_where_churn_is_random_the_card_says_that_the_model_is_not_shown_to_be_better(tmp_path: Path):
    session = open_shop(tmp_path, ShopWorld(n_customers=400, churn_is_random=True))

    card = train_churn(session).challenger.card

    assert not card.beats_baselines
    assert "is not shown to be better than" in card.verdict


def with_satisfaction_at_leaving(frames: Frames) -> Frames:
    """The customers table with a column that is filled in after a customer has left."""
    bought = frames["purchases"].group_by("customer_id").aggregate([("event_time", "max")])
    last = dict(zip(bought["customer_id"].to_pylist(), bought["event_time_max"].to_pylist(), strict=True))
    left_before = max(last.values()) - timedelta(days=60)
    ids = frames["customers"]["customer_id"].to_pylist()
    score = [1.0 if customer in last and last[customer] < left_before else 5.0 for customer in ids]
    return {**frames, "customers": pa.table({"customer_id": ids, "exit_score": score})}


@pytest.mark.slow
def test_a_feature_that_was_filled_in_later_is_left_out_and_named(tmp_path: Path):
    edits = {
        "active_days = 180": 'active_days = 180\nas_of_today = ["customers.exit_score"]',
        'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]',
    }
    session = open_shop(tmp_path, ShopWorld(n_customers=400), with_satisfaction_at_leaving, edits)

    registered = train_churn(session, "logistic", settings={"n_resamples": 0}).challenger

    assert [leak.feature for leak in registered.card.excluded_features] == ["exit_score"]
    assert "exit_score" not in registered.card.features
    assert registered.card.leaks == ()


def outcomes_of(n_churned_at: dict[str, int], n_customers: int = 1_000) -> Labels:
    days = np.repeat(np.array(list(n_churned_at), "datetime64[D]"), n_customers)
    return Labels(
        customer_ids=np.tile(np.char.add("c", np.arange(n_customers).astype(str)), len(n_churned_at)),
        cutoffs=days,
        churned=np.concatenate([np.arange(n_customers) < n for n in n_churned_at.values()]),
        churned_at=np.full(len(days), np.datetime64("NaT", "D")),
        cause=np.full(len(days), ""),
        amount_after=np.zeros(len(days)),
        observed_until=days + 90,
        horizon_days=90,
    )


def test_the_card_says_by_how_much_churn_has_fallen_lately_but_is_silent_about_chance():
    fallen = outcomes_of({"2010-03-01": 470, "2010-06-01": 490, "2010-09-11": 381})
    by_chance = outcomes_of({"2010-03-01": 470, "2010-06-01": 490, "2010-09-11": 470})

    assert list(describe_level(fallen)) == [
        "Churn has fallen from 48.0% at the earlier cutoffs to 38.1% at 2010-09-11; if it moves further, probabilities "
        "will be off by as much."
    ]
    assert list(describe_level(by_chance)) == []
