"""Without dates, models are evaluated on held-out customers, and leaking columns are dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, GateRefused
from core.i18n.translation import JAPANESE, has_translation
from core.ledger import Ledger
from core.model_card import Leak
from models.mlflow_store.registry import Registry
from tables.cross_section import open_cross_section
from tests.cross_section_worlds import SPORTS, club
from tests.training.conftest import NOW
from training.cross_section.gate import compare_cross_section_recipes
from training.cross_section.pipeline import train_cross_section
from training.cross_section.rows import stratify_folds
from training.judging.promotion import is_refresh, promote, refuse_leaks
from training.run.cards import render_card_markdown
from training.run.session import Session
from training.run.tracking import Tracking

QUICK = {"n_resamples": 0, "regularization": 10.0, "n_knots": 0}


def session_on(folder: Path, is_predictable: bool = True, n: int = 600) -> Session:
    settings = club(folder, n=n, is_predictable=is_predictable)
    uri, cross_section = settings.places.tracking_uri, open_cross_section(settings)
    return Session(
        config=settings, statement={}, tables=cross_section.tables, tracking=Tracking(uri),
        registry=Registry(uri, settings.name), ledger=Ledger(settings.places.ledger), who="tester", now=NOW,
        cross_section=cross_section,
    )  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    return session_on(tmp_path_factory.mktemp("club"))


@pytest.fixture(scope="module")
def training_result(session):
    return train_cross_section(session, "logistic", settings=QUICK)


def test_a_column_that_was_filled_in_later_is_dropped_and_named_on_the_card(training_result):
    card = training_result.challenger.card

    assert [leak.feature for leak in card.excluded_features] == ["exit_score"]
    assert set(card.features) == {"contract", "charges", *SPORTS}
    assert card.leaks == ()
    assert "**Left out as a possible leak:** exit_score: alone it has an AUC of" in render_card_markdown(card)


def test_honest_columns_beat_the_base_rate_on_held_out_customers(training_result):
    card = training_result.challenger.card
    auc = card.metric("auc", split="cross_validation")

    assert card.beats_baselines
    assert "on held-out customers" in card.verdict
    assert auc is not None
    assert 0.7 < auc.low <= auc.value < 0.95
    assert "## Metrics on held-out customers" in render_card_markdown(card)


def test_the_card_of_data_without_dates_has_no_cutoffs(training_result):
    assert "Cutoffs" not in render_card_markdown(training_result.challenger.card)


def test_the_first_champion_is_the_base_rate_and_a_better_model_passes_the_gate(session, training_result):
    assert training_result.first_champion.card.model == "base_rate"

    promotion = promote(session, "churn", version=training_result.challenger.version)

    assert "logistic against the champion base_rate" in promotion.why


def test_a_refresh_without_new_customers_is_refused_because_nothing_can_be_compared(session, training_result):
    card = training_result.challenger.card

    with pytest.raises(GateRefused, match=r"0 customers are new since version \d+ was trained .* at least 30 of each"):
        compare_cross_section_recipes(session, champion=card, challenger=card)


def test_a_change_of_settings_is_compared_on_held_out_customers(session, training_result):
    card = training_result.challenger.card
    worse = msgspec.structs.replace(card, settings={**card.settings, "regularization": 1e6})

    assert compare_cross_section_recipes(session, champion=card, challenger=worse).difference.high < 0
    assert compare_cross_section_recipes(session, champion=worse, challenger=card).difference.low > 0


def test_a_changed_set_of_columns_is_a_change_and_each_side_has_its_own(session, training_result):
    card = training_result.challenger.card
    fewer = msgspec.structs.replace(card, features={"charges": card.features["charges"]})

    assert not is_refresh(card, fewer)
    assert compare_cross_section_recipes(session, champion=card, challenger=fewer).difference.high < 0


def test_a_refresh_is_compared_with_the_champion_on_customers_that_it_has_not_seen(tmp_path):
    (tmp_path / "first").mkdir()
    first = session_on(tmp_path / "first", n=200)
    champion = train_cross_section(first, "logistic", settings=QUICK).challenger.card
    # The champion's customers and 400 more.
    settings = club(tmp_path, n=600)
    grown = replace(first, config=settings, cross_section=open_cross_section(settings))

    comparison = compare_cross_section_recipes(grown, champion=champion, challenger=champion)

    assert comparison.against == "the champion logistic on 400 customers that it has not seen"
    # Three times as many customers teach more.
    assert comparison.difference.value > 0


def test_where_no_column_predicts_churn_the_card_says_so(tmp_path):
    card = train_cross_section(session_on(tmp_path, is_predictable=False), "logistic", settings=QUICK).challenger.card

    assert not card.beats_baselines
    assert "is not shown to be better than its baselines" in card.verdict


def test_a_model_that_needs_dates_is_refused(session):
    with pytest.raises(BadInput, match="recency needs dates"):
        train_cross_section(session, "recency")


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 6), st.integers(0, 9))
def test_every_fold_has_its_share_of_churned_customers(churned, n_folds, seed):
    folds = stratify_folds(np.array(churned), n_folds=n_folds, seed=seed)

    counts = [np.bincount(folds[np.array(churned) == side], minlength=n_folds) for side in (True, False)]
    assert all(np.ptp(count) <= 1 for count in counts)
    assert np.ptp(np.bincount(folds, minlength=n_folds)) <= 1


def test_release_health_and_causes_doubt_the_same_model_as_the_gate(session, training_result):
    alarm = Leak("charges", "a model that uses charges has an AUC of 0.999: was it written after the customer left?")
    version = training_result.challenger
    card = msgspec.structs.replace(version.card, leaks=(alarm,))

    with pytest.raises(GateRefused, match=r"leak detection doubts it: a model that uses charges .*exclude_features"):
        refuse_leaks(card)
    assert card.explain_refusal(is_forced=False) == card.doubt != ""
    assert card.caution is not None
    assert card.caution.values["features"] == "charges"
    assert has_translation(card.caution.message, JAPANESE)
    assert training_result.challenger.card.caution is None
