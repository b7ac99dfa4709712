"""The comparison that the promotion gate makes of a churn challenger with the champion."""

from __future__ import annotations

from core.model_card import Comparison, ModelCard
from models.churn.additive import CHURN_MODELS
from models.metrics.classification import compare
from models.mlflow_store.registry import CHAMPION
from models.protocols import ChurnModel
from training.churn.rows import ChurnRows, load_churn_rows
from training.churn.trials import Trials, default_recipes, score_windows
from training.judging.promotion import at_newest_window, is_refresh
from training.judging.screening import collect_exclusions
from training.run.recipe import Recipe
from training.run.session import Session

CHALLENGER, OPPONENT = "challenger", "opponent"


def compare_churn_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare a challenger with the champion, or with `recency` where there is none.

    Other settings or features: both recipes are fitted anew at every origin and compared over all later windows, the
    newest mature one included. A refresh: see `score_refresh`.
    """
    recipe = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipes(session.config)["recency"]
    with session.progress.during("features and labels"):
        extra_cutoffs = {*challenger.training_cutoffs, *(champion.training_cutoffs if champion else ())}
        rows = load_churn_rows(at_newest_window(session.tables), extra_cutoffs, kept_rows=session.kept_rows)
    kept = rows.without(collect_exclusions(session.config, challenger, champion))
    if champion is not None and is_refresh(champion, challenger):
        windows = score_refresh(session, rows, kept=kept, champion=champion, challenger=challenger)
    else:
        windows = score_windows({CHALLENGER: recipe, OPPONENT: opponent}, kept, progress=session.progress)
    return compare(
        recipe.model,
        f"the champion {opponent.model}" if champion else opponent.model,
        scores=windows.scores[CHALLENGER],
        scores_against=windows.scores[OPPONENT],
        outcomes=windows.outcomes,
        metric="log_loss",
    )


def score_refresh(
    session: Session, rows: ChurnRows, *, kept: ChurnRows, champion: ModelCard, challenger: ModelCard
) -> Trials:
    """Score the newest mature window by the challenger's recipe and by the champion.

    A champion that was fitted before that window is scored as it was fitted, from all features in `rows`. One that was
    fitted on the window too knows its outcomes, so its recipe is fitted on its own cutoffs, without the features that
    `kept` leaves out, as the challenger's is.
    """
    test = kept.test_rows
    if kept.folds.test > champion.cutoff:
        with session.progress.during("the challenger's recipe"):
            scores = kept.fit_and_score(Recipe.of_card(challenger), kept.select_fit_rows(kept.folds.test), test=test)
        both = {CHALLENGER: scores, OPPONENT: rows.score(load_champion(session, challenger.kind), test)}
    else:
        steps = session.progress.over([(CHALLENGER, challenger), (OPPONENT, champion)], "both recipes")
        both = {
            name: kept.fit_and_score(
                Recipe.of_card(card), kept.select_fit_rows(kept.folds.test, card.training_cutoffs), test=test
            )
            for name, card in steps
        }
    return Trials(both, kept.outcomes.take(test), "test")


def load_champion(session: Session, kind: str) -> ChurnModel:
    """Load the champion of this kind as it was fitted. Raises NotFound where there is none."""
    artifact = session.registry.artifact(session.registry.find(kind, CHAMPION))
    return CHURN_MODELS[artifact.model].from_artifact(artifact)
