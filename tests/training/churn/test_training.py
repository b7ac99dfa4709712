"""A training registers a challenger, tells what it learnt, and leaves everything needed to do it again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import mlflow
import pyarrow as pa
import pytest

from core.errors import GateRefused, UnknownName
from features.cohort import select_cohort
from features.pipeline import compute_features
from models.churn.catalogue import CHURN_MODELS
from models.mlflow_store.registry import open_store
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import PASSWORD, Frames, open_shop
from training.churn.training import train_churn
from training.promotion import promote
from training.run.registering import Trained
from training.run.session import Session


def files_of(session: Session, run_id: str) -> list[Path]:
    artifacts = Path(open_store(session.tracking.tracking_uri).get_run(run_id).info.artifact_uri or "")
    return [path for path in artifacts.rglob("*") if path.is_file()]


def test_the_first_training_gives_a_challenger_and_a_baseline_as_champion(shop: Session, trained: Trained):
    assert trained.first_champion is not None
    assert trained.first_champion.card.is_baseline
    assert trained.first_champion.card.model in ("base_rate", "recency")
    assert trained.challenger.card.model == "logistic"
    assert shop.registry.aliases("churn")["champion"] == trained.first_champion.version


def test_in_a_shop_with_signs_of_leaving_the_model_beats_both_baselines(trained: Trained):
    card = trained.challenger.card

    assert card.beats_baselines
    assert card.verdict.startswith("logistic beats base_rate and recency out of time")
    assert {comparison.against for comparison in card.comparisons} == {"base_rate", "recency"}


def test_the_card_says_that_its_figures_are_those_of_the_recipe(trained: Trained):
    card = trained.challenger.card

    assert card.cutoff == card.test_cutoff == max(card.training_cutoffs)
    assert "fitted again on every mature row" in card.limits[0]
    assert card.metric("auc") is not None
    assert card.metric("auc", "recency") is not None
    assert card.metric("log_loss", split="validation") is not None


def test_a_run_keeps_config_folds_figures_plots_and_card(shop: Session, trained: Trained):
    names = {path.name for path in files_of(shop, trained.run_id)}
    run = open_store(shop.tracking.tracking_uri).get_run(trained.run_id)

    assert {"config.json", "folds.json", "card.md", "card.json"} <= names
    assert {"roc.png", "precision_recall.png", "reliability.png", "lift.png", "feature_importance.png"} <= names
    assert run.data.metrics["auc.low"] < run.data.metrics["auc"] < run.data.metrics["auc.high"]
    assert run.data.tags["data_digest"] == shop.tables.digest
    assert run.data.params["settings.n_resamples"] == "5"


def test_no_file_of_a_run_holds_the_password_of_the_configuration(shop: Session, trained: Trained):
    everything = [*files_of(shop, trained.run_id), *Path(trained.challenger.folder).rglob("*.json")]

    assert not any(PASSWORD.encode() in path.read_bytes() for path in everything)
    assert any(b"postgres://kizuna:***@db/shop" in path.read_bytes() for path in everything)


def test_mlflow_loads_the_model_and_scores_a_frame_by_column_name(shop: Session, trained: Trained):
    cutoff = trained.challenger.card.cutoff + timedelta(days=30)
    features = compute_features(shop.tables, select_cohort(shop.tables, [cutoff]))
    frame = features.to_pandas()
    ours = CHURN_MODELS["logistic"].from_artifact(shop.registry.artifact(trained.challenger)).score(features, 60)

    mlflow.set_tracking_uri(shop.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.shop.churn/{trained.challenger.version}")
    scored = loaded.predict(frame[frame.columns[::-1]])

    assert scored["churn_probability"].tolist() == pytest.approx(ours.value.tolist())
    assert (scored["low"] <= scored["churn_probability"]).all()


def test_an_interrupted_training_leaves_no_version_and_a_killed_run(shop: Session, trained: Trained, monkeypatch):
    before = shop.registry.versions("churn")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shop.registry, "_store", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_churn(shop, "recency")

    client = open_store(shop.tracking.tracking_uri)
    experiment = client.get_run(trained.run_id).info.experiment_id
    assert [run.info.status for run in client.search_runs([experiment], max_results=1)] == ["KILLED"]
    assert shop.registry.versions("churn") == before


def test_unknown_models_and_settings_name_the_nearest(shop: Session):
    with pytest.raises(UnknownName, match="did you mean 'logistic'"):
        train_churn(shop, "logistics")
    with pytest.raises(UnknownName, match="did you mean 'regularization'"):
        train_churn(shop, "logistic", {"regularisation": 1.0})


@pytest.mark.slow
def test_where_churn_is_random_the_model_says_that_it_learnt_nothing(tmp_path: Path):
    session = open_shop(tmp_path, ShopWorld(n_customers=400, churn_is_random=True))

    card = train_churn(session).challenger.card

    assert not card.beats_baselines
    assert "learnt nothing" in card.verdict


def with_satisfaction_at_leaving(frames: Frames) -> Frames:
    """The customers table with a column that somebody fills in after a customer has gone."""
    bought = frames["purchases"].group_by("customer_id").aggregate([("event_time", "max")])
    last = dict(zip(bought["customer_id"].to_pylist(), bought["event_time_max"].to_pylist(), strict=True))
    gone_before = max(last.values()) - timedelta(days=60)
    ids = frames["customers"]["customer_id"].to_pylist()
    score = [1.0 if customer in last and last[customer] < gone_before else 5.0 for customer in ids]
    return {**frames, "customers": pa.table({"customer_id": ids, "exit_score": score})}


@pytest.mark.slow
def test_a_model_that_knows_a_late_filled_cell_is_marked_and_refused(tmp_path: Path):
    edits = {
        "active_days = 180": 'active_days = 180\nas_of_today = ["customers.exit_score"]',
        'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]',
    }
    session = open_shop(tmp_path, ShopWorld(n_customers=400), with_satisfaction_at_leaving, edits)

    registered = train_churn(session, "logistic", {"n_resamples": 0}).challenger

    assert [leak.feature for leak in registered.card.leaks] == ["exit_score"]
    with pytest.raises(GateRefused, match="leak alarm"):
        promote(session, "churn")
    assert promote(session, "churn", force="the board wants to see it").why.startswith("forced: the board")
