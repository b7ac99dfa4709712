"""Remembers Ctrl-C, because a library may turn it into an error of its own (an engine, inside a query)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_pressed = threading.Event()
_deferred: list[bool] = []
"One entry per running block of `defer_interruption`: whether Ctrl-C was pressed inside."


def watch_for_interruption() -> None:
    """Remember Ctrl-C from now on; it still raises KeyboardInterrupt. Does nothing outside the main thread."""
    if threading.current_thread() is threading.main_thread():
        _pressed.clear()
        signal.signal(signal.SIGINT, _remember)


def was_interrupted() -> bool:
    """Whether Ctrl-C was pressed since `watch_for_interruption`."""
    return _pressed.is_set()


@contextmanager
def defer_interruption() -> Generator[None]:
    """Make Ctrl-C wait for the end of the block, where it raises KeyboardInterrupt. For short writes.

    In the middle of a transaction it would leave the database locked, even for storing the end of the run.
    """
    _deferred.append(False)
    try:
        yield
    finally:
        pressed = _deferred.pop()
    if pressed:
        signal.raise_signal(signal.SIGINT)


def _remember(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    if _deferred:
        _deferred[-1] = True
    else:
        signal.default_int_handler(number, frame)
