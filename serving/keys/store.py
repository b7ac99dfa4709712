"""What every store of API keys does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from core.access import ApiKey
from core.errors import NotFound


class KeyStore(Protocol):
    """The keys of a data set's service."""

    def read(self) -> tuple[ApiKey, ...]:
        """Every key, revoked ones as well, oldest first. Raises BrokenArtifact or SourceUnavailable."""
        ...

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        ...

    def change(self, key_id: str, how: Callable[[ApiKey], ApiKey]) -> ApiKey:
        """Replace one key by what `how` makes of it; returns it. Raises NotFound for an unknown or revoked one."""
        ...


def require_key(keys: Sequence[ApiKey], key_id: str) -> int:
    """The place of a key that is in use. Raises NotFound."""
    in_use = {key.key_id: place for place, key in enumerate(keys) if key.revoked_at is None}
    if key_id not in in_use:
        raise NotFound(f"there is no key '{key_id}'; keys in use: {', '.join(in_use) or 'none'}")
    return in_use[key_id]
