"""Leak detection: find undated columns that know the label because they were written after it.

A feature that is computed from rows dated before the cutoff cannot know what came later. An attribute without a date
can. What is plausible for a column that was known before the customer left:

    alone    its AUC is below .95
    sharp    it does not separate most customers without any overlap
    rare     a value that few customers have is at most a few times as frequent among one side as among the other
    jointly  a model of all columns has an AUC below .99, or no single column is responsible

A column beyond these limits raises an alarm: it is left out of training and named. An alarm is a question to a person,
not a proof; `allow_features` answers it. That a column is the only good one, or that others are good as well, is no
sign of a leak.

Dated features that nearly decide the label give a note: most who leave have stopped already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_card import Leak
from models.bins import bin_edges, bin_of, smooth_rates
from models.churn.gradient_boosting import GradientBoosting
from models.metrics.weighted import RankedRows
from training.judging.rare_values import QUESTION, describe_rare_value

MIN_ROWS = 30
"Of churned and of retained customers in the measured rows; with fewer there is no verdict."
MAX_ALONE_AUC = 0.95
MAX_JOINT_AUC = 0.99
SHARP_LOSS = 0.05
"Of the joint AUC, without the column that is responsible for it."

SHARP_AUC, MAX_SHARP_SHARE = 0.90, 0.55
"""Of two normal distributions with an AUC of .95, a quarter to two fifths of 500 to 2,000 customers do not overlap."""

N_BINS, PRIOR_ROWS = 20, 10.0
"Of a column alone."
N_TREES = 60
"Of the joint model, at a learning rate of .1."
MAX_TOGETHER, MAX_RESPONSIBLE = 100, 20
"""Columns of the joint model, and those that it is fitted without one by one, where there are more: those that it uses
most. A column of small gain is never responsible, and thousands of fits take hours."""


@dataclass(frozen=True)
class LabelledRows:
    """Features and outcomes, aligned row by row."""

    features: FeatureTable
    outcomes: Labels

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> LabelledRows:
        """The rows that an index array or mask selects."""
        return LabelledRows(self.features.take(rows), self.outcomes.take(rows))

    def select(self, names: Sequence[str]) -> LabelledRows:
        """Select features."""
        return LabelledRows(self.features.select(names), self.outcomes)


@dataclass(frozen=True)
class LeakFindings:
    """What leak detection found."""

    alarms: tuple[Leak, ...] = ()
    "Undated columns in the table's order, each with one sentence and its figures."
    notes: tuple[str, ...] = ()
    "Sentences for the model card."


def find_leaks(splits: Sequence[tuple[LabelledRows, LabelledRows]], *, seed: int = 0) -> LeakFindings:
    """Find undated columns that explain an implausible share of the label.

    Each split has rows to learn from and rows to measure on, all of them mature; no row is measured twice.
    """
    trial = LeakTrial(tuple(splits), seed)
    if trial.has_too_few_rows:
        return LeakFindings(notes=(trial.too_few_rows,) if any(c.as_of_today for c in trial.columns) else ())
    alone = {column.name: trial.score_alone(column.name) for column in trial.columns}
    undated = [column.name for column in trial.columns if column.as_of_today]
    findings = {name: sentence for name in undated if (sentence := _implausible_alone(trial, name, score=alone[name]))}
    findings |= _responsible_for_all(trial, undated, suspected=findings)
    alarms = tuple(Leak(name, findings[name]) for name in undated if name in findings)
    return LeakFindings(alarms, tuple(_notes_on_dated(trial, alone)))


@dataclass(frozen=True)
class LeakTrial:
    """Splits into rows to learn from and rows to measure on."""

    splits: tuple[tuple[LabelledRows, LabelledRows], ...]
    seed: int

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The columns of the features."""
        return self.splits[0][0].features.columns

    @property
    def labels(self) -> NDArray[np.bool_]:
        """The measured outcomes of all splits, one after another, (n,)."""
        return np.concatenate([later.outcomes.churned for _, later in self.splits])

    def values(self, name: str) -> NDArray[np.float64]:
        """The measured values of a column, (n,)."""
        return np.concatenate([later.features.column(name) for _, later in self.splits])

    @property
    def has_too_few_rows(self) -> bool:
        """Whether too few of the measured customers churned, or stayed, for a verdict."""
        return min(self.labels.sum(), (~self.labels).sum()) < MIN_ROWS

    @property
    def too_few_rows(self) -> str:
        """That there is no verdict, in one sentence."""
        return (
            f"Leak detection gave no verdict: of {len(self.labels):,} customers {int(self.labels.sum()):,} churned, "
            f"and it needs {MIN_ROWS} churned and {MIN_ROWS} retained ones."
        )

    def score_together(self, names: Collection[str]) -> tuple[NDArray[np.float64], list[str]]:
        """The churn probability of the measured rows by a quick model, (n,), and its columns, the most used first."""
        ordered = [column.name for column in self.columns if column.name in names]
        model = GradientBoosting(
            n_resamples=0, seed=self.seed, n_trees=N_TREES, learning_rate=0.1,
            min_data_in_leaf=20, bagging_fraction=1.0, feature_fraction=1.0,
        )  # fmt: skip
        scores: list[NDArray[np.float64]] = []
        gains = dict.fromkeys(ordered, 0.0)
        for earlier, later in self.splits:
            model.fit(earlier.features.select(ordered), earlier.outcomes)
            scores.append(model.score(later.features, later.outcomes.horizon_days).value)
            gain = model.boosters_[0].feature_importance("gain")
            for column, one in zip(model.input_columns, gain, strict=True):
                gains[column.name] += float(one)
        return np.concatenate(scores), sorted(ordered, key=lambda name: -gains[name])

    def score_alone(self, name: str) -> NDArray[np.float64]:
        """The churn rate that the earlier rows have in the bin, or with the word, of each measured row, (n,)."""
        return np.concatenate([_rates_of(earlier, later, name=name) for earlier, later in self.splits])

    def auc(self, score: NDArray[np.float64]) -> float:
        """AUC on the measured rows."""
        ones = np.ones((1, len(score)))
        return float(RankedRows.of(score, self.labels).groups(ones).auc()[0])


