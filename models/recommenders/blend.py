"""Several recommenders mixed: they err differently.

    score[c, i] = sum over parts p of weight[p] * normalised(score of p)[c, i]

Parts are fitted without a later fold, the weights (above zero, summing to 1) are learnt on it, and the parts are
fitted again on everything. A share of a part's score is that share of the mixed one, so shares stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self, cast

import msgspec
import numpy as np

from core.errors import BadInput, NotEnoughMemory, UnknownName, did_you_mean
from core.interactions import Histories, Interactions
from core.recommendations import Stage
from models.artifact import Artifact
from models.protocols import Settings
from models.recommenders.engine.answer import Answer
from models.recommenders.engine.exclusion import Barred
from models.recommenders.engine.later_fold import FOLDS, LaterFold, later_folds
from models.recommenders.engine.mixing import NORMALISATIONS, Candidates, learnt_weights, normalised
from models.recommenders.engine.one_thread import on_one_thread
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, OneOf, Ranges
from models.recommenders.parts import PARTS

JUDGED_CUSTOMERS = 3000
"By whom the weights are learnt, at most."


@dataclass(eq=False)
class Blend(ScoringRecommender):
    """Ranks items by the weighted mean of what its parts say."""

    name: ClassVar[str] = "blend"
    own_stage: ClassVar[Stage] = Stage.SIMILAR_ITEMS
    knows_likeness: ClassVar[bool] = True
    learnt: ClassVar[tuple[str, ...]] = ("weights",)
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "normalisation": OneOf(NORMALISATIONS),
        "judged_on": OneOf(FOLDS),
    }

    half_life_days: float | None = None
    "Of every part that decays, where `part_settings` say nothing else; None leaves each its own."

    parts: str = "next_basket, ease, item_knn"
    "Names of the recommenders that are mixed, by commas; each with its own tuned settings."

    part_settings: str = "{}"
    'What differs from their own settings, as JSON: {"item_knn": {"n_neighbours": 50}}.'

    # NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .3945 and .4071; by deviation .3948, .4068.
    normalisation: str = "max"
    "How the scores of a part are made comparable within a customer: max, deviation or rank."

    judged_on: str = "last_days"
    "What the weights are learnt on: each customer's last_basket, or the last_days."

    judged_days: int = 28
    "How many the last days are."

    seed: int = 7

    weights_: np.ndarray = field(init=False)
    "(parts,) float64 of `parts_`, in order; they sum to 1."
    parts_: dict[str, ScoringRecommender] = field(init=False)
    left_out_: dict[str, str] = field(init=False)
    "Why a part is not there: what it said when it refused for want of memory."

    def needed_gb(self, interactions: Interactions) -> float:
        """Beside its parts, which refuse by themselves: the candidates that weights are learnt on."""
        return super().needed_gb(interactions) + 0.2

    def peak_gb(self, interactions: Interactions) -> float:
        """With its largest part."""
        return self.needed_gb(interactions) + max(part.needed_gb(interactions) for part in self._unfitted.values())

    def _learn(self, interactions: Interactions) -> None:
        self.left_out_ = {}
        folds = later_folds(self.judged_on, interactions, self.cutoff_, self.judged_days, 1, self.seed)
        learnt = self._learnt_on(folds[0]) if folds else {}
        self.parts_ = self._fitted(interactions, self.cutoff_)
        weights = np.array([learnt.get(name, 0.0 if learnt else 1.0) for name in self.parts_])
        self.weights_ = weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1 / len(weights))

    def _learnt_on(self, fold: LaterFold) -> dict[str, float]:
        self.parts_ = self._fitted(fold.earlier, fold.cutoff)
        with on_one_thread():
            candidates = Candidates.of(self._normalised, fold.at_most(JUDGED_CUSTOMERS, self.seed))
        return dict(zip(self.parts_, learnt_weights(candidates).tolist(), strict=True))

    def _fitted(self, interactions: Interactions, cutoff: date) -> dict[str, ScoringRecommender]:
        """Those parts that memory allows. Raises NotEnoughMemory where it allows none."""
        fitted = {}
        for name, part in self._unfitted.items():
            try:
                fitted[name] = part.fit(interactions, cutoff)
            except NotEnoughMemory as refusal:
                self.left_out_[name] = str(refusal)
        if not fitted:
            raise NotEnoughMemory(f"no part of {self.name} can be fitted: {'; '.join(self.left_out_.values())}")
        return fitted

    @property
    def _unfitted(self) -> dict[str, ScoringRecommender]:
        """Each part by its own settings, with this model's seed and popularity, and what is stated of it."""
        said: Settings = {"seed": self.seed, "popularity_half_life_days": self.popularity_half_life_days}
        said |= {} if self.half_life_days is None else {"half_life_days": self.half_life_days}
        stated = self._stated
        parts: dict[str, ScoringRecommender] = {}
        for name in self.part_names:
            usual = PARTS[name]().settings
            for setting in stated.get(name, {}):
                if setting not in usual:
                    raise UnknownName(
                        f"part_settings of blend: {name} has no '{setting}'{did_you_mean(setting, usual)}"
                    )
            settings = usual | {key: said[key] for key in said.keys() & usual.keys()} | stated.get(name, {})
            parts[name] = cast(Callable[..., ScoringRecommender], PARTS[name])(**settings)
        return parts

    def stated_beside(self, settings: Mapping[str, Settings]) -> str:
        """`part_settings` with other settings of the parts, behind those that it states."""
        stated = self._stated
        joined = {name: {**settings.get(name, {}), **stated.get(name, {})} for name in self.part_names}
        return msgspec.json.encode({name: changes for name, changes in joined.items() if changes}).decode()

    @property
    def _stated(self) -> dict[str, Settings]:
        try:
            stated = msgspec.json.decode(self.part_settings, type=dict[str, Settings])
        except msgspec.DecodeError as fault:
            raise BadInput(f"part_settings of blend is no JSON of settings by part: {fault}") from fault
        for name in stated:
            if name not in self.part_names:
                raise UnknownName(f"part_settings of blend: '{name}' is no part{did_you_mean(name, self.part_names)}")
        return stated

    @property
    def part_names(self) -> list[str]:
        """Of what it is made, each once. Raises BadInput where that is nothing."""
        names = list(dict.fromkeys(name.strip() for name in self.parts.split(",") if name.strip()))
        if not names:
            raise BadInput(f"{self.name} has no parts; name some, such as '{type(self).parts}'")
        return names

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        """On one thread: the matrices of some parts are small."""
        with on_one_thread():
            super()._write_own(answer, histories, barred, cutoff)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        mixed = np.zeros((len(histories), len(self.item_ids)), dtype=np.float32)
        for weight, part in zip(self.weights_, self.parts_.values(), strict=True):
            if weight > 0:
                mixed += np.float32(weight) * normalised(part.scores(histories, cutoff), self.normalisation)
        return mixed

    def _normalised(self, histories: Histories, cutoff: date) -> list[np.ndarray]:
        return [normalised(part.scores(histories, cutoff), self.normalisation) for part in self.parts_.values()]

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """The parts' own shares, each as far as its part counts for the item."""
        one = histories.take(np.array([row]))
        past = np.unique(one.items)
        mixed = np.zeros((len(past), len(items)))
        for weight, part in zip(self.weights_, self.parts_.values(), strict=True):
            if weight > 0:
                scores = part.scores(one, cutoff)
                worth = weight * normalised(scores, self.normalisation)[0, items].astype(np.float64)
                of, shares = part.shares(one, 0, items, cutoff)
                total = shares.sum(axis=0)
                mixed[np.searchsorted(past, of)] += shares * (worth / np.where(total == 0, 1, total))
        return past, mixed

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        """What the part says that counts most of those that know."""
        knowing = [place for place, part in enumerate(self.parts_.values()) if part.knows_likeness]
        if not knowing:
            return super()._likest(code)
        return list(self.parts_.values())[max(knowing, key=lambda place: self.weights_[place])]._likest(code)

    def to_artifact(self) -> Artifact:
        """The parts' arrays under their names; what all models of a fit have in common is kept once."""
        own = super().to_artifact()
        kept = {name: part.to_artifact() for name, part in self.parts_.items()}
        arrays = {
            f"{name}_{key}": array
            for name, part in kept.items()
            for key, array in part.arrays.items()
            if key not in COMMON
        }
        state = {"parts": {name: part.state for name, part in kept.items()}, "left_out": self.left_out_}
        return Artifact(self.name, own.state | state, own.arrays | arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The reverse of `to_artifact`."""
        model = super().from_artifact(artifact)
        common = {key: artifact.arrays[key] for key in COMMON}
        model.left_out_ = artifact.state["left_out"]
        model.parts_ = {}
        for name, state in artifact.state["parts"].items():
            own = {
                key.removeprefix(f"{name}_"): array
                for key, array in artifact.arrays.items()
                if key.startswith(f"{name}_")
            }
            model.parts_[name] = PARTS[name].from_artifact(Artifact(name, state, common | own))
        return model


COMMON = ("item_ids", "popularity", "gaps")
"Arrays that every model of the same fit has."
