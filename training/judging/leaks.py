"""Leak detection: find features that know the label because they were written after it.

A leak shows in how much it explains on customers later than those it was fitted on:

    alone       its own AUC is beyond what behaviour ever reaches, and beyond all other features together
    by removal  without it (and its copies) the AUC of a model drops sharply

Honest features are redundant: what the days since the last purchase say, the counts of recent purchases say too, so
that removing one costs next to nothing. A table of a few unrelated features has no such redundancy; there a finding
is a question to a person more than a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import Leak
from core.scores import Scores
from models.bins import bin_edges, bin_of, smooth_rates
from models.churn.gradient_boosting import GradientBoosting
from models.metrics.classification import compare
from models.metrics.weighted import RankedRows


@dataclass(frozen=True)
class LabelledRows:
    """Features and outcomes, aligned row by row."""

    features: FeatureTable
    outcomes: Labels


@dataclass(frozen=True, kw_only=True)
class LeakLimits:
    """Thresholds above which a share of the label is implausible."""

    alone_auc: float = 0.90
    "AUC of one feature; recency alone reaches .70 to .85 in shops."

    above_the_rest: float = 0.05
    "AUC of that feature over a model of all features below `alone_auc`; in an easy data set the rest is as good."

    by_removal: float = 0.05
    "AUC that the model loses; among dozens of related features an honest one costs less than .02."

    honest_loss: float = 0.02
    "What an honest feature may cost; the interval of the loss must lie above it, to rule out chance in a few rows."

    min_rows: int = 20
    "Of churned and of retained customers in the later rows; with fewer, the cost of a removal is chance."

    as_of_today: float = 0.02
    "`by_removal` for attributes without a date, which may have been written after the customer left."

    copy_correlation: float = 0.95
    "Features whose churn rates correlate this closely are removed together."

    n_suspects: int = 5
    "How many of the strongest features alone, and of the strongest in a model, are removed in turn."

    n_trees: int = 60
    "Of the model that measures removals, at a learning rate of .1; enough to show a sharp drop."


LIMITS = LeakLimits()

CHANCE_AUC = 0.5
"A model at chance has nothing to lose."

N_BINS, PRIOR_ROWS = 20, 10.0
"Of a feature alone."


def find_leaks(
    earlier: LabelledRows, later: LabelledRows, *, limits: LeakLimits = LIMITS, seed: int = 0
) -> tuple[Leak, ...]:
    """Find the features that explain an implausible share of the later rows' label.

    All rows are mature. Leaks come in the table's order, each with one sentence and its figures.
    """
    trial = LeakTrial(earlier.features, earlier.outcomes, later.features, later.outcomes, limits, seed)
    alone = {name: trial.score_alone(name) for name in earlier.features.names}
    findings = {**_by_removal(trial, alone), **_too_good_alone(trial, alone)}
    return tuple(Leak(name, findings[name]) for name in earlier.features.names if name in findings)


def too_few_rows(later: Labels, limits: LeakLimits = LIMITS) -> tuple[str, ...]:
    """One sentence where too few customers churned, or stayed, to measure removals; otherwise empty."""
    n_churned = int(later.churned.sum())
    if min(n_churned, len(later) - n_churned) >= limits.min_rows:
        return ()
    return (
        f"Leak detection looked at each feature alone only: of {len(later):,} customers at the test cutoff "
        f"{n_churned:,} churned, and it needs {limits.min_rows} churned and {limits.min_rows} retained ones to measure "
        "what removing a feature costs.",
    )


@dataclass(frozen=True)
class LeakTrial:
    """Earlier rows to fit on and later rows to measure on."""

    earlier: FeatureTable
    earlier_outcomes: Labels
    later: FeatureTable
    later_outcomes: Labels
    limits: LeakLimits
    seed: int

    def fit(self, names: Sequence[str]) -> GradientBoosting:
        """Fit a quick model of these features."""
        model = GradientBoosting(
            n_resamples=0, seed=self.seed, n_trees=self.limits.n_trees, learning_rate=0.1,
            min_data_in_leaf=20, bagging_fraction=1.0, feature_fraction=1.0,
        )  # fmt: skip
        return model.fit(self.earlier.select(names), self.earlier_outcomes)

    def score_together(self, names: Sequence[str]) -> Scores:
        """Score the later rows by a model of these features; by the base rate where there are none."""
        if not names:
            return self.to_scores(np.full(len(self.later), self.earlier_outcomes.churned.mean()))
        return self.fit(names).score(self.later, self.later_outcomes.horizon_days)

    def score_alone(self, name: str) -> Scores:
        """Score the later rows by one feature: the earlier churn rate of its bin or word, or of a missing value."""
        values = self.earlier.column(name)
        words = self.earlier.vocabularies.get(name)
        edges = bin_edges(values, N_BINS) if words is None else np.arange(1.0, len(words))
        churned, ones = self.earlier_outcomes.churned.astype(np.float64), np.ones(len(values))
        rates, _ = smooth_rates(
            bin_of(values, edges), n_bins=len(edges) + 2, churned=churned, weights=ones, prior_rows=PRIOR_ROWS
        )
        return self.to_scores(rates[bin_of(self.later.column(name), edges)])

    def to_scores(self, probability: NDArray[np.float64]) -> Scores:
        """Probabilities of the later rows as scores."""
        return Scores(
            customer_ids=self.later.customer_ids,
            cutoffs=self.later.cutoffs,
            value=probability,
            horizon_days=self.later_outcomes.horizon_days,
        )

    def auc(self, scores: Scores) -> float:
        """AUC on the later rows."""
        ones = np.ones((1, len(scores)))
        return float(RankedRows.of(scores.value, self.later_outcomes.churned).groups(ones).auc()[0])

    def is_above(self, scores: Scores, others: Scores, *, margin: float, certain_margin: float = 0.0) -> bool:
        """Whether the first AUC is higher by `margin`, and its interval by `certain_margin`.

        An AUC below chance counts as chance.
        """
        if self.auc(scores) - max(self.auc(others), CHANCE_AUC) < margin:
            return False
        comparison = compare(
            "with",
            "without",
            scores=scores,
            scores_against=others,
            outcomes=self.later_outcomes,
            metric="auc",
            n_resamples=100,
            seed=self.seed,
        )
        return comparison.difference.low > certain_margin


def _too_good_alone(trial: LeakTrial, alone: Mapping[str, Scores]) -> dict[str, str]:
    limits = trial.limits
    suspects = [name for name, scores in alone.items() if trial.auc(scores) >= limits.alone_auc]
    if not suspects:
        return {}
    rest = trial.score_together([name for name in alone if name not in suspects])
    return {
        name: f"alone it has an AUC of {trial.auc(alone[name]):.3f}, all plausible features together "
        f"{trial.auc(rest):.3f}: was it written after the customer left?"
        for name in suspects
        if trial.is_above(alone[name], rest, margin=limits.above_the_rest)
    }


def _by_removal(trial: LeakTrial, alone: Mapping[str, Scores]) -> dict[str, str]:
    if too_few_rows(trial.later_outcomes, trial.limits):
        return {}
    limits, with_all = trial.limits, trial.score_together(list(alone))
    undated = {column.name for column in trial.earlier.columns if column.as_of_today}
    findings = {}
    for name, copies in _suspects(trial, alone, undated=undated).items():
        without = trial.score_together([other for other in alone if other not in copies])
        margins = (limits.as_of_today, 0.0) if name in undated else (limits.by_removal, limits.honest_loss)
        if trial.is_above(with_all, without, margin=margins[0], certain_margin=margins[1]):
            findings[name] = (
                f"without it the AUC falls from {trial.auc(with_all):.3f} to {trial.auc(without):.3f}: "
                "was it written after the customer left?"
            )
    return findings


def _suspects(trial: LeakTrial, alone: Mapping[str, Scores], *, undated: set[str]) -> dict[str, set[str]]:
    """The features worth removing, each with its copies and itself."""
    names = list(alone)
    strongest = sorted(names, key=lambda name: -trial.auc(alone[name]))[: trial.limits.n_suspects]
    important = list(trial.fit(names).importance(trial.later))[: trial.limits.n_suspects]
    rates = np.array([alone[name].value for name in names])
    varies = np.ptp(rates, axis=1) > 0
    # A constant has no correlation; noise in its place correlates with no other feature.
    noise = np.random.default_rng(trial.seed).random(rates.shape)
    related = np.atleast_2d(np.corrcoef(np.where(varies[:, None], rates, noise))) >= trial.limits.copy_correlation
    return {
        name: {name} | {names[other] for other in np.flatnonzero(related[names.index(name)])}
        for name in names
        if name in {*strongest, *important, *undated}
    }