def _rates_of(earlier: LabelledRows, later: LabelledRows, *, name: str) -> NDArray[np.float64]:
    values, words = earlier.features.column(name), earlier.features.vocabularies.get(name)
    edges = bin_edges(values, N_BINS) if words is None else np.arange(1.0, len(words))
    churned, ones = earlier.outcomes.churned.astype(np.float64), np.ones(len(values))
    rates, _ = smooth_rates(
        bin_of(values, edges), n_bins=len(edges) + 2, churned=churned, weights=ones, prior_rows=PRIOR_ROWS
    )
    return rates[bin_of(later.features.column(name), edges)]


def _implausible_alone(trial: LeakTrial, name: str, *, score: NDArray[np.float64]) -> str:
    """What is implausible about a column by itself, in one sentence; '' if nothing is."""
    auc = trial.auc(score)
    if auc >= MAX_ALONE_AUC:
        return f"alone it has an AUC of {auc:.3f}: {QUESTION}"
    values = trial.values(name)
    share = _share_without_overlap(values, trial.labels)
    if auc >= SHARP_AUC and share >= MAX_SHARP_SHARE:
        return f"it separates {share:.0%} of the customers without any overlap (AUC {auc:.3f}): {QUESTION}"
    vocabulary = next(column.vocabulary for column in trial.columns if column.name == name)
    return describe_rare_value(values, trial.labels, words=vocabulary)


def _share_without_overlap(values: NDArray[np.float64], churned: NDArray[np.bool_]) -> float:
    """The share of customers whose value is above, or below, every value of the other side; missing values overlap."""
    leavers, stayers = values[churned & ~np.isnan(values)], values[~churned & ~np.isnan(values)]
    if not len(leavers) or not len(stayers):
        return 0.0
    lowest, highest = max(leavers.min(), stayers.min()), min(leavers.max(), stayers.max())
    return float(np.mean((values < lowest) | (values > highest)))


def _responsible_for_all(trial: LeakTrial, undated: Sequence[str], *, suspected: Collection[str]) -> dict[str, str]:
    """The undated columns without which the AUC of a model of all plausible columns falls sharply from above .99."""
    findings: dict[str, str] = {}
    names = {column.name for column in trial.columns} - set(suspected)
    while names & set(undated):
        score, ranked = trial.score_together(names)
        together = trial.auc(score)
        if together <= MAX_JOINT_AUC:
            break
        names = set(ranked[:MAX_TOGETHER])
        rest = [name for name in ranked[:MAX_TOGETHER] if name in undated][:MAX_RESPONSIBLE]
        without = {name: trial.auc(trial.score_together(names - {name})[0]) for name in rest if len(names) > 1}
        name = min(without, key=lambda name: without[name], default="")
        if not name or together - without[name] < SHARP_LOSS:
            break
        findings[name] = f"without it the AUC falls from {together:.3f} to {without[name]:.3f}: {QUESTION}"
        names.remove(name)
    return findings


def _notes_on_dated(trial: LeakTrial, alone: dict[str, NDArray[np.float64]]) -> Iterator[str]:
    """The strongest dated feature of the table, where it nearly decides the label."""
    aucs = {column.name: trial.auc(alone[column.name]) for column in trial.columns if not column.as_of_today}
    strongest = max(aucs, key=lambda name: aucs[name], default="")
    if strongest and aucs[strongest] >= MAX_ALONE_AUC:
        yield (
            f"{strongest} alone has an AUC of {aucs[strongest]:.3f}: most who leave have stopped already at the "
            "cutoff, or its rows are dated before they happened; a shorter active_days asks a harder question."
        )
