"""Training pipelines: how each kind of model is trained, and how two versions of it are compared.

Each folder `training/<name>/` has a `pipeline.py` with one `PIPELINE`. `find_pipeline` imports only the one that is
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from core.errors import BadInput
from core.model_card import Comparison, ModelCard
from core.model_kinds import ModelKind
from models.protocols import Settings
from training.run.registering import TrainingResult
from training.run.session import Session

CROSS_SECTION = "cross_section"
"The folder of the pipeline for data sets without dates."


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What the user asks of one training."""

    model: str | None = None
    "The model to register instead of the one that validation chooses."
    settings: Settings | None = None
    "Other settings for that model."
    labels: Path | None = None
    "The file of labels, for a kind that needs one."


def _no_notices(session: Session) -> Iterable[str]:
    del session
    return ()


@dataclass(frozen=True, kw_only=True)
class TrainingPipeline:
    """The training half of a kind of model; `core.model_kinds` has the facts, `serving/build/` the serving half."""

    kind: ModelKind
    train: Callable[[Session, TrainingOptions], TrainingResult]
    "Fit, evaluate and register a challenger."
    compare: Callable[[Session, ModelCard | None, ModelCard], Comparison]
    "The challenger's recipe against the champion's, or against a baseline where there is no champion."
    notices: Callable[[Session], Iterable[str]] = _no_notices
    "What the user should know before training starts, one sentence each."


def find_pipeline(kind: ModelKind, session: Session) -> TrainingPipeline:
    """The pipeline of this kind on the session's data set. Raises BadInput where the kind needs dates."""
    folder = kind.name if session.cross_section is None else CROSS_SECTION
    pipeline: TrainingPipeline = import_module(f"training.{folder}.pipeline").PIPELINE
    if pipeline.kind is not kind:
        raise BadInput(f"{session.config.name} has no dates, which a {kind.name} model needs; describe it by [tables]")
    return pipeline
