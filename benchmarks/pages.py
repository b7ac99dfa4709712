"""Sections of docs/results.md: each benchmark writes its own below `var/bench`, and one page is made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import BENCH, Figure
from benchmarks.measure import machine
from core.intervals import Estimate

RESULTS = Path("docs/results.md")
MARK = "<!-- {name} -->"
"Before each section, unseen by who reads the page."
MARKED = re.compile(r"^<!-- ([\w.]+) -->\n", re.MULTILINE)
PREFACE = """# Results

Written by `make bench` from public data; every section names the command that prints it. Brackets are 90 % bootstrap
intervals over customers. Settings were chosen on validation data, never on the test data; where that is not
quite so, the section says it.
"""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def interval(estimate: Estimate | None, digits: int = 4) -> str:
    """A figure with its interval, where it has one."""
    if estimate is None or estimate.value != estimate.value:
        return "-"
    if estimate.low != estimate.low:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def figure_table(figures: Sequence[Figure]) -> str:
    """One row a figure, with the bounds of its interval or its runs."""
    rows = [[f.figure, f"{f.value:.4g}", f"{f.low:.4g} to {f.high:.4g}", f.unit] for f in figures]
    return table(["figure", "value", "least to most", "unit"], rows)


def write_section(name: str, title: str, command: str, facts: Mapping[str, str], parts: Sequence[str]) -> Path:
    """Write one section: its title, the command, what it was measured on, then its tables and sentences."""
    described = "\n".join(f"* {label}: {fact}" for label, fact in {**facts, "Machine": machine()}.items())
    path = BENCH / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join([f"## {title}", f"`{command}`", described, *parts]) + "\n", encoding="utf-8")
    return path


def write_results(names: Sequence[str], path: Path = RESULTS) -> None:
    """Put the sections on one page, in this order; one that was not measured here stays as the page has it."""
    there = sections_of(path.read_text(encoding="utf-8")) if path.exists() else {}
    measured = {name: BENCH / f"{name}.md" for name in names}
    there |= {name: section.read_text(encoding="utf-8") for name, section in measured.items() if section.exists()}
    texts = [f"{MARK.format(name=name)}\n{there[name].strip()}\n" for name in names if name in there]
    path.write_text("\n".join([PREFACE, *texts]), encoding="utf-8")


def sections_of(page: str) -> dict[str, str]:
    """The sections of a page by name: each begins with its mark."""
    _, *parts = re.split(MARKED, page)
    return dict(zip(parts[::2], parts[1::2], strict=True))
