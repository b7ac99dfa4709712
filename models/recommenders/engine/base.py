"""The ladder that every recommender climbs down: a stage of its own as far as it reaches, then popularity.

A model that knows no likeness of items may have one beside it that does: that one says what is similar, and stands
between the two where the model's own stage is a customer's taste. Where a new customer starts from (what they told us,
what their segment buys) comes before popularity. What is excluded is taken out of all of them, so that no model can
show it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories, Interactions, codes_of, weights_of
from core.recommendations import Recommendations
from models.artifact import Artifact
from models.memory import GB, refuse_too_large
from models.protocols import Exclusions, Settings
from models.recommenders.engine.answer import Answer
from models.recommenders.engine.exclusion import Barred
from models.recommenders.engine.item_similarity import between_some
from models.recommenders.engine.replenishment import dueness, gap_of_unknown, usual_gap_days
from models.recommenders.engine.search_ranges import Between, Ranges

StartingPoint = tuple[np.ndarray, str]
"(m,) scores in the model's codes, above zero where there is something to say, and the stage where they stand."

CELLS_AT_ONCE = 2**18
"Scores held in memory together, customers x items: 1 MB, which a core's cache holds."


@dataclass(eq=False)
class LadderRecommender:
    """What the recommenders of the shelf share; as it stands it has no stage of its own, only popularity."""

    name: ClassVar[str]
    learnt: ClassVar[tuple[str, ...]] = ()
    "Names of the arrays that `_learn` sets: what an artifact keeps of the model beside popularity."
    knows_likeness: ClassVar[bool] = False
    "Whether it can say itself which items are similar."

    ranges: ClassVar[Ranges] = {"popularity_half_life_days": Between(7, 120, log=True)}
    "What tuning tries for this model."

    popularity_half_life_days: float = 30.0
    "A purchase counts half as much for popularity after so many days; 21 to 30 were best on online_retail II."

    span_days: int | None = None
    "Only purchases of so many days before the cutoff are learnt from; None is all of them."

    item_ids: np.ndarray = field(init=False)
    cutoff_: date = field(init=False)
    popularity_: np.ndarray = field(init=False)
    "(m,) float64: share of all decayed purchases; sums to 1."
    gaps_: np.ndarray = field(init=False)
    "(m,) float32: days after which an item is usually bought again; NaN where that is not known."
    similarity_model_: LadderRecommender | None = field(init=False, default=None)
    "Says which items are similar, where this one cannot; no part of the artifact."

    @property
    def settings(self) -> Settings:
        """The recipe."""
        return {knob.name: getattr(self, knob.name) for knob in fields(self) if knob.init}

    def fit(self, interactions: Interactions, cutoff: date | None = None) -> Self:
        """Learn; raises NotEnoughHistory where nothing was bought before the cutoff, or NotEnoughMemory at once."""
        known = interactions if cutoff is None else interactions.before(cutoff)
        times = np.concatenate([known.times, known.anonymous_times])
        if not len(times):
            raise NotEnoughHistory("no item was bought before the cutoff; recommendations need item_id in purchases")
        self.cutoff_ = cutoff or times.max().astype("datetime64[D]").astype(date) + timedelta(days=1)
        learnt_from = known if self.span_days is None else known.since(self.cutoff_ - timedelta(days=self.span_days))
        refuse_too_large(self.name, max(counting_gb(known), self.needed_gb(learnt_from)))
        self.item_ids = known.item_ids
        self.popularity_ = popularity_of(known, self.popularity_half_life_days, self.cutoff_)
        self.gaps_ = usual_gap_days(known)
        self._learn(learnt_from)
        return self

    def needed_gb(self, interactions: Interactions) -> float:
        """An estimate of the memory that fitting takes at most, beside the interactions themselves, 10^9 bytes."""
        return counting_gb(interactions)

    def peak_gb(self, interactions: Interactions) -> float:
        """The same with the recommenders that it is made of, which are fitted one after another."""
        return self.needed_gb(interactions)

    def recommend(
        self,
        histories: Histories,
        k: int,
        cutoff: date | None = None,
        exclusions: Exclusions | None = None,
        starting: StartingPoint | None = None,
    ) -> Recommendations:
        """The k best items of each history; BadInput where k is less than 1.

        `starting` (see models/recommenders/starting_points) fills the places that the model's own stage leaves.
        """
        if k < 1:
            raise BadInput(f"k is {k}; ask for at least 1 recommendation")
        if starting is not None and len(starting[0]) != len(self.item_ids):
            raise BadInput(f"{len(starting[0])} scores to start from for {len(self.item_ids)} items; give one an item")
        now, known = cutoff or self.cutoff_, histories.recode(self.item_ids)
        barred = self._barred(exclusions, known, now)
        allowed = self._popular_order(barred.everywhere)
        answer = Answer.blank(len(known), k)
        at_once = max(1, CELLS_AT_ONCE // len(self.item_ids))
        for start in range(0, len(known), at_once):
            end = min(start + at_once, len(known))
            block = known if end - start == len(known) else known.take(np.arange(start, end))
            part, cannot = answer.between(start, end), barred.between(start, end)
            self._write_own(part, block, cannot, now)
            if starting is not None:
                part.fill_with_best(*starting, cannot)
            part.fill_with_popular(allowed, self.popularity_, cannot)
        return answer.finished(known.customer_ids, self.item_ids)

    def listed(
        self,
        scores: np.ndarray,
        stage: str,
        histories: Histories,
        k: int,
        cutoff: date | None = None,
        exclusions: Exclusions | None = None,
    ) -> Recommendations:
        """The k best by (m,) given scores above zero, of what nothing bars for each history; BadInput for k below 1."""
        if k < 1:
            raise BadInput(f"k is {k}; ask for at least 1 recommendation")
        known = histories.recode(self.item_ids)
        answer = Answer.blank(len(known), k)
        answer.fill_with_best(scores, stage, self._barred(exclusions, known, cutoff or self.cutoff_))
        return answer.finished(known.customer_ids, self.item_ids)

    def _barred(self, exclusions: Exclusions | None, known: Histories, cutoff: date) -> Barred:
        barred = Barred.of(exclusions, known)
        if exclusions is None or not exclusions.not_due:
            return barred
        return barred.and_not_due(dueness(known, self.gaps_, cutoff, self._unknown_gap))

    @cached_property
    def _unknown_gap(self) -> float:
        return gap_of_unknown(self.gaps_)

    def with_beside(self, beside: LadderRecommender) -> Self:
        """The same model with one of the same items beside it, which knows their likeness."""
        joined = copy(self)
        joined.similarity_model_ = beside
        return joined

    def similar(self, item_id: str, k: int) -> list[tuple[str, float]]:
        """The k items most like this one; none where neither this model nor one beside it knows their likeness."""
        if self.similarity_model_ is not None:
            return self.similarity_model_.similar(item_id, k)
        code = int(codes_of(np.array([item_id]), self.item_ids)[0])
        if code < 0 or k < 1:
            return []
        items, likeness = self._likest(code)
        best = np.lexsort((items, -likeness))[:k]
        return [
            (str(self.item_ids[item]), float(score)) for item, score in zip(items[best], likeness[best], strict=True)
        ]

    def likeness_between(self, codes: np.ndarray) -> np.ndarray:
        """How alike some different items (codes, (c,)) are, (c, c) float32 from 0 to 1, which an item is to itself.

        0 between all others where neither this model nor one beside it knows their likeness.
        """
        between = (self.similarity_model_ or self)._likeness_between(np.asarray(codes)).astype(np.float32)
        np.fill_diagonal(between, 1)
        return between

    def fill(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        """Fill the places that another model's stage left with the best of this one's that are not there yet."""
        rows = np.flatnonzero((answer.items[:, -1] < 0) & (np.diff(histories.indptr) > 0))
        if len(rows):
            following = Answer.blank(len(rows), answer.items.shape[1])
            self._write_own(following, histories.take(rows), barred.and_shown(answer.items).take(rows), cutoff)
            answer.fill_rows(rows, following)

    def to_artifact(self) -> Artifact:
        """Settings and cutoff as JSON, ids and numbers as arrays."""
        arrays = {"item_ids": self.item_ids, "popularity": self.popularity_, "gaps": self.gaps_}
        arrays |= {name: getattr(self, f"{name}_") for name in self.learnt}
        return Artifact(self.name, {"settings": self.settings, "cutoff": self.cutoff_.isoformat()}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same answers; its arrays may be mapped files."""
        model = cls(**artifact.state["settings"])
        model.cutoff_ = date.fromisoformat(artifact.state["cutoff"])
        model.item_ids = artifact.arrays["item_ids"]
        model.popularity_ = artifact.arrays["popularity"]
        model.gaps_ = artifact.arrays["gaps"]
        for name in cls.learnt:
            setattr(model, f"{name}_", artifact.arrays[name])
        return model

    def _popular_order(self, excluded: np.ndarray) -> np.ndarray:
        """Codes of all items but the excluded ones, most popular first, equal ones by code."""
        order = self._order
        if not len(excluded):
            return order
        shown = np.ones(len(order), dtype=bool)
        shown[excluded] = False
        return order[shown[order]]

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(-self.popularity_, kind="stable")

    def _learn(self, interactions: Interactions) -> None:
        """Set the arrays named in `learnt`, each with a trailing underscore."""

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        """Write what stands on a stage of the model's own, the best first, and leave the rest to popularity."""

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes of other items and how alike they are to this one, above zero, in any order."""
        return np.empty(0, dtype=np.int64), np.empty(0)

    def _likeness_between(self, codes: np.ndarray) -> np.ndarray:
        """(c, c) as of `likeness_between`, whose diagonal is not looked at."""
        return between_some([self._likest(int(code)) for code in codes], codes, len(self.item_ids))


def counting_gb(interactions: Interactions) -> float:
    """What popularity and usual gaps take while they are counted, 10^9 bytes."""
    return (16 * len(interactions.item_ids) + 70 * len(interactions.items)) / GB


def popularity_of(interactions: Interactions, half_life_days: float, cutoff: date) -> np.ndarray:
    """Each item's share of all purchases, lines without a customer too, halved every `half_life_days`. (m,) float64."""
    items = np.concatenate([interactions.items, interactions.anonymous_items])
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    counted = np.bincount(items, weights_of(times, half_life_days, cutoff), minlength=len(interactions.item_ids))
    return counted / counted.sum()
