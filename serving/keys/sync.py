"""Twice a second, beside the requests: reads keys from their database, and exchanges requests a day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from core.errors import KizunaError
from serving.keys.database import KeyDatabase
from serving.keys.limits import KeyLimits
from serving.keys.live import LiveKeys
from serving.keys.table import KeyTable
from serving.keys.usage import UsageTable

logger = logging.getLogger("kizuna.serving")

SYNC_SECONDS = 0.5


class KeySync:
    """The thread of one worker."""

    def __init__(
        self, keys: LiveKeys, limits: KeyLimits, *, database: KeyDatabase, data_set: Callable[[], str | None]
    ) -> None:
        """`data_set` is None before the first release."""
        self._keys = keys
        self._limits = limits
        self._database = database
        self._data_set = data_set
        self._last_fault = ""
        self._stopped = threading.Event()

    def start(self) -> None:
        """Run once, so that the first request finds the keys, and then until `stop`."""
        self.run_once()
        threading.Thread(target=self._run, name="keys", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def run_once(self) -> None:
        """Read the keys, and exchange the counts. Never raises."""
        try:
            self._run_once()
            self._last_fault = ""
        except Exception as error:  # noqa: BLE001 - an exception that leaves this thread would end it
            fault = str(error) if isinstance(error, KizunaError) else type(error).__name__
            if fault != self._last_fault:
                logger.error("requests a day are counted by each host alone: %s", fault)
            self._last_fault = fault

    def _run_once(self) -> None:
        data_set = self._data_set()
        if data_set is None:
            return
        self._keys.poll(KeyTable(self._database, data_set))
        if key_ids := self._keys.with_quota:
            table = UsageTable(self._database, data_set)
            self._limits.exchange(table, key_ids=key_ids, today=datetime.now(UTC).date())

    def _run(self) -> None:
        while not self._stopped.wait(SYNC_SECONDS):
            self.run_once()
