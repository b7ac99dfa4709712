"""Remembers Ctrl-C and SIGTERM, because a library may turn them into an error of its own (an engine, inside a query).

Python itself ignores what is raised while an object is deleted, so a signal that arrives then is sent again.

SIGTERM is how a scheduler or a container stops a command. It raises KeyboardInterrupt like Ctrl-C, so that a run of a
training ends as KILLED and no half of a file stays.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

AGAIN_AFTER_SECONDS = 0.01
"Long enough for the deletion of an object to be over."

_earlier_hooks: list[Callable[[sys.UnraisableHookArgs], object]] = []
"What prints ignored exceptions, once `watch_for_interruption` has run."
_received: list[int] = []
"The signals since `watch_for_interruption`."
_deferred: list[int | None] = []
"One entry per running block of `defer_interruption`: the signal that arrived inside, if any."


def end_when_interrupted() -> None:
    """Until `watch_for_interruption`, both signals end the process at once, where it has nothing to tidy."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def watch_for_interruption() -> None:
    """Remember both signals from now on; they raise KeyboardInterrupt. Does nothing outside the main thread."""
    if threading.current_thread() is threading.main_thread():
        _received.clear()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _remember)
        if sys.unraisablehook is not _send_again:
            _earlier_hooks[:] = [sys.unraisablehook]
            sys.unraisablehook = _send_again


def ignore_interruption() -> None:
    """Ignore both signals from now on, once the work is done and only the end of the process is left.

    Python takes its own handlers away while it ends, and a signal would then end it without an exit code. Nothing
    changes after a signal, so that a second one still ends a process that hangs.
    """
    if not _received and threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def was_interrupted() -> bool:
    """Whether one of the signals has arrived since `watch_for_interruption`."""
    return bool(_received)


def was_terminated() -> bool:
    """Whether the first of them was SIGTERM."""
    return _received[:1] == [signal.SIGTERM]


@contextmanager
def defer_interruption() -> Generator[None]:
    """Make the signals wait for the end of the block, where they raise KeyboardInterrupt. For short writes.

    In the middle of a transaction it would leave the database locked, even for storing the end of the run.
    """
    _deferred.append(None)
    try:
        yield
    finally:
        received = _deferred.pop()
    if received is not None:
        signal.raise_signal(received)


def _end(number: int, frame: FrameType | None) -> None:
    """End without an exception: one that is raised during an import may turn into another, or be printed."""
    del frame
    word = "terminated" if number == signal.SIGTERM else "interrupted"
    os.write(sys.stderr.fileno(), f"kizuna: {word}\n".encode())
    os._exit(128 + number)


def _send_again(ignored: sys.UnraisableHookArgs) -> None:
    """Send the signal again that Python has ignored; any other ignored exception is printed as usual."""
    if _received and issubclass(ignored.exc_type, KeyboardInterrupt):
        main = threading.main_thread().ident or 0
        again = threading.Timer(AGAIN_AFTER_SECONDS, signal.pthread_kill, [main, _received[-1]])
        again.daemon = True
        again.start()
    else:
        _earlier_hooks[0](ignored)


def _remember(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if _deferred:
        _deferred[-1] = number
    else:
        signal.default_int_handler(number, frame)
