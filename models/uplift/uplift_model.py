"""An uplift model: one learner for each treatment, and refits on resampled customers for the intervals.

    effect +/- z * standard deviation of the effect over the refits        90 % interval

The refits are bootstrap samples of customers (Efron & Tibshirani 1993, ch. 8), each with all of its rows. Treatments
that have their average effect share what all treatments have in common, and other treatments, whose effect was not
measured, get that alone (`models/uplift/shrinkage.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.effects import Effects
from core.errors import NotEnoughHistory
from core.experiments import RandomisedRows
from core.feature_table import FeatureColumn, FeatureTable
from core.intervals import HALF_WIDTH, resample_weights
from models.artifact import Artifact
from models.churn.aligned_values import align_values
from models.uplift.average_effect import AverageEffect
from models.uplift.learner import LEARNERS, TargetingRule, TreatmentRows, UpliftLearner
from models.uplift.outcome_models import pack, unpack
from models.uplift.shrinkage import MeasuredAverage, find_common_effects, find_shown, shrink_average_effects

LearnerT = TypeVar("LearnerT", bound=UpliftLearner)
BY_TREATMENT = "by_treatment"
"The name of a model whose treatments have different learners."
N_RESAMPLES = 20
MIN_OUTCOMES = 20
"Of each kind and group: with fewer, there is nothing to learn an effect from."


@dataclass(frozen=True)
class TreatmentData:
    """The features and the outcomes of one treatment's experiment, aligned row by row."""

    features: FeatureTable
    rows: RandomisedRows

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> TreatmentData:
        """The rows that an index array or mask selects."""
        return TreatmentData(self.features.take(rows), self.rows.take(rows))

    def refuse_too_few(self, treatment: str, *, advice: str = "contact more customers") -> None:
        """Raise NotEnoughHistory where one of the groups has too few outcomes, or too few without; `advice` ends it."""
        for is_of_group, group in ((self.rows.treated, "treated"), (~self.rows.treated, "control")):
            outcomes = self.rows.outcomes[is_of_group]
            n_with, n_without = int((outcomes != 0).sum()), int((outcomes == 0).sum())
            fewer = min(n_with, n_without) if self.rows.is_binary else n_with
            if fewer < MIN_OUTCOMES:
                raise NotEnoughHistory(
                    f"{treatment}: of {len(outcomes):,} {group} customers {n_with:,} had the outcome, and at least "
                    f"{MIN_OUTCOMES} with and without it are needed; {advice}"
                )


