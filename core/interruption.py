"""Whether Ctrl-C was pressed, even where a library makes an error of its own out of it (an engine, inside a query)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_pressed = threading.Event()
_held_back: list[bool] = []
"One for each block of `defer_interruption` that goes on: whether Ctrl-C was pressed inside."


def watch_for_interruption() -> None:
    """From now on Ctrl-C is remembered; it raises KeyboardInterrupt as ever. Does nothing outside the main thread."""
    if threading.current_thread() is threading.main_thread():
        _pressed.clear()
        signal.signal(signal.SIGINT, _remember)


def was_interrupted() -> bool:
    """Whether Ctrl-C was pressed since the watch began."""
    return _pressed.is_set()


@contextmanager
def defer_interruption() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, where it raises KeyboardInterrupt; for writes that are quickly done.

    In the middle of a transaction it would leave a database locked, for the run's own last words too.
    """
    _held_back.append(False)
    try:
        yield
    finally:
        pressed = _held_back.pop()
    if pressed:
        signal.raise_signal(signal.SIGINT)


def _remember(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    if _held_back:
        _held_back[-1] = True
    else:
        signal.default_int_handler(number, frame)
