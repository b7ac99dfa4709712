"""Two-stage recommender: the best items of several recommenders, reranked by boosted trees.

    parts -> the best n_candidates of each -> pair features at the cutoff -> trees -> exp(prediction - best prediction)

The trees are fitted on earlier folds, with parts that know nothing of what comes after, then the parts are fitted again
on everything (as in Covington et al. 2016; OTTO's winners 2023). Items that are no candidates follow, ordered by the
parts' mean score. Where too few customers came back to fit trees, the mean ranks everything: `n_trees_` is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, Interactions
from models.artifact import Artifact
from models.recommenders.blend import BlendRecommender
from models.recommenders.engine.blend_weights import (
    CELLS_AT_ONCE,
    NORMALISATIONS,
    best_items,
    repeat_for_groups,
)
from models.recommenders.engine.holdout import FOLDS, HoldoutFold, folds_of_model
from models.recommenders.engine.ranked_lists import select_best
from models.recommenders.engine.row_scores import RowScores, add_rows, join_items
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, Between, OneOf, Ranges
from models.recommenders.reranking.pair_features import ItemStatistics, feature_names, pair_features
from models.recommenders.reranking.trees import Examples, Trees, TreeSettings
from models.resources import GB, limit_blas_to_one_thread
from models.setting_types import Count, Folds, Leaves, NumberOfTrees, PositiveShare

MAX_FOLD_CUSTOMERS = 1000
"Customers of each fold, at most."
MIN_CUSTOMERS = 50
"Trees fitted on fewer customers would be noise."
STATISTICS = ("gaps", "repeat_rate", "recent", "longer")


@dataclass(eq=False)
class Reranked(BlendRecommender):
    """Ranks the candidates of its parts by boosted trees."""

    name: ClassVar[str] = "reranked"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "n_candidates": Between(10, 60, log=True, whole=True),
        "n_trees": Between(50, 400, log=True, whole=True),
        "n_leaves": Between(4, 31, log=True, whole=True),
        "learning_rate": Between(0.02, 0.2, log=True),
        "normalisation": OneOf(NORMALISATIONS),
        "judged_on": OneOf(FOLDS),
    }

    # NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04, where blend has .395 and .405: 12, 15, 20, 30
    # and 50 give .401 and .410, .399 and .413, .398 and .413, .397 and .411, .397 and .412 (200 trees): low-ranked
    # candidates teach little. 3 folds instead of 5 give .398 and .410; 4 or 16 leaves, or pairs of other ranks, .001
    # less; logistic loss .394 and .410. Most of these differ by less than a standard error, .0017; 20 fits twice as
    # fast as 50, whose candidates contain .36 of the bought items instead of .22.
    n_candidates: Count = 20
    "Number of each part's best items that are reranked."

    n_folds: Folds = 5
    "Number of earlier folds to fit the trees on, at most; each of `judged_days` before the next."

    n_trees: NumberOfTrees = 150
    n_leaves: Leaves = 8
    learning_rate: PositiveShare = 0.05

    trees_: Trees = field(init=False)
    item_statistics_: ItemStatistics = field(init=False)
    candidate_recall_: float | None = field(init=False)
    "Share of the items bought in the folds that were candidates; None without a fold."

    @property
    def n_trees_(self) -> int:
        """Number of fitted trees; 0 where the parts' mean score ranks instead."""
        return len(self.trees_)

    def memory_gb(self, interactions: Interactions) -> float:
        """Without the parts: the scores of a fold, and the examples of all folds, thrice while LightGBM bins them."""
        m, n_parts = len(interactions.item_ids), len(self.part_names)
        pairs = self.n_folds * min(MAX_FOLD_CUSTOMERS, len(interactions)) * min(self.n_candidates * n_parts, m)
        blocks = 4 * (2 * n_parts + 1) * max(CELLS_AT_ONCE, m)
        return (12 * pairs * len(feature_names(self.part_names)) + blocks + 1000 * m) / GB

    def _fit_model(self, interactions: Interactions) -> None:
        self.left_out_, self.candidate_recall_, self.trees_ = {}, None, Trees.empty()
        folds = folds_of_model(self, interactions, n_folds=self.n_folds)
        if folds:
            examples = Examples.concatenate([self._collect_examples(fold) for fold in folds])
            self.candidate_recall_, informative = examples.recall, examples.informative()
            if len(informative) >= MIN_CUSTOMERS:
                settings = TreeSettings(
                    n_trees=self.n_trees, n_leaves=self.n_leaves, learning_rate=self.learning_rate, seed=self.seed
                )
                self.trees_ = settings.fit(informative)
        self._fit_first_stage(interactions, self.cutoff_)

    def _collect_examples(self, fold: HoldoutFold) -> Examples:
        """The candidates of a fold's customers, from parts and statistics that know nothing after its cutoff."""
        self._fit_first_stage(fold.training, fold.cutoff)
        with limit_blas_to_one_thread():
            sample = fold.sample(MAX_FOLD_CUSTOMERS, self.seed)
            n_at_once = max(1, CELLS_AT_ONCE // len(self.item_ids))
            return Examples.concatenate([self._collect_block(block) for block in sample.blocks(n_at_once)])

    def _collect_block(self, block: HoldoutFold) -> Examples:
        day = block.days[0].astype(date)
        scores = self._scores_and_mean(block.histories, day)
        block.zero_out_seen(scores)
        bought = block.is_bought
        codes, is_candidate = best_items(scores[:-1], self.n_candidates)
        features = pair_features(
            take_items(scores, codes), codes, is_candidate=is_candidate, items=self.item_statistics_,
            histories=block.histories, cutoff=day,
        )  # fmt: skip
        hits = np.take_along_axis(bought, codes, 1)[is_candidate]
        return Examples(features, hits, is_candidate.sum(axis=1), bought.sum(axis=1))

    def _fit_first_stage(self, interactions: Interactions, cutoff: date) -> None:
        """Fit the parts and statistics that the pair features are computed from."""
        self.parts_ = self._fit_parts(interactions, cutoff)
        self.weights_ = repeat_for_groups(np.full(len(self.parts_), 1 / len(self.parts_)))
        self.item_statistics_ = ItemStatistics.compute(interactions, cutoff)

    def _scores_and_mean(self, histories: Histories, cutoff: date) -> list[NDArray[np.float32]]:
        """Normalised scores of each part, negative ones set to 0, and last their mean, (n, m) each."""
        scores = [np.maximum(part, 0) for part in self._normalise_parts(histories, cutoff)]
        return [*scores, average(scores)]

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        scores = self._scores_and_mean(histories, cutoff)
        codes, is_candidate = best_items(scores[:-1], self.n_candidates)
        if not self.n_trees_ or not is_candidate.any():
            return scores[-1]
        features = pair_features(
            take_items(scores, codes), codes, is_candidate=is_candidate, items=self.item_statistics_,
            histories=histories, cutoff=cutoff,
        )  # fmt: skip
        predictions = np.full(codes.shape, -np.inf)
        predictions[is_candidate] = self.trees_.predict(features)
        return _merge_scores(scores[-1], codes, is_candidate=is_candidate, predictions=predictions)

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        rows = self._normalise_rows(history, cutoff, is_needed=np.ones(len(self.parts_), dtype=bool))
        if rows is None or not all(row.knows_nth_best(self.n_candidates) for row in rows):
            return None
        rows = [row.clip() for row in rows]
        best = [row.items[select_best(row.scores, self.n_candidates, codes=row.items)[0]] for row in rows]
        codes = np.sort(join_items(best, n_items=len(self.item_ids)))
        if not self.n_trees_ or not len(codes):
            return add_rows(rows).multiply(np.float32(1 / len(rows))).multiply_by(self._popularity_factor(cutoff))
        scores_by_part = [row.score_items(codes)[None, :] for row in rows]
        features = pair_features(
            [*scores_by_part, average(scores_by_part)], codes[None, :],
            is_candidate=np.ones((1, len(codes)), dtype=bool), items=self.item_statistics_, histories=history,
            cutoff=cutoff,
        )  # fmt: skip
        predictions = self.trees_.predict(features)
        scores = np.exp(predictions - predictions.max())
        share = 0.5 * scores.min()

        def score_others(items: NDArray[np.integer]) -> NDArray[np.float32]:
            return (average([row.score_items(items) for row in rows]) * share).astype(np.float32)

        row = RowScores(codes, scores.astype(np.float32), len(self.item_ids), float(share), score_others)
        return row.multiply_by(self._popularity_factor(cutoff))

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """The contributions to the parts, summed and scaled to the score.

        A prediction of trees has no exact contributions: these show which purchases made an item a candidate.
        """
        past, relative = self._relative_contributions(histories, row, items=items, cutoff=cutoff)
        total = relative.sum(axis=0)
        factor = self._popularity_factor(cutoff)[items]
        scores = self.score_row(histories.select_row(row), cutoff).score_items(items) / np.where(factor > 0, factor, 1)
        return past, relative * (scores / np.where(total > 0, total, 1))

    def _relative_contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        history = histories.select_row(row)
        past = np.unique(history.items)
        relative = np.zeros((len(past), len(items)))
        for codes, contributions in self._contributions_to_parts(history, items, cutoff=cutoff):
            relative[np.searchsorted(past, codes)] += contributions
        return past, relative

    def _contributions_to_parts(
        self, history: Histories, items: NDArray[np.integer], *, cutoff: date
    ) -> Iterator[tuple[NDArray[np.integer], NDArray[np.floating]]]:
        """The contributions to each part, which sum to its normalised score."""
        for part in self.parts_.values():
            normalised = np.maximum(self._normalise_some(part, history, items=items, cutoff=cutoff), 0)
            past, contributions = part.contributions(history, 0, items=items, cutoff=cutoff)
            total = contributions.sum(axis=0)
            yield past, contributions * np.where(total > 0, normalised / np.where(total > 0, total, 1), 0)

    def to_artifact(self) -> Artifact:
        """As of a blend, plus the trees, the item statistics and the recall of the candidates."""
        own = super().to_artifact()
        arrays = {f"trees_{name}": array for name, array in self.trees_.arrays().items()}
        arrays |= {f"statistics_{name}": getattr(self.item_statistics_, name) for name in STATISTICS}
        state = {"candidate_recall": self.candidate_recall_}
        return Artifact(self.name, own.state | state, own.arrays | arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The inverse of `to_artifact`."""
        model = super().from_artifact(artifact)
        arrays = artifact.arrays
        model.trees_ = Trees(**{name: arrays[f"trees_{name}"] for name in Trees.empty().arrays()})
        model.item_statistics_ = ItemStatistics(
            cutoff=model.cutoff_, **{name: arrays[f"statistics_{name}"] for name in STATISTICS}
        )
        model.candidate_recall_ = artifact.state["candidate_recall"]
        return model


def average(scores: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean of arrays of equal shape."""
    return sum(scores, np.zeros_like(scores[0])) * np.float32(1 / len(scores))


def take_items(scores: list[NDArray[np.float32]], codes: NDArray[np.int64]) -> list[NDArray[np.float32]]:
    """The scores of (n, width) items from (n, m) scores."""
    return [np.take_along_axis(one, codes, 1) for one in scores]


def _merge_scores(
    mean: NDArray[np.float32],
    codes: NDArray[np.int64],
    *,
    is_candidate: NDArray[np.bool_],
    predictions: NDArray[np.float64],
) -> NDArray[np.float32]:
    """(n, m) scores: candidates from 1 downwards by their (n, width) predictions, then other items by their mean."""
    best = predictions.max(axis=1, keepdims=True)
    candidate_scores = np.exp(predictions - np.where(np.isfinite(best), best, 0))
    lowest = np.where(is_candidate, candidate_scores, 1).min(axis=1, keepdims=True)
    rows = np.nonzero(is_candidate)[0]
    # A mean is at most 1, so half of the lowest candidate's score ranks all other items below the candidates.
    scores = (mean * (0.5 * lowest)).astype(np.float32)
    scores[rows, codes[is_candidate]] = candidate_scores[is_candidate]
    return scores


MODEL = Reranked
