"""Requests of each key a day (UTC), of all hosts together.

A host counts its own requests, and twice a second adds them to a table and reads the sums of all hosts. A quota is
therefore exceeded by what the other hosts grant within half a second, at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
