"""Ctrl-C is remembered, even if a library turns it into an error of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from core.interruption import defer_interruption, was_interrupted, was_terminated, watch_for_interruption


@pytest.fixture(autouse=True)
def handler_as_before():
    hook = sys.unraisablehook
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    watch_for_interruption()
    for number, handler in before.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook


def test_ctrl_c_is_remembered_if_a_library_raises_another_error():
    watch_for_interruption()
    assert not was_interrupted()

    with suppress(RuntimeError):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("query interrupted") from None

    assert was_interrupted()


class InterruptedWhileDeleted:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_python_ignores_while_an_object_is_deleted_is_sent_again():
    watch_for_interruption()
    held = [InterruptedWhileDeleted()]

    def work() -> None:
        held.clear()
        time.sleep(30)

    with pytest.raises(KeyboardInterrupt):
        work()


def test_ctrl_c_waits_for_the_end_of_the_outermost_block():
    watch_for_interruption()
    done = []

    @defer_interruption()
    def inner() -> None:
        signal.raise_signal(signal.SIGINT)
        done.append("inner")

    @defer_interruption()
    def outer() -> None:
        inner()
        done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        outer()

    assert done == ["inner", "outer"]


@pytest.mark.parametrize(("number", "terminated"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_sigterm_interrupts_like_ctrl_c_and_is_told_apart(number, terminated):
    watch_for_interruption()

    with pytest.raises(KeyboardInterrupt), defer_interruption():
        signal.raise_signal(number)

    assert was_interrupted()
    assert was_terminated() is terminated


def test_without_ctrl_c_a_block_raises_its_own_errors_and_leaves_the_handler():
    watch_for_interruption()

    with pytest.raises(ZeroDivisionError), defer_interruption():
        raise ZeroDivisionError

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


ENDS_SLOWLY = """
import os, signal
from kizuna import main

class EndsSlowly:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

main.last = EndsSlowly()
main.run = lambda arguments: {work}
main.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_after_the_work_is_done_does_not_change_the_exit_code(name):
    program = ENDS_SLOWLY.format(name=name, work="2")

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 2


INTERRUPTED = """
import signal
from core.interruption import ignore_interruption, watch_for_interruption

watch_for_interruption()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    ignore_interruption()
    signal.raise_signal(signal.SIGTERM)
"""


def test_a_second_signal_ends_an_interrupted_command_that_hangs():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)

    assert "KeyboardInterrupt" in done.stderr
