"""Requests a minute and a day of each key, which the workers of a host count together.

    rate     a bucket with the requests of one minute, which fills up evenly; of a browser key one for each customer
    quota    from midnight to midnight UTC; with a database of all hosts, which exchange their counts twice a second

The counts are in a file that all workers map into memory (`serving.keys.slots`). Where it cannot be written, each
worker grants its share of the limits until it can. Buckets use the clock that nothing sets (monotonic).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from core.access import ApiKey
from serving.keys.slots import (
    BURST_SECONDS,
    FULL_AT,
    OWNER,
    OwnSlots,
    SlotFile,
    Slots,
    find_slot,
    hold,
    place_of,
    read_day,
    read_full_at,
    stamp_of,
    write_day,
)
from serving.keys.usage import UsageTable

logger = logging.getLogger("kizuna.serving")

LOOK_SECONDS = 0.5
"How often a worker looks whether the file is still there, or can be written again."
ROUNDING = 1e-6
"Seconds by which sums of pauses may miss a minute."


class LimitRefusal(NamedTuple):
    """Why a request is not granted."""

    wait_seconds: float
    is_of_day: bool


class KeyLimits:
    """The limits as one worker sees them."""

    def __init__(self, path: Path | None, *, n_workers: int = 1, has_database: bool = False) -> None:
        """None: this worker counts alone. With a database, `exchange` makes quotas hold for all hosts."""
        self._path = path
        self._share = n_workers
        self._share_of_day = 1 if has_database else n_workers
        self._own = OwnSlots()
        self._file: SlotFile | None = None
        self._look_at = 0.0
        self._last_fault = ""

    def take(self, key: ApiKey, customer_id: str | None, *, now: datetime) -> LimitRefusal | None:
        """Count one request of a key, or of a customer of a browser key; None where it is granted."""
        per_minute, per_day = key.requests_per_minute, key.requests_per_day
        if per_minute is None and per_day is None:
            return None
        seconds = time.monotonic()
        if seconds >= self._look_at:
            self._look(seconds)
        slots: Slots = self._file or self._own
        try:
            slots.acquire()
        except OSError as error:
            self._report(error)
            self._close(seconds)
            slots = self._own
            slots.acquire()
        try:
            return self._take(slots, key, customer_id=customer_id, now=now, seconds=seconds)
        finally:
            slots.release()

    def _take(
        self, slots: Slots, key: ApiKey, *, customer_id: str | None, now: datetime, seconds: float
    ) -> LimitRefusal | None:
        """Both limits grant a request, or neither counts it."""
        per_minute, per_day, is_own = key.requests_per_minute, key.requests_per_day, slots is self._own
        day, full_at = now.toordinal(), 0.0
        place = place_of(key.key_id, customer_id)
        slot = find_slot(slots, place, now=seconds, day=day)
        if per_minute is not None:
            rate = max(1.0, per_minute / self._share) if is_own else per_minute
            full_at = read_full_at(slots, slot, now=seconds) + 60 / rate
            wait = full_at - seconds - BURST_SECONDS
            if wait > ROUNDING:
                return LimitRefusal(wait, is_of_day=False)
        if per_day is not None:
            quota = max(1, per_day // self._share_of_day) if is_own else per_day
            if customer_id is not None:
                slot = find_slot(slots, place_of(key.key_id, None), now=seconds, day=day)
            used, unsent = read_day(slots, slot, day=day)
            if used >= quota:
                midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
                return LimitRefusal((midnight - now).total_seconds(), is_of_day=True)
            write_day(slots, slot, day=day, counts=(used + 1, unsent + 1))
            if customer_id is not None:  # anew, because the key may have taken its slot
                slot = find_slot(slots, place, now=seconds, day=day)
        if per_minute is not None:
            FULL_AT.pack_into(slots.memory, slot + OWNER, full_at)
        return None

    def exchange(self, table: UsageTable, *, key_ids: Iterable[str], today: date) -> None:
        """Store the new requests of keys with a quota, and read those of all hosts; one worker of a host does.

        Called by another thread than `take`. Raises SourceUnavailable, and then loses none: what the database has is
        subtracted once it has it.
        """
        places = {key_id: place_of(key_id, None) for key_id in key_ids}
        days = (today.toordinal() - 1, today.toordinal())
        with self._open_again() as slots:
            if isinstance(slots, SlotFile) and not slots.lead():
                return
            sent: dict[tuple[str, int], int] = {}
            now = time.monotonic()
            with hold(slots):
                for key_id, place in places.items():
                    slot = find_slot(slots, place, now=now, day=days[1])
                    sent |= {(key_id, day): read_day(slots, slot, day=day)[1] for day in days}
            new = {(key_id, date.fromordinal(day)): n for (key_id, day), n in sent.items() if n}
            sums = table.add(new, today=today)
            with hold(slots):
                for (key_id, day), n_sent in sent.items():
                    slot = find_slot(slots, places[key_id], now=now, day=days[1])
                    used, unsent = read_day(slots, slot, day=day)
                    unsent = max(0, unsent - n_sent)
                    if day == days[1]:
                        used = sums.get((key_id, today), 0) + unsent
                    write_day(slots, slot, day=day, counts=(used, unsent))

    def _open_again(self) -> closing[SlotFile] | nullcontext[OwnSlots]:
        """The file once more, because a thread cannot wait for another one of its process with the same handle."""
        if self._path is not None:
            try:
                return closing(SlotFile(self._path))
            except (OSError, ValueError):  # the thread of the requests says so
                pass
        return nullcontext(self._own)

    def _look(self, seconds: float) -> None:
        """Open the file unless it is open; never raises."""
        self._look_at = seconds + LOOK_SECONDS
        if self._path is None:
            return
        try:
            if self._file is not None and stamp_of(self._path.stat()) == self._file.stamp:
                return
        except OSError:  # it was deleted
            pass
        self._close(seconds)
        try:
            self._file = SlotFile(self._path)
        except (OSError, ValueError) as error:
            self._report(error)
            return
        if self._last_fault:
            logger.info("the limits of keys hold for all workers together again")
            self._last_fault = ""

    def _close(self, seconds: float) -> None:
        """Count alone until the next look."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._look_at = seconds + LOOK_SECONDS

    def _report(self, error: Exception) -> None:
        """One line for each fault, not for each request."""
        fault = (error.strerror or "") if isinstance(error, OSError) else "it is not complete"
        if fault != self._last_fault:
            logger.error("each worker grants its share of the limits of keys: %s: %s", self._path, fault)
        self._last_fault = fault
