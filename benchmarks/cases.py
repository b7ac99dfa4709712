"""Counts the small inputs beside the public data that are read as their README says: `python -m benchmarks.cases`.

A case is right if it has a test in tests/cases and all of its tests pass.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import table, write_section

CASES = Path(os.environ.get("KIZUNA_DATA", "../shared/data")).parent / "cases"


class CaseOutcomes:
    """A pytest plugin that notes for each case whether its tests passed."""

    def __init__(self) -> None:
        self.passed: dict[str, list[bool]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item):
        """Note the outcome of each call, and a failure or skip of each set-up."""
        report = yield
        marker = item.get_closest_marker("case")
        if marker is not None and (report.when == "call" or not report.passed):
            self.passed[marker.args[0]].append(report.passed)
        return report


def main() -> int:
    """Run the tests of all cases and publish how many cases are right. The exit code is 1 if any is wrong."""
    names = sorted(path.name for path in CASES.iterdir() if path.is_dir())
    outcomes = CaseOutcomes()
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "tests/cases"], plugins=[outcomes])
    wrong = [name for name in names if not outcomes.passed[name] or not all(outcomes.passed[name])]
    n_right = len(names) - len(wrong)
    figures = [
        BenchmarkFigure(figure=name, value=n, low=n, high=n, unit="cases")
        for name, n in (("cases.right", n_right), ("cases.all", len(names)))
    ]
    publish("cases", figures)
    write_section(
        "cases",
        "Small inputs with known answers",
        command="python -m benchmarks.cases",
        facts={"Right": "a case whose tests in tests/cases all pass; a case without a test counts as wrong"},
        parts=[table(["cases", "right", "wrong"], [[str(len(names)), str(n_right), ", ".join(wrong) or "-"]])],
    )
    for name in wrong:
        typer.echo(f"wrong, or without a test: {name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
