"""The context of one training or promotion: the data set, MLflow's store, the ledger, the user and the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.config.data_set import Config
from core.ledger import Ledger
from models.mlflow_store.registry import Registry
from tables.cross_section import CrossSection
from tables.tables import Tables
from training.run.progress import NoProgress, Progress
from training.run.tracking import Tracking


@dataclass(frozen=True, kw_only=True)
class Session:
    """One command on one data set."""

    config: Config
    statement: dict[str, Any]
    "The TOML without secrets."
    tables: Tables
    "Empty where the data set is a cross-section."
    tracking: Tracking
    registry: Registry
    ledger: Ledger
    who: str
    now: datetime
    "UTC."
    continued_run: str | None = None
    "The run that `mlflow run` has started."
    progress: Progress = field(default_factory=NoProgress)
    cross_section: CrossSection | None = None
    "The data set where it is one row per customer without dates."
