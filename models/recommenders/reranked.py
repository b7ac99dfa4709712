"""A second stage: the best of several recommenders, put in order by what is known of customer, item and pair.

    parts -> the best n_candidates of each -> features at the cutoff -> trees -> exp(sum of leaves - the best sum)

Trees are learnt on earlier folds, with parts that know nothing of what comes after, then the parts are fitted again
on everything (as in Covington et al. 2016; OTTO's winners 2023). What no part counts among its best follows in the
order of the parts' mean. Where too few customers came back to learn from, that mean is all: `n_trees_` is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self

import numpy as np

from core.interactions import Histories, Interactions
from models.artifact import Artifact
from models.memory import GB
from models.recommenders.blend import Blend
from models.recommenders.engine.later_fold import FOLDS, LaterFold, later_folds
from models.recommenders.engine.mixing import CELLS_AT_ONCE, NORMALISATIONS, best_items, normalised
from models.recommenders.engine.one_thread import on_one_thread
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, Between, OneOf, Ranges
from models.recommenders.reranking.pair_features import ItemFacts, features_of, names_of
from models.recommenders.reranking.second_stage import Examples, Growing
from models.recommenders.reranking.trees import Trees

LEARNT_FROM = 1000
"Customers of each fold, at most."
FEWEST_CUSTOMERS = 50
"Trees learnt from fewer would be noise."
FACTS = ("gaps", "again", "now", "longer")


@dataclass(eq=False)
class Reranked(Blend):
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
    # and 50 give .401 and .410, .399 and .413, .398 and .413, .397 and .411, .397 and .412 (200 trees): what is far
    # down teaches little. 3 folds instead of 5 give .398 and .410; 4 or 16 leaves, or pairs of other ranks, .001 less;
    # logistic loss .394 and .410. Most of these differ by less than a standard error, .0017; 20 learns twice as fast as
    # 50, whose candidates hold .36 of what was bought instead of .22.
    n_candidates: int = 20
    "How many of each part's best are put in order."

    n_folds: int = 5
    "How many earlier folds trees are learnt on, at most; each of `judged_days` before the other."

    n_trees: int = 150
    n_leaves: int = 8
    learning_rate: float = 0.05

    trees_: Trees = field(init=False)
    facts_: ItemFacts = field(init=False)
    candidate_recall_: float | None = field(init=False)
    "Share of what customers of the folds bought that was among the candidates; None where there was no fold."

    @property
    def n_trees_(self) -> int:
        """How many trees were learnt; 0 where the mean of the parts stands in for them."""
        return len(self.trees_)

    def needed_gb(self, interactions: Interactions) -> float:
        """Beside its parts: a fold's scores, and the examples of all folds, thrice over while LightGBM bins them."""
        m, n_parts = len(interactions.item_ids), len(self.part_names)
        pairs = self.n_folds * min(LEARNT_FROM, len(interactions)) * min(self.n_candidates * n_parts, m)
        blocks = 4 * (2 * n_parts + 1) * max(CELLS_AT_ONCE, m)
        return (12 * pairs * len(names_of(self.part_names)) + blocks + 1000 * m) / GB

    def _learn(self, interactions: Interactions) -> None:
        self.left_out_, self.candidate_recall_, self.trees_ = {}, None, Trees.none()
        folds = later_folds(self.judged_on, interactions, self.cutoff_, self.judged_days, self.n_folds, self.seed)
        if folds:
            examples = Examples.joined([self._examples_of(fold) for fold in folds])
            self.candidate_recall_, telling = examples.recall, examples.telling()
            if len(telling) >= FEWEST_CUSTOMERS:
                growing = Growing(self.n_trees, self.n_leaves, self.learning_rate, self.seed)
                self.trees_ = growing.trees(telling)
        self._fit_stage(interactions, self.cutoff_)

    def _examples_of(self, fold: LaterFold) -> Examples:
        """The candidates of a fold's customers, from parts and facts that know nothing after its cutoff."""
        self._fit_stage(fold.earlier, fold.cutoff)
        with on_one_thread():
            asked = fold.at_most(LEARNT_FROM, self.seed)
            at_once = max(1, CELLS_AT_ONCE // len(self.item_ids))
            return Examples.joined([self._block_of(block) for block in asked.blocks(at_once)])

    def _block_of(self, block: LaterFold) -> Examples:
        day = block.asked_on[0].astype(date)
        parts = self._parts_and_mean(block.asking, day)
        block.bar(parts)
        bought = block.bought
        codes, among = best_items(parts[:-1], self.n_candidates)
        features = features_of(parts, codes, among, self.facts_, block.asking, day)
        hits = np.take_along_axis(bought, codes, 1)[among]
        return Examples(features, hits, among.sum(axis=1), bought.sum(axis=1))

    def _fit_stage(self, interactions: Interactions, cutoff: date) -> None:
        """All that features are made of."""
        self.parts_ = self._fitted(interactions, cutoff)
        self.weights_ = np.full(len(self.parts_), 1 / len(self.parts_))
        self.facts_ = ItemFacts.of(interactions, cutoff)

    def _parts_and_mean(self, histories: Histories, cutoff: date) -> list[np.ndarray]:
        """Normalised scores of each part, none below zero, and their mean, (n, m) float32 each."""
        parts = [np.maximum(scores, 0) for scores in self._normalised(histories, cutoff)]
        return [*parts, sum(parts, np.zeros_like(parts[0])) / np.float32(len(parts))]

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        parts = self._parts_and_mean(histories, cutoff)
        codes, among = best_items(parts[:-1], self.n_candidates)
        if not self.n_trees_ or not among.any():
            return parts[-1]
        sums = np.full(codes.shape, -np.inf)
        sums[among] = self.trees_.predict(features_of(parts, codes, among, self.facts_, histories, cutoff))
        return _in_order(parts[-1], codes, among, sums)

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """What the parts say, each as far as its score counts, in proportion to the score.

        The sum of trees has no exact parts: this tells which things bought made an item a candidate.
        """
        past, said = self._said(histories, row, items, cutoff)
        total = said.sum(axis=0)
        scores = self._scores(histories.take(np.array([row])), cutoff)[0, items]
        return past, said * (scores / np.where(total > 0, total, 1))

    def _said(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        one = histories.take(np.array([row]))
        past = np.unique(one.items)
        said = np.zeros((len(past), len(items)))
        for of, shares in self._shares_of_parts(one, items, cutoff):
            said[np.searchsorted(past, of)] += shares
        return past, said

    def _shares_of_parts(
        self, one: Histories, items: np.ndarray, cutoff: date
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each part's shares, which add up to its normalised score."""
        for part in self.parts_.values():
            worth = np.maximum(normalised(part.scores(one, cutoff), self.normalisation)[0, items], 0)
            past, shares = part.shares(one, 0, items, cutoff)
            total = shares.sum(axis=0)
            yield past, shares * np.where(total > 0, worth / np.where(total > 0, total, 1), 0)

    def to_artifact(self) -> Artifact:
        """As of a blend, with the trees, what is known of the items, and the candidates' recall."""
        own = super().to_artifact()
        arrays = {f"trees_{name}": array for name, array in self.trees_.arrays().items()}
        arrays |= {f"facts_{name}": getattr(self.facts_, name) for name in FACTS}
        state = {"candidate_recall": self.candidate_recall_}
        return Artifact(self.name, own.state | state, own.arrays | arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The reverse of `to_artifact`."""
        model = super().from_artifact(artifact)
        arrays = artifact.arrays
        model.trees_ = Trees(**{name: arrays[f"trees_{name}"] for name in Trees.none().arrays()})
        model.facts_ = ItemFacts(model.cutoff_, *(arrays[f"facts_{name}"] for name in FACTS))
        model.candidate_recall_ = artifact.state["candidate_recall"]
        return model


def _in_order(mean: np.ndarray, codes: np.ndarray, among: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """(n, m) scores: candidates from 1 downwards by their sums, (n, width), then all others by their mean."""
    best = sums.max(axis=1, keepdims=True)
    placed = np.exp(sums - np.where(np.isfinite(best), best, 0))
    least = np.where(among, placed, 1).min(axis=1, keepdims=True)
    rows = np.nonzero(among)[0]
    scores = (mean * (0.5 * least)).astype(np.float32)
    scores[rows, codes[among]] = placed[among]
    return scores
