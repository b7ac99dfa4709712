"""Whoever asks for the risk of each cause gets the promoted hazard model, or is told that there is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from core.errors import NotFound
from models.artifact import Artifact
from models.hazard.hazard_models import KaplanMeierHazard
from models.mlflow_store.hazard_champion import champion_hazard
from models.mlflow_store.registry import Registry
from tests.models.hazard.lifetime_worlds import subscribers, world


class Catalogue:
    """A registry that holds one champion, or none."""

    def __init__(self, artifact: Artifact | None, baseline: bool = False) -> None:
        self.held, self.baseline = artifact, baseline

    def find(self, kind: str, alias: str) -> Any:
        if self.held is None:
            raise NotFound(f"no {alias} of {kind}")
        return SimpleNamespace(kind=kind, version=7, card=SimpleNamespace(is_baseline=self.baseline))

    def artifact(self, registered: Any) -> Artifact | None:
        return self.held if registered.kind == "hazard" else None


def test_without_a_promoted_hazard_there_is_none():
    assert champion_hazard(cast(Registry, Catalogue(None))) is None


def test_a_baseline_that_stands_in_was_not_promoted():
    fitted = KaplanMeierHazard().fit(*world(200))

    assert champion_hazard(cast(Registry, Catalogue(fitted.to_artifact(), baseline=True))) is None


def test_the_promoted_hazard_tells_the_curves_that_it_was_fitted_to():
    fitted, asked = KaplanMeierHazard().fit(*world(200)), subscribers(3, seed=1)

    found = champion_hazard(cast(Registry, Catalogue(fitted.to_artifact())))

    assert found is not None
    np.testing.assert_array_equal(found[0].curves(asked).risk, fitted.curves(asked).risk)
    assert found[1] == 7
