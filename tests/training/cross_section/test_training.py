"""Without times, models are judged on customers not learnt from, and what was asked afterwards stays out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.ledger import Ledger
from models.mlflow_store.registry import Registry
from tables.sources.cross_section import open_cross_section
from tests.cross_section_worlds import SPORTS, club
from tests.training.conftest import NOW
from training.cross_section.rows import stratified_folds
from training.cross_section.training import compare_cross_section_recipes, train_cross_section
from training.promotion import promote
from training.run.cards import card_markdown
from training.run.session import Session
from training.run.tracking import Tracking

QUICK = {"n_resamples": 0, "regularization": 10.0, "bends": 0}


def session_on(folder: Path, tells: bool = True) -> Session:
    settings = club(folder, tells=tells)
    uri, cross_section = settings.places.tracking_uri, open_cross_section(settings)
    return Session(
        config=settings, statement={}, tables=cross_section.tables, tracking=Tracking(uri),
        registry=Registry(uri, settings.name), ledger=Ledger(settings.places.ledger), who="tester", now=NOW,
        cross_section=cross_section,
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Session:
    return session_on(tmp_path_factory.mktemp("club"))


@pytest.fixture(scope="module")
def trained(told):
    return train_cross_section(told, "logistic", QUICK)


def test_the_column_asked_afterwards_is_named_and_the_model_does_without(trained):
    card = trained.challenger.card

    assert [leak.feature for leak in card.excluded_features] == ["exit_score"]
    assert set(card.features) == {"contract", "charges", *SPORTS}
    assert card.leaks == ()
    assert "**Left out as a leak:** exit_score: alone it has an AUC of" in card_markdown(card)


def test_what_honest_columns_tell_beats_the_base_rate_on_customers_not_learnt_from(trained):
    card = trained.challenger.card
    auc = card.metric("auc", split="cross_validation")

    assert card.beats_baselines
    assert "on customers not learnt from" in card.verdict
    assert auc is not None
    assert 0.7 < auc.low <= auc.value < 0.95
    assert "## Figures on customers not learnt from" in card_markdown(card)


def test_a_card_of_what_has_no_times_names_no_cutoff(trained):
    assert "Cutoffs" not in card_markdown(trained.challenger.card)


def test_the_first_champion_is_the_base_rate_and_the_gate_lets_a_better_model_through(told, trained):
    assert trained.first_champion.card.model == "base_rate"

    promotion = promote(told, "churn", trained.challenger.version)

    assert "logistic against the champion base_rate" in promotion.why


def test_a_recipe_is_no_better_than_itself(told, trained):
    card = trained.challenger.card

    assert compare_cross_section_recipes(told, card, card).difference.value == 0


def test_where_nothing_tells_the_card_says_that_nothing_was_learnt(tmp_path):
    card = train_cross_section(session_on(tmp_path, tells=False), "logistic", QUICK).challenger.card

    assert not card.beats_baselines
    assert "learnt nothing that its baselines do not know" in card.verdict


def test_a_model_that_needs_times_is_refused(told):
    with pytest.raises(BadInput, match="recency needs times"):
        train_cross_section(told, "recency")


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 6), st.integers(0, 9))
def test_every_fold_has_its_share_of_those_who_left(churned, n_folds, seed):
    folds = stratified_folds(np.array(churned), n_folds, seed)

    counts = [np.bincount(folds[np.array(churned) == side], minlength=n_folds) for side in (True, False)]
    assert all(np.ptp(count) <= 1 for count in counts)
    assert np.ptp(np.bincount(folds, minlength=n_folds)) <= 1
