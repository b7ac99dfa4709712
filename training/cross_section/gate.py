"""The promotion gate without dates: recipes are compared on held-out customers, a refresh with the champion itself.

    change    both recipes, each on its own columns  ---fit, score--->  held-out customers of all
    refresh   the champion as it was registered      ---score-------->  customers that it was not fitted on
              the challenger's recipe                ---fit, score--->  the same customers, held out by folds

A recipe is as good as itself on the same rows, so a refresh can be judged only by customers that came later.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, GateRefused
from core.model_card import Comparison, ModelCard
from core.model_kinds import CHURN
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.metrics.classification import compare
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import CHAMPION
from tables.cross_section import CrossSection
from training.churn.trials import concatenate_scores
from training.cross_section.rows import MAX_ROWS, CleanRows, sample_rows, stratify_folds
from training.cross_section.trials import BASELINE, N_FOLDS, cross_validate
from training.judging.promotion import FORCE_HINT, is_refresh
from training.run.recipe import Recipe, default_recipe
from training.run.session import Session, run_parallel

MIN_NEW = 30
"Churned customers and retained ones that the champion has not seen, for a refresh to be judged by them."


def compare_cross_section_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare the log loss of both on held-out customers; of a refresh, on those that the champion has not seen.

    Raises GateRefused for a refresh without enough of them.
    """
    data = cross_section_of(session)
    if champion is not None and is_refresh(champion, challenger):
        return compare_with_champion(session, data, champion=champion, challenger=challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipe(CHURN_MODELS, BASELINE)
    recipes = {"challenger": (Recipe.of_card(challenger), challenger), "champion": (opponent, champion or challenger)}
    seed, progress = session.config.seed, session.progress
    trials = {
        side: cross_validate({side: recipe}, rows_of(data, card), seed=seed, progress=progress, n_repeats=1)
        for side, (recipe, card) in recipes.items()
    }
    return compare(
        challenger.model,
        f"the champion {opponent.model}" if champion else opponent.model,
        scores=trials["challenger"].scores["challenger"],
        scores_against=trials["champion"].scores["champion"],
        outcomes=trials["challenger"].outcomes,
        metric="log_loss",
    )


def cross_section_of(session: Session) -> CrossSection:
    """The session's cross-section. Raises BadInput where its tables have dates."""
    if session.cross_section is None:
        raise BadInput(f"{session.config.name} has dates; its churn models are trained on cutoffs")
    return session.cross_section


def rows_of(data: CrossSection, card: ModelCard) -> CleanRows:
    """Every customer, with the columns of a model that the files still have."""
    names = [name for name in data.features.names if name in card.features]
    return CleanRows(data.features.select(names), data.outcomes)


def compare_with_champion(
    session: Session, data: CrossSection, *, champion: ModelCard, challenger: ModelCard
) -> Comparison:
    """Compare the challenger's recipe with the registered champion on customers that the champion has not seen."""
    package = session.registry.package(session.registry.find(CHURN.name, champion.version or CHAMPION))
    is_new = find_new_customers(data.customer_ids, package)
    refuse_too_few_new(data.outcomes.churned[is_new], champion)
    is_used = is_new | sample_rows(data.outcomes.churned, limit=MAX_ROWS, seed=session.config.seed)
    rows, is_new = rows_of(data, challenger).take(is_used), is_new[is_used]
    model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)
    scores = score_held_out(Recipe.of_card(challenger), rows, is_scored=is_new, session=session)
    order = np.argsort(scores.customer_ids, kind="stable")
    scores = replace(scores, customer_ids=scores.customer_ids[order], value=scores.value[order])
    return compare(
        challenger.model,
        f"the champion {champion.model} on {int(is_new.sum()):,} customers that it has not seen",
        scores=scores,
        scores_against=model.score(rows.features.take(is_new), rows.outcomes.horizon_days),
        outcomes=rows.outcomes.take(is_new),
        metric="log_loss",
    )


def find_new_customers(customer_ids: NDArray[np.str_], package: ModelPackage) -> NDArray[np.bool_]:
    """Which customers a model was not fitted on, (n,); none where that is not known."""
    if package.customers is None:
        return np.zeros(len(customer_ids), bool)
    return ~np.isin(hash_customers(customer_ids), package.customers)


def hash_customers(customer_ids: NDArray[np.str_]) -> NDArray[np.uint64]:
    """A 64-bit digest of each id, (n,): a model stores whom it was fitted on without their ids."""
    digests = b"".join(hashlib.blake2b(one.encode(), digest_size=8).digest() for one in customer_ids.tolist())
    return np.frombuffer(digests, np.uint64)


def refuse_too_few_new(churned: NDArray[np.bool_], champion: ModelCard) -> None:
    """Raise GateRefused where too few customers are new to the champion."""
    n_churned, n_stayed = int(churned.sum()), int((~churned).sum())
    if min(n_churned, n_stayed) < MIN_NEW:
        raise GateRefused(
            f"the challenger is the champion's recipe again, and {len(churned):,} customers are new since version "
            f"{champion.version} was trained ({n_churned:,} churned, {n_stayed:,} stayed): at least {MIN_NEW} of each "
            f"are needed to compare the two; add newer customers, {FORCE_HINT}"
        )


def score_held_out(recipe: Recipe, rows: CleanRows, *, is_scored: NDArray[np.bool_], session: Session) -> Scores:
    """Score some of the customers by models that were fitted without them, but with all others."""
    folds = np.full(len(rows), -1)
    folds[is_scored] = stratify_folds(rows.outcomes.churned[is_scored], n_folds=N_FOLDS, seed=session.config.seed)
    quick = recipe.with_settings({"n_resamples": 0})

    def score_fold(fold: int) -> Scores:
        held = folds == fold
        return rows.fit(quick, ~held).score(rows.features.take(held), rows.outcomes.horizon_days)

    parts = run_parallel(score_fold, range(N_FOLDS), progress=session.progress, label="newer customers")
    return concatenate_scores(parts)
