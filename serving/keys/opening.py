"""Where API keys are kept: a file beside the releases, or the database in KIZUNA_DATABASE_URL."""

from __future__ import annotations

from pathlib import Path

from serving.keys.database import KeyDatabase
from serving.keys.file import KeyFile
from serving.keys.store import KeyStore
from serving.keys.table import KeyTable


def open_key_store(database_url: str | None, file: Path, *, data_set: str) -> KeyStore:
    """The keys in the database at this URL, or in the file if there is none."""
    if database_url is None:
        return KeyFile(file)
    return KeyTable(KeyDatabase.at(database_url, file), data_set)
