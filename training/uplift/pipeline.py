"""Train uplift models: the steps of `kizuna train uplift`, in order.

    contacts, outcomes and features -> is it evidence? -> for each treatment: choose the rule for targeting and its
    learner, test them out of sample -> choose and fit on all contacts -> challenger in the registry

The average effect, which does not tell customers apart, becomes champion where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.experiments import RandomisedRows
from core.model_card import CROSS_VALIDATION
from core.model_kinds import UPLIFT
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from models.uplift.learner import LEARNERS, TreatmentRows, UpliftLearner
from models.uplift.uplift_model import BY_TREATMENT, UpliftModel
from training.run.cards import INTERVALS, Evaluation, build_card, feature_facts
from training.run.pipeline import (
    TrainingOptions,
    TrainingPipeline,
    TrainingResult,
    register,
    track_training,
)
from training.run.recipe import Recipe, change_settings, default_recipe
from training.run.session import Session
from training.run.tracking import TrackedRun
from training.uplift.evaluation import UpliftStudy
from training.uplift.gate import compare_uplift_recipes
from training.uplift.plots import uplift_plots
from training.uplift.rows import UpliftRows, load_uplift_rows
from training.uplift.study import BASELINE, CHOSEN, TreatmentStudy, describe_together, study_treatments

LIMITS = (
    "Effects are learned from customers who were treated or not by chance. They hold for customers like them and for "
    "the same contacts.",
    "Qini is a share of the perfect ranking's (Radcliffe 2007), which no model can reach: a ranking at random has 0. "
    "AUUC is in outcomes per customer.",
    INTERVALS,
)


def train_uplift(session: Session, model: str | None = None, *, settings: Settings | None = None) -> TrainingResult:
    """Train, evaluate and register an uplift model.

    `model` is the learner of every treatment instead of the one that is chosen; `settings` are other settings for it.
    Raises NotEnoughHistory where no contacts are evidence of an effect, UnknownName for an unknown learner or setting,
    and the errors of reading the tables.
    """
    learner = build_learner(model, settings or {}, seed=session.config.seed)
    with track_training(session, UPLIFT) as run:
        with session.progress.during("contacts, outcomes and features"):
            rows = load_uplift_rows(session.tables).without(session.config.exclude_features)
        studies = study_treatments(rows, learner=learner, config=session.config, progress=session.progress)
        learners = {name: learner_of(one, learner, seed=session.config.seed) for name, one in studies.items()}
        study = UpliftStudy(rows=rows, treatments=studies, name=name_of(learners))
        with session.progress.during("fitting on all contacts"):
            package = fit_final(session, study, learners=learners, changed=settings or {})
        log_study(run, study)
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(
                session, study, learners={name: LEARNERS[BASELINE]() for name in learners}, is_first_champion=True
            ),
            notes=(*rows.notes, *rows.left_out, *rule_sentences(study)),
        )


def build_learner(model: str | None, settings: Settings, *, seed: int) -> UpliftLearner | None:
    """The learner that the user asks for; None where it is to be chosen."""
    if model is None:
        return None
    recipe = default_recipe(LEARNERS, model).with_settings({"seed": seed})
    return change_settings(recipe, settings, catalogue=LEARNERS, fit=fit_few_rows).build(LEARNERS)


def learner_of(study: TreatmentStudy, learner: UpliftLearner | None, *, seed: int) -> UpliftLearner:
    """The learner that was chosen for a treatment and confirmed by its test, or the one that the user named."""
    if study.choice is None or not study.has_rule:
        return learner or LEARNERS[BASELINE](seed=seed)
    return LEARNERS[study.choice.chosen.learner](seed=seed)


def name_of(learners: Mapping[str, UpliftLearner]) -> str:
    """The name of the learner, if all treatments have the same."""
    names = {learner.name for learner in learners.values()}
    return names.pop() if len(names) == 1 else BY_TREATMENT


def fit_final(
    session: Session,
    study: UpliftStudy,
    *,
    learners: Mapping[str, UpliftLearner],
    changed: Settings | None = None,
    is_first_champion: bool = False,
) -> ModelPackage:
    """Fit a learner of each treatment on all of its contacts; returns what is registered."""
    rows = study.rows
    model = UpliftModel.fit(learners, rows.data)
    is_dated = all(one.first_day is not None for one in study.treatments.values())
    split = "test" if is_dated else CROSS_VALIDATION
    evaluation = Evaluation(
        recipe=Recipe(name_of(learners), recipe_settings(learners, changed or {})),
        baselines=(BASELINE,),
        metrics=study.metrics(split),
        comparisons=() if model.name == BASELINE else (study.compare(CHOSEN, BASELINE),),
        measured="in later campaigns" if is_dated else "on held-out customers",
        is_first_champion=is_first_champion,
    )
    cutoffs = tuple(day.item() for day in rows.cutoffs)
    first_days = [one.first_day for one in study.treatments.values() if one.first_day is not None]
    card = build_card(
        session,
        UPLIFT,
        evaluation=evaluation,
        cutoff=max(cutoffs),
        training_cutoffs=cutoffs,
        test_cutoff=min(first_days).item() if is_dated else None,
        horizon_days=rows.outcome.horizon_days,
        cohort="customers of contacts with a control group",
        label=f"what a contact changes in: {rows.outcome.definition}",
        n_rows=rows.n_rows,
        n_customers=len(np.unique(rows.customer_ids)),
        base_rate=None,
        limits=(
            *rule_sentences(study),
            *rows.notes,
            *rows.left_out,
            *average_sentences(model),
            *harm_sentences(model, rows),
            *LIMITS,
        ),
        data_digest=session.tables.digest,
        **feature_facts(model.columns),
    )
    return ModelPackage(card, model.to_artifact(), model.columns)


def recipe_settings(learners: Mapping[str, UpliftLearner], changed: Settings) -> Settings:
    """The learner of each treatment and the settings that the user changed, from which the gate fits them again."""
    return {**{f"learner.{name}": learner.name for name, learner in learners.items()}, **changed}


def rule_sentences(study: UpliftStudy) -> tuple[str, ...]:
    """How many rules are confirmed together; the rule of each treatment and why it was chosen. One sentence each."""
    together = describe_together(study.treatments)
    each = (f"{treatment}: {one.sentence}." for treatment, one in study.treatments.items())
    return (*([together] if together else []), *each)


def average_sentences(model: UpliftModel) -> tuple[str, ...]:
    """Which of the treatments with their average effect are not shown to have one, in one sentence."""
    if not model.unshown:
        return ()
    return (
        f"No evidence that these average effects are above 0, with all {len(model.averages)} tested together: "
        f"{', '.join(model.unshown)}. Decisions count none of them as above 0.",
    )


def harm_sentences(model: UpliftModel, rows: UpliftRows) -> tuple[str, ...]:
    """How many of the contacted customers should never get a treatment, one sentence for each that harms some."""
    sentences: list[str] = []
    for treatment, data in rows.data.items():
        effects = model.effects(data.features)
        never = effects.never_send[:, effects.treatments.index(treatment)]
        if never.any():
            sentences.append(
                f"{treatment}: never send it to {never.mean():.1%} of the customers: the upper bound of its effect on "
                "them is below 0."
            )
    return tuple(sentences)


def log_study(run: TrackedRun, study: UpliftStudy) -> None:
    """Log what each rule gains, and the plots."""
    gains = {
        treatment: [
            {"rule": trial.rule, "learner": trial.learner, "gain": trial.gain, "over_simpler": trial.over_simpler}
            for trial in (one.choice.trials if one.choice else ())
        ]
        for treatment, one in study.treatments.items()
    }
    run.log_json(gains, "rules.json")
    run.log_plots(uplift_plots(study.treatments))


def fit_few_rows(learner: UpliftLearner) -> UpliftLearner:
    """Fit a learner on some made-up customers, which shows within a second whether its settings can be used."""
    n = 200
    random = np.random.default_rng(0)
    rows = RandomisedRows(
        customer_ids=np.array([f"c{row:03d}" for row in range(n)]),
        treated=np.arange(n) % 2 == 0,
        outcomes=(random.random(n) < 0.5).astype(np.float64),
        propensities=np.full(n, 0.5),
    )
    return learner.fit(TreatmentRows(np.empty((n, 0)), (), rows, np.ones(n)))


def train(session: Session, options: TrainingOptions) -> TrainingResult:
    """Train with the options of the command."""
    return train_uplift(session, options.model, settings=options.settings)


PIPELINE = TrainingPipeline(kind=UPLIFT, train=train, compare=compare_uplift_recipes)
