"""A year of weeks of health on the simulated software company: by one champion, and by one trained anew each quarter.

    ... training labels end ...|----- 52 weeks are judged, one by one -----|--- 90 days: who left ---|
                     champion  |-----------------------------------------
            or four of them    |---------|---------|---------|-----------

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

from benchmarks.figures import BENCH, Figure, publish
from benchmarks.pages import figure_table, write_section
from benchmarks.task_weeks import NOTE, QUARTER_WEEKS, TaskWeeks, quarter_table
from core.cohort import Cohort
from core.config.data_set import Config
from core.config.loading import read_config
from core.intervals import Estimate, estimate_interval
from core.labels import Labels
from core.scores import Scores
from core.tasks import Task
from features.labels.labelling import label_outcomes, label_watermark
from insights.health.day import NO_BANDS, HealthDay, HealthRun, days_until
from insights.health.tasks import open_tasks, owners_of
from models.metrics.classification import churn_metrics
from models.protocols import ChurnModel
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.churn.rows import load_churn_rows
from training.churn.trials import default_recipes

NAME = "simulated_software.health"
WEEKS = 52
BEFORE = timedelta(days=28)
"From the last label that a champion was trained on to the first week that it judges."
MODEL = "logistic"
"Training, which chooses among models on thirteen cutoffs before the replay, took `base_rate`: it tells of nobody."


@dataclass(frozen=True)
class Replay:
    """What a year of weeks said, and what happened after each of its rows."""

    days: list[HealthDay]
    tasks: list[Task]
    outcomes: Labels
    "One row a customer and week, the days one after another; of the 90 days after it."

    @property
    def health(self) -> np.ndarray:
        """(rows,) 0 to 100."""
        return np.concatenate([day.health for day in self.days])

    @property
    def has_alert(self) -> np.ndarray:
        """(rows,) bool: where a task was made."""
        return np.concatenate([day.has_alert for day in self.days])

    @property
    def judged(self) -> tuple[Labels, np.ndarray]:
        """The rows of which it is known what happened, and where they made a task."""
        mature = self.outcomes.is_mature
        return self.outcomes.take(mature), self.has_alert[mature]


def champion_before(tables: Tables, begins: date) -> tuple[ChurnModel, str]:
    """What `kizuna train churn --model logistic` would fit on this day, and on what, in words."""
    known = Tables(msgspec.structs.replace(tables.config, watermark=begins), tables.backend,
                   sources=tables.sources, conformed=tables.conformed, usable=tables.usable)  # fmt: skip
    rows = load_churn_rows(known)
    cutoffs, churned = rows.folds.refit, rows.outcomes.churned
    model = rows.fit(default_recipes(tables.config)[MODEL].with_settings({"n_resamples": 0}), rows.all_mature)
    learnt = f"{len(rows):,} rows, {int(churned.sum()):,} of them before an end"
    stated = f"`{MODEL}`, as it stands, because training by itself took `base_rate`, which tells of nobody"
    return model, f"{stated}; of {len(cutoffs)} cutoffs from {cutoffs[0]} to {cutoffs[-1]}: {learnt}"


def terms_of(tables: Tables, cutoffs: Sequence[date]) -> tuple[list[tuple[ChurnModel, Sequence[date]]], str]:
    """A champion for each quarter of the weeks, and what the first was fitted on."""
    quarters = [cutoffs[start : start + QUARTER_WEEKS] for start in range(0, len(cutoffs), QUARTER_WEEKS)]
    champions = [champion_before(tables, quarter[0] - BEFORE) for quarter in quarters]
    return [(model, quarter) for (model, _), quarter in zip(champions, quarters, strict=True)], champions[0][1]


def replayed(tables: Tables, terms: Sequence[tuple[ChurnModel, Sequence[date]]]) -> Replay:
    """Every week judged from the one before, as `kizuna health --days 364 --every 7` does it; each champion its term.

    A new champion also judges the 28 days before its first week, as it does when one is promoted between two nights.
    """
    days, tasks, last = [], [], NO_BANDS
    for model, cutoffs in terms:
        run = HealthRun(tables, model)
        for cutoff in cutoffs:
            day = run.compute(cutoff, last)
            owners = owners_of(tables, day.customer_ids[day.has_alert], default="")
            tasks += open_tasks(tables.config, day, owners=owners, now=datetime.now(UTC))
            days, last = [*days, day], day.bands
    ids = np.concatenate([day.customer_ids for day in days])
    when = np.concatenate([np.full(len(day), np.datetime64(day.cutoff, "D")) for day in days])
    return Replay(days, tasks, label_outcomes(tables, Cohort(ids, when)))


def figures_of(replay: Replay, name: str) -> list[Figure]:
    """The AUC of health, and of the tasks their precision, the share of churners they named, and the days they gave."""
    judged, has_alert = replay.judged
    risk = 1 - replay.health[replay.outcomes.is_mature] / 100
    scores = Scores(
        customer_ids=judged.customer_ids, cutoffs=judged.cutoffs, value=risk, horizon_days=judged.horizon_days
    )
    auc = next(m.estimate for m in churn_metrics("health", scores, outcomes=judged) if m.name == "auc")
    named = judged.take(has_alert)
    told = [
        ("auc", auc, "auc"),
        ("task_precision", typical(named.churned, named.customer_ids), "share of the tasks"),
        ("task_precision_by_week", TaskWeeks.of(judged, has_alert).precision(), "mean of the weeks with a task"),
        ("churn_rate", typical(judged.churned, judged.customer_ids), "share of all rows"),
        ("task_lead_days", typical(lead_days(named), named.customer_ids[named.churned]), "mean days"),
        ("churners_named", named_share(judged, has_alert), "share of the churners"),
        ("tasks_a_week", weekly(judged.cutoffs, has_alert), "tasks, mean; fewest to most"),
    ]
    return [Figure(f"{name}.{what}", found.value, found.low, found.high, unit) for what, found, unit in told]


def lead_days(named: Labels) -> np.ndarray:
    """Days from a task to the end that came within 90 days, of those to whom it came, (k,)."""
    left = named.take(named.churned)
    return (left.churned_at - left.cutoffs).astype(np.float64)


def named_share(judged: Labels, has_alert: np.ndarray) -> Estimate:
    """Of those who left within 90 days of some week, the share of whom a task told in these days before."""
    leavers, owners = np.unique(judged.customer_ids[judged.churned], return_inverse=True)
    told = np.bincount(owners, has_alert[judged.churned], len(leavers)) > 0
    return typical(told, leavers)


def typical(values: np.ndarray, customer_ids: np.ndarray) -> Estimate:
    """The mean with its interval over customers; none where there is no value."""
    return estimate_interval(lambda rows: float(values[rows].mean()), customer_ids) if len(values) else Estimate()


def weekly(cutoffs: np.ndarray, has_alert: np.ndarray) -> Estimate:
    """Tasks a week: the mean, and the fewest and most of a week."""
    counts = np.array([has_alert[cutoffs == day].sum() for day in np.unique(cutoffs)], np.float64)
    return Estimate(float(counts.mean()), float(counts.min()), float(counts.max()))


def software_config(world: SoftwareWorld) -> Config:
    """The company of `kizuna simulate --world software`, written below `var/bench`."""
    return read_config(simulate_software(world).write(BENCH / NAME), os.environ)


def main(accounts: int = SoftwareWorld().n_accounts, weeks: int = WEEKS) -> None:
    """Judge a year of weeks and measure what its health and its tasks were worth."""
    config = software_config(SoftwareWorld(n_accounts=accounts))
    tables = open_tables(config)
    last = label_watermark(tables) - config.label_duration
    cutoffs = days_until(last, 7 * weeks, 7)
    terms, trained = terms_of(tables, cutoffs)
    replay, anew = replayed(tables, [(terms[0][0], cutoffs)]), replayed(tables, terms)
    figures, figures_anew = figures_of(replay, NAME), figures_of(anew, f"{NAME}.retrained")
    publish(NAME, figures + figures_anew)
    write_section(
        NAME,
        "Health in the simulated software company",
        "python -m benchmarks.health",
        {
            "Data": f"{accounts} accounts, three years (`kizuna simulate --world software`); nobody acts on a task",
            "Weeks": f"{len(cutoffs)}, from {cutoffs[0]} to {cutoffs[-1]}",
            "Champion": f"{trained}; its labels end {BEFORE.days} days before the first week",
            "Retrained": f"the same for every quarter, {BEFORE.days} days before its first week",
            "Label": replay.outcomes.definition,
            "Tasks": f"{len(replay.tasks)}: a fall of {config.health.alert_drop:g} points, or into a band "
            f"below watch; {len(replay.tasks) - int(replay.judged[1].sum())} had no running "
            "subscription when they were made, so their outcome is unknown and they count in no precision",
        },
        [
            figure_table(figures + figures_anew),
            NOTE,
            "By the one champion:",
            quarter_table(TaskWeeks.of(*replay.judged)),
            "By a champion for each quarter:",
            quarter_table(TaskWeeks.of(*anew.judged)),
        ],
    )


if __name__ == "__main__":
    typer.run(main)
