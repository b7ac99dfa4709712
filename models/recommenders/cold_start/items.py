"""A fitted model with items besides that nobody has bought yet: each stands for what the known items like it do.

    score of a new item = discount * mean of its neighbours' scores for this history, weighted by their likeness

so its shares are those of its neighbours, and it comes before popularity where the model has something to say. What
is kept of such a model is the model itself, and its `Newcomers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from scipy import sparse

from core.errors import BadInput
from core.interactions import Histories, Interactions, codes_of
from models.artifact import Artifact
from models.protocols import Settings
from models.recommenders.engine.answer import Answer
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.exclusion import Barred
from models.recommenders.engine.one_thread import on_one_thread
from models.recommenders.engine.scoring import ScoringRecommender


@dataclass(frozen=True)
class Newcomers:
    """Items that nobody has bought yet, and the known ones that are like them."""

    item_ids: np.ndarray
    "(n,) text 'U', sorted."
    indptr: np.ndarray
    "(n + 1,) int64."
    neighbours: np.ndarray
    "(pairs,) int32: codes of known items, the most alike first, at indptr[i]:indptr[i + 1]."
    likeness: np.ndarray
    "(pairs,) float32, above 0 and at most 1."
    n_known: int
    "How many items are known."

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(n, known) float32 likeness."""
        return sparse.csr_matrix((self.likeness, self.neighbours, self.indptr), (len(self), self.n_known))

    def to_artifact(self) -> Artifact:
        """The arrays, as they lie in a release."""
        arrays = {name: getattr(self, name) for name in ("item_ids", "indptr", "neighbours", "likeness")}
        return Artifact("newcomers", {"n_known": self.n_known}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The newcomers as they were; arrays may be mapped files."""
        return cls(**artifact.arrays, n_known=artifact.state["n_known"])


class WiderRecommender(LadderRecommender):
    """Any model and its newcomers, which stand on the stage of popularity alone."""

    def __init__(self, inner: LadderRecommender, newcomers: Newcomers, discount: float) -> None:
        self.inner, self.discount = inner, discount
        # The classes of the shelf say this of all their models; here it is as in the model inside.
        vars(self).update(inner.settings, name=inner.name, knows_likeness=inner.knows_likeness)
        self.item_ids = np.sort(np.concatenate([inner.item_ids, newcomers.item_ids]))
        self._known, self._new = (codes_of(ids, self.item_ids) for ids in (inner.item_ids, newcomers.item_ids))
        self._inner_codes = np.full(len(self.item_ids), -1, dtype=np.int32)
        self._inner_codes[self._known] = np.arange(len(self._known))
        self._alike = newcomers.matrix
        sums = np.maximum(np.asarray(self._alike.sum(axis=1)), 1e-12)
        self._means = sparse.csr_matrix(self._alike.multiply(discount / sums), dtype=np.float32)
        self.cutoff_ = inner.cutoff_
        # Of new items what may be expected of them, beside the known items' shares as they are.
        self.popularity_ = self._joined(inner.popularity_, self._means @ inner.popularity_)
        self.gaps_ = self._joined(inner.gaps_, np.full(len(newcomers), np.nan, dtype=np.float32))
        self.similarity_model_ = None

    @property
    def settings(self) -> Settings:
        """The recipe of the model inside."""
        return self.inner.settings

    def fit(self, interactions: Interactions, cutoff: date | None = None) -> Self:
        """Refused: what is learnt is the model inside."""
        raise BadInput(f"this {self.name} has newcomers beside what it learnt; fit it first, then add them")

    def to_artifact(self) -> Artifact:
        """The model inside; its newcomers are an artifact of their own."""
        return self.inner.to_artifact()

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        own = Answer.blank(*answer.items.shape)
        self.inner._write_own(own, self._inside(histories), barred.in_codes(self._inner_codes), cutoff)
        places = np.append(self._known, -1)
        answer.items[:], answer.contributors[:] = places[own.items], places[own.contributors]
        answer.scores[:], answer.stages[:] = own.scores, own.stages

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        """A newcomer's are its neighbours."""
        if self._inner_codes[code] >= 0:
            items, likeness = self.inner._likest(int(self._inner_codes[code]))
            return self._known[items], likeness
        row = self._alike[[np.searchsorted(self._new, code)]]
        return self._known[row.indices], row.data

    def _likeness_between(self, codes: np.ndarray) -> np.ndarray:
        """Newcomers are like their neighbours, and like each other by how many they share (cosine)."""
        codes_inside = self._inner_codes[codes]
        old, new = np.flatnonzero(codes_inside >= 0), np.flatnonzero(codes_inside < 0)
        between = np.zeros((len(codes), len(codes)), dtype=np.float32)
        between[np.ix_(old, old)] = self.inner._likeness_between(codes_inside[old])
        rows = self._alike[np.searchsorted(self._new, codes[new])]
        between[np.ix_(new, old)] = rows[:, codes_inside[old]].toarray()
        between[np.ix_(old, new)] = between[np.ix_(new, old)].T
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)))
        between[np.ix_(new, new)] = np.clip((rows @ rows.T).toarray() / np.maximum(lengths * lengths.T, 1e-12), 0, 1)
        return between

    def _inside(self, histories: Histories) -> Histories:
        """In the codes of the model inside, without purchases of newcomers."""
        return histories.in_codes(self._inner_codes, self.inner.item_ids)

    def _joined(self, of_known: np.ndarray, of_new: np.ndarray) -> np.ndarray:
        """(..., m) from what stands for the known items and what stands for the new ones."""
        joined = np.empty((*of_known.shape[:-1], len(self.item_ids)), dtype=of_known.dtype)
        joined[..., self._known] = of_known
        joined[..., self._new] = of_new
        return joined


