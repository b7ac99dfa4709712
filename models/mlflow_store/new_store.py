"""Creates MLflow's SQLite database whole or not at all.

MLflow creates some thirty tables one after another. A full disk or Ctrl-C in between would leave a database that no
later command could use.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from mlflow import MlflowClient

from core.errors import SourceUnavailable

SQLITE = "sqlite:///"
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
            f"MLflow's store {path} is incomplete: its creation was interrupted, or another program wrote it; delete "
            "it, then run the command again"
        )
