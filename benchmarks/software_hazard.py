"""When accounts of the simulated software company leave, against the risks that only a simulation knows.

    ... training cutoffs ...|1 March 2025: test|------- 360 days are followed -------|- 30 of grace -|26 March 2026

The truth is known of the first of each month, so the records are read as if they ended where the test cutoff is one.

`python -m benchmarks.software_hazard`
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec
import numpy as np

from benchmarks.comparison import measured_figures, metric_rows, metric_table
from benchmarks.figures import BENCH, Figure, publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import interval, table, write_section
from core.config.data_set import Config
from core.config.loading import read_config
from core.config.training import HazardSettings
from core.intervals import estimate_interval
from core.model_card import Metric
from core.risk_curves import RiskCurves
from models.hazard.catalogue import HAZARD_MODELS
from models.metrics.classification import calibration_bins
from models.metrics.survival import MONTH_DAYS, EvaluatedCurves, survival_metrics
from simulation.software.simulate import SimulatedSoftware, SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from training.hazard.rows import HazardRows, rows_at
from training.hazard.study import BASELINE, choose_by_folds
from training.hazard.survival_cutoffs import survival_cutoffs
from training.run.progress import NoProgress
from training.run.recipe import Recipe, default_recipe

NAME = "simulated_software.hazard"
FIGURE = "simulated_software.hazard_calibration_error"
WORLD = SoftwareWorld(n_accounts=5_000, seed=2031)
WATERMARK = date(2026, 3, 26)
"390 days after the first of a month: 360 to be followed, 30 until an end is certain."
SETTINGS = HazardSettings(max_cutoffs=6)
MONTHS = (3, 6, 12)
N_BINS = 10
N_FUTURES = 100
BY_MONTH = ("auc", "mean_probability", "observed_rate")
OBSERVED = ("integrated_brier", *(f"{name}@{m}m" for m in MONTHS for name in BY_MONTH), "calibration_error@12m")


@dataclass(frozen=True)
class Truth:
    """The risk that the simulation itself gives the test's customers, knowing all that it hides."""

    by_month: np.ndarray
    "(n, 12) P(left before the first of the 1st, 2nd, ... month after the cutoff)."
    cutoff: date

    @classmethod
    def of(cls, company: SimulatedSoftware, rows: HazardRows) -> Truth:
        """Means over many futures of every account of the test."""
        places = company.truth.rows_of(rows.outcomes.customer_ids[rows.test])
        told = company.truth.incidence(rows.cutoffs.test, max(MONTHS), n_futures=N_FUTURES)
        return cls(told.sum(axis=0)[places], rows.cutoffs.test)

    def within(self, days: int) -> np.ndarray:
        """(n,) P(left within so many days): on each day of a month but its first, ends are equally likely."""
        months = np.datetime64(self.cutoff, "M") + np.arange(self.by_month.shape[1] + 1)
        firsts = (months.astype("datetime64[D]") - np.datetime64(self.cutoff, "D")).astype(np.int64)
        month = int(np.searchsorted(firsts, days, side="left")) - 1
        share = (days - firsts[month] - 1) / (firsts[month + 1] - firsts[month] - 1)
        before = self.by_month[:, month - 1] if month else np.zeros(len(self.by_month))
        return before + share * (self.by_month[:, month] - before)


def config_of(company: SimulatedSoftware) -> Config:
    """The company's TOML with the settings of this benchmark."""
    stated = read_config(company.write(BENCH / NAME), os.environ)
    return msgspec.structs.replace(stated, hazard=SETTINGS, watermark=WATERMARK)


def rows_of(config: Config) -> HazardRows:
    """What a training at the test cutoff learns from, and the test."""
    tables = open_tables(config)
    return rows_at(tables, replace(survival_cutoffs(tables, SETTINGS), later=()))


def told_by_each(recipes: Mapping[str, Recipe], rows: HazardRows) -> tuple[dict[str, RiskCurves], dict[str, Cost]]:
    """What every model, fitted on what was known at the test cutoff, says of the customers there."""
    told, costs = {}, {}
    for name, recipe in recipes.items():
        with measured() as costs[name]:
            told[name] = rows.fit_and_predict(recipe, train=rows.train, test=rows.test)
    return told, costs


