"""What a training or a promotion works with: the data set, the store, and who asks when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.config.data_set import Config
from core.ledger import Ledger
from models.mlflow_store.registry import Registry
from tables.cross_section import CrossSection
from tables.tables import Tables
from training.run.progress import Progress, Silence
from training.run.tracking import Tracking


@dataclass(frozen=True)
class Session:
    """One command at work on one data set."""

    config: Config
    statement: dict[str, Any]
    "The TOML with secrets left out."
    tables: Tables
    "Without any where the data set is a cross-section."
    tracking: Tracking
    registry: Registry
    ledger: Ledger
    who: str
    now: datetime
    "UTC."
    continued_run: str | None = None
    "The run that `mlflow run` has begun."
    progress: Progress = field(default_factory=Silence)
    cross_section: CrossSection | None = None
    "The data set where it is flat."
