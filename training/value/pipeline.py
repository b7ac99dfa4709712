"""Train models of customer lifetime value: the steps of `kizuna train value`, in order.

    features and orders -> models as of earlier days, which choose one -> one test on a later window
    -> final fit on everything known by now -> challenger in the registry

The last year's spend becomes champion where there is none.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from core.model_kinds import VALUE
from models.metrics.value import N_DECILES, decile_of
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from training.run.cards import INTERVALS, build_card, feature_facts
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import empty_plot
from training.run.session import Session
from training.run.tracking import TrackedRun
from training.value.gate import compare_value_recipes
from training.value.study import (
    BASELINE,
    ValueStudy,
    evaluate_value,
    fit_final_value,
    select_value_recipes,
)

RECIPE_FIGURES = (
    "The metrics are the recipe's: it was fitted on what was known before {test} and tested once on the {days} days "
    "after it. The registered model is the same recipe, fitted again on everything known before {until}."
)


def train_value(session: Session, model: str | None = None, *, settings: Settings | None = None) -> TrainingResult:
    """Train, evaluate and register a value model.

    `model` is registered instead of the one that validation chooses; `settings` are other settings for it. Raises
    NotEnoughHistory, UnknownName for an unknown model or setting, and the errors of reading the tables.
    """
    recipes = select_value_recipes(session, model, settings=settings or {})
    with track_training(session, VALUE) as run:
        study = evaluate_value(session, recipes, model=model)
        with session.progress.during(f"fitting {study.chosen} on everything known by now"):
            package = package_final(session, study, name=study.chosen)
        log_value_study(run, study)
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: package_final(session, study, name=BASELINE, is_first_champion=True),
            notes=describe_unfitted(study),
        )


def package_final(session: Session, study: ValueStudy, *, name: str, is_first_champion: bool = False) -> ModelPackage:
    """Fit one of the recipes on everything known by now; returns what is registered of it."""
    rows, cutoffs = study.rows, study.rows.cutoffs
    fitted = fit_final_value(study, name)
    windows = rows.window_cutoffs(cutoffs.until)
    customers = [rows.at(day).history.customer_ids for day in windows]
    card = build_card(
        session,
        VALUE,
        evaluation=study.evaluation(name, is_first_champion=is_first_champion),
        cutoff=max(windows),
        training_cutoffs=tuple(windows),
        test_cutoff=cutoffs.test,
        horizon_days=cutoffs.horizon_days,
        known_until=cutoffs.until,
        cohort=rows.at(cutoffs.test).cohort,
        label=f"the gross margin of {rows.sources.description} within {cutoffs.horizon_days} days",
        n_rows=sum(map(len, customers)),
        n_customers=len(np.unique(np.concatenate(customers))),
        limits=limits(session, study),
        data_digest=session.tables.digest,
        **feature_facts(fitted.columns_),
    )
    return ModelPackage(card, fitted.to_artifact(), fitted.columns_)


def limits(session: Session, study: ValueStudy) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    cutoffs, settings, tables = study.rows.cutoffs, session.config.value, session.tables
    shorter = (
        f"The history allows a test over {cutoffs.horizon_days} days, not the configured {settings.horizon_days}; "
        "longer forecasts follow the curve of the model."
    )
    sources = study.rows.sources
    invoices = (
        "Value adds purchases and subscriptions. If the purchases are the invoices of the subscriptions, revenue "
        'counts twice: set revenue = "subscriptions" under [value].'
    )
    costs = sources.purchases and "cost" in tables["purchases"].columns
    rate = session.config.money.margin_rate
    margin = f"Margin is {rate:.0%} of revenue where neither a cost nor a margin_rate is recorded."
    return (
        RECIPE_FIGURES.format(test=cutoffs.test, days=cutoffs.horizon_days, until=cutoffs.until),
        f"Validation: {study.validation}.",
        *([shorter] if cutoffs.horizon_days < settings.horizon_days else []),
        *([invoices] if sources.purchases and sources.subscriptions else []),
        *([] if costs else [margin]),
        *(f"{note}." for note in describe_unfitted(study)),
        INTERVALS,
    )


def describe_unfitted(study: ValueStudy) -> tuple[str, ...]:
    """Which models the history could not fit, one clause each."""
    return tuple(f"{name} was not fitted: {reason}" for name, reason in study.unfitted.items())


def log_value_study(run: TrackedRun, study: ValueStudy) -> None:
    """Log the cutoffs and the plots."""
    cutoffs = study.rows.cutoffs
    run.log_json({"validation": cutoffs.validation, "test": cutoffs.test, "known_until": cutoffs.until}, "cutoffs.json")
    run.log_plots({"decile_calibration": _decile_plot(study), "concentration": _concentration_plot(study)})


def _decile_plot(study: ValueStudy) -> Figure:
    """Predicted and actual mean value of each tenth of the customers, by prediction."""
    figure, axes = empty_plot("predicted mean value", "actual mean value")
    actual = study.outcomes.margin
    for name, forecast in study.test.items():
        predicted = forecast.at(forecast.margin, study.outcomes.horizon_days)
        tenths = decile_of(predicted)
        counts = np.maximum(np.bincount(tenths, minlength=N_DECILES), 1)
        means = [np.bincount(tenths, each, minlength=N_DECILES) / counts for each in (predicted, actual)]
        axes.plot(*means, marker="o", markersize=3, label=name, linewidth=2.4 if name == study.chosen else 1.0)
    largest = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, largest], [0, largest], color="grey", linestyle=":", label="perfect")
    axes.legend()
    return figure


def _concentration_plot(study: ValueStudy) -> Figure:
    """The share of all value that the best customers bring in, by each model's ranking."""
    figure, axes = empty_plot("share of customers, best first", "share of their value")
    actual, n = study.outcomes.margin, max(len(study.outcomes), 1)
    total = max(float(actual.sum()), 1e-12)
    rankings = {
        name: forecast.at(forecast.margin, study.outcomes.horizon_days) for name, forecast in study.test.items()
    }
    for name, ranking in {**rankings, "perfect": actual}.items():
        shares = np.append(0.0, np.cumsum(actual[np.argsort(-ranking, kind="stable")]) / total)
        style, color = (":", "grey") if name == "perfect" else ("-", None)
        width = 2.4 if name == study.chosen else 1.0
        axes.plot(np.arange(len(shares)) / n, shares, linestyle=style, color=color, linewidth=width, label=name)
    axes.legend()
    return figure


PIPELINE = TrainingPipeline(
    kind=VALUE,
    train=lambda session, options: train_value(session, options.model, settings=options.settings),
    compare=compare_value_recipes,
)
