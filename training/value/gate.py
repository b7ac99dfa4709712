"""The comparison that the promotion gate makes of a value challenger with the champion.

A refresh is the same recipe on newer data. Where the champion was fitted before the newest window, it is compared as it
was fitted; otherwise both recipes are the same model on the same rows, and the refresh passes.
"""

from __future__ import annotations

from core.customer_value import ValueForecast
from core.model_card import Comparison, ModelCard
from core.model_kinds import VALUE
from models.metrics.value import compare_forecasts
from models.mlflow_store.registry import CHAMPION
from models.value.value_model import VALUE_MODELS
from training.judging.promotion import is_refresh
from training.judging.screening import collect_exclusions
from training.run.recipe import Recipe, default_recipe
from training.run.session import Session
from training.value.rows import ValueRows, load_value_rows
from training.value.study import BASELINE


def compare_value_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare a challenger with the champion, or with the last year where there is none, on the newest window."""
    recipe = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipe(VALUE_MODELS, BASELINE)
    with session.progress.during("features and orders"):
        rows = load_value_rows(session.tables, collect_exclusions(session.config, challenger, champion))
    test = rows.cutoffs.test
    with session.progress.during("both recipes"):
        forecast = rows.fit_and_forecast(recipe, test)
        against = (
            load_and_forecast(session, rows)
            if champion is not None and is_refresh(champion, challenger) and _is_unseen(champion, rows)
            else rows.fit_and_forecast(opponent, test)
        )
    return compare_forecasts(
        recipe.model,
        f"the champion {opponent.model}" if champion else opponent.model,
        forecast=forecast,
        forecast_against=against,
        outcomes=rows.outcomes(test, rows.cutoffs.horizon_days),
        seed=session.config.seed,
    )


def load_and_forecast(session: Session, rows: ValueRows) -> ValueForecast:
    """The test window by the champion as it was fitted."""
    artifact = session.registry.artifact(session.registry.find(VALUE.name, CHAMPION))
    return rows.forecast(VALUE_MODELS[artifact.model].from_artifact(artifact), rows.cutoffs.test)


def _is_unseen(champion: ModelCard, rows: ValueRows) -> bool:
    """Whether the champion was fitted before the test window began."""
    return champion.known_until is not None and champion.known_until <= rows.cutoffs.test
