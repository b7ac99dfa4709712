"""Names of the environment variables that Kizuna reads.

Only names: `kizuna/` and `serving/` read the environment itself, and hand the values on.
"""

from __future__ import annotations

CONFIG = "KIZUNA_CONFIG"
"Path of the TOML, where --config names none."

DATABASE_URL = "KIZUNA_DATABASE_URL"
"Database of the tasks: sqlite:///... or postgresql://...; otherwise a SQLite file beside the releases."

DEBUG = "KIZUNA_DEBUG"
"If set, an internal error prints its traceback."

RELEASES = "KIZUNA_RELEASES"
"Folder of releases that the service answers from."

LEDGER = "KIZUNA_LEDGER"
"File of the ledger; otherwise ledger.jsonl beside the folder of releases."

WORKERS = "KIZUNA_WORKERS"
"Number of worker processes of the service."

MLFLOW_TRACKING_URI = "MLFLOW_TRACKING_URI"
"MLflow's store; otherwise var/mlflow.db."

MLFLOW_RUN_ID = "MLFLOW_RUN_ID"
"Set by `mlflow run` for the run that it has started."
