"""The rows that models of a cross-section are fitted on: which columns and which customers.

every column -> those that say something -> leak detection -> per fit, the strongest of very many
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import Leak
from models.bins import bin_edges, bin_of
from models.churn.additive import CHURN_MODELS
from models.protocols import ChurnModel
from tables.cross_section import CrossSection
from tables.cross_section_columns import find_redundant_columns
from training.judging.leaks import LabelledRows
from training.judging.screening import screen_features
from training.run.recipe import Recipe

MAX_COLUMNS = 200
"Columns of one fit; of more, it uses those that separate its own customers best (Fan and Lv 2008)."
MAX_ROWS = 100_000
"Customers that the registered model is fitted on: more would cost time and change little."
N_BINS = 10
MAX_NAMES = 10
"Columns that a sentence lists."


@dataclass(frozen=True)
class CleanRows:
    """A cross-section data set without the features that leak detection doubts."""

    features: FeatureTable
    outcomes: Labels
    dropped: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = ()
    "About the columns, one sentence each."

    def __len__(self) -> int:
        return len(self.outcomes)

    def take(self, rows: NDArray[np.bool_]) -> CleanRows:
        """The customers that a mask selects."""
        return replace(self, features=self.features.take(rows), outcomes=self.outcomes.take(rows))

    def fit(self, recipe: Recipe, rows: NDArray[np.bool_]) -> ChurnModel:
        """Fit the recipe's model on these customers."""
        train = self.take(rows)
        features = train.features.select(strongest_columns(train.features, train.outcomes.churned))
        return recipe.build(CHURN_MODELS).fit(features, train.outcomes)


def clean_rows(data: CrossSection) -> CleanRows:
    """Leave out columns that say nothing and those that leak detection doubts, with a note about each kind.

    Each half of the customers is measured by the other half. Raises NotEnoughHistory where every column is doubted.
    """
    config = data.config
    listed = {*config.exclude_features, *config.allow_features}
    redundant = {name: equal for name, equal in find_redundant_columns(data.features).items() if name not in listed}
    features = data.features.select([name for name in data.features.names if name not in redundant])
    notes = describe_redundant(redundant)
    if not features.columns:
        return CleanRows(features, data.outcomes, notes=(*notes, "No column says anything about customers."))
    rows = LabelledRows(features, data.outcomes)
    is_first = stratify_folds(data.outcomes.churned, n_folds=2, seed=config.seed) == 0
    first, second = rows.take(is_first), rows.take(~is_first)
    screening = screen_features([(first, second), (second, first)], config)
    if not screening.kept and screening.excluded:
        raise NotEnoughHistory(
            f"{config.name}: leak detection doubts every column ({', '.join(features.names)}); list others "
            "in [cross_section], or name those that were known before the customer left in allow_features"
        )
    if len(screening.kept) > MAX_COLUMNS:
        notes = (*notes, f"Of {len(screening.kept):,} columns each fit uses the {MAX_COLUMNS} that separate its own "
                         "customers best.")  # fmt: skip
    return CleanRows(features.select(screening.kept), data.outcomes, screening.excluded, (*notes, *screening.notes))


def describe_redundant(redundant: dict[str, str]) -> tuple[str, ...]:
    """Sentences about columns where nothing varies, and columns that equal another."""
    constant = [name for name, equal in redundant.items() if not equal]
    equal = [f"{name} (as {other})" for name, other in redundant.items() if other]
    return (
        *([f"The same for every customer, so not used: {_list(constant)}."] if constant else []),
        *([f"Equal to another column, so not used: {_list(equal)}."] if equal else []),
    )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def strongest_columns(features: FeatureTable, churned: NDArray[np.bool_]) -> list[str]:
    """At most `MAX_COLUMNS` columns, in the table's order: those whose bins or words separate the customers best."""
    if len(features.columns) <= MAX_COLUMNS:
        return list(features.names)
    strengths = [
        _strength(features.values[:, place], churned, n_words=len(column.vocabulary or ()))
        for place, column in enumerate(features.columns)
    ]
    strongest = np.argsort(-np.array(strengths), kind="stable")[:MAX_COLUMNS]
    return [features.names[place] for place in sorted(strongest.tolist())]


def _strength(values: NDArray[np.float64], churned: NDArray[np.bool_], *, n_words: int) -> float:
    """The chi-squared statistic of bins and churn, in standard deviations from what chance gives."""
    edges = np.arange(1.0, n_words) if n_words else bin_edges(values, N_BINS)
    bins, n_bins = bin_of(values, edges), len(edges) + 2
    n_rows, n_churned = np.bincount(bins, minlength=n_bins), np.bincount(bins, churned, minlength=n_bins)
    used, rate = n_rows > 0, churned.mean()
    freedom = used.sum() - 1
    if not freedom or rate in (0, 1):
        return -np.inf
    expected = n_rows[used] * rate
    statistic = ((n_churned[used] - expected) ** 2 / (expected * (1 - rate))).sum()
    return float((statistic - freedom) / np.sqrt(2 * freedom))


def stratify_folds(churned: NDArray[np.bool_], *, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The random fold of each customer, (n,), with churned customers spread as evenly as possible."""
    shuffled = np.random.default_rng(seed).permutation(len(churned))
    dealt = shuffled[np.argsort(churned[shuffled], kind="stable")]
    folds = np.empty(len(churned), np.int64)
    folds[dealt] = np.arange(len(churned)) % n_folds
    return folds


def sample_rows(churned: NDArray[np.bool_], *, limit: int, seed: int) -> NDArray[np.bool_]:
    """A mask of at most about `limit` random customers, (n,), with the share of churned customers of all."""
    n_folds = -(-len(churned) // limit)
    return stratify_folds(churned, n_folds=n_folds, seed=seed) == 0 if n_folds > 1 else np.ones(len(churned), bool)
