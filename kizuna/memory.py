"""How the process of a long command uses memory."""

from __future__ import annotations

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"Parameters of glibc's mallopt, from malloc.h."
KEPT_BYTES = 2**27
"Arrays up to this size use memory that was freed before; twice as much is kept."


def keep_freed_memory() -> None:
    """Use freed memory again for new arrays, instead of fetching it anew from the operating system.

    A training creates thousands of arrays of 10 to 100 MB. By default glibc returns each of them at once, and much of
    the system's time goes into clearing new pages. Call it before threads start; without glibc it changes nothing, and
    what the environment says about malloc takes precedence.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None or any(name.startswith("MALLOC_") for name in os.environ):
        return
    # Threads with memory of their own could not use what another one has freed.
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(M_TRIM_THRESHOLD, 2 * KEPT_BYTES)
