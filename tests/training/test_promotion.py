"""Nothing becomes champion without the gate or a reason, and the ledger knows of every move."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest

from core.errors import GateRefused, NotFound
from core.intervals import Estimate
from core.ledger import ALIAS_FOUND
from core.model_card import Comparison, Leak, ModelCard
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import open_shop
from training.churn.training import compare_churn_recipes, train_churn
from training.judging.folds import folds_of
from training.judging.gate import Finding, at_newest_window, is_refresh, refuse_leaks, refuse_unlearnt, refuse_worse
from training.promotion import promote
from training.recommender.rows import ranking_cutoffs
from training.run.aliases import record_found_moves
from training.run.registering import Trained
from training.run.session import Session


def finding(low: float, high: float, refresh: bool = False) -> Finding:
    difference = Estimate((low + high) / 2, low, high)
    return Finding(Comparison("blend", "the champion logistic", "log_loss", difference), refresh, margin=0.01)


def card(model: str = "logistic", **changes) -> ModelCard:
    said = {
        "kind": "churn", "data_set": "shop", "model": model, "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "cutoff": date(2025, 6, 1), "training_cutoffs": (date(2025, 6, 1),), "test_cutoff": date(2025, 9, 1),
        "cohort": "everybody", "n_rows": 4, "n_customers": 4, "settings": {"seed": 3},
    }  # fmt: skip
    return ModelCard(**(said | changes))


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        (finding(0.001, 0.02), True),
        (finding(-0.001, 0.02), False),
        (finding(-0.009, 0.02, refresh=True), True),
        (finding(-0.011, 0.02, refresh=True), False),
    ],
)
def test_a_change_must_be_better_and_a_refresh_not_worse_than_the_margin(found: Finding, passes: bool):
    assert found.passes == passes


def test_the_refusal_names_the_difference_and_the_way_past():
    with pytest.raises(GateRefused, match=r"differs by \+0\.0095 .*better with its whole interval.*--force"):
        refuse_worse(finding(-0.001, 0.02))


def test_a_model_with_a_leak_is_refused():
    with pytest.raises(GateRefused, match="exit_score tells all"):
        refuse_leaks(card(leaks=(Leak("exit_score", "exit_score tells all"),)))


def test_what_learnt_nothing_is_refused_unless_it_stands_in_as_the_baseline():
    with pytest.raises(GateRefused, match="learnt nothing; train another"):
        refuse_unlearnt(card(beats_baselines=False, verdict="base_rate learnt nothing"))

    refuse_unlearnt(card(beats_baselines=False, is_baseline=True))


def test_the_same_recipe_on_other_data_is_a_refresh_and_another_seed_is_none():
    assert is_refresh(card(), card(cutoff=date(2025, 7, 1)))
    assert not is_refresh(card(), card(settings={"seed": 4}))
    assert not is_refresh(None, card())


def test_a_better_model_becomes_champion_and_the_ledger_says_why(shop: Session, trained: Trained):
    promotion = promote(shop, "churn", trained.challenger.version)

    move = shop.ledger.latest().aliases["churn", "champion"]
    assert promotion.before is not None
    assert promotion.before.card.is_baseline
    assert shop.registry.aliases("churn")["champion"] == trained.challenger.version
    assert (move.who, move.details["version"]) == ("tester", trained.challenger.version)
    assert "log_loss differs by +" in move.why


def test_a_worse_model_is_refused_and_nothing_moves(shop: Session, trained: Trained):
    shop.registry.set_alias("churn", "champion", trained.challenger.version)
    worse = train_churn(shop, "recency").challenger

    with pytest.raises(GateRefused, match="recency against the champion logistic"):
        promote(shop, "churn", worse.version)

    assert shop.registry.aliases("churn")["champion"] == trained.challenger.version


def test_the_same_settings_on_the_same_data_are_no_worse(shop: Session, trained: Trained):
    again = compare_churn_recipes(shop, trained.challenger.card, trained.challenger.card)

    assert again.difference.value == 0


def test_a_refresh_is_judged_by_what_each_version_could_learn_from(shop: Session, trained: Trained):
    newer = trained.challenger.card
    older = msgspec.structs.replace(newer, training_cutoffs=newer.training_cutoffs[:1])

    assert compare_churn_recipes(shop, older, newer).difference.value != 0


def test_a_version_that_is_not_there_cannot_be_promoted(shop: Session, trained: Trained):
    del trained
    with pytest.raises(NotFound, match="no '99'"):
        promote(shop, "churn", 99)


def test_a_move_made_in_mlflow_itself_is_found_once_and_written_down(shop: Session, trained: Trained):
    record_found_moves(shop.registry, shop.ledger)
    first = trained.first_champion
    assert first is not None
    shop.registry.set_alias("churn", "audited", first.version)

    found = record_found_moves(shop.registry, shop.ledger)

    assert [(entry.event, entry.who, entry.details) for entry in found] == [
        (ALIAS_FOUND, "unknown", {"kind": "churn", "alias": "audited", "version": first.version})
    ]
    assert record_found_moves(shop.registry, shop.ledger) == []


def test_the_gate_looks_at_the_newest_matured_window_whatever_test_cutoff_was_once_stated(tmp_path):
    stated = {"step_days = 60": "test = 2025-10-03\nstep_days = 60"}
    tables = open_shop(tmp_path, ShopWorld(n_customers=60), edits=stated).tables

    newest = at_newest_window(tables)

    assert (folds_of(tables).test, ranking_cutoffs(tables)[-1]) == (date(2025, 10, 3), date(2025, 10, 3))
    assert (folds_of(newest).test, ranking_cutoffs(newest)[-1]) == (date(2026, 1, 31), date(2026, 3, 4))
