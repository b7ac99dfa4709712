"""A refresh of a hazard model is compared with the champion on days that the champion has not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.config.training import ChurnDefinition, HazardSettings
from core.model_card import Comparison, ModelCard
from models.hazard.hazard import Hazard
from tests.training.conftest import session_of
from tests.training.hazard.test_pipeline import spans
from tests.worlds import config
from training.hazard.gate import choose_refresh_cutoffs, compare_hazard_recipes
from training.hazard.pipeline import train_hazard
from training.judging.promotion import champion_of, promote
from training.run.session import Session

GRACE = timedelta(days=10)
FIRST_WATERMARK = date(2023, 7, 1)


def company(folder: Path, watermark: date) -> Session:
    """A session on two plans with known hazards, recorded until the watermark."""
    settings = config(
        name="company",
        churn=ChurnDefinition(definition="subscription_ended", grace_days=GRACE.days),
        active_days=30,
        hazard=HazardSettings(models=("logistic_hazard",), horizon_months=6, max_cutoffs=2),
        var=str(folder / "var"),
        watermark=watermark,
    )
    return session_of(settings, {}, {"subscriptions": spans(600, 1, {"basic": 0.10, "pro": 0.01})})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a logistic hazard of the first watermark is champion."""
    folder = tmp_path_factory.mktemp("company")
    session = company(folder, FIRST_WATERMARK)
    train_hazard(session)
    promote(session, "hazard", force_reason="the first one")
    return folder


def compare(session: Session, champion: ModelCard, challenger: ModelCard) -> Comparison:
    """The comparison of a refresh for which enough days are new."""
    comparison = compare_hazard_recipes(session, champion=champion, challenger=challenger)
    assert isinstance(comparison, Comparison)
    return comparison


def test_a_card_says_until_when_outcomes_were_known(folder: Path):
    champion = champion_of(company(folder, FIRST_WATERMARK), "hazard")

    assert champion is not None
    assert champion.card.known_until == FIRST_WATERMARK - GRACE


@pytest.mark.parametrize(("days", "horizon_days"), [(29, None), (30, 30), (89, 30), (120, 90), (400, 180)])
def test_a_refresh_is_compared_over_the_longest_horizon_after_the_champions_data(
    folder: Path, days: int, horizon_days: int | None
):
    session, seen = company(folder, FIRST_WATERMARK + timedelta(days=days)), FIRST_WATERMARK - GRACE
    cutoffs = choose_refresh_cutoffs(session, seen, horizon_days=180)

    if horizon_days is None:
        assert cutoffs is None
    else:
        assert cutoffs is not None
        assert cutoffs.test >= seen
        assert (cutoffs.known_until - cutoffs.test).days == horizon_days
        assert max(cutoffs.refit) == cutoffs.test


def test_a_refresh_with_nothing_new_passes_and_the_ledger_says_that_nothing_was_compared(folder: Path):
    session = company(folder, FIRST_WATERMARK + timedelta(days=1))
    train_hazard(session)
    champion = champion_of(session, "hazard")

    moved = promote(session, "hazard")

    assert champion is not None
    assert moved.why.startswith("a refresh of logistic_hazard that was compared with nothing: the champion knows what")
    assert session.ledger.entries()[-1].why == moved.why


def test_a_champion_that_was_spoiled_after_its_fit_loses_to_the_refresh(folder: Path, monkeypatch: pytest.MonkeyPatch):
    session = company(folder, FIRST_WATERMARK + timedelta(days=100))
    challenger = train_hazard(session).challenger
    champion = champion_of(session, "hazard")
    assert champion is not None
    healthy = compare(session, champion.card, challenger.card)
    load = Hazard.from_artifact.__func__

    def load_spoiled(cls, artifact):
        model = load(cls, artifact)
        model.period_model_.platt_ = replace(model.period_model_.platt_, slope=-1.0)
        return model

    monkeypatch.setattr(Hazard, "from_artifact", classmethod(load_spoiled))
    spoiled = compare(session, champion.card, challenger.card)

    assert healthy.against.startswith("the champion as it was fitted, over 90 days from 2023-07-01")
    assert abs(healthy.difference.value) < 0.002
    assert spoiled.difference.low > 0.01


def test_a_version_that_was_fitted_before_the_new_days_is_compared_as_it_was_fitted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    session = company(folder, FIRST_WATERMARK + timedelta(days=200))
    champion = champion_of(session, "hazard")
    assert champion is not None
    earlier = msgspec.structs.replace(champion.card, known_until=FIRST_WATERMARK - timedelta(days=100))

    def refuse_fit(*_: object) -> None:
        raise AssertionError("fitted anew")

    monkeypatch.setattr(Hazard, "fit", refuse_fit)

    assert np.isclose(compare(session, champion.card, earlier).difference.value, 0.0)
