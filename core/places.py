"""Where things lie: one folder for all data sets, one folder a data set in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TASKS_FILE = "tasks.db"


@dataclass(frozen=True)
class Places:
    """The paths of one data set's files below `var`; nothing here creates them."""

    var: Path
    data_set: str

    @property
    def home(self) -> Path:
        """What belongs to this data set."""
        return self.var / self.data_set

    @property
    def releases(self) -> Path:
        """Release folders, and `current`, the pointer to the running one."""
        return self.home / "releases"

    @property
    def ledger(self) -> Path:
        """The hash-chained record of activations and promotions."""
        return self.home / "ledger.jsonl"

    @property
    def tuning(self) -> Path:
        """Every trial of `kizuna tune`: a database, and what the best trials gave each customer."""
        return self.home / "tuning"

    @property
    def tuned_recommenders(self) -> Path:
        """The best settings that `kizuna tune recommender` found, for `kizuna train recommender`."""
        return self.home / "tuned_recommenders.json"

    @property
    def health(self) -> Path:
        """Each day's health of everybody: <day>.parquet."""
        return self.home / "health"

    @property
    def tasks(self) -> Path:
        """The database of tasks, where KIZUNA_DATABASE_URL names no other."""
        return self.home / TASKS_FILE

    @property
    def tracking_uri(self) -> str:
        """MLflow's store for all data sets, where MLFLOW_TRACKING_URI does not name another."""
        return f"sqlite:///{(self.var / 'mlflow.db').resolve()}"

    @property
    def tracking_artifacts(self) -> Path:
        """Where that store keeps artifacts."""
        return (self.var / "mlartifacts").resolve()
