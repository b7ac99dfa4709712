"""Measures `kizuna demo --once` in a folder of its own: wall time and CPU of all its processes.

`python -m benchmarks.demo` needs an installed environment and two quiet cores. On busy ones only the CPU has a meaning.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.measure import describe_machine

PORT = 3917
TARGET_SECONDS = 90


def main() -> int:
    """Run the demo once and publish its cost. The exit code is the demo's, or 1 where it takes too long."""
    before = _children_cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        demo = subprocess.run(
            [sys.executable, "-m", "kizuna", "demo", "--once", "--port", str(PORT)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        seconds = time.perf_counter() - started
    cpu_seconds = _children_cpu_seconds() - before
    figures = {"demo.once_s": seconds, "demo.once_cpu_s": cpu_seconds}
    publish(
        "demo",
        (BenchmarkFigure(figure=name, value=n, low=n, high=n, unit="s") for name, n in figures.items()),
    )
    typer.echo(f"on {describe_machine()}; the target is {TARGET_SECONDS} s")
    return demo.returncode or int(seconds > TARGET_SECONDS)


def _children_cpu_seconds() -> float:
    """User and system time of the child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
