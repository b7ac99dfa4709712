"""The leak alarm: features that know the label because they were written after it.

A leak is told by how much it explains, on customers later than those learnt from:

    alone       its own AUC is beyond what behaviour ever reaches, and beyond all other features together
    by removal  without it (and its copies) the model falls off a cliff

Honest features come in crowds: what the days since the last purchase say, the counts of recent purchases
say too, so that taking one away costs next to nothing. A table of a handful of unrelated features has no
such crowd, and there the alarm is a question to a person more than a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import Leak
from core.scores import Scores
from models.bins import bin_edges, bin_of, smoothed_rates
from models.churn.gradient_boosting import GradientBoosting
from models.metrics.classification import compare
from models.metrics.weighted import RankedRows


@dataclass(frozen=True)
class LeakLimits:
    """From where on a share of the label is implausible."""

    alone_auc: float = 0.90
    "Of one feature; recency alone reaches .70 to .85 in shops."

    above_the_rest: float = 0.05
    "AUC of that feature over a model of all that are below the limit: in an easy world the rest is as good."

    by_removal: float = 0.05
    "AUC that the model loses; among dozens of related features an honest one costs less than .02."

    honest: float = 0.02
    "What an honest one may cost: the loss must surely be greater, so that the chance of a few hundred rows is no leak."

    least_rows: int = 20
    "Of the later ones who left, and who stayed: with fewer, what a feature costs by removal is chance."

    as_of_today: float = 0.02
    "The same for attributes without a date, which may have been written after the customer left."

    copies: float = 0.95
    "Features whose churn rates correlate as closely as this are taken away together."

    n_suspects: int = 5
    "How many of the strongest alone, and of the strongest in a model, are taken away in turn."

    n_trees: int = 60
    "Of the model that judges, at a learning rate of .1; enough to see a cliff."


LIMITS = LeakLimits()

CHANCE = 0.5
"The AUC of who knows nothing: from there nothing falls off a cliff."

N_BINS, PRIOR_ROWS = 20, 10.0
"Of a feature alone."


def find_leaks(
    earlier: FeatureTable,
    earlier_outcomes: Labels,
    later: FeatureTable,
    later_outcomes: Labels,
    limits: LeakLimits = LIMITS,
    seed: int = 0,
) -> tuple[Leak, ...]:
    """The features that explain an implausible share of the later rows' label; empty where all is plausible.

    All rows are mature. Names come in the table's order, each with one sentence and its figures.
    """
    trial = Trial(earlier, earlier_outcomes, later, later_outcomes, limits, seed)
    alone = {name: trial.said_alone(name) for name in earlier.names}
    findings = {**_by_removal(trial, alone), **_too_good_alone(trial, alone)}
    return tuple(Leak(name, findings[name]) for name in earlier.names if name in findings)


def too_few_to_judge(later: Labels, limits: LeakLimits = LIMITS) -> tuple[str, ...]:
    """One sentence where too few left, or stayed, for the alarm to take features away; otherwise none."""
    left = int(later.churned.sum())
    if min(left, len(later) - left) >= limits.least_rows:
        return ()
    return (
        f"The leak alarm looked at each feature alone only: of {len(later):,} customers at the test cutoff {left:,} "
        f"left, and {limits.least_rows} of either kind are needed to tell what a feature costs by removal.",
    )


@dataclass(frozen=True)
class Trial:
    """Earlier rows to learn from and later ones to judge on."""

    earlier: FeatureTable
    earlier_outcomes: Labels
    later: FeatureTable
    later_outcomes: Labels
    limits: LeakLimits
    seed: int

    def model(self, names: Sequence[str]) -> GradientBoosting:
        """A quick model of these features."""
        quick = GradientBoosting(
            n_resamples=0, seed=self.seed, n_trees=self.limits.n_trees, learning_rate=0.1,
            least_rows_in_leaf=20, row_share=1.0, feature_share=1.0,
        )  # fmt: skip
        return quick.fit(self.earlier.select(names), self.earlier_outcomes)

    def said_by(self, names: Sequence[str]) -> Scores:
        """What these features together say of the later rows; the same of all where there are none."""
        if not names:
            return self.scores(np.full(len(self.later), self.earlier_outcomes.churned.mean()))
        return self.model(names).score(self.later, self.later_outcomes.horizon_days)

    def said_alone(self, name: str) -> Scores:
        """What one feature says: the churn rate, in the earlier rows, of its bin or word (or of its being missing)."""
        learnt = self.earlier.column(name)
        words = self.earlier.vocabularies.get(name)
        edges = bin_edges(learnt, N_BINS) if words is None else np.arange(1.0, len(words))
        churned, everyone = self.earlier_outcomes.churned.astype(np.float64), np.ones(len(learnt))
        rates, _ = smoothed_rates(bin_of(learnt, edges), len(edges) + 2, churned, everyone, PRIOR_ROWS)
        return self.scores(rates[bin_of(self.later.column(name), edges)])

    def scores(self, probability: np.ndarray) -> Scores:
        """Probabilities of the later rows as scores."""
        return Scores(self.later.customer_ids, self.later.cutoffs, probability, self.later_outcomes.horizon_days)

    def auc(self, scores: Scores) -> float:
        """How well the later rows are ranked."""
        everyone = np.ones((1, len(scores)))
        return float(RankedRows.of(scores.value, self.later_outcomes.churned).groups(everyone).auc()[0])

    def is_above(self, scores: Scores, others: Scores, by: float, surely: float = 0.0) -> bool:
        """Whether the first one's AUC is higher by so much, and surely by the other; worse than chance is no worse."""
        if self.auc(scores) - max(self.auc(others), CHANCE) < by:
            return False
        found = compare("with", "without", scores, others, self.later_outcomes, "auc", n_resamples=100, seed=self.seed)
        return found.difference.low > surely