@dataclass(frozen=True)
class UpliftModel:
    """Fitted learners by treatment."""

    learners: Mapping[str, UpliftLearner]
    refits: Mapping[str, tuple[UpliftLearner, ...]]
    "By treatment, on resampled customers."
    columns: tuple[FeatureColumn, ...]
    averages: Mapping[str, MeasuredAverage] = field(default_factory=dict[str, MeasuredAverage])
    "By treatment, as its own experiment measured it."

    @classmethod
    def fit(
        cls, learners: Mapping[str, UpliftLearner], data: Mapping[str, TreatmentData], *, n_resamples: int = N_RESAMPLES
    ) -> Self:
        """Fit the learner of each treatment on its experiment. Raises NotEnoughHistory for too few outcomes."""
        fitted: dict[str, UpliftLearner] = {}
        refits: dict[str, tuple[UpliftLearner, ...]] = {}
        averages: dict[str, MeasuredAverage] = {}
        columns = next(iter(data.values())).features.columns
        for treatment, learner in learners.items():
            data[treatment].refuse_too_few(treatment)
            rows = treatment_rows(data[treatment], columns)
            fitted[treatment] = learner.copy().fit(rows)
            refits[treatment] = refit(learner, rows, n_resamples=n_resamples)
            average = AverageEffect(seed=learner.seed)
            own = MeasuredAverage.of(average.copy().fit(rows), refit(average, rows, n_resamples=n_resamples))
            averages |= {} if own is None else {treatment: own}
        shrink_average_effects(
            {
                treatment: (learner, [one for one in refits[treatment] if isinstance(one, AverageEffect)])
                for treatment, learner in fitted.items()
                if isinstance(learner, AverageEffect)
            },
            averages,
        )
        return cls(fitted, refits, columns, averages)

    @property
    def name(self) -> str:
        """The name of its learner, if all treatments have the same."""
        names = {learner.name for learner in self.learners.values()}
        return names.pop() if len(names) == 1 else BY_TREATMENT

    @property
    def alike(self) -> tuple[str, ...]:
        """The treatments that have their average effect on every customer."""
        return tuple(name for name, one in self.learners.items() if one.rule == TargetingRule.ALIKE)

    @property
    def unshown(self) -> tuple[str, ...]:
        """Of the treatments with their average effect, those whose effect is not shown to be above 0."""
        shown = find_shown(self.averages)
        return tuple(name for name in self.alike if name in self.averages and name not in shown)

    def effects(self, features: FeatureTable) -> Effects:
        """The effects of every treatment on each row. Columns are found by name; DataError for a missing one."""
        values = align_values(features, self.columns)
        shape = (len(features), len(self.learners))
        effect, spread, without = np.empty(shape), np.full(shape, np.nan), np.empty(shape)
        for place, (treatment, learner) in enumerate(self.learners.items()):
            effect[:, place], without[:, place] = learner.predict(values)
            if self.refits[treatment]:
                others = [refit.predict(values).effect for refit in self.refits[treatment]]
                spread[:, place] = np.std(others, axis=0, ddof=1)
        return Effects(
            customer_ids=features.customer_ids,
            treatments=tuple(self.learners),
            effect=effect,
            low=effect - HALF_WIDTH * spread,
            high=effect + HALF_WIDTH * spread,
            without=without,
            unshown=self.unshown,
        )

    def common_effects(self, customer_ids: NDArray[np.str_], *, kinds: Mapping[str, str]) -> Effects | None:
        """What an offer whose effect was not measured changes: the common effect of all treatments, and by kind.

        Treatments of the result are '' and kinds; None with too few measured treatments. `kinds` are those of offers.
        """
        common = find_common_effects(self.averages, kinds=kinds)
        if not common:
            return None
        effect, spread = np.array(list(common.values())).T
        shape = (len(customer_ids), len(common))
        return Effects(
            customer_ids=customer_ids,
            treatments=tuple(common),
            effect=np.broadcast_to(effect, shape),
            low=np.broadcast_to(effect - HALF_WIDTH * spread, shape),
            high=np.broadcast_to(effect + HALF_WIDTH * spread, shape),
            without=np.full(shape, np.nan),
        )

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        parts = [one for name in self.learners for one in (self.learners[name], *self.refits[name])]
        packed = pack([part.dump() for part in parts], name=self.name)
        state = {
            "treatments": {name: len(self.refits[name]) for name in self.learners},
            "columns": msgspec.to_builtins(self.columns),
            "averages": {name: list(one) for name, one in self.averages.items()},
        }
        return replace(packed, state={**packed.state, **state})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same effects as the one that was stored."""
        parts = iter([LEARNERS[part.model].load(part) for part in unpack(artifact)])
        learners: dict[str, UpliftLearner] = {}
        refits: dict[str, tuple[UpliftLearner, ...]] = {}
        for treatment, n_refits in artifact.state["treatments"].items():
            learners[treatment] = next(parts)
            refits[treatment] = tuple(next(parts) for _ in range(n_refits))
        columns = msgspec.convert(artifact.state["columns"], tuple[FeatureColumn, ...])
        # Models of earlier versions lack averages.
        averages = {name: MeasuredAverage(*one) for name, one in artifact.state.get("averages", {}).items()}
        return cls(learners, refits, columns, averages)


def refit(learner: LearnerT, rows: TreatmentRows, *, n_resamples: int) -> tuple[LearnerT, ...]:
    """Copies of a learner, each fitted on resampled customers; those of the same seed see the same samples."""
    samples = resample_weights(rows.randomised.customer_ids, n_resamples=n_resamples, seed=learner.seed)
    return tuple(learner.copy().fit(replace(rows, weights=weights).take(weights > 0)) for weights in samples)


def treatment_rows(data: TreatmentData, columns: tuple[FeatureColumn, ...]) -> TreatmentRows:
    """The rows of one treatment in the order of a model's columns, each counting once."""
    return TreatmentRows(align_values(data.features, columns), columns, data.rows, np.ones(len(data.rows)))
