"""Compares predicted churn over time in the simulated software company with the true risks, which the simulation knows.

    ... training cutoffs ...|1 March 2025: test|------- 360 days of follow-up -------|- 30 of grace -|26 March 2026

True risks are known for the first of each month, so the records are cut off where the test cutoff is such a day.

`python -m benchmarks.software_hazard`
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import BENCH, BenchmarkFigure, publish
from benchmarks.measure import Cost, measure_cost
from benchmarks.pages import format_interval, metric_figures, metric_rows, metric_table, table, write_section
from core.config.data_set import Config
from core.config.loading import read_config
from core.config.training import HazardSettings
from core.intervals import estimate_interval
from core.model_card import Metric
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH
from models.hazard.hazard import HAZARD_MODELS
from models.metrics.churn.data import calibration_bins
from models.metrics.survival import EvaluatedCurves, survival_metrics
from simulation.software.simulate import SimulatedSoftware, SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from training.hazard.rows import HazardRows, rows_at, survival_cutoffs
from training.hazard.study import BASELINE, choose
from training.hazard.validation import HazardValidation
from training.run.recipe import Recipe, default_recipe
from training.run.session import NoProgress

NAME = "simulated_software.hazard"
FIGURE = "simulated_software.hazard_calibration_error"
WORLD = SoftwareWorld(n_accounts=5_000, seed=2031)
WATERMARK = date(2026, 3, 26)
"390 days after the first of a month: 360 of follow-up, and 30 until an end is certain."
SETTINGS = HazardSettings(max_cutoffs=6)
MONTHS = (3, 6, 12)
N_BINS = 10
N_FUTURES = 100
BY_MONTH = ("auc", "mean_probability", "observed_rate")
OBSERVED = ("integrated_brier", *(f"{name}@{m}m" for m in MONTHS for name in BY_MONTH), "calibration_error@12m")


@dataclass(frozen=True)
class TrueRisks:
    """The true churn risk of the test customers, given the hidden state of the simulation."""

    by_month: NDArray[np.floating]
    "(n, 12) P(churned before the first of the 1st, 2nd, ... month after the cutoff)."
    cutoff: date

    @classmethod
    def of(cls, company: SimulatedSoftware, rows: HazardRows) -> TrueRisks:
        """Average over many simulated futures of every test account."""
        places = company.truth.rows_of(rows.outcomes.customer_ids[rows.test])
        incidence = company.truth.incidence(rows.cutoffs.test, max(MONTHS), n_futures=N_FUTURES)
        return cls(incidence.sum(axis=0)[places], rows.cutoffs.test)

    def within(self, days: int) -> NDArray[np.float64]:
        """(n,) P(churned within `days`): within a month, ends are equally likely on each day but the first."""
        months = np.datetime64(self.cutoff, "M") + np.arange(self.by_month.shape[1] + 1)
        firsts = (months.astype("datetime64[D]") - np.datetime64(self.cutoff, "D")).astype(np.int64)
        month = int(np.searchsorted(firsts, days, side="left")) - 1
        share = (days - firsts[month] - 1) / (firsts[month + 1] - firsts[month] - 1)
        before = self.by_month[:, month - 1] if month else np.zeros(len(self.by_month))
        return before + share * (self.by_month[:, month] - before)


def config_of(company: SimulatedSoftware) -> Config:
    """The company's TOML with the settings of this benchmark."""
    config = read_config(company.write(BENCH / NAME), os.environ)
    return msgspec.structs.replace(config, hazard=SETTINGS, watermark=WATERMARK)


def rows_of(config: Config) -> HazardRows:
    """The training rows known at the test cutoff, and the test rows."""
    tables = open_tables(config)
    return rows_at(tables, replace(survival_cutoffs(tables, SETTINGS), later=()))


def fit_each(recipes: Mapping[str, Recipe], rows: HazardRows) -> tuple[dict[str, RiskCurves], dict[str, Cost]]:
    """Fit every model on what was known at the test cutoff and predict its customers."""
    curves, costs = {}, {}
    for name, recipe in recipes.items():
        with measure_cost() as costs[name]:
            curves[name] = rows.fit_and_predict(recipe, train=rows.train, test=rows.test)
    return curves, costs


