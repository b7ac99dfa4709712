"""Whether Ctrl-C was pressed, even where a library makes an error of its own out of it (an engine, inside a query)."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_pressed = threading.Event()


def watch_for_interruption() -> None:
    """From now on Ctrl-C is remembered; it raises KeyboardInterrupt as ever. Does nothing outside the main thread."""
    if threading.current_thread() is threading.main_thread():
        _pressed.clear()
        signal.signal(signal.SIGINT, _remember)


def was_interrupted() -> bool:
    """Whether Ctrl-C was pressed since the watch began."""
    return _pressed.is_set()


def _remember(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    signal.default_int_handler(number, frame)
