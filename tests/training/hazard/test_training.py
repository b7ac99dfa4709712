"""A training of hazards, in a company whose two plans leave at known rates."""

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
from models.hazard.hazard_models import HAZARD_MODELS
from models.mlflow_store.registry import open_store
from tests.training.conftest import session_of
from tests.worlds import config
from training.hazard.rows import HazardRows, hazard_rows, with_causes
from training.hazard.survival_cutoffs import FollowedCutoffs, choose_cutoffs
from training.hazard.training import train_hazard
from training.promotion import promote
from training.run.registering import Trained
from training.run.session import Session

START, MONTHS = date(2022, 1, 1), 40
HAZARDS = {"basic": 0.10, "pro": 0.02}
"Of a month."


def spans(n: int, seed: int, hazards: dict[str, float]) -> pa.Table:
    """Accounts that begin all along; each leaves at its plan's rate, the basic ones mostly for the price."""
    random, rows = np.random.default_rng(seed), []
    for place in range(n):
        plan = "basic" if place % 2 else "pro"
        began = START + timedelta(days=int(random.integers(0, 30 * MONTHS)))
        ended = began + timedelta(days=int(random.exponential(-30 / np.log1p(-hazards[plan]))) + 1)
        gone = ended < START + timedelta(days=30 * MONTHS)
        dear = random.random() < (0.8 if plan == "basic" else 0.2)
        rows.append(
            {
                "customer_id": f"a{place:04d}",
                "subscription_id": f"s{place:04d}",
                "plan": plan,
                "mrr": 100.0 if plan == "basic" else 900.0,
                "started_at": datetime.combine(began, datetime.min.time()),
                "ended_at": datetime.combine(ended, datetime.min.time()) if gone else None,
                "end_reason": (("Too expensive" if dear else "slow answers") if gone else None),
            }
        )
    return pa.Table.from_pylist(rows)


def company(folder: Path, hazards: dict[str, float], seed: int = 1) -> Session:
    """A session on such a company."""
    asked = HazardSettings(models=("logistic_hazard",), max_cutoffs=3)
    stated = config(
        name="company",
        churn=ChurnDefinition(definition="subscription_ended", grace_days=10),
        active_days=30,
        hazard=asked,
        var=str(folder / "var"),
        watermark=START + timedelta(days=30 * MONTHS),
    )
    return session_of(stated, {}, {"subscriptions": spans(500, seed, hazards)})


def figure(card: ModelCard, name: str, model: str | None = None) -> float:
    found = card.metric(name, model)
    return math.nan if found is None else found.value


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return company(tmp_path_factory.mktemp("company"), HAZARDS)


@pytest.fixture(scope="module")
def trained(session: Session) -> Trained:
    return train_hazard(session)


def test_a_model_that_knows_the_plan_beats_the_curve_of_everybody(session: Session, trained: Trained):
    card = trained.challenger.card

    assert card.beats_baselines
    assert card.verdict.startswith("logistic_hazard beats kaplan_meier out of time: integrated_brier better")
    assert trained.first_champion is not None
    assert session.registry.aliases("hazard")["champion"] == trained.first_champion.version
    assert trained.first_champion.card.model == "kaplan_meier"


@pytest.mark.parametrize("months", [1, 3, 6, 12])
def test_the_card_states_the_figures_of_each_horizon(trained: Trained, months: int):
    card = trained.challenger.card

    assert figure(card, f"auc@{months}m") > 0.6
    assert figure(card, f"calibration_error@{months}m") < 0.08
    assert figure(card, f"auc@{months}m", "kaplan_meier") == 0.5
    assert card.horizon_days == 360


def test_reasons_are_read_as_the_causes_that_the_toml_says(session: Session, trained: Trained):
    model = HAZARD_MODELS["logistic_hazard"].from_artifact(session.registry.artifact(trained.challenger))

    assert model.causes_ == ("price", "support")
    assert figure(trained.challenger.card, "cause_share_error@12m") < 0.12


def test_a_run_keeps_curves_beside_their_references(session: Session, trained: Trained):
    run = open_store(session.tracking.tracking_uri).get_run(trained.run_id)
    names = {path.name for path in Path(run.info.artifact_uri or "").rglob("*")}

    assert {"churn_curve.png", "causes.png", "reliability.png", "card.md", "cutoffs.json"} <= names
    assert run.data.metrics["integrated_brier"] < run.data.metrics["kaplan_meier.integrated_brier"]


def test_mlflow_tells_the_curve_of_a_frame(session: Session, trained: Trained, rows: HazardRows):
    frame = rows.features.take(np.arange(5)).to_pandas()

    mlflow.set_tracking_uri(session.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.company.hazard/{trained.challenger.version}")
    told = loaded.predict(frame)

    assert (told["churn_within_30d"] < told["churn_within_360d"]).all()
    assert (told["expected_months"] > 0).all()


def test_the_challenger_passes_the_gate_once(session: Session, trained: Trained):
    promoted = promote(session, "hazard")

    assert "logistic_hazard against the champion kaplan_meier: integrated_brier" in promoted.why
    with pytest.raises(GateRefused, match="is champion already"):
        promote(session, "hazard")


@pytest.fixture(scope="module")
def rows(session: Session) -> HazardRows:
    return hazard_rows(session.tables, HazardSettings(max_cutoffs=2))


def test_rows_before_the_test_are_seen_as_they_were_known_then(rows: HazardRows):
    seen = rows.seen_by_test(rows.train)

    until = np.datetime64(rows.cutoffs.known_by_test)
    assert not (seen.churned_at >= until).any()
    assert (rows.outcomes.take(rows.train).churned_at >= until).any()


@pytest.mark.slow
def test_where_plans_leave_alike_the_model_says_that_it_learnt_nothing(tmp_path: Path):
    session = company(tmp_path, {"basic": 0.05, "pro": 0.05}, seed=2)

    card = train_hazard(session).challenger.card

    assert not card.beats_baselines
    assert "learnt nothing that its baselines do not know" in card.verdict
    with pytest.raises(GateRefused, match="learnt nothing"):
        promote(session, "hazard")


def test_unknown_models_name_the_nearest(session: Session):
    with pytest.raises(UnknownName, match="did you mean 'boosted_hazard'"):
        train_hazard(session, "boosted_hazards")


def laid_out(days: int) -> FollowedCutoffs:
    first = date(2024, 1, 1)
    stated = config(active_days=60)
    return choose_cutoffs(stated, HazardSettings(), first, first + timedelta(days=days), timedelta(days=10))


@pytest.mark.parametrize(("days", "horizon_days"), [(900, 360), (780, 180), (300, 90), (140, 30)])
def test_the_horizon_is_what_the_history_can_teach_and_judge(days: int, horizon_days: int):
    found = laid_out(days)

    assert found.horizon_days == horizon_days
    assert found.test == date(2024, 1, 1) + timedelta(days=days - horizon_days)
    assert max(found.train) < found.test <= max(found.refit) <= date(2024, 1, 1) + timedelta(days=days - 30)
    assert len(found.train) <= 12


def test_too_short_a_history_is_refused_with_what_is_needed():
    with pytest.raises(NotEnoughHistory, match=r"active_days \(60\) and twice a month"):
        laid_out(100)


def test_what_was_stated_becomes_a_cause_and_what_fits_none_is_other(rows: HazardRows):
    said = replace(rows.outcomes.take(np.arange(4)), cause=np.array(["", "chosen", "Too expensive", "mixed feelings"]))

    assert with_causes(said, CauseWords(CauseSettings())).cause.tolist() == ["", "", "price", "other"]
