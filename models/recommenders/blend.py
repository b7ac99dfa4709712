"""A weighted hybrid of several recommenders, which make different errors.

    score[c, i] = sum over parts p of weight[p] * normalised(score of p)[c, i]

The parts are fitted without a hold-out fold, the weights (not negative, summing to 1) are fitted on it, and the parts
are fitted again on everything. Contributions to a part's score carry over to the blended score, so they stay exact.
Best sellers, the season and the categories that a customer buys are added by `next_basket`, which is one of the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotEnoughMemory, UnknownName, did_you_mean
from core.interactions import Histories, Interactions
from core.recommendations import Stage
from models.artifact import Artifact
from models.protocols import Settings
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.blend_weights import (
    N_GROUPS,
    NORMALISATIONS,
    Candidates,
    Normalisation,
    activity_groups,
    fit_group_weights,
    normalise,
)
from models.recommenders.engine.holdout import FOLDS, FoldKind, HoldoutFold, folds_of_model
from models.recommenders.engine.row_scores import RowScores, add_rows
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, OneOf, Ranges
from models.recommenders.engine.shared_fits import fit_recommender
from models.resources import limit_blas_to_one_thread
from models.setting_types import Days, HalfLife, Seed, check_settings

MAX_FOLD_CUSTOMERS = 3000
"Customers on whom the weights are fitted, at most."

NOT_PARTS = ("popularity", "blend", "reranked")
"Recommenders that cannot be blended: they score no items, or are made of parts themselves."


@dataclass(eq=False)
class BlendRecommender(ScoringRecommender):
    """Ranks items by the weighted mean of the normalised scores of its parts."""

    name: ClassVar[str] = "blend"
    stage: ClassVar[Stage] = Stage.SIMILAR_ITEMS
    has_item_similarity: ClassVar[bool] = True
    uses_small_matrices: ClassVar[bool] = True
    fitted_arrays: ClassVar[tuple[str, ...]] = ("weights",)
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "normalisation": OneOf(NORMALISATIONS),
        "judged_on": OneOf(FOLDS),
    }

    half_life_days: HalfLife | None = None
    "Half-life of every part that decays, unless `part_settings` set another; None leaves each part its own."

    parts: str = "next_basket, ease, item_knn"
    "Names of the recommenders to blend, separated by commas; each has its own tuned settings."

    part_settings: str = "{}"
    'Changes to the parts\' own settings, as JSON: {"item_knn": {"n_neighbours": 50}}.'

    # NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .3945 and .4071; by deviation .3948, .4068.
    normalisation: Normalisation = "max"
    "How to make the scores of the parts comparable within a customer: max, deviation or rank."

    judged_on: FoldKind = "last_days"
    "Hold-out fold for the weights: each customer's last_basket, or the last_days."

    judged_days: Days = 28
    "Length of the last_days fold."

    only_new: bool | None = None
    "Whether the fold counts only items that a customer had not bought; None: where repeats are rare."

    seed: Seed = 7

    weights_: NDArray[np.float64] = field(init=False)
    "(activity groups, parts) of `parts_`, in order; each row sums to 1."
    parts_: dict[str, ScoringRecommender] = field(init=False)
    left_out_: dict[str, str] = field(init=False)
    "Parts that did not fit into memory, with the message of the refusal."

    def __post_init__(self) -> None:
        """Raises UnknownName and BadInput for parts that do not exist, and for settings that they do not take."""
        self._create_parts()

    def memory_gb(self, interactions: Interactions) -> float:
        """Without the parts, which check their own memory: the candidates that the weights are fitted on."""
        return super().memory_gb(interactions) + 0.2

    def peak_memory_gb(self, interactions: Interactions) -> float:
        """Together with the largest part."""
        parts = self._create_parts().values()
        return self.memory_gb(interactions) + max(part.memory_gb(interactions) for part in parts)

    def _fit_model(self, interactions: Interactions) -> None:
        self.left_out_ = {}
        folds = folds_of_model(self, interactions)
        by_part = self._fit_weights(folds[0]) if folds else {}
        self.parts_ = self._fit_parts(interactions, self.cutoff_)
        missing = np.full(N_GROUPS, 0.0 if by_part else 1.0)
        weights = np.column_stack([by_part.get(name, missing) for name in self.parts_])
        sums = weights.sum(axis=1, keepdims=True)
        self.weights_ = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), 1 / len(self.parts_))

    def _fit_weights(self, fold: HoldoutFold) -> dict[str, NDArray[np.float64]]:
        """The (activity groups,) weights of each part."""
        self.parts_ = self._fit_parts(fold.training, fold.cutoff)
        with limit_blas_to_one_thread():
            sample = fold.sample(MAX_FOLD_CUSTOMERS, self.seed)
            candidates = Candidates.collect(self._normalise_parts, sample)
        return dict(zip(self.parts_, fit_group_weights(candidates).T, strict=True))

    def _fit_parts(self, interactions: Interactions, cutoff: date) -> dict[str, ScoringRecommender]:
        """The parts that fit into memory. Raises NotEnoughMemory where none does."""
        parts = {}
        for name, part in self._create_parts().items():
            try:
                parts[name] = fit_recommender(part, interactions, cutoff=cutoff)
            except NotEnoughMemory as refusal:
                self.left_out_[name] = str(refusal)
        if not parts:
            raise NotEnoughMemory(f"no part of {self.name} can be fitted: {'; '.join(self.left_out_.values())}")
        return parts

    def _create_parts(self) -> dict[str, ScoringRecommender]:
        """Each part with its own settings, then this model's seed and popularity, then the changes to the part."""
        shared: Settings = {"seed": self.seed, "popularity_half_life_days": self.popularity_half_life_days}
        shared["only_new"] = self.only_new
        shared |= {} if self.half_life_days is None else {"half_life_days": self.half_life_days}
        changes = self._changes_by_part
        parts: dict[str, ScoringRecommender] = {}
        for name in self.part_names:
            kind = _part_kind(name)
            defaults = kind().settings
            check_settings(kind, changes.get(name, {}), defaults=defaults)
            settings = defaults | {key: shared[key] for key in shared.keys() & defaults.keys()} | changes.get(name, {})
            parts[name] = cast(Callable[..., ScoringRecommender], kind)(**settings)
        return parts

    def merge_part_settings(self, settings: Mapping[str, Settings]) -> str:
        """`part_settings` with further settings of the parts; those already in `part_settings` win."""
        changes = self._changes_by_part
        merged = {name: {**settings.get(name, {}), **changes.get(name, {})} for name in self.part_names}
        return msgspec.json.encode({name: part for name, part in merged.items() if part}).decode()

    @property
    def _changes_by_part(self) -> dict[str, Settings]:
        try:
            changes = msgspec.json.decode(self.part_settings, type=dict[str, Settings])
        except msgspec.DecodeError as fault:
            raise BadInput(f"part_settings of blend is not valid JSON of settings by part: {fault}") from fault
        for name in changes:
            if name not in self.part_names:
                raise UnknownName(
                    f"part_settings of blend: '{name}' is not a part{did_you_mean(name, self.part_names)}"
                )
        return changes

    @property
    def part_names(self) -> list[str]:
        """The names in `parts`, each once. Raises BadInput where there is none."""
        names = list(dict.fromkeys(name.strip() for name in self.parts.split(",") if name.strip()))
        if not names:
            raise BadInput(f"{self.name} has no parts; name some, e.g. '{type(self).parts}'")
        return names

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        blended = np.zeros((len(histories), len(self.item_ids)), dtype=np.float32)
        weights = self.weights_[activity_groups(histories)].astype(np.float32)
        for weight, part in zip(weights.T, self.parts_.values(), strict=True):
            if weight.any():
                blended += weight[:, None] * normalise(part.scores(histories, cutoff), self.normalisation)
        return blended

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        weights = self.weights_[activity_groups(history)[0]].astype(np.float32)
        rows = self._normalise_rows(history, cutoff, is_needed=weights > 0)
        if rows is None:
            return None
        blended = add_rows([row.multiply(weight) for row, weight in zip(rows, weights[weights > 0], strict=True)])
        return blended.multiply_by(self._popularity_factor(cutoff))

    def _normalise_rows(
        self, history: Histories, cutoff: date, *, is_needed: NDArray[np.bool_]
    ) -> list[RowScores] | None:
        """The rows of some parts, normalised; None where that takes the scores of all items."""
        if self.normalisation != "max":
            return None
        parts = [part for part, needed in zip(self.parts_.values(), is_needed, strict=True) if needed]
        rows = [part.score_row(history, cutoff) for part in parts]
        return [row.normalise() for row in rows] if all(row.knows_best for row in rows) else None

    def _normalise_parts(self, histories: Histories, cutoff: date) -> list[NDArray[np.float32]]:
        return [normalise(part.scores(histories, cutoff), self.normalisation) for part in self.parts_.values()]

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """The contributions to the parts, each scaled to what its part adds to the blended score."""
        history = histories.select_row(row)
        past = np.unique(history.items)
        blended = np.zeros((len(past), len(items)))
        weights = self.weights_[activity_groups(history)[0]]
        for weight, part in zip(weights, self.parts_.values(), strict=True):
            if weight > 0:
                added = weight * self._normalise_some(part, history, items=items, cutoff=cutoff).astype(np.float64)
                codes, contributions = part.contributions(history, 0, items=items, cutoff=cutoff)
                total = contributions.sum(axis=0)
                blended[np.searchsorted(past, codes)] += contributions * (added / np.where(total == 0, 1, total))
        return past, blended

    def _normalise_some(
        self, part: ScoringRecommender, history: Histories, *, items: NDArray[np.integer], cutoff: date
    ) -> NDArray[np.float32]:
        """The normalised scores of some items for one history."""
        if self.normalisation == "max":
            row = part.score_row(history, cutoff)
            if row.knows_best:
                return row.normalise().score_items(items)
        return normalise(part.scores(history, cutoff), self.normalisation)[0, items]

    def _similar_items(self, code: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """The similar items of the part with the largest weight among those that compare items."""
        places = [place for place, part in enumerate(self.parts_.values()) if part.has_item_similarity]
        if not places:
            return super()._similar_items(code)
        return list(self.parts_.values())[max(places, key=lambda place: self.weights_[:, place].sum())]._similar_items(
            code
        )

    def to_artifact(self) -> Artifact:
        """The parts' arrays are prefixed by their names; arrays that all models of a fit share are stored once."""
        own = super().to_artifact()
        parts = {name: part.to_artifact() for name, part in self.parts_.items()}
        arrays = {
            f"{name}_{key}": array
            for name, part in parts.items()
            for key, array in part.arrays.items()
            if key not in SHARED_ARRAYS
        }
        state = {"parts": {name: part.state for name, part in parts.items()}, "left_out": self.left_out_}
        return Artifact(self.name, own.state | state, own.arrays | arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The inverse of `to_artifact`."""
        model = super().from_artifact(artifact)
        shared = {key: artifact.arrays[key] for key in SHARED_ARRAYS}
        model.left_out_ = artifact.state["left_out"]
        model.parts_ = {}
        for name, state in artifact.state["parts"].items():
            own = {
                key.removeprefix(f"{name}_"): array
                for key, array in artifact.arrays.items()
                if key.startswith(f"{name}_")
            }
            model.parts_[name] = _part_kind(name).from_artifact(Artifact(name, state, shared | own))
        return model


SHARED_ARRAYS = ("item_ids", "popularity", "gaps")
"Arrays that every model of the same fit has."


def _part_kind(name: str) -> type[ScoringRecommender]:
    """The class of a part. Raises UnknownName, which lists the recommenders that can be blended."""
    candidates = [other for other in RECOMMENDERS if other not in NOT_PARTS]
    kind = RECOMMENDERS[name] if name in candidates else None
    if kind is None or not issubclass(kind, ScoringRecommender):
        raise UnknownName(f"'{name}' is not a part that can be blended{did_you_mean(name, candidates)}")
    return kind


MODEL = BlendRecommender
