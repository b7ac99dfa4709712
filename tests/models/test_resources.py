"""Fits that run in parallel do not reserve the same memory twice."""

from __future__ import annotations

from threading import Thread

import pytest

from models import resources
from models.resources import SharedMemory


def test_a_fit_waits_until_the_running_fits_leave_enough_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resources, "free_gb", lambda: 10.0)
    shared, order = SharedMemory(), list[str]()

    def fit(name: str, gb: float):
        with shared.hold(gb):
            order.append(name)

    with shared.hold(6):
        large, small = Thread(target=fit, args=("large", 5)), Thread(target=fit, args=("small", 4))
        large.start()
        small.start()
        small.join(timeout=10)
        order.append("first ends")
    large.join(timeout=10)

    assert order == ["small", "first ends", "large"]


def test_a_fit_larger_than_the_machine_never_waits_when_it_runs_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resources, "free_gb", lambda: 10.0)
    shared = SharedMemory()

    started = []
    for gb in (900, 9):
        with shared.hold(gb):
            started.append(gb)

    assert started == [900, 9]
