"""Every kind of model has its models, its training pipeline, its MLflow flavour and its part of a release."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from core.catalogue import Catalogue
from core.errors import UnknownName
from core.model_kinds import MODEL_KINDS, ModelKind, kinds_in_release
from serving.build.release import BUILDERS, PARTS
from training.run.pipeline import CROSS_SECTION

ROOT = Path(__file__).parent.parent

every_kind = pytest.mark.parametrize("kind", MODEL_KINDS.values(), ids=lambda kind: kind.name)


@every_kind
def test_every_kind_has_a_package_of_models(kind: ModelKind):
    assert import_module(kind.package).__file__ is not None


@every_kind
def test_every_kind_has_a_training_pipeline(kind: ModelKind):
    assert import_module(f"training.{kind.name}.pipeline").PIPELINE.kind is kind


@every_kind
def test_mlflow_can_load_every_kind(kind: ModelKind):
    assert callable(import_module(f"models.mlflow_store.pyfunc_{kind.name}")._load_pyfunc)


@pytest.mark.parametrize("kind", kinds_in_release(), ids=lambda kind: kind.name)
def test_every_released_kind_builds_a_part_of_the_release(kind: ModelKind):
    assert kind.name in BUILDERS
    assert kind.name in PARTS


def test_every_pipeline_belongs_to_a_kind():
    folders = {path.parent.name for path in (ROOT / "training").glob("*/pipeline.py")} - {"run"}

    assert folders == {*MODEL_KINDS, CROSS_SECTION}


@every_kind
def test_the_gate_metric_is_one_of_the_metrics_of_its_kind(kind: ModelKind):
    assert kind.gate_metric in kind.metrics
    assert kind.refresh_margin > 0


@every_kind
def test_a_constant_model_is_in_the_catalogue(kind: ModelKind):
    if kind.constant_model:
        assert kind.constant_model in Catalogue.of_folder(kind.package, attribute="MODEL")


@every_kind
def test_a_kind_is_trained_after_an_existing_kind(kind: ModelKind):
    assert not kind.trained_after or kind.trained_after in MODEL_KINDS


def test_an_unknown_kind_raises_an_error_with_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'churn'"):
        MODEL_KINDS["chrun"]