def distance(risk: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Points between mean predicted and mean true risk, averaged over tenths of the customers by predicted risk."""
    return 100 * float(np.abs(np.bincount(calibration_bins(risk, N_BINS), risk - truth)).sum() / len(risk))


def true_errors(model: str, curves: RiskCurves, *, truth: TrueRisks, customer_ids: NDArray[np.str_]) -> list[Metric]:
    """The distance to the true risk at 3, 6 and 12 months, and last the largest of the three."""
    pairs = {
        f"@{months}m": (curves.at(months * DAYS_PER_HORIZON_MONTH), truth.within(months * DAYS_PER_HORIZON_MONTH))
        for months in MONTHS
    }

    def largest(rows: NDArray[np.int64]) -> float:
        return max(distance(risk[rows], true[rows]) for risk, true in pairs.values())

    by_horizon = {
        name: estimate_interval(lambda rows, pair=pair: distance(pair[0][rows], pair[1][rows]), customer_ids)
        for name, pair in pairs.items()
    }
    errors = {**by_horizon, "": estimate_interval(largest, customer_ids)}
    return [Metric(model=model, name=f"true_calibration_error{name}", estimate=one) for name, one in errors.items()]


def tenths_table(curves: RiskCurves, truth: TrueRisks, *, observed: EvaluatedCurves, months: int) -> str:
    """For each tenth of the customers by risk: predicted risk, true risk, and observed churn."""
    days = months * DAYS_PER_HORIZON_MONTH
    risk, true = curves.at(days), truth.within(days)
    bins, lines = calibration_bins(risk, N_BINS), []
    for each in np.unique(bins):
        rows = bins == each
        churned = 1.0 - observed.times.take(rows).survival(np.ones((1, int(rows.sum()))), days)[0]
        lines.append([f"{share:.1%}" for share in (risk[rows].mean(), true[rows].mean(), churned)])
    return table([f"predicted, {months} months", "true", "churned (Kaplan-Meier)"], lines)


def run(world: SoftwareWorld = WORLD) -> None:
    """Simulate, measure, publish the figures and write the section."""
    company = simulate_software(world)
    rows = rows_of(config_of(company))
    recipes = {name: default_recipe(HAZARD_MODELS, name) for name in HAZARD_MODELS}
    validation = HazardValidation.of(rows)
    chosen, _ = choose(recipes, validation, progress=NoProgress())
    curves, costs = fit_each(recipes, rows)
    outcomes, truth = rows.outcomes.take(rows.test), TrueRisks.of(company, rows)
    metrics = [one for name, curve in curves.items() for one in survival_metrics(name, curve, outcomes=outcomes)]
    observed = [one for one in metrics if one.name in OBSERVED]
    errors = [
        one
        for name, curve in curves.items()
        for one in true_errors(name, curve, truth=truth, customer_ids=outcomes.customer_ids)
    ]
    largest = next(one.estimate for one in errors if one.model == chosen and one.name == "true_calibration_error")
    figure = BenchmarkFigure(figure=FIGURE, value=largest.value, low=largest.low, high=largest.high, unit="points")
    publish(NAME, [figure, *metric_figures(NAME, errors), *metric_figures(NAME, observed)])
    parts = [
        f"Chosen by validation ({validation.summary}): `{chosen}`. Its largest distance to the true risk, "
        f"`{FIGURE}`, is {format_interval(largest, 2)} points. The method was developed on companies of other seeds.",
        table(["", *curves], metric_rows(errors, [one.name for one in errors if one.model == chosen], models=curves)),
        "In points: the distance between mean predicted and mean true risk, averaged over tenths of the customers by "
        f"predicted risk; `{BASELINE}` predicts the same for every customer, so all are one group. Against observed "
        "churn, which includes chance:",
        metric_table(observed, OBSERVED, costs=costs),
        tenths_table(curves[chosen], truth, observed=EvaluatedCurves.of(curves[chosen], outcomes), months=max(MONTHS)),
    ]
    write_section(
        NAME,
        "Churn over time in the simulated software company",
        command="python -m benchmarks.software_hazard",
        facts=facts_of(world, rows),
        parts=parts,
    )


def facts_of(world: SoftwareWorld, rows: HazardRows) -> dict[str, str]:
    """The facts at the head of the section."""
    train = rows.cutoffs.train
    return {
        "Data": f"a simulated company, seed {world.seed}: {world.n_accounts:,} accounts, {world.n_months} months",
        "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.cutoffs.test}",
        "Label": rows.outcomes.definition,
        "Training cutoffs": f"{len(train)}, {train[0]} to {train[-1]}, followed until {rows.cutoffs.known_by_test}",
    }


if __name__ == "__main__":
    run()
