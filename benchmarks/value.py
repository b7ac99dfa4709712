"""Expected orders of CDNOW's customers in the 39 weeks after 1997-09-30, against what they ordered.

`python -m benchmarks.value`: Pareto/NBD on Fader and Hardie's sample of one in ten, as published, and the models that
`kizuna train value` tries on all 23,570 customers, as it would have fitted them on 1997-10-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.data_sets import DataSet, data_set
from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.measure import Cost, measure_cost
from benchmarks.pages import format_interval, table, write_section
from core.customer_value import ValueOutcomes
from core.intervals import Estimate
from features.customer_value import ValueSources, value_record_start
from models.metrics.value import METRICS, PredictedTotals, estimate_statistics
from models.value.pareto_nbd import ParetoNbdProcess
from models.value.process_model import records_of
from models.value.trees import fit_trees
from models.value.value_model import VALUE_MODELS
from tables.sources.opening import open_tables
from training.judging.folds import customer_folds
from training.run.recipe import default_recipe
from training.value.rows import ValueCutoffs, ValueRows

NAME = "value"
CUTOFF = date(1997, 10, 1)
HORIZON_WEEKS = 39
SAMPLE_IDS = Path(__file__).parent / "cdnow_sample_ids.txt"
SHOWN = ("mae", "correlation", "gini", "total_bias", "decile_error")
N_FOLDS, REFERENCE_TREES = 5, 150
Figures = Mapping[str, Estimate]


@dataclass(frozen=True)
class MeasuredModel:
    """The figures of one model's expected orders, and what they cost."""

    figures: Figures
    cost: Cost


def read_sample_ids() -> list[str]:
    """Fader and Hardie's 2,357 customers, by their ids in the master file."""
    return SAMPLE_IDS.read_text(encoding="utf-8").split()


def load_rows(public: DataSet) -> ValueRows:
    """The rows of a training on the cutoff; every customer counts, whenever they last ordered."""
    config = public.config
    value = msgspec.structs.replace(config.value, horizon_days=7 * HORIZON_WEEKS)
    tables = open_tables(msgspec.structs.replace(config, active_days=365, value=value))
    sources = ValueSources.of(tables)
    cutoffs = ValueCutoffs(
        first=value_record_start(tables, sources),
        validation=(),
        test=CUTOFF,
        until=CUTOFF,
        horizon_days=7 * HORIZON_WEEKS,
    )
    return ValueRows(tables, sources, cutoffs, value)


def measure_orders(predicted: NDArray[np.float64], outcomes: ValueOutcomes) -> Figures:
    """The metrics of expected orders, with intervals over customers."""
    statistics = PredictedTotals(predicted, outcomes.orders).statistics()
    return dict(zip(METRICS, estimate_statistics(list(statistics.values()), outcomes), strict=True))


def measure_sample(rows: ValueRows) -> Figures:
    """Pareto/NBD as published: fitted on the sample, without a level."""
    history, outcomes = rows.at(CUTOFF).history, rows.outcomes(CUTOFF, rows.cutoffs.horizon_days)
    in_sample = np.isin(history.customer_ids, read_sample_ids())
    records = records_of(history.take(in_sample))
    expected = ParetoNbdProcess.fit(records).predict_orders(records, HORIZON_WEEKS)
    return measure_orders(expected, outcomes.take(in_sample))


def measure_models(rows: ValueRows) -> dict[str, MeasuredModel]:
    """Every model of purchases, fitted on what was known before the cutoff."""
    outcomes, measured = rows.outcomes(CUTOFF, rows.cutoffs.horizon_days), {}
    rows.training_at(CUTOFF)  # features are computed once for all models
    for name in VALUE_MODELS:
        if name == "survival":
            continue
        with measure_cost() as cost:
            forecast = rows.fit_and_forecast(default_recipe(VALUE_MODELS, name), CUTOFF)
        measured[name] = MeasuredModel(measure_orders(forecast.orders[:, 0], outcomes), cost)
    return measured


def measure_reference(rows: ValueRows) -> Figures:
    """Trees that are fitted on the test window itself, on other customers, so that they know its level."""
    outcomes, features = rows.outcomes(CUTOFF, rows.cutoffs.horizon_days), rows.at(CUTOFF).features
    folds = customer_folds(outcomes.customer_ids, n_folds=N_FOLDS, seed=rows.tables.config.seed)
    predicted = np.empty(len(outcomes))
    for fold in range(N_FOLDS):
        train, held_out = folds != fold, folds == fold
        booster = fit_trees(
            features.values[train],
            outcomes.orders[train],
            columns=features.columns,
            objective="poisson",
            n_trees=REFERENCE_TREES,
            seed=fold,
        )
        predicted[held_out] = np.asarray(booster.predict(features.values[held_out]))
    return measure_orders(predicted, outcomes)


def main() -> None:
    """Print and publish the figures, and write the section."""
    public = data_set("cdnow")
    rows = load_rows(public)
    sample, models, reference = measure_sample(rows), measure_models(rows), measure_reference(rows)
    figures = [
        *(_figure(f"cdnow_sample.pareto_nbd.{name}", sample[name]) for name in SHOWN),
        *(_figure(f"cdnow.{model}.{name}", one.figures[name]) for model, one in models.items() for name in SHOWN),
        *(_figure(f"cdnow.in_window_reference.{name}", reference[name]) for name in SHOWN),
    ]
    publish(NAME, figures)
    write_section(
        NAME,
        "Customer lifetime value on CDNOW",
        command="python -m benchmarks.value",
        facts={
            "Data": f"{public.description} ({public.terms})",
            "Task": f"days with an order in the {HORIZON_WEEKS} weeks from {CUTOFF} on, of all "
            f"{len(rows.at(CUTOFF).history):,} customers",
            "Fitted on": f"orders before {CUTOFF}; windows of {rows.window_days(CUTOFF)} days from "
            f"{', '.join(str(day) for day in rows.window_cutoffs(CUTOFF))}, which end by {CUTOFF}",
        },
        parts=[
            "The published sample of 2,357 customers, Pareto/NBD without a level:",
            figures_table({"pareto_nbd": sample}),
            "All customers; totals are those of the last window:",
            figures_table({name: one.figures for name, one in models.items()}),
            f"For comparison, {REFERENCE_TREES} trees fitted on the outcomes of the test window itself, of the other "
            "four fifths of the customers, which know the level of this window. Most customers order nothing, so a "
            "mean absolute error falls with the total, and expected orders of the right total do not have the lowest.",
            figures_table({"in_window_reference": reference}),
            table(["", *models], [["CPU seconds", *(f"{one.cost.cpu_seconds:.1f}" for one in models.values())]]),
        ],
    )


def figures_table(models: Mapping[str, Figures]) -> str:
    """One column per model."""
    rows = [[name, *(format_interval(figures[name]) for figures in models.values())] for name in SHOWN]
    return table(["", *models], rows)


def _figure(name: str, estimate: Estimate) -> BenchmarkFigure:
    unit = "orders" if name.endswith(".mae") else "share"
    return BenchmarkFigure(figure=name, value=estimate.value, low=estimate.low, high=estimate.high, unit=unit)


if __name__ == "__main__":
    typer.run(main)
