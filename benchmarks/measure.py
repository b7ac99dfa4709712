"""Measures the cost of a block: wall time, CPU time and the peak memory of this process."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.02
GB = 1e9


@dataclass
class Cost:
    """Wall time, CPU time and memory of a block. Filled in when the block ends."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_gb: float = 0.0
    "Resident memory of the whole process, 10^9 bytes."


@contextmanager
def measure_cost() -> Iterator[Cost]:
    """Measure a block. Memory is sampled every 20 ms, so a shorter peak may be missed."""
    cost, ended, process = Cost(), threading.Event(), psutil.Process()

    def sample() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            cost.peak_memory_gb = max(cost.peak_memory_gb, process.memory_info().rss / GB)

    sampler = threading.Thread(target=sample, daemon=True)
    started, cpu_started = time.perf_counter(), time.process_time()
    sampler.start()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - started
        cost.cpu_seconds = time.process_time() - cpu_started
        ended.set()
        sampler.join()
        cost.peak_memory_gb = max(cost.peak_memory_gb, process.memory_info().rss / GB)


def describe_machine() -> str:
    """The machine in one line: cores, memory, system and Python."""
    memory_gb = psutil.virtual_memory().total / GB
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{psutil.cpu_count()} cores, {memory_gb:.0f} GB, {system}"