def distance(risk: np.ndarray, truth: np.ndarray) -> float:
    """Points between the mean risk told and the mean true one, averaged over tenths of the customers by risk told."""
    return 100 * float(np.abs(np.bincount(calibration_bins(risk, N_BINS), risk - truth)).sum() / len(risk))


def true_errors(model: str, curves: RiskCurves, truth: Truth, customer_ids: np.ndarray) -> list[Metric]:
    """The distance to the truth at 3, 6 and 12 months, and last the largest of them."""
    pairs = {f"@{months}m": (curves.at(months * MONTH_DAYS), truth.within(months * MONTH_DAYS)) for months in MONTHS}

    def largest(rows: np.ndarray) -> float:
        return max(distance(risk[rows], true[rows]) for risk, true in pairs.values())

    found = {
        name: estimate_interval(lambda rows, pair=pair: distance(pair[0][rows], pair[1][rows]), customer_ids)
        for name, pair in pairs.items()
    }
    errors = {**found, "": estimate_interval(largest, customer_ids)}
    return [Metric(model=model, name=f"true_calibration_error{name}", estimate=one) for name, one in errors.items()]


def tenths(curves: RiskCurves, truth: Truth, judged: EvaluatedCurves, months: int) -> str:
    """Each tenth of the customers by risk: what was told, what is true, and what happened."""
    days = months * MONTH_DAYS
    risk, true = curves.at(days), truth.within(days)
    bins, lines = calibration_bins(risk, N_BINS), []
    for each in np.unique(bins):
        rows = bins == each
        left = 1.0 - judged.times.take(rows).survival(np.ones((1, int(rows.sum()))), days)[0]
        lines.append([f"{share:.1%}" for share in (risk[rows].mean(), true[rows].mean(), left)])
    return table([f"told, {months} months", "true", "left (Kaplan-Meier)"], lines)


def run(world: SoftwareWorld = WORLD) -> None:
    """Simulate, measure, publish the figures and write the section."""
    company = simulate_software(world)
    rows = rows_of(config_of(company))
    recipes = {name: default_recipe(HAZARD_MODELS, name) for name in HAZARD_MODELS}
    chosen = choose_by_folds(recipes, rows, progress=NoProgress())
    told, costs = told_by_each(recipes, rows)
    outcomes, truth = rows.outcomes.take(rows.test), Truth.of(company, rows)
    judged = [one for name, curves in told.items() for one in survival_metrics(name, curves, outcomes=outcomes)]
    observed = [one for one in judged if one.name in OBSERVED]
    errors = [one for name, curves in told.items() for one in true_errors(name, curves, truth, outcomes.customer_ids)]
    largest = next(one.estimate for one in errors if one.model == chosen and one.name == "true_calibration_error")
    figure = Figure(FIGURE, largest.value, largest.low, largest.high, "points")
    publish(NAME, [figure, *measured_figures(NAME, errors), *measured_figures(NAME, observed)])
    parts = [
        f"Chosen on customers that were not learnt from: `{chosen}`. Its largest distance to the truth, "
        f"`{FIGURE}`, is {interval(largest, 2)} points. The method was developed on companies of other seeds.",
        table(["", *told], metric_rows(errors, [one.name for one in errors if one.model == chosen], told)),
        "In points: the distance between the mean risk told and the mean true one, averaged over tenths of the "
        f"customers by the risk told; `{BASELINE}`, the same for everybody, is one such group. Beside what "
        "happened, which is true only up to chance:",
        metric_table(observed, OBSERVED, costs),
        tenths(told[chosen], truth, EvaluatedCurves.of(told[chosen], outcomes), max(MONTHS)),
    ]
    write_section(
        NAME,
        "When accounts of the simulated software company leave",
        "python -m benchmarks.software_hazard",
        facts_of(world, rows),
        parts,
    )


def facts_of(world: SoftwareWorld, rows: HazardRows) -> dict[str, str]:
    """What was measured on."""
    train = rows.cutoffs.train
    return {
        "Data": f"a simulated company, seed {world.seed}: {world.n_accounts:,} accounts, {world.n_months} months",
        "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.cutoffs.test}",
        "Label": rows.outcomes.definition,
        "Training cutoffs": f"{len(train)}, {train[0]} to {train[-1]}, followed until {rows.cutoffs.known_by_test}",
    }


if __name__ == "__main__":
    run()
