"""Paths of a data set's files.

var/
  mlflow.db            MLflow's store, for all data sets
  shop/                one folder per data set
    releases/
    ledger.jsonl
    tasks.db
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LEDGER_FILE = "ledger.jsonl"
TASKS_FILE = "tasks.db"


@dataclass(frozen=True)
class Places:
    """The paths of one data set's files below `var`. Creates none of them."""

    var: Path
    data_set: str

    @property
    def home(self) -> Path:
        """The folder of this data set."""
        return self.var / self.data_set

    @property
    def releases(self) -> Path:
        """Folder of the releases, and of `current`, the pointer to the active one."""
        return self.home / "releases"

    @property
    def ledger(self) -> Path:
        """The hash-chained record of activations and promotions."""
        return self.home / LEDGER_FILE

    @property
    def tuning(self) -> Path:
        """Folder of `kizuna tune`: a database of trials, and the figures of each customer for the best ones."""
        return self.home / "tuning"

    @property
    def recommender_settings(self) -> Path:
        """The best settings that `kizuna tune recommender` found; `kizuna train recommender` reads them."""
        return self.home / "tuned_recommenders.json"

    @property
    def health(self) -> Path:
        """Folder of the health scores: one <day>.parquet per day."""
        return self.home / "health"

    @property
    def tasks(self) -> Path:
        """SQLite database of the tasks. The variable `core.environment.DATABASE_URL` names another one."""
        return self.home / TASKS_FILE

    @property
    def tracking_uri(self) -> str:
        """MLflow's store for all data sets. The variable `core.environment.MLFLOW_TRACKING_URI` names another one."""
        return f"sqlite:///{(self.var / 'mlflow.db').resolve()}"
