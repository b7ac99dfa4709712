"""The keys that one worker accepts.

With a file it asks the file system before each request whether the file was replaced, as for the stock: a change
counts at once. With a database a thread reads the keys twice a second, so that no request waits for it.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from core.access import NO_DIGEST, ApiKey, split_key
from core.errors import BrokenArtifact, KizunaError
from serving.keys.file import KeyFile, Stamp
from serving.keys.store import KeyStore

logger = logging.getLogger("kizuna.serving")

KEEP_SECONDS = 900.0
"How long the last known keys are accepted while their database does not respond."
NO_KEY = ApiKey(
    key_id="", name="", scopes=(), digest=NO_DIGEST, created_at=datetime.min.replace(tzinfo=UTC),
    revoked_at=datetime.min.replace(tzinfo=UTC),
)  # fmt: skip
"Compared with where no key has the id of a request."


class LiveKeys:
    """The keys as one worker sees them."""

    def __init__(self, file: KeyFile | None) -> None:
        """None: the keys are in a database; until `poll` has read them, none is accepted."""
        self.origins: frozenset[str] = frozenset()
        "Of the pages that may send requests with a browser key."
        self.with_quota: tuple[str, ...] = ()
        "Ids of the keys with a quota."
        self._file = file
        self._stamp: Stamp | None = None
        self._by_id: dict[str, ApiKey] = {}
        self._is_unknown = file is None
        self._is_down = False
        self._read_at = time.monotonic()

    @property
    def exist(self) -> bool:
        """Whether there are keys, if only revoked ones; keys that cannot be read count, and none is accepted."""
        return bool(self._by_id) or self._is_unknown

    def find(self, text: str, *, now: datetime) -> ApiKey | None:
        """The key with this text; None for an unknown, revoked or expired one, after the same work."""
        key_id, secret = split_key(text) or ("", "")
        key = self._by_id.get(key_id, NO_KEY)
        return key if key.accepts(secret, now=now) else None

    def refresh(self) -> None:
        """Before each request: read the file again if it was replaced."""
        if self._file is None or (stamp := self._file.stamp()) == self._stamp:
            return
        try:
            self._accept(self._file.read())
        except BrokenArtifact as error:
            self._accept_none(error)
        self._stamp = stamp

    def poll(self, store: KeyStore) -> None:
        """Twice a second: read the keys of a database; those of before stay for a while if it does not respond."""
        now = time.monotonic()
        try:
            self._accept(store.read())
        except KizunaError as error:
            if not self._is_down:
                logger.error("the last known keys are accepted for %d minutes at most: %s", KEEP_SECONDS / 60, error)
            self._is_down = True
            if now - self._read_at > KEEP_SECONDS and not self._is_unknown:
                self._accept_none(error)
            return
        if self._is_down:
            logger.info("the database of the keys responds again")
        self._is_down, self._read_at = False, now

    def _accept(self, keys: tuple[ApiKey, ...]) -> None:
        self._by_id = {key.key_id: key for key in keys}
        in_use = [key for key in keys if key.revoked_at is None]
        self.origins = frozenset(origin for key in in_use if key.browser for origin in key.browser.origins)
        self.with_quota = tuple(key.key_id for key in in_use if key.requests_per_day is not None)
        self._is_unknown = False

    def _accept_none(self, error: KizunaError) -> None:
        self._accept(())
        self._is_unknown = True
        logger.error("no key is accepted: %s", error)
