"""`kizuna train churn` for a cross-section data set: no times, so models are evaluated across customers.

leak alarm, until it finds nothing more -> 5 folds of customers, 4 times over -> the simplest of the best is fitted on
all -> registered as challenger; the base rate becomes champion where there is none.
"""

from __future__ import annotations

import numpy as np

from core.errors import BadInput
from core.model_card import Comparison, Metric, ModelCard
from models.churn.catalogue import CHURN_MODELS
from models.metrics.classification import compare
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from tables.cross_section import CrossSection
from training.churn.training import KIND, wanted_recipes
from training.churn.trials import Trials
from training.cross_section.rows import (
    N_FOLDS,
    N_REPEATS,
    CleanRows,
    cross_section_recipes,
    cross_validated,
    honest_rows,
)
from training.judging.choosing import choose
from training.run.cards import beats_all, verdict
from training.run.plots import churn_plots
from training.run.recipe import Recipe
from training.run.registering import Trained, ship
from training.run.session import Session
from training.run.tracking import git_state

BASELINE = "base_rate"


def train_cross_section(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, evaluate and register a churn model of a cross-section data set (compare `train_churn`)."""
    recipes = cross_section_recipes(wanted_recipes(session, only, changes or {}))
    if only is not None and only not in recipes:
        raise BadInput(
            f"{only} needs times, which a cross-section data set has none of; take one of {', '.join(recipes)}"
        )
    data = flat_data(session)
    with session.tracking.run(session.registry.name(KIND), only or "all models", session.continued_run) as run:
        with session.progress.during("leak alarm"):
            rows = honest_rows(data, session.config.seed)
        trials = cross_validated(recipes, rows, session.config.seed, session.progress)
        chosen = only or choose(trials.scores, trials.outcomes, seed=session.config.seed).model
        metrics = trials.metrics()
        everybody = np.ones(len(rows.outcomes), bool)

        def shipped(name: str, baseline: bool = False) -> tuple[ChurnModel, ModelPackage]:
            model = rows.fit(recipes[name], everybody)
            card = cross_section_card(session, data, rows, trials, metrics, recipes[name], baseline)
            return model, ModelPackage(card, model.to_artifact(), model.columns_)

        with session.progress.during(f"fitting {chosen} on every customer"):
            model, package = shipped(chosen)
        importance = model.importance(rows.features)
        run.log_parameters({"folds": f"{N_FOLDS} of customers, {N_REPEATS} times"})
        run.log_json(importance, "feature_importance.json")
        run.log_plots(churn_plots(trials.scores, trials.outcomes, chosen, importance))
        return ship(session, run, package, lambda: shipped(BASELINE, baseline=True)[1])


def flat_data(session: Session) -> CrossSection:
    """The session's flat data set. Raises BadInput where its tables have times."""
    if session.cross_section is None:
        raise BadInput(f"{session.config.name} has times; its churn models are trained on cutoffs")
    return session.cross_section


def cross_section_card(
    session: Session,
    data: CrossSection,
    rows: CleanRows,
    trials: Trials,
    metrics: tuple[Metric, ...],
    recipe: Recipe,
    baseline: bool,
) -> ModelCard:
    """The card of a model of a cross-section data set, fitted on every customer."""
    comparisons = trials.against(recipe.model, (BASELINE,))
    day = rows.outcomes.cutoffs[0].astype(object)
    return ModelCard(
        kind=KIND,
        data_set=session.config.name,
        model=recipe.model,
        created_at=session.now,
        cutoff=day,
        training_cutoffs=(day,),
        test_cutoff=None,
        horizon_days=rows.outcomes.horizon_days,
        cohort=data.cohort,
        label=rows.outcomes.definition,
        n_rows=len(rows.outcomes),
        n_customers=len(rows.outcomes),
        base_rate=float(rows.outcomes.churned.mean()),
        settings=recipe.settings,
        features=rows.features.digests,
        as_of_today=rows.features.names,
        metrics=metrics,
        comparisons=comparisons,
        verdict=verdict(
            recipe.model, comparisons, (BASELINE,), stands_in=baseline, where="on customers not learnt from"
        ),
        beats_baselines=beats_all(comparisons),
        is_baseline=baseline,
        excluded_features=rows.left_out,
        limits=limits_of(rows),
        data_digest=data.digest,
        git=git_state(),
    )


def limits_of(rows: CleanRows) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    found = f"Left out by the leak alarm: {', '.join(leak.feature for leak in rows.left_out)}."
    return (
        f"Nothing has a date: the figures are of {N_FOLDS} folds of customers, {N_REPEATS} times over, and say nothing "
        "of tomorrow. The same folds chose the model.",
        "Every column is known as of one day only, perhaps written after the customer left.",
        *([found] if rows.left_out else []),
        "Intervals are 90 % and resample customers.",
    )


def compare_cross_section_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes on the columns of the challenger, by the log loss on customers that neither learnt from."""
    data, asked = flat_data(session), Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else Recipe(BASELINE, CHURN_MODELS[BASELINE]().settings)
    rows = CleanRows(data.features.select(list(challenger.features)), data.outcomes, ())
    both = {"challenger": asked, "champion": opponent}
    trials = cross_validated(both, rows, session.config.seed, session.progress, n_repeats=1)
    against = f"the champion {opponent.model}" if champion else opponent.model
    return compare(
        asked.model, against, trials.scores["challenger"], trials.scores["champion"], trials.outcomes, "log_loss"
    )
