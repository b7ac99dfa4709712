"""Whether MLflow can use the store at an address, asked before the work that the store is to keep.

MLflow itself tries for 100 seconds to connect to a database that is stopped.
"""

from __future__ import annotations

from core.environment import MLFLOW_TRACKING_URI
from core.errors import ConfigError, SourceUnavailable
from core.redaction import redact

DATABASES = ("postgresql", "mysql", "mssql")
STORES = ("sqlite", *DATABASES, "http", "https", "databricks")


def refuse_unreachable(uri: str) -> None:
    """Raise ConfigError for an address that is no store, SourceUnavailable for a database that does not answer."""
    kind = uri.partition(":")[0].partition("+")[0]
    if kind not in STORES:
        raise ConfigError(
            f"{MLFLOW_TRACKING_URI} is '{redact(uri)}', which is no store of MLflow; name a database or a server, e.g. "
            "sqlite:///mlflow.db or http://127.0.0.1:5000"
        )
    if kind in DATABASES:
        _connect_once(uri)


def _connect_once(uri: str) -> None:
    from mlflow.store.db.utils import create_sqlalchemy_engine
    from sqlalchemy.exc import SQLAlchemyError

    advice = f"start it or set {MLFLOW_TRACKING_URI} to another store"
    try:
        create_sqlalchemy_engine(uri).connect().close()
    except ModuleNotFoundError as fault:
        raise ConfigError(f"MLflow's store {redact(uri)} needs the Python package {fault.name}; install it") from fault
    except SQLAlchemyError as fault:
        reason = str(getattr(fault, "orig", None) or fault).strip().splitlines()[0]
        raise SourceUnavailable(f"MLflow's store {redact(uri)} does not answer: {reason}; {advice}") from fault
