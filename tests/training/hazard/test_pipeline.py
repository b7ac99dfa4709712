"""Training hazard models, on a company with two plans with known hazards."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pytest

from core.churn_causes import CauseWords
from core.config.customers import CauseSettings
from core.config.training import ChurnDefinition, HazardSettings
from core.errors import GateRefused, NotEnoughHistory, UnknownName
from core.model_card import ModelCard
from models.hazard.hazard import HAZARD_MODELS
from models.mlflow_store.registry import open_store
from tests.training.conftest import session_of
from tests.worlds import config
from training.hazard.pipeline import train_hazard
from training.hazard.rows import HazardRows, SurvivalCutoffs, choose_cutoffs, load_hazard_rows, with_causes
from training.judging.promotion import promote
from training.run.cards import render_card_markdown
from training.run.pipeline import TrainingResult
from training.run.session import Session

START, MONTHS = date(2022, 1, 1), 40
HAZARDS = {"basic": 0.10, "pro": 0.02}
"Per month."


def spans(n: int, seed: int, hazards: dict[str, float]) -> pa.Table:
    """Accounts that start over time; each churns at the rate of its plan, the basic ones mostly for the price."""
    random, rows = np.random.default_rng(seed), []
    for place in range(n):
        plan = "basic" if place % 2 else "pro"
        started = START + timedelta(days=int(random.integers(0, 30 * MONTHS)))
        ended = started + timedelta(days=int(random.exponential(-30 / np.log1p(-hazards[plan]))) + 1)
        has_ended = ended < START + timedelta(days=30 * MONTHS)
        is_price = random.random() < (0.8 if plan == "basic" else 0.2)
        rows.append(
            {
                "customer_id": f"a{place:04d}",
                "subscription_id": f"s{place:04d}",
                "plan": plan,
                "mrr": 100.0 if plan == "basic" else 900.0,
                "started_at": datetime.combine(started, datetime.min.time()),
                "ended_at": datetime.combine(ended, datetime.min.time()) if has_ended else None,
                "end_reason": (("Too expensive" if is_price else "slow answers") if has_ended else None),
            }
        )
    return pa.Table.from_pylist(rows)


def company(folder: Path, hazards: dict[str, float], seed: int = 1) -> Session:
    """A session on such a company."""
    settings = HazardSettings(models=("logistic_hazard",), max_cutoffs=3)
    company_config = config(
        name="company",
        churn=ChurnDefinition(definition="subscription_ended", grace_days=10),
        active_days=30,
        hazard=settings,
        var=str(folder / "var"),
        watermark=START + timedelta(days=30 * MONTHS),
    )
    return session_of(company_config, {}, {"subscriptions": spans(500, seed, hazards)})


def value_of(card: ModelCard, name: str, model: str | None = None) -> float:
    estimate = card.metric(name, model)
    return math.nan if estimate is None else estimate.value


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return company(tmp_path_factory.mktemp("company"), HAZARDS)


@pytest.fixture(scope="module")
def training_result(session: Session) -> TrainingResult:
    return train_hazard(session)


def test_a_model_with_the_plan_beats_one_curve_for_all(session: Session, training_result: TrainingResult):
    card = training_result.challenger.card

    assert card.beats_baselines
    assert card.verdict.startswith("logistic_hazard beats kaplan_meier in the test period: integrated_brier better")
    assert training_result.first_champion is not None
    assert session.registry.aliases("hazard")["champion"] == training_result.first_champion.version
    assert training_result.first_champion.card.model == "kaplan_meier"


@pytest.mark.parametrize("months", [1, 3, 6, 12])
def test_the_card_has_the_metrics_of_each_horizon(training_result: TrainingResult, months: int):
    card = training_result.challenger.card

    assert value_of(card, f"auc@{months}m") > 0.6
    assert value_of(card, f"calibration_error@{months}m") < 0.08
    assert value_of(card, f"auc@{months}m", "kaplan_meier") == 0.5
    assert card.horizon_days == 360


def test_the_card_of_the_only_model_does_not_speak_of_a_validation_that_chose_it(training_result: TrainingResult):
    assert "which chose the model" not in render_card_markdown(training_result.challenger.card)


def test_stated_reasons_are_read_as_the_causes_of_the_toml(session: Session, training_result: TrainingResult):
    model = HAZARD_MODELS["logistic_hazard"].from_artifact(session.registry.artifact(training_result.challenger))

    assert model.causes_ == ("price", "support")
    assert value_of(training_result.challenger.card, "cause_share_error@12m") < 0.12


def test_a_run_keeps_plots_of_curves_and_their_references(session: Session, training_result: TrainingResult):
    run = open_store(session.tracking.tracking_uri).get_run(training_result.run_id)
    names = {path.name for path in Path(run.info.artifact_uri or "").rglob("*")}

    assert {"churn_curve.png", "causes.png", "reliability.png", "card.md", "cutoffs.json"} <= names
    assert run.data.metrics["integrated_brier"] == value_of(training_result.challenger.card, "integrated_brier")
    assert run.data.metrics["integrated_brier.gain_over.kaplan_meier"] > 0


def test_mlflow_predicts_the_curves_of_a_frame(session: Session, training_result: TrainingResult, rows: HazardRows):
    frame = rows.features.take(np.arange(5)).to_pandas()

    mlflow.set_tracking_uri(session.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.company.hazard/{training_result.challenger.version}")
    curves = loaded.predict(frame)

    assert (curves["churn_within_30d"] < curves["churn_within_360d"]).all()
    assert (curves["expected_months"] > 0).all()


def test_the_challenger_passes_the_gate_once(session: Session, training_result: TrainingResult):
    promoted = promote(session, "hazard")

    assert "logistic_hazard against the champion kaplan_meier: integrated_brier" in promoted.why
    with pytest.raises(GateRefused, match="is champion already"):
        promote(session, "hazard")


@pytest.fixture(scope="module")
def rows(session: Session) -> HazardRows:
    return load_hazard_rows(session.tables, HazardSettings(max_cutoffs=2))


def test_training_rows_are_used_as_they_were_known_at_the_test_cutoff(rows: HazardRows):
    outcomes = rows.outcomes_known_by_test(rows.train)

    until = np.datetime64(rows.cutoffs.known_by_test)
    assert not (outcomes.churned_at >= until).any()
    assert (rows.outcomes.take(rows.train).churned_at >= until).any()


@pytest.mark.slow
def test_where_both_plans_have_the_same_hazard_the_card_says_so(tmp_path: Path):
    session = company(tmp_path, {"basic": 0.05, "pro": 0.05}, seed=2)

    card = train_hazard(session).challenger.card

    assert not card.beats_baselines
    assert "is not shown to be better than its baselines" in card.verdict
    with pytest.raises(GateRefused, match="is not shown to be better"):
        promote(session, "hazard")


def test_an_unknown_model_raises_an_error_with_the_nearest_name(session: Session):
    with pytest.raises(UnknownName, match="did you mean 'boosted_hazard'"):
        train_hazard(session, "boosted_hazards")


def choose(days: int) -> SurvivalCutoffs:
    first = date(2024, 1, 1)
    until = first + timedelta(days=days)
    return choose_cutoffs(
        config(active_days=60), HazardSettings(), first=first, until=until, certain_after=timedelta(days=10)
    )


@pytest.mark.parametrize(("days", "horizon_days"), [(900, 360), (780, 180), (300, 90), (140, 30)])
def test_the_horizon_is_the_longest_that_the_history_allows(days: int, horizon_days: int):
    cutoffs = choose(days)

    assert cutoffs.horizon_days == horizon_days
    assert cutoffs.test == date(2024, 1, 1) + timedelta(days=days - horizon_days)
    assert max(cutoffs.train) < cutoffs.test <= max(cutoffs.refit) <= date(2024, 1, 1) + timedelta(days=days - 30)
    assert len(cutoffs.train) <= 12


def test_a_history_that_is_too_short_is_refused_with_what_is_needed():
    with pytest.raises(NotEnoughHistory, match=r"active_days \(60\) and two months of observation"):
        choose(100)


def test_a_stated_reason_becomes_a_cause_and_an_unknown_one_becomes_other(rows: HazardRows):
    outcomes = replace(
        rows.outcomes.take(np.arange(4)), cause=np.array(["", "chosen", "Too expensive", "mixed feelings"])
    )

    assert with_causes(outcomes, CauseWords(CauseSettings())).cause.tolist() == ["", "", "price", "other"]
