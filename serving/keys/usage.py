"""Requests of each key a day (UTC), of all workers together.

A worker counts its own requests, and twice a second adds them to a table and reads the sums of all workers. A quota is
therefore exceeded by what the other workers grant within half a second, at most.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from serving.keys.database import KeyDatabase

Place = tuple[str, date]
"The id of a key, and a day."


@dataclass(frozen=True)
class UsageTable:
    """The requests of a data set's keys; data sets may share a database."""

    database: KeyDatabase
    data_set: str

    def add(self, counts: dict[Place, int], *, today: date) -> dict[Place, int]:
        """Add to the requests of some keys; returns today's sums of all keys. Raises SourceUnavailable."""
        from sqlalchemy.dialects import postgresql, sqlite

        from serving.keys.schema import USAGE

        self.database.create()
        of_today = USAGE.select().where((USAGE.c.data_set == self.data_set) & (USAGE.c.day == today))
        with self.database.begin() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            for (key_id, day), n_requests in sorted(counts.items()):  # in one order: no two workers wait for each other
                insert = dialect.insert(USAGE).values(
                    data_set=self.data_set, key_id=key_id, day=day, n_requests=n_requests
                )
                total = USAGE.c.n_requests + insert.excluded.n_requests
                connection.execute(
                    insert.on_conflict_do_update(index_elements=USAGE.primary_key.columns, set_={"n_requests": total})
                )
            return {(row.key_id, row.day): row.n_requests for row in connection.execute(of_today)}


class DailyUsage:
    """The requests that one worker knows of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[Place, int] = {}
        self._new = Counter[Place]()

    def take(self, key_id: str, quota: int, *, now: datetime) -> float:
        """Count one request; returns 0, or the seconds until midnight where the key has no request left today."""
        place = (key_id, now.date())
        with self._lock:
            if self._stored.get(place, 0) + self._new[place] >= quota:
                midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
                return (midnight - now).total_seconds()
            self._new[place] += 1
        return 0.0

    def exchange(self, table: UsageTable, *, today: date) -> None:
        """Store the new requests, and read those of all workers. Raises SourceUnavailable, and then loses none."""
        with self._lock:
            sent, self._new = self._new, Counter()
        try:
            stored = table.add(+sent, today=today)
        except BaseException:
            with self._lock:
                self._new += sent
            raise
        with self._lock:
            self._stored = stored
