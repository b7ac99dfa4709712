"""Measures how much CPU a command takes before it works: `python -m benchmarks.command_line`."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section

SECTION = "command_line"
COMMAND_LINES = {
    "cli.start_cpu_s": ["--help"],
    "cli.version_cpu_s": ["--version"],
    "cli.train_help_cpu_s": ["train", "churn", "--help"],
}
"By figure."
N_RUNS = 7


def main() -> None:
    """Publish the median of several runs, with the least and the greatest as its bounds."""
    figures = []
    for name, arguments in COMMAND_LINES.items():
        runs = sorted(_cpu_seconds(arguments) for _ in range(N_RUNS))
        figures.append(
            BenchmarkFigure(figure=name, value=runs[N_RUNS // 2], low=runs[0], high=runs[-1], unit="CPU seconds")
        )
    publish(SECTION, figures)
    commands = ", ".join(f"`kizuna {' '.join(arguments)}`" for arguments in COMMAND_LINES.values())
    write_section(
        SECTION,
        "The start of the command line",
        command="python -m benchmarks.command_line",
        facts={"Commands": commands, "Runs": f"{N_RUNS} of each; the median, the least and the greatest"},
        parts=[figure_table(figures)],
    )


def _cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one command line."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "kizuna", *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
