"""The mean of several learners: they err in different ways, so that their mean ranks customers better than most."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.artifact import Artifact
from models.setting_types import Seed
from models.uplift.dr_boosted import DRBoostedUplift
from models.uplift.learner import PredictedEffect, TargetingRule, TreatmentRows, UpliftLearner
from models.uplift.outcome_models import ConstantOutcome, OutcomeModel, OutcomeRows, pack, unpack
from models.uplift.s_boosted import SBoostedUplift
from models.uplift.s_linear import SLinearUplift

PARTS: tuple[type[UpliftLearner], ...] = (SLinearUplift, SBoostedUplift, DRBoostedUplift)


@dataclass(eq=False)
class BlendedUplift(UpliftLearner):
    """The mean of a linear S-learner, a boosted S-learner and a boosted DR-learner.

    On simulated experiments with known effects it comes nearest to the best ranking (benchmarks/uplift_worlds.py).
    """

    name: ClassVar[str] = "blend"
    rule: ClassVar[TargetingRule] = TargetingRule.UPLIFT

    seed: Seed = 0

    parts_: tuple[UpliftLearner, ...] = field(init=False, repr=False, default=())

    def fit(self, rows: TreatmentRows) -> Self:
        """Fit each of the learners."""
        self.parts_ = tuple(part(seed=self.seed).fit(rows) for part in PARTS)
        return self

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """Those of each learner."""
        return tuple(model for part in self.fit(rows).parts_ for model in part.models_)

    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """The mean; the learners fit their own models."""
        return ConstantOutcome(rows.mean)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The means of the effects and of the outcomes without treatment."""
        predictions = [part.predict(values) for part in self.parts_]
        return PredictedEffect(
            np.mean([one.effect for one in predictions], axis=0), np.mean([one.without for one in predictions], axis=0)
        )

    def dump(self) -> Artifact:
        """Every learner."""
        artifact = pack([part.dump() for part in self.parts_], name=self.name)
        return replace(artifact, state={**artifact.state, "settings": self.settings})

    @classmethod
    def load(cls, artifact: Artifact) -> Self:
        """The inverse of `dump`."""
        learner = cls(**artifact.state["settings"])
        learner.parts_ = tuple(part.load(one) for part, one in zip(PARTS, unpack(artifact), strict=True))
        return learner


MODEL = BlendedUplift
