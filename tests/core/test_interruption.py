"""Ctrl-C is remembered, whatever a library makes of it."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from core.interruption import was_interrupted, watch_for_interruption


@pytest.fixture(autouse=True)
def handler_as_before():
    before = signal.getsignal(signal.SIGINT)
    yield
    watch_for_interruption()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_remembered_even_where_it_became_another_error():
    watch_for_interruption()
    assert not was_interrupted()

    with suppress(RuntimeError):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("query interrupted") from None

    assert was_interrupted()
