"""API keys in a database, which several hosts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

import msgspec

from core.access import ApiKey
from core.errors import BrokenArtifact
from serving.keys.database import KeyDatabase
from serving.keys.store import require_key


@dataclass(frozen=True)
class KeyTable:
    """The keys of one data set; data sets may share a database."""

    database: KeyDatabase
    data_set: str

    def read(self) -> tuple[ApiKey, ...]:
        """See `KeyStore`. Does not create the table."""
        from serving.keys.schema import KEYS

        if not self.database.exists:
            return ()
        query = KEYS.select().where(KEYS.c.data_set == self.data_set).order_by(KEYS.c.created_at, KEYS.c.key_id)
        with self.database.begin() as connection:
            contents = [row.content for row in connection.execute(query)]
        try:
            return tuple(msgspec.json.decode(content, type=ApiKey) for content in contents)
        except msgspec.DecodeError as error:
            raise BrokenArtifact("a row of kizuna_keys cannot be read; restore it, or delete it") from error

    def add(self, key: ApiKey) -> None:
        """See `KeyStore`."""
        from serving.keys.schema import KEYS

        self.database.create()
        row = {"data_set": self.data_set, "key_id": key.key_id, "content": msgspec.json.encode(key).decode()}
        created_at = key.created_at.astimezone(UTC).replace(tzinfo=None)
        with self.database.begin() as connection:
            connection.execute(KEYS.insert().values(**row, created_at=created_at))

    def change(self, key_id: str, how: Callable[[ApiKey], ApiKey]) -> ApiKey:
        """See `KeyStore`."""
        from serving.keys.schema import KEYS

        keys = self.read()
        require_key(keys, key_id)
        is_key = (KEYS.c.data_set == self.data_set) & (KEYS.c.key_id == key_id)
        with self.database.begin() as connection:
            # An update comes first, because it locks the row on both engines until the second one.
            connection.execute(KEYS.update().where(is_key).values(content=KEYS.c.content))
            content = connection.execute(KEYS.select().where(is_key)).one().content
            key = msgspec.json.decode(content, type=ApiKey)
            require_key([key], key_id)
            changed = how(key)
            connection.execute(KEYS.update().where(is_key).values(content=msgspec.json.encode(changed).decode()))
        return changed
