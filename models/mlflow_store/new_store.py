"""Opens MLflow's stores, and creates its SQLite database whole or not at all.

MLflow creates some thirty tables one after another. A full disk or Ctrl-C in between would leave a database that no
later command could use.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from core.environment import MLFLOW_TRACKING_URI
from core.errors import SourceUnavailable
from core.files import describe_disk_fault
from core.redaction import redact

OLD_TABLES = "out-of-date database schema"
NO_DATABASE = "file is not a database"
LACKS_TABLES = re.compile(r"no such (?:table|column): \S+|no column named \S+|(?:table|index) \S+ already exists")
"What MLflow and SQLite say of a database that MLflow cannot use."
SQLITE = "sqlite:///"
ANOTHER = f"restore a copy of it, or move it away and train again, or set {MLFLOW_TRACKING_URI} to another store"
BESIDE_DATABASES = ("", "-journal", "-wal", "-shm")
"Endings of the files of an SQLite database."


def create_store(path: Path) -> None:
    """Create the database, and its folder, where there is none. Raises SourceUnavailable for an incomplete one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size:
        _require_complete(path)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        MlflowClient(f"{SQLITE}{temporary}")  # creates all tables
        _move_if_new(temporary, path)
    finally:
        for ending in BESIDE_DATABASES:
            Path(f"{temporary}{ending}").unlink(missing_ok=True)


@contextmanager
def refuse_unusable(tracking_uri: str) -> Generator[None]:
    """Raise SourceUnavailable where this version of MLflow cannot use the database that it opens in the block."""
    try:
        yield
    except (MlflowException, SQLAlchemyError) as fault:
        if describe_disk_fault(fault):
            raise
        raise SourceUnavailable(_explain(fault, redact(tracking_uri))) from fault


def _explain(fault: Exception, address: str) -> str:
    """What is wrong with a database, and what to do."""
    store, text = f"MLflow's store {address}", str(fault)
    if OLD_TABLES in text:
        return (
            f"{store} was written by another version of MLflow; make a copy of it, then run "
            f"`mlflow db upgrade {address}`, or install the version of MLflow that wrote it"
        )
    if lack := LACKS_TABLES.search(text):
        return (
            f"{store} is incomplete ({lack[0]}): its creation, or its upgrade to MLflow {mlflow.__version__}, was "
            f"interrupted; {ANOTHER}"
        )
    if NO_DATABASE in text:
        return f"{store} is no SQLite database; {ANOTHER}"
    return f"{store} cannot be used ({next(iter(text.splitlines()), '')}); {ANOTHER}"


def _move_if_new(temporary: Path, path: Path) -> None:
    """Move a database to its place, unless another command has created one since, which may have runs by now."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        if not path.stat().st_size:
            temporary.replace(path)
    except OSError:  # The file system has no links.
        temporary.replace(path)


def _require_complete(path: Path) -> None:
    """MLflow writes the version of its tables last."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            is_complete = bool(database.execute("select version_num from alembic_version").fetchall())
        except sqlite3.DatabaseError as fault:
            if "no such table" not in str(fault):
                return  # Busy, or no database: MLflow says so.
            is_complete = False
    if not is_complete:
        raise SourceUnavailable(
            f"MLflow's store {path} is incomplete: its creation was interrupted, or another program wrote it; move it "
            "away, then run the command again"
        )
