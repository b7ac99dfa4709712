"""Loading a champion gives the promoted model, or None where there is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from core.errors import NotFound
from models.artifact import Artifact
from models.hazard.kaplan_meier import KaplanMeierHazard
from models.mlflow_store.registry import Registry, load_hazard_champion
from tests.models.hazard.lifetime_worlds import subscribers, world


class FakeRegistry:
    """A registry with one champion or none."""

    def __init__(self, artifact: Artifact | None, is_baseline: bool = False) -> None:
        self.stored, self.is_baseline = artifact, is_baseline

    def find(self, kind: str, alias: str) -> Any:
        if self.stored is None:
            raise NotFound(f"no {alias} of {kind}")
        return SimpleNamespace(kind=kind, version=7, card=SimpleNamespace(is_baseline=self.is_baseline))

    def artifact(self, registered: Any) -> Artifact | None:
        return self.stored if registered.kind == "hazard" else None


def test_without_a_promoted_hazard_model_there_is_none():
    assert load_hazard_champion(cast(Registry, FakeRegistry(None))) is None


def test_a_baseline_that_became_the_first_champion_does_not_count():
    fitted = KaplanMeierHazard().fit(*world(200))

    assert load_hazard_champion(cast(Registry, FakeRegistry(fitted.to_artifact(), is_baseline=True))) is None


def test_the_promoted_hazard_model_predicts_the_same_curves_after_loading():
    fitted, customers = KaplanMeierHazard().fit(*world(200)), subscribers(3, seed=1)

    champion = load_hazard_champion(cast(Registry, FakeRegistry(fitted.to_artifact())))

    assert champion is not None
    np.testing.assert_array_equal(champion[0].curves(customers).risk, fitted.curves(customers).risk)
    assert champion[1] == 7
