"""Paths of a data set's files, and names of the environment variables that Kizuna reads.

var/
  mlflow.db            MLflow's store, for all data sets
  shop/                one folder per data set
    releases/
    ledger.jsonl
    keys.json
    tasks.db
    decisions.db
    key_limits.bin     what keys have used of their rates and quotas
    worker_metrics/    one file per worker of the service
    events.db

Of the variables only the names: `kizuna/` and `serving/` read the environment itself, and hand the values on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LEDGER_FILE = "ledger.jsonl"
MLFLOW_FILE = "mlflow.db"
KEYS_FILE = "keys.json"
TASKS_FILE = "tasks.db"
DECISIONS_FILE = "decisions.db"
KEY_LIMITS_FILE = "key_limits.bin"
METRICS_FOLDER = "worker_metrics"
EVENTS_FILE = "events.db"


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
    def keys(self) -> Path:
        """The API keys of the service, as hashes. The variable `core.environment.DATABASE_URL` names a database."""
        return self.home / KEYS_FILE

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
    def decisions(self) -> Path:
        """SQLite database of decisions, outcomes and campaigns. The same variable names another one."""
        return self.home / DECISIONS_FILE

    @property
    def events(self) -> Path:
        """SQLite database of the event journal. The same variable names another one."""
        return self.home / EVENTS_FILE

    @property
    def tracking_uri(self) -> str:
        """MLflow's store for all data sets. The variable `core.environment.MLFLOW_TRACKING_URI` names another one."""
        return f"sqlite:///{(self.var / MLFLOW_FILE).resolve()}"


CONFIG = "KIZUNA_CONFIG"
"Path of the TOML, where --config names none."

DATABASE_URL = "KIZUNA_DATABASE_URL"
"Database of tasks, decisions, events and API keys: sqlite:///... or postgresql://...; else files beside the releases."

DEBUG = "KIZUNA_DEBUG"
"If set, an internal error prints its traceback."

RELEASES = "KIZUNA_RELEASES"
"Folder of releases that the service answers from."

RELEASE_STORE = "KIZUNA_RELEASE_STORE"
"s3://bucket/folder or file:///folder that several hosts read releases from; otherwise each host has its own."

S3_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
)
"Read by the client of S3 alone. The last one names a server that is not Amazon's."

LEDGER = "KIZUNA_LEDGER"
"File of the ledger; otherwise ledger.jsonl beside the folder of releases."

HOSTS = "KIZUNA_HOSTS"
"Names, separated by commas, that requests may call the service by; otherwise any, and without keys only this host's."

KEY = "KIZUNA_KEY"
"API key that `kizuna mcp` and the Python client send to the service."

WITHOUT_KEYS = "KIZUNA_WITHOUT_KEYS"
"If set, the service answers every caller while there are no API keys; otherwise only this host."

WORKERS = "KIZUNA_WORKERS"
"Number of worker processes of the service."

SERVICE_ID = "KIZUNA_SERVICE_ID"
"Which start of the service a worker belongs to; the service sets it."

MLFLOW_TRACKING_URI = "MLFLOW_TRACKING_URI"
"MLflow's store; otherwise var/mlflow.db."

MLFLOW_RUN_ID = "MLFLOW_RUN_ID"
"Set by `mlflow run` for the run that it has started."