def _too_good_alone(trial: Trial, alone: Mapping[str, Scores]) -> dict[str, str]:
    limits = trial.limits
    beyond = [name for name, scores in alone.items() if trial.auc(scores) >= limits.alone_auc]
    if not beyond:
        return {}
    rest = trial.said_by([name for name in alone if name not in beyond])
    return {
        name: f"alone it has an AUC of {trial.auc(alone[name]):.3f}, all plausible features together "
        f"{trial.auc(rest):.3f}: was it written after the customer left?"
        for name in beyond
        if trial.is_above(alone[name], rest, by=limits.above_the_rest)
    }


def _by_removal(trial: Trial, alone: Mapping[str, Scores]) -> dict[str, str]:
    if too_few_to_judge(trial.later_outcomes, trial.limits):
        return {}
    whole = trial.said_by(list(alone))
    undated = {column.name for column in trial.earlier.columns if column.as_of_today}
    findings = {}
    for name, copies in _suspects(trial, alone, undated).items():
        without = trial.said_by([other for other in alone if other not in copies])
        limits = trial.limits
        by, surely = (limits.as_of_today, 0.0) if name in undated else (limits.by_removal, limits.honest)
        if trial.is_above(whole, without, by, surely):
            findings[name] = (
                f"without it the AUC falls from {trial.auc(whole):.3f} to {trial.auc(without):.3f}: "
                "was it written after the customer left?"
            )
    return findings


def _suspects(trial: Trial, alone: Mapping[str, Scores], undated: set[str]) -> dict[str, set[str]]:
    """The features worth taking away, each with its copies (and itself)."""
    names = list(alone)
    strongest = sorted(names, key=lambda name: -trial.auc(alone[name]))[: trial.limits.n_suspects]
    relied_on = list(trial.model(names).importance(trial.later))[: trial.limits.n_suspects]
    said = np.array([alone[name].value for name in names])
    varies = np.ptp(said, axis=1) > 0
    # A constant has no correlation; noise of its own makes it nobody's copy.
    noise = np.random.default_rng(trial.seed).random(said.shape)
    related = np.atleast_2d(np.corrcoef(np.where(varies[:, None], said, noise))) >= trial.limits.copies
    return {
        name: {name} | {names[other] for other in np.flatnonzero(related[names.index(name)])}
        for name in names
        if name in {*strongest, *relied_on, *undated}
    }
