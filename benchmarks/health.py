"""Evaluates a year of weekly health scores on the simulated software company: by one champion, and by one per quarter.

    ... training labels end ...|----- 52 weeks, scored one by one ---------|--- 90 days: who churned |
                     champion  |-----------------------------------------
            or one per quarter |---------|---------|---------|-----------

`python -m benchmarks.health`
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.figures import BENCH, BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section
from benchmarks.task_weeks import NOTE, QUARTER_WEEKS, TaskWeeks, quarter_table
from core.config.data_set import Config
from core.config.loading import read_config
from core.intervals import Estimate, estimate_interval
from core.labels import Labels
from core.scores import Scores
from core.tasks import Task
from core.window import Cohort
from features.labels.labelling import label_outcomes, label_watermark
from insights.health.day import NO_BANDS, HealthDay, HealthRun, days_until
from insights.health.tasks import load_task_facts, open_tasks
from models.metrics.classification import churn_metrics
from models.protocols import ChurnModel
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.churn.rows import load_churn_rows
from training.churn.trials import default_recipes

NAME = "simulated_software.health"
WEEKS = 52
LABEL_GAP = timedelta(days=28)
"From the end of a champion's training labels to the first week that it scores."
MODEL = "logistic"
"Training on the thirteen cutoffs before the replay chose `base_rate`, which gives every customer the same risk."


@dataclass(frozen=True)
class Replay:
    """A year of weekly health scores, and what happened after each of them."""

    days: list[HealthDay]
    tasks: list[Task]
    outcomes: Labels
    "One row per (customer, week), in the order of the days; for the 90 days after each."

    @property
    def health(self) -> NDArray[np.float64]:
        """(rows,) 0 to 100."""
        return np.concatenate([day.health for day in self.days])

    @property
    def has_alert(self) -> NDArray[np.bool_]:
        """(rows,) bool: whether a task was opened."""
        return np.concatenate([day.has_alert for day in self.days])

    @property
    def mature_rows(self) -> tuple[Labels, NDArray[np.bool_]]:
        """The rows whose outcome is known, and whether they opened a task."""
        mature = self.outcomes.is_mature
        return self.outcomes.take(mature), self.has_alert[mature]


def champion_before(tables: Tables, day: date) -> tuple[ChurnModel, str]:
    """Fit what `kizuna train churn --model logistic` would fit on this day, and describe its training data."""
    known_by_then = Tables(msgspec.structs.replace(tables.config, watermark=day), tables.backend,
                   sources=tables.sources, conformed=tables.conformed, usable=tables.usable)  # fmt: skip
    rows = load_churn_rows(known_by_then)
    cutoffs, churned = rows.folds.refit, rows.mature_outcomes.churned
    model = rows.fit(default_recipes(tables.config)[MODEL].with_settings({"n_resamples": 0}), rows.all_fit_rows)
    data = f"{len(rows):,} rows, {int(churned.sum()):,} of them churned"
    choice = f"`{MODEL}` (training would choose `base_rate`, which gives every customer the same risk)"
    return model, f"{choice}, fitted on {len(cutoffs)} cutoffs from {cutoffs[0]} to {cutoffs[-1]}: {data}"


def terms_of(tables: Tables, cutoffs: Sequence[date]) -> tuple[list[tuple[ChurnModel, Sequence[date]]], str]:
    """A champion for each quarter of the weeks, and the training data of the first in words."""
    quarters = [cutoffs[start : start + QUARTER_WEEKS] for start in range(0, len(cutoffs), QUARTER_WEEKS)]
    champions = [champion_before(tables, quarter[0] - LABEL_GAP) for quarter in quarters]
    return [(model, quarter) for (model, _), quarter in zip(champions, quarters, strict=True)], champions[0][1]


def replay_weeks(tables: Tables, terms: Sequence[tuple[ChurnModel, Sequence[date]]]) -> Replay:
    """Score every week as `kizuna health --days 364 --every 7` does, each champion in its own term.

    A new champion also scores the 28 days before its first week, as after a promotion between two nights.
    """
    days, tasks, last = [], [], NO_BANDS
    for model, cutoffs in terms:
        run = HealthRun(tables, model)
        for cutoff in cutoffs:
            day = run.compute(cutoff, last)
            opened = open_tasks(tables.config, day, facts=load_task_facts(tables, day), now=datetime.now(UTC))
            tasks += [task for task in opened if task.episode == day.cutoff]
            days, last = [*days, day], day.bands
    ids = np.concatenate([day.customer_ids for day in days])
    when = np.concatenate([np.full(len(day), np.datetime64(day.cutoff, "D")) for day in days])
    return Replay(days, tasks, label_outcomes(tables, Cohort(ids, when)))


def figures_of(replay: Replay, name: str) -> list[BenchmarkFigure]:
    """The AUC of health, and the precision, recall and lead time of its tasks."""
    labels, has_alert = replay.mature_rows
    risk = 1 - replay.health[replay.outcomes.is_mature] / 100
    scores = Scores(
        customer_ids=labels.customer_ids, cutoffs=labels.cutoffs, value=risk, horizon_days=labels.horizon_days
    )
    auc = next(m.estimate for m in churn_metrics("health", scores, outcomes=labels) if m.name == "auc")
    with_task = labels.take(has_alert)
    estimates = [
        ("auc", auc, "auc"),
        ("task_precision", mean_with_interval(with_task.churned, with_task.customer_ids), "share of the tasks"),
        ("task_precision_by_week", TaskWeeks.of(labels, has_alert).precision(), "mean over weeks with a task"),
        ("churn_rate", mean_with_interval(labels.churned, labels.customer_ids), "share of all rows"),
        (
            "task_lead_days",
            mean_with_interval(lead_days(with_task), with_task.customer_ids[with_task.churned]),
            "mean days",
        ),
        ("churners_named", share_with_task(labels, has_alert), "share of the churners"),
        ("tasks_a_week", tasks_per_week(labels.cutoffs, has_alert), "tasks, mean; range"),
    ]
    return [
        BenchmarkFigure(figure=f"{name}.{what}", value=estimate.value, low=estimate.low, high=estimate.high, unit=unit)
        for what, estimate, unit in estimates
    ]


def lead_days(with_task: Labels) -> NDArray[np.float64]:
    """Days from a task to the churn within the 90 days after it, (k,); of the k customers who churned."""
    churned = with_task.take(with_task.churned)
    return (churned.churned_at - churned.cutoffs).astype(np.float64)


def share_with_task(labels: Labels, has_alert: NDArray[np.bool_]) -> Estimate:
    """The share of churned customers with a task in the 90 days before they churned."""
    churners, owners = np.unique(labels.customer_ids[labels.churned], return_inverse=True)
    has_task = np.bincount(owners, has_alert[labels.churned], len(churners)) > 0
    return mean_with_interval(has_task, churners)


def mean_with_interval(values: NDArray[np.generic], customer_ids: NDArray[np.str_]) -> Estimate:
    """The mean with its interval over customers; no figure without a value."""
    return estimate_interval(lambda rows: float(values[rows].mean()), customer_ids) if len(values) else Estimate()


def tasks_per_week(cutoffs: NDArray[np.datetime64], has_alert: NDArray[np.bool_]) -> Estimate:
    """Tasks per week: the mean, the fewest and the most."""
    counts = np.array([has_alert[cutoffs == day].sum() for day in np.unique(cutoffs)], np.float64)
    return Estimate(float(counts.mean()), float(counts.min()), float(counts.max()))


def software_config(world: SoftwareWorld) -> Config:
    """Write the company of `kizuna simulate --world software` to `var/bench` and read its configuration."""
    return read_config(simulate_software(world).write(BENCH / NAME), os.environ)


def main(accounts: int = SoftwareWorld().n_accounts, weeks: int = WEEKS) -> None:
    """Replay a year of weeks, publish the figures of its scores and tasks, and write the section."""
    config = software_config(SoftwareWorld(n_accounts=accounts))
    tables = open_tables(config)
    last = label_watermark(tables) - config.label_duration
    cutoffs = days_until(last, 7 * weeks, step_days=7)
    terms, trained = terms_of(tables, cutoffs)
    replay, anew = replay_weeks(tables, [(terms[0][0], cutoffs)]), replay_weeks(tables, terms)
    figures, figures_anew = figures_of(replay, NAME), figures_of(anew, f"{NAME}.retrained")
    publish(NAME, figures + figures_anew)
    write_section(
        NAME,
        "Health in the simulated software company",
        command="python -m benchmarks.health",
        facts={
            "Data": f"{accounts} accounts, three years (`kizuna simulate --world software`); no task is acted on",
            "Weeks": f"{len(cutoffs)}, from {cutoffs[0]} to {cutoffs[-1]}",
            "Champion": f"{trained}; its labels end {LABEL_GAP.days} days before the first week",
            "Retrained": f"the same model for every quarter; its labels end {LABEL_GAP.days} days before the quarter",
            "Label": replay.outcomes.definition,
            "Tasks": f"{len(replay.tasks)}: a drop of {config.health.alert_drop:g} points, or into a band "
            f"below watch; {len(replay.tasks) - int(replay.mature_rows[1].sum())} had no running "
            "subscription when they were opened, so their outcome is unknown and they count in no precision",
        },
        parts=[
            figure_table(figures + figures_anew),
            NOTE,
            "With one champion:",
            quarter_table(TaskWeeks.of(*replay.mature_rows)),
            "With a champion per quarter:",
            quarter_table(TaskWeeks.of(*anew.mature_rows)),
        ],
    )


if __name__ == "__main__":
    typer.run(main)
