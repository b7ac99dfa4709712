"""The keys that one worker accepts.

It asks the file system before each request whether the file was replaced, as for the stock: a key that is added,
rotated or revoked counts at once, on every worker.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from core.access import NO_DIGEST, ApiKey, split_key
from core.errors import BrokenArtifact
from serving.keys.file import KeyFile, Stamp

logger = logging.getLogger("kizuna.serving")

NO_KEY = ApiKey(
    key_id="", name="", scopes=(), digest=NO_DIGEST, created_at=datetime.min.replace(tzinfo=UTC),
    revoked_at=datetime.min.replace(tzinfo=UTC),
)  # fmt: skip
"Compared with where no key has the id of a request."


class LiveKeys:
    """The keys as one worker sees them; `refresh` comes before each request."""

    def __init__(self, file: KeyFile) -> None:
        self.origins: frozenset[str] = frozenset()
        "Of the pages that may send requests with a browser key."
        self._file = file
        self._stamp: Stamp | None = None
        self._by_id: dict[str, ApiKey] = {}
        self._is_broken = False

    @property
    def exist(self) -> bool:
        """Whether there are keys, if only revoked ones; a damaged file counts, and accepts none."""
        return bool(self._by_id) or self._is_broken

    def find(self, text: str, *, now: datetime) -> ApiKey | None:
        """The key with this text; None for an unknown, revoked or expired one, after the same work."""
        key_id, secret = split_key(text) or ("", "")
        key = self._by_id.get(key_id, NO_KEY)
        return key if key.accepts(secret, now=now) else None

    def refresh(self) -> None:
        """Read the keys again if they were changed."""
        stamp = self._file.stamp()
        if stamp == self._stamp:
            return
        try:
            self._accept(self._file.read())
            self._is_broken = False
        except BrokenArtifact as error:
            self._accept(())
            self._is_broken = True
            logger.error("no key is accepted: %s", error)
        self._stamp = stamp

    def _accept(self, keys: tuple[ApiKey, ...]) -> None:
        self._by_id = {key.key_id: key for key in keys}
        browsers = [key.browser for key in keys if key.browser is not None and key.revoked_at is None]
        self.origins = frozenset(origin for browser in browsers for origin in browser.origins)
