"""A version becomes champion through the gate or for a stated reason, and the ledger records every move."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from core.errors import GateRefused, NotFound
from core.intervals import Estimate
from core.ledger import ALIAS_FOUND
from core.model_card import Comparison, Leak, ModelCard
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import open_shop
from training.churn.gate import compare_churn_recipes
from training.churn.pipeline import train_churn
from training.judging.folds import folds_of
from training.judging.promotion import (
    GateResult,
    at_newest_window,
    is_refresh,
    promote,
    refuse_leaks,
    refuse_no_better_than_baselines,
    refuse_worse,
)
from training.recommender.rows import ranking_cutoffs
from training.run.pipeline import TrainingResult, record_found_moves
from training.run.session import Session


def result(low: float, high: float, refresh: bool = False, claim_errors: float | None = None) -> GateResult:
    difference = Estimate((low + high) / 2, low, high)
    return GateResult(
        Comparison(model="blend", against="the champion logistic", name="log_loss", difference=difference),
        refresh,
        margin=0.01,
        claim_errors=claim_errors,
    )


def card(model: str = "logistic", **changes) -> ModelCard:
    fields = {
        "kind": "churn", "data_set": "shop", "model": model, "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "cutoff": date(2025, 6, 1), "training_cutoffs": (date(2025, 6, 1),), "test_cutoff": date(2025, 9, 1),
        "cohort": "all customers", "n_rows": 4, "n_customers": 4, "settings": {"seed": 3},
    }  # fmt: skip
    return ModelCard(**(fields | changes))


@pytest.mark.parametrize(
    ("gate_result", "passes"),
    [
        (result(0.001, 0.02), True),
        (result(-0.001, 0.02), False),
        (result(-0.001, 0.02, claim_errors=1.0), True),
        (result(-0.008, 0.02, claim_errors=1.0), False),
        (result(-0.009, 0.02, refresh=True), True),
        (result(-0.011, 0.02, refresh=True), False),
    ],
)
def test_a_change_must_be_better_and_a_refresh_not_worse_than_the_margin(gate_result: GateResult, passes: bool):
    assert gate_result.passes == passes


def test_the_refusal_names_the_difference_and_how_to_skip_the_gate():
    with pytest.raises(GateRefused, match=r"differs by \+0\.0095 .*interval must be above 0.*--force"):
        refuse_worse(result(-0.001, 0.02))


def test_a_model_with_a_leak_is_refused():
    with pytest.raises(GateRefused, match="exit_score tells all"):
        refuse_leaks(card(leaks=(Leak("exit_score", "exit_score tells all"),)))


def test_a_model_no_better_than_its_baselines_is_refused_unless_it_is_the_first_champion():
    with pytest.raises(GateRefused, match="is not shown to be better; train another"):
        refuse_no_better_than_baselines(card(beats_baselines=False, verdict="it is not shown to be better"))

    refuse_no_better_than_baselines(card(beats_baselines=False, is_baseline=True))


def test_the_same_recipe_on_other_data_is_a_refresh_but_not_with_another_seed():
    assert is_refresh(card(), card(cutoff=date(2025, 7, 1)))
    assert not is_refresh(card(), card(settings={"seed": 4}))
    assert not is_refresh(None, card())


def test_a_better_model_becomes_champion_and_the_ledger_records_why(shop: Session, training_result: TrainingResult):
    promotion = promote(shop, "churn", version=training_result.challenger.version)

    move = shop.ledger.latest().aliases["churn", "champion"]
    # The command began at `shop.now`, when the version did not exist yet.
    assert shop.ledger.at(shop.now).version("churn", "champion") is None
    assert promotion.previous is not None
    assert promotion.previous.card.is_baseline
    assert shop.registry.aliases("churn")["champion"] == training_result.challenger.version
    assert (move.who, move.details["version"]) == ("tester", training_result.challenger.version)
    assert "log_loss differs by +" in move.why


def test_a_worse_model_is_refused_and_no_alias_moves(shop: Session, training_result: TrainingResult):
    shop.registry.set_alias("churn", "champion", version=training_result.challenger.version)
    worse = train_churn(shop, "recency").challenger

    with pytest.raises(GateRefused, match="recency against the champion logistic"):
        promote(shop, "churn", version=worse.version)

    assert shop.registry.aliases("churn")["champion"] == training_result.challenger.version


def test_the_same_settings_on_the_same_data_do_not_differ(shop: Session, training_result: TrainingResult):
    again = compare_churn_recipes(
        shop, champion=training_result.challenger.card, challenger=training_result.challenger.card
    )

    assert again.difference.value == 0


def test_a_refresh_is_compared_on_the_cutoffs_of_each_version(shop: Session, training_result: TrainingResult):
    newer = training_result.challenger.card
    older = msgspec.structs.replace(newer, training_cutoffs=newer.training_cutoffs[:1])

    assert compare_churn_recipes(shop, champion=older, challenger=newer).difference.value != 0


def test_a_refresh_is_compared_with_the_champion_as_it_was_fitted(shop: Session, training_result: TrainingResult):
    newer = training_result.challenger
    package = shop.registry.package(newer)
    of_halves = replace(package.artifact, state={**package.artifact.state, "platt": [0.0, 0.0]})
    older = msgspec.structs.replace(package.card, cutoff=newer.card.training_cutoffs[0])
    shop.registry.register(replace(package, card=older, artifact=of_halves), newer.run_id, alias="champion")

    gain = compare_churn_recipes(shop, champion=older, challenger=newer.card).difference.value

    # A champion that says one half of everyone has a log loss of ln 2; its recipe has the challenger's.
    tested = newer.card.metric("log_loss")
    assert tested is not None
    assert gain == pytest.approx(math.log(2) - tested.value)


def test_an_unknown_version_cannot_be_promoted(shop: Session, training_result: TrainingResult):
    del training_result
    with pytest.raises(NotFound, match="no '99'"):
        promote(shop, "churn", version=99)


def test_a_move_made_in_mlflow_itself_is_recorded_once(shop: Session, training_result: TrainingResult):
    record_found_moves(shop.registry, shop.ledger)
    first = training_result.first_champion
    assert first is not None
    shop.registry.set_alias("churn", "audited", version=first.version)

    entries = record_found_moves(shop.registry, shop.ledger)

    assert [(entry.event, entry.who, entry.details) for entry in entries] == [
        (ALIAS_FOUND, "unknown", {"kind": "churn", "alias": "audited", "version": first.version})
    ]
    assert record_found_moves(shop.registry, shop.ledger) == []


def test_the_gate_uses_the_newest_mature_window_whatever_test_cutoff_is_stated(tmp_path):
    edits = {"step_days = 60": "test = 2025-10-03\nstep_days = 60"}
    tables = open_shop(tmp_path, ShopWorld(n_customers=60), edits=edits).tables

    newest = at_newest_window(tables)

    assert (folds_of(tables).test, ranking_cutoffs(tables)[-1]) == (date(2025, 10, 3), date(2025, 10, 3))
    assert (folds_of(newest).test, ranking_cutoffs(newest)[-1]) == (date(2026, 1, 31), date(2026, 3, 4))


def test_a_model_without_additive_log_odds_cannot_become_champion_even_by_force(
    shop: Session, training_result: TrainingResult
):
    del training_result
    constant = train_churn(shop, "base_rate").challenger

    with pytest.raises(GateRefused, match="base_rate cannot become churn champion, because it lacks additive_log_odds"):
        promote(shop, "churn", version=constant.version, force_reason="the board wants to see it")
