"""Fits that run side by side do not take the same memory twice."""

from __future__ import annotations

from threading import Thread

import pytest

from models import memory
from models.memory import SharedMemory


def test_a_fit_waits_until_what_runs_leaves_it_enough(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "free_gb", lambda: 10.0)
    shared, order = SharedMemory(), list[str]()

    def fit(name: str, gb: float):
        with shared.held(gb):
            order.append(name)

    with shared.held(6):
        large, small = Thread(target=fit, args=("large", 5)), Thread(target=fit, args=("small", 4))
        large.start()
        small.start()
        small.join(timeout=10)
        order.append("first ends")
    large.join(timeout=10)

    assert order == ["small", "first ends", "large"]


def test_what_is_larger_than_the_machine_still_gets_its_turn_to_be_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "free_gb", lambda: 10.0)
    shared = SharedMemory()

    turns = []
    for gb in (900, 9):
        with shared.held(gb):
            turns.append(gb)

    assert turns == [900, 9]