class WiderScoringRecommender(WiderRecommender, ScoringRecommender):
    """A model that scores items, and its newcomers, which it scores as well."""

    inner: ScoringRecommender

    def __init__(self, inner: ScoringRecommender, newcomers: Newcomers, discount: float) -> None:
        super().__init__(inner, newcomers, discount)
        vars(self).update(own_stage=inner.own_stage)

    def scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        """Known items' as they were, season and all, and the means of those for new ones."""
        scores = self.inner.scores(self._inside(histories), cutoff)
        return self._joined(scores, (self._means @ scores.T).T)

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """Of new items the means of their neighbours' shares, each times its season."""
        inside, new = self._inner_codes[items], np.flatnonzero(self._inner_codes[items] < 0)
        means = self._means[np.searchsorted(self._new, items[new])]
        asked = np.unique(np.concatenate([inside[inside >= 0], means.indices]))
        past, parts = self.inner.shares(self._inside(histories), row, asked, cutoff)
        shares = np.zeros((len(past), len(items)), dtype=parts.dtype)
        shares[:, inside >= 0] = parts[:, np.searchsorted(asked, inside[inside >= 0])]
        columns = np.searchsorted(asked, means.indices)
        means = sparse.csr_matrix((means.data, columns, means.indptr), (len(new), len(asked)))
        # A neighbour that its own purchases speak against has no score, so none of it is passed on.
        passed_on = parts * (parts.sum(axis=0) > 0) * self.inner._season_at(cutoff)[asked]
        shares[:, new] = (means @ passed_on.T).T
        return self._known[past], shares

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        with on_one_thread():
            ScoringRecommender._write_own(self, answer, histories, barred, cutoff)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        inside = self.inner._scores(self._inside(histories), cutoff)
        return self._joined(inside, (self._means @ (inside * self.inner._season_at(cutoff)).T).T)

    def _season_at(self, cutoff: date) -> np.ndarray:
        """None for new items: it is in their neighbours' scores already."""
        return self._joined(self.inner._season_at(cutoff), np.ones(len(self._new), dtype=np.float32))
