"""Train hazard models: the steps of `kizuna train hazard`, in order.

    features and lifetimes -> validation chooses a model -> one test on a later period -> leak detection
    -> final fit on everything known by now -> challenger in the registry

Kaplan-Meier, which uses no feature, becomes champion where there is none. Plots show predicted curves against
Kaplan-Meier and Aalen-Johansen, and reliability.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core.labels import Labels
from core.model_kinds import HAZARD
from core.risk_curves import RiskCurves
from core.survival import CENSORED, TimeToEvent
from core.window import DAYS_PER_HORIZON_MONTH
from models.hazard.hazard import Hazard
from models.metrics.churn.data import calibration_bins
from models.metrics.survival import N_BINS, CensoredTimes, months_within
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from training.hazard.gate import compare_hazard_recipes
from training.hazard.study import (
    BASELINE,
    HazardStudy,
    evaluate,
    hazard_settings,
    select_recipes,
)
from training.judging.screening import doubt_model
from training.run.cards import INTERVALS, build_card, feature_facts, outcome_facts
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import empty_plot, importance_plot
from training.run.session import Session
from training.run.tracking import TrackedRun

MAX_EXPLAINED_ROWS = 300
"Rows whose contributions give the importance of features."


def train_hazard(session: Session, model: str | None = None, *, settings: Settings | None = None) -> TrainingResult:
    """Train, evaluate and register a hazard model.

    `model` is registered instead of the one that validation chooses; `settings` are other settings for it. Raises
    NotEnoughHistory, UnknownName for an unknown model or setting, and the errors of reading the tables.
    """
    recipes = select_recipes(session, model, settings=settings or {})
    with track_training(session, HAZARD) as run:
        study = evaluate(session, recipes, model=model)
        with session.progress.during(f"fitting {study.chosen} on everything known by now"):
            fitted, package = fit_final(session, study, name=study.chosen)
        log_study(run, study, model=fitted)
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(session, study, name=BASELINE, is_first_champion=True)[1],
        )


def fit_final(
    session: Session, study: HazardStudy, *, name: str, is_first_champion: bool = False
) -> tuple[Hazard, ModelPackage]:
    """Fit one of the recipes on everything known by now; returns the model and what is registered of it."""
    rows, cutoffs = study.rows, study.rows.cutoffs
    model = rows.fit_on_all(study.recipes[name])
    card = build_card(
        session,
        HAZARD,
        evaluation=study.evaluation(name, is_first_champion=is_first_champion),
        cutoff=max(cutoffs.refit),
        training_cutoffs=cutoffs.refit,
        test_cutoff=cutoffs.test,
        horizon_days=cutoffs.horizon_days,
        cohort=rows.cohort,
        base_rate=float(study.outcomes.churned.mean()),
        leaks=doubt_model(study.metrics, name, columns=model.columns_, allowed=session.config.allow_features),
        excluded_features=study.screening.excluded,
        limits=limits(session, study, model=model),
        known_until=cutoffs.known_until,
        data_digest=session.tables.digest,
        **outcome_facts(rows.outcomes),
        **feature_facts(model.columns_),
    )
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def limits(session: Session, study: HazardStudy, *, model: Hazard) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    cutoffs, wanted_months = study.rows.cutoffs, hazard_settings(session).horizon_months
    shorter = f"The history allows a test over {cutoffs.horizon_days} days, not the configured {wanted_months} months."
    causes = f"Causes: {', '.join(model.causes_)}, fitted on customers who stated one." if model.causes_ else (
        "No causes: too few churned customers stated one."
    )  # fmt: skip
    return (
        f"The metrics are the recipe's: it was fitted on what was known before {cutoffs.known_by_test} of cutoffs up "
        f"to {max(cutoffs.train)} and tested once at {cutoffs.test}. The registered model is the same recipe, fitted "
        "again on everything known by now.",
        *([shorter] if cutoffs.horizon_days + model.period_days <= wanted_months * DAYS_PER_HORIZON_MONTH else []),
        causes,
        *study.screening.notes,
        f"A month is 30 days in these metrics. Validation: {study.validation}.",
        INTERVALS,
    )


def log_study(run: TrackedRun, study: HazardStudy, *, model: Hazard) -> None:
    """Log the cutoffs, the importance of each feature in log-odds, and the plots."""
    cutoffs = study.rows.cutoffs
    run.log_json({"train": cutoffs.train, "test": cutoffs.test, "later": cutoffs.later}, "cutoffs.json")
    importance = model.importance(study.rows.features.take(np.flatnonzero(study.rows.test)[:MAX_EXPLAINED_ROWS]))
    run.log_json(importance, "feature_importance.json")
    run.log_plots(hazard_plots(study.test, study.outcomes, registered=study.chosen, importance=importance))


def hazard_plots(
    curves: Mapping[str, RiskCurves], outcomes: Labels, *, registered: str, importance: Mapping[str, float]
) -> dict[str, Figure]:
    """Mean curves and causes against their references, reliability by month, and feature importance."""
    plots = {
        "churn_curve": _mean_curves(curves, outcomes),
        "reliability": _reliability(curves[registered], outcomes),
    }
    if curves[registered].causes:
        plots["causes"] = _causes(curves[registered], outcomes)
    if importance:
        plots["feature_importance"] = importance_plot(importance)
    return plots


def kaplan_meier(outcomes: Labels, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Kaplan-Meier estimate of P(churn) by each day, (days,)."""
    times = CensoredTimes.of(outcomes)
    return 1.0 - TimeToEvent.of_one_cause(times.days, times.is_event).kaplan_meier().at(days.astype(np.float64))[0]


