"""What keys have used of their limits, in memory that all workers of a host share.

    var/<data set>/key_limits.bin    header, then 4,096 groups of 8 slots

    slot     owner | full_at | day, used, unsent | day, used, unsent
             16 B    8 B       20 B                20 B

The owner of a slot is a key, or one customer of a browser key; its hash names the group. `full_at` is the moment at
which its bucket of requests is full again, so that a bucket with all its requests left is the same as none, and its
slot is free for another owner. An even and an odd day count apart: a clock that goes back over midnight finds the count
of the day before. The file is mapped into memory and belongs to one process at a time (flock). It has all its bytes on
the disk before it is mapped, because a write that needs a new block of a full disk would kill the process.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

OWNER_ONLY = 0o600
SLOT, OWNER, FULL_AT, DAY = 64, 16, struct.Struct("<d"), struct.Struct("<iqq")
DAY_AT = OWNER + FULL_AT.size
"Where the days begin in a slot."
SLOTS_OF_GROUP, N_GROUPS = 8, 4096
GROUP = SLOT * SLOTS_OF_GROUP
HEADER = b"kizuna key limits 1\n".ljust(GROUP, b"\0")
SIZE = GROUP * (1 + N_GROUPS)
BURST_SECONDS = 60.0
"A full bucket holds the requests of one minute."
LOCK_SECONDS, LOCK_PAUSE = 0.25, 0.0001
"How long a request waits for the other workers, which hold the file for microseconds, and longer on a busy host."
NONE_OF_DAY = (0, 0)


@dataclass(slots=True)
class SlotPlace:
    """Where the slot of an owner is."""

    owner: bytes
    group: int
    "Offset of its group."
    slot: int
    "Offset of the slot, where it was last."


class Slots(Protocol):
    """Memory with slots, which `acquire` gives to one thread of one process until `release`."""

    @property
    def memory(self) -> mmap.mmap | bytearray:
        """The bytes of the file."""
        ...

    def acquire(self) -> None:
        """Wait for the others. Raises OSError."""
        ...

    def release(self) -> None:
        """Let the others go on."""
        ...


class OwnSlots:
    """The slots of one worker alone."""

    def __init__(self) -> None:
        self.memory = bytearray(SIZE)
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """See `Slots`."""
        self._lock.acquire()

    def release(self) -> None:
        """See `Slots`."""
        self._lock.release()


class SlotFile:
    """The slots of all workers of a host. One thread uses it; others open their own."""

    def __init__(self, path: Path) -> None:
        """Open the file; a missing, damaged or foreign one is replaced by an empty one. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        try:
            with hold(self):
                if os.fstat(self._handle).st_size != SIZE or os.pread(self._handle, GROUP, 0) != HEADER:
                    self._write_empty()
                self.memory = mmap.mmap(self._handle, SIZE)
            self.stamp = stamp_of(os.fstat(self._handle))
        except BaseException:
            os.close(self._handle)
            raise

    def acquire(self) -> None:
        """See `Slots`. Raises TimeoutError where a process that was stopped holds the file."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait()

    def release(self) -> None:
        """See `Slots`."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def lead(self) -> bool:
        """Whether no other process of this host leads; holds until it closes the file."""
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the memory back."""
        self.memory.close()
        os.close(self._handle)

    def _wait(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            time.sleep(LOCK_PAUSE)
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(errno.ETIMEDOUT, "another process holds the file") from None
            else:
                return

    def _write_empty(self) -> None:
        """The header comes last: a file without it is not complete."""
        os.ftruncate(self._handle, 0)
        try:
            if os.pwrite(self._handle, bytes(SIZE), 0) != SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._handle)
            os.pwrite(self._handle, HEADER, 0)
        except OSError:
            os.ftruncate(self._handle, 0)
            raise


@contextmanager
def hold(slots: Slots) -> Generator[None]:
    """The slots are this thread's in the block."""
    slots.acquire()
    try:
        yield
    finally:
        slots.release()


def stamp_of(status: os.stat_result) -> tuple[int, int, int]:
    """Another one for another file, or one that was cut."""
    return status.st_dev, status.st_ino, status.st_size


@lru_cache(maxsize=4096)
def place_of(key_id: str, customer_id: str | None) -> SlotPlace:
    """Where the slot of a key is, or of a customer of a browser key."""
    name = key_id if customer_id is None else f"{key_id} {customer_id}"
    owner = hashlib.blake2b(name.encode(), digest_size=OWNER).digest()
    group = GROUP * (1 + int.from_bytes(owner[:4], "little") % N_GROUPS)
    return SlotPlace(owner, group, group)


def find_slot(slots: Slots, place: SlotPlace, *, now: float, day: int) -> int:
    """The offset of an owner's slot, which is made where there is none. The slots are held; `now` is in seconds.

    In a full group it replaces the slot that is nearest to having all its requests left; one that counts requests of a
    day is the last to go.
    """
    memory, slot = slots.memory, place.slot
    if memory[slot : slot + OWNER] == place.owner:
        return slot

    def loss(offset: int) -> tuple[bool, float]:
        counted = any(read_day(slots, offset, day=one) != NONE_OF_DAY for one in (day, day - 1))
        return counted, max(now, read_full_at(slots, offset, now=now))

    offsets = range(place.group, place.group + GROUP, SLOT)
    owned = [one for one in offsets if memory[one : one + OWNER] == place.owner]
    place.slot = owned[0] if owned else min(offsets, key=loss)
    if not owned:
        memory[place.slot : place.slot + SLOT] = place.owner.ljust(SLOT, b"\0")
    return place.slot


def read_full_at(slots: Slots, slot: int, *, now: float) -> float:
    """When a bucket is full. A moment more than a minute ahead becomes a minute: clocks begin anew with a host."""
    (full_at,) = FULL_AT.unpack_from(slots.memory, slot + OWNER)
    if full_at <= now:
        return now
    if full_at <= now + BURST_SECONDS:
        return full_at
    FULL_AT.pack_into(slots.memory, slot + OWNER, now + BURST_SECONDS)
    return now + BURST_SECONDS


def read_day(slots: Slots, slot: int, *, day: int) -> tuple[int, int]:
    """Requests of a day, and those of them that the database does not have."""
    stored, used, unsent = DAY.unpack_from(slots.memory, slot + DAY_AT + DAY.size * (day & 1))
    return (used, unsent) if stored == day else NONE_OF_DAY


def write_day(slots: Slots, slot: int, *, day: int, counts: tuple[int, int]) -> None:
    """Store what `read_day` reads."""
    DAY.pack_into(slots.memory, slot + DAY_AT + DAY.size * (day & 1), day, *counts)
