"""The comparison that the promotion gate makes of a hazard challenger with the champion.

    |====== what the champion was fitted on ======)|--- days that it has not seen ---|
                                                   ^ both predict the customers of this day, or of a later one

A refresh is the same recipe on newer data. Both recipes fitted anew on the same rows would be the same model, so the
champion is compared as it was fitted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from core.model_card import Comparison, ModelCard
from core.model_kinds import HAZARD
from core.risk_curves import RiskCurves
from features.labels.labelling import confirmation_delay, label_watermark, record_start
from models.hazard.hazard import HAZARD_MODELS
from models.metrics.survival import compare_curves
from models.mlflow_store.registry import CHAMPION
from training.hazard.rows import HazardRows, SurvivalCutoffs, cutoffs_before, horizons, load_hazard_rows, rows_at
from training.hazard.study import BASELINE, hazard_settings
from training.judging.promotion import at_newest_window, is_refresh
from training.judging.screening import collect_exclusions
from training.run.pipeline import Uncompared
from training.run.recipe import Recipe, default_recipe
from training.run.session import Session, run_parallel


def compare_hazard_recipes(
    session: Session, *, champion: ModelCard | None, challenger: ModelCard
) -> Comparison | Uncompared:
    """Compare a challenger with the champion, or with Kaplan-Meier where there is none.

    Other settings or features: both recipes are fitted anew and compared at the newest window with outcomes. A refresh:
    see `compare_refresh`.
    """
    if champion is not None and is_refresh(champion, challenger):
        return compare_refresh(session, champion=champion, challenger=challenger)
    recipe = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipe(HAZARD_MODELS, BASELINE)
    with session.progress.during("features and lifetimes"):
        tables = at_newest_window(session.tables)
        rows = load_hazard_rows(tables, hazard_settings(session), kept_rows=session.kept_rows)
        rows = rows.without(collect_exclusions(session.config, challenger, champion))
    curves, opponent_curves = run_parallel(
        lambda one: rows.fit_and_predict(one, train=rows.train, test=rows.test),
        [recipe, opponent],
        progress=session.progress,
        label="both recipes",
    )
    return compare_curves(
        recipe.model,
        f"the champion {opponent.model}" if champion else opponent.model,
        curves=curves,
        curves_against=opponent_curves,
        outcomes=rows.outcomes.take(rows.test),
    )


def compare_refresh(session: Session, *, champion: ModelCard, challenger: ModelCard) -> Comparison | Uncompared:
    """Compare a refresh with the champion as it was fitted, on days that the champion has not seen.

    The comparison reaches over the longest horizon that these days allow. The challenger knows the days, so its recipe
    is fitted on what was known before them; one that was fitted earlier is compared as it was fitted, too.
    """
    unseen_from = find_first_unseen_day(champion)
    cutoffs = choose_refresh_cutoffs(
        session, unseen_from, horizon_days=min(horizon_of(champion), horizon_of(challenger))
    )
    if cutoffs is None:
        return Uncompared(
            f"a refresh of {champion.model} that was compared with nothing: the champion knows what happened before "
            f"{unseen_from}, and less than a month has been observed since; its own test compares it with its baselines"
        )
    with session.progress.during("features and lifetimes"):
        rows = rows_at(session.tables, cutoffs)
    with session.progress.during("the champion and the challenger's recipe"):
        of_champion = load_and_predict(session, rows, version=CHAMPION)
        if find_first_unseen_day(challenger) <= cutoffs.test and challenger.version is not None:
            of_challenger = load_and_predict(session, rows, version=challenger.version)
        else:
            kept = rows.without(collect_exclusions(session.config, challenger, champion))
            of_challenger = kept.fit_and_predict(Recipe.of_card(challenger), train=kept.train, test=kept.test)
    outcomes = rows.outcomes.take(rows.test)
    return compare_curves(
        challenger.model,
        f"the champion as it was fitted, over {outcomes.days_observed.max()} days from {cutoffs.test} that it has not "
        "seen",
        curves=of_challenger,
        curves_against=of_champion,
        outcomes=outcomes,
    )


def find_first_unseen_day(card: ModelCard) -> date:
    """The first day whose ends the model does not know; the day of its training where the card does not state it."""
    return card.known_until or card.created_at.date()


def horizon_of(card: ModelCard) -> int:
    """How far ahead the model predicts, in days."""
    return card.horizon_days or 0


def choose_refresh_cutoffs(session: Session, unseen_from: date, *, horizon_days: int) -> SurvivalCutoffs | None:
    """The cutoffs of a test over the longest horizon that begins after a day; None where not even a month does.

    Fits reach as far ahead as the models do, whatever the test allows.
    """
    tables, settings = session.tables, hazard_settings(session)
    until, gap = label_watermark(tables), timedelta(days=session.config.churn.gap_days)
    for horizon in horizons(horizon_days, period_days=settings.period_days):
        test = until - gap - timedelta(days=horizon)
        if test >= unseen_from:
            cutoffs = cutoffs_before(
                test,
                settings,
                earliest=record_start(tables) + timedelta(days=session.config.active_days),
                gap=gap,
                horizon_days=horizon_days,
                known_by_test=test - confirmation_delay(tables),
                known_until=until,
            )
            return replace(cutoffs, later=())
    return None


def load_and_predict(session: Session, rows: HazardRows, *, version: int | str) -> RiskCurves:
    """The curves of the test customers by a registered version, as it was fitted."""
    artifact = session.registry.artifact(session.registry.find(HAZARD.name, version))
    return HAZARD_MODELS[artifact.model].from_artifact(artifact).curves(rows.features.take(rows.test))
