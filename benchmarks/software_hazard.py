"""When accounts of the simulated software company leave, against the truth that only a simulation knows.

`python -m benchmarks.software_hazard`
"""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
import numpy as np
import typer

from benchmarks.comparison import measured_figures, metric_table
from benchmarks.figures import BENCH, Figure, publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import write_section
from core.card import Metric
from core.config import HazardSettings
from core.config_file import read_config
from core.intervals import Estimate, estimate
from core.risk_curves import RiskCurves
from features.sources.opening import open_tables
from features.sources.simulated_software import SimulatedSoftware, simulate_software
from features.sources.software.world import SoftwareWorld
from models.churn.hazard_models import HAZARD_MODELS
from models.metrics.classification import calibration_bins
from models.metrics.survival import MONTH_DAYS, N_BINS, survival_metrics
from training.hazard_rows import HazardRows, hazard_rows
from training.hazard_study import BASELINE, chosen_by_folds
from training.progress import Silence
from training.recipe import Recipe

MONTHS = (3, 6, 12)
"At which calibration is asked for."
SETTINGS = HazardSettings()
COLUMNS = ("integrated_brier", "auc@3m", "auc@6m", "auc@12m", "calibration_error@6m", "cause_share_error@12m")


TRUE_COLUMNS = tuple(f"true_calibration_error@{months}m" for months in MONTHS)


def told_by_each(recipes: dict[str, Recipe], rows: HazardRows) -> tuple[dict[str, RiskCurves], dict[str, Cost]]:
    """What every model, fitted on what was known at the test cutoff, says of the customers there."""
    told, costs = {}, {}
    for name, recipe in recipes.items():
        with measured() as costs[name]:
            told[name] = rows.fit_and_tell(recipe, rows.train, rows.test)
    return told, costs


def error_against_truth(curves: RiskCurves, truth: np.ndarray, customer_ids: np.ndarray, days: int) -> Estimate:
    """Mean distance, over fifths of the customers by risk, between the mean risk told and the mean true risk."""
    risk = curves.at(days)

    def statistic(chosen: np.ndarray) -> float:
        bins, surplus = calibration_bins(risk[chosen], N_BINS), (risk - truth)[chosen]
        return float(np.abs(np.bincount(bins, surplus)).sum() / len(chosen))

    return estimate(statistic, customer_ids)


def true_risks(made: SimulatedSoftware, rows: HazardRows) -> np.ndarray:
    """(n, 12) P(leaves within 1, 2, ... months | the hidden state) of the test's customers."""
    places = made.truth.rows_of(rows.outcomes.customer_ids[rows.test])
    return made.truth.incidence(rows.cutoffs.test, max(MONTHS)).sum(axis=0)[places]


def calibration_metrics(told: dict[str, RiskCurves], truth: np.ndarray, rows: HazardRows) -> list[Metric]:
    """The distance to the truth of every model at 3, 6 and 12 months."""
    customer_ids = rows.outcomes.customer_ids[rows.test]
    return [
        Metric(name, f"true_calibration_error@{months}m", error_against_truth(curves, truth[:, months - 1],
               customer_ids, months * MONTH_DAYS))
        for name, curves in told.items()
        for months in MONTHS
    ]  # fmt: skip


def run(n_accounts: int) -> None:
    """Simulate, measure, publish the figures and write the section."""
    made = simulate_software(SoftwareWorld(n_accounts=n_accounts))
    config = read_config(made.write(BENCH / "simulated_software"), os.environ)
    rows = hazard_rows(open_tables(msgspec.structs.replace(config, hazard=SETTINGS)), SETTINGS)
    recipes = {name: Recipe(name, kind().settings) for name, kind in HAZARD_MODELS.items()}
    shipped = chosen_by_folds(recipes, rows, Silence())
    told, costs = told_by_each(recipes, rows)
    outcomes = rows.outcomes.take(rows.test)
    judged = [metric for name, curves in told.items() for metric in survival_metrics(name, curves, outcomes)]
    true = calibration_metrics(told, true_risks(made, rows), rows)
    worst = max((m for m in true if m.model == shipped), key=lambda metric: metric.estimate.value).estimate
    largest = Figure("simulated_software.hazard_calibration_error", worst.value, worst.low, worst.high, "")
    publish("simulated_software.hazard", [largest, *measured_figures("simulated_software.hazard", [*judged, *true])])
    write_section(
        "simulated_software.hazard",
        "When accounts of the simulated software company leave",
        f"python -m benchmarks.software_hazard --accounts {n_accounts}",
        {
            "Data": f"simulated, {n_accounts:,} accounts, 36 months, seed {made.truth.world.seed}",
            "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.cutoffs.test}",
            "Label": rows.outcomes.definition,
            "Training cutoffs": ", ".join(day.isoformat() for day in rows.cutoffs.train),
        },
        [
            metric_table(judged, COLUMNS, costs),
            f"Chosen on customers that were not learnt from: `{shipped}`; it is the one of "
            "`simulated_software.hazard_calibration_error`, the largest of its distances to the truth.",
            "Against the truth: over fifths of the customers by risk, the mean distance between the risk told and the "
            f"risk that the simulation itself has for them, given all that it hides. `{BASELINE}` says the same of "
            "everybody.",
            metric_table(true, TRUE_COLUMNS, costs),
        ],
    )


def main(accounts: Annotated[int, typer.Option(help="How many accounts it has.")] = 4000) -> None:
    """Judge the hazards in a world whose hazards are known."""
    run(accounts)


if __name__ == "__main__":
    typer.run(main)
