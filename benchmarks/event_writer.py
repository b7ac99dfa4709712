"""Stores events of 16 callers through the service's writer, and prints acknowledged ids until it is killed."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from core.events import View
from serving.journal.sqlite import SqliteJournal
from serving.journal.writer import JournalWriter

CALLERS = 16


async def report(writer: JournalWriter, run: str, *, caller: int) -> None:
    """Store one event after the other."""
    for number in count():
        event_id = f"{run}-{caller}-{number}"
        await writer.append([View(event_id=event_id, customer_id=f"c{caller}", item_id="tea")])
        print(event_id, flush=True)  # noqa: T201 - the benchmark reads it


async def main(path: str, run: str) -> None:
    """Let all callers report at once."""
    writer = JournalWriter(SqliteJournal(Path(path), "bench"), lambda: None)
    await asyncio.gather(*(report(writer, run, caller=caller) for caller in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
