"""Measures `kizuna demo --once` in a folder of its own: wall time and CPU of all its processes.

`python -m benchmarks.demo` needs an installed environment and two quiet cores. On busy ones only the CPU has a meaning.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

import psutil

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section

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
    values = {"demo.once_s": seconds, "demo.once_cpu_s": cpu_seconds}
    figures = [BenchmarkFigure(figure=name, value=n, low=n, high=n, unit="s") for name, n in values.items()]
    publish("demo", figures)
    write_section(
        "demo",
        "The demo",
        command="python -m benchmarks.demo",
        facts={
            "Command": "`kizuna demo --once`, as `make demo ARGS=--once` runs it once it is installed",
            "Target": f"{TARGET_SECONDS} s on two quiet cores",
            "Load average": f"{psutil.getloadavg()[0]:.1f}; seconds depend on it, CPU seconds hardly",
        },
        parts=[figure_table(figures)],
    )
    return demo.returncode or int(seconds > TARGET_SECONDS)


def _children_cpu_seconds() -> float:
    """User and system time of the child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
