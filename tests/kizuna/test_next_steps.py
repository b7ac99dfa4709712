"""What `kizuna train` and `kizuna promote` say comes next."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.model_card import Leak, ModelCard
from kizuna.next_steps import step_after_training, step_of_challenger
from tests.cross_section_worlds import club
from tests.worlds import config


def card(kind: str = "churn", model: str = "logistic", **changes) -> ModelCard:
    return ModelCard(
        kind=kind, data_set="shop", model=model, version=3, created_at=datetime(2026, 4, 1, tzinfo=UTC),
        cutoff=date(2026, 2, 1), training_cutoffs=(date(2026, 1, 1),), test_cutoff=date(2026, 2, 1), cohort="all",
        n_rows=10, n_customers=10, settings={}, **changes,
    )  # fmt: skip


def test_a_challenger_that_beats_its_baselines_is_promoted_next():
    assert step_of_challenger(card()) == "kizuna promote churn --version 3"


@pytest.mark.parametrize("doubt", [{"beats_baselines": False}, {"leaks": (Leak("score", "it knows the outcome"),)}])
def test_what_the_gate_would_refuse_is_not_suggested(doubt):
    assert step_of_challenger(card(**doubt)) is None


@pytest.mark.parametrize(
    ("champion", "step"),
    [
        (card("churn"), "kizuna score --out scores.csv"),
        (card("churn", "base_rate"), "kizuna score --out scores.csv"),
        (card("value", "pareto_nbd"), "kizuna release"),
        (card("hazard", "boosted_hazard"), "kizuna release"),
        (card("hazard", "kaplan_meier"), None),
        (card("predict.buys_tea", "base_rate"), None),
        (None, None),
    ],
)
def test_after_promotion_comes_what_reads_the_champion(champion, step):
    assert step_after_training(champion, config()) == step


def test_models_of_data_without_dates_are_read_by_mlflow(tmp_path: Path):
    step = step_after_training(card(), club(tmp_path))

    assert step
    assert step.startswith('mlflow.pyfunc.load_model("models:/kizuna.shop.churn@')