def aalen_johansen(outcomes: Labels, *, cause: str, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Aalen-Johansen estimate of P(churn for this cause) by each day, (days,)."""
    times = CensoredTimes.of(outcomes)
    causes = np.where(times.is_event, np.where(outcomes.cause == cause, 0, 1), CENSORED)
    return TimeToEvent(times.days, causes).aalen_johansen(2).at(days.astype(np.float64))[0, 0]


def _mean_curves(curves: Mapping[str, RiskCurves], outcomes: Labels) -> Figure:
    figure, axes = empty_plot("days after the cutoff", "share that churned")
    for model, of_model in curves.items():
        risk = np.append(0, of_model.risk.mean(axis=0))
        axes.plot(np.append(0, of_model.days), risk, marker="o", markersize=3, label=model)
    days = np.arange(next(iter(curves.values())).horizon_days + 1)
    axes.step(days, kaplan_meier(outcomes, days), color="black", label="observed (Kaplan-Meier)")
    axes.legend()
    return figure


def _causes(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty_plot("days after the cutoff", "share that churned, by cause")
    days = np.arange(curves.horizon_days + 1)
    for place, cause in enumerate(curves.causes):
        colour = f"C{place}"
        risk = np.append(0, curves.by_cause[:, :, place].mean(axis=0))
        axes.plot(np.append(0, curves.days), risk, marker="o", markersize=3, color=colour, label=cause)
        axes.step(days, aalen_johansen(outcomes, cause=cause, days=days), color=colour, linestyle=":")
    axes.plot([], [], color="grey", linestyle=":", label="observed (Aalen-Johansen)")
    axes.legend()
    return figure


def _reliability(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty_plot("P(churn)", "share that churned (Kaplan-Meier)")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    for months in months_within(curves.horizon_days):
        days = months * DAYS_PER_HORIZON_MONTH
        risk = curves.at(days)
        bins = calibration_bins(risk, N_BINS)
        members = [bins == each for each in np.unique(bins)]
        observed = [kaplan_meier(outcomes.take(rows), np.array([days]))[0] for rows in members]
        axes.plot([risk[rows].mean() for rows in members], observed, marker="o", label=f"{months} months")
    axes.legend()
    return figure


PIPELINE = TrainingPipeline(
    kind=HAZARD,
    train=lambda session, options: train_hazard(session, options.model, settings=options.settings),
    compare=compare_hazard_recipes,
)
