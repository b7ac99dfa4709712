"""The sections of docs/results.md: each benchmark writes its own to `var/bench`, and the page joins them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import BENCH, BenchmarkFigure
from benchmarks.measure import Cost, describe_machine
from core.intervals import Estimate
from core.model_card import Comparison, Metric

RESULTS = Path("docs/results.md")
MARK = "<!-- {name} -->"
"A comment before each section; Markdown does not show it."
MARKED = re.compile(r"^<!-- ([\w.]+) -->\n", re.MULTILINE)
PREFACE = """# Results

`make bench` writes this page from public and simulated data. Every section names its command. Brackets are 90 %
bootstrap intervals over customers. Settings were chosen on validation data, never on test data; a section says so
where that does not fully hold.
"""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Render a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def format_interval(estimate: Estimate | None, digits: int = 4) -> str:
    """Format a figure with its interval, if it has one; '-' without a figure."""
    if estimate is None or estimate.value != estimate.value:
        return "-"
    if estimate.low != estimate.low:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def metric_figures(place: str, metrics: Sequence[Metric]) -> list[BenchmarkFigure]:
    """Name the metrics as figures, e.g. `online_retail.churn.logistic.auc`."""
    return [
        BenchmarkFigure(
            figure=f"{place}.{m.model}.{m.name}",
            value=m.estimate.value,
            low=m.estimate.low,
            high=m.estimate.high,
            unit=m.name,
        )
        for m in metrics
    ]


def metric_table(metrics: Sequence[Metric], names: Sequence[str], *, costs: Mapping[str, Cost]) -> str:
    """Render one column per model and one row per metric, with the cost of fitting and scoring below."""
    rows = metric_rows(metrics, names, models=costs)
    rows.append(["seconds", *(f"{cost.seconds:.1f}" for cost in costs.values())])
    rows.append(["CPU seconds", *(f"{cost.cpu_seconds:.1f}" for cost in costs.values())])
    rows.append(["peak GB", *(f"{cost.peak_memory_gb:.2f}" for cost in costs.values())])
    return table(["", *costs], rows)


def metric_rows(metrics: Sequence[Metric], names: Sequence[str], *, models: Iterable[str]) -> list[list[str]]:
    """One row per metric, with the models in this order."""
    by_name = {(m.model, m.name): m.estimate for m in metrics}
    return [[name, *(format_interval(by_name[model, name]) for model in models)] for name in names]


def describe_comparisons(comparisons: list[Comparison]) -> str:
    """Say which differences to the baseline are significant, one line per comparison."""
    return "\n".join(
        f"* `{c.model}` against `{c.against}` in {c.name}: {format_interval(c.difference)}: "
        + (
            "better"
            if c.is_significant and c.difference.value > 0
            else "worse"
            if c.is_significant
            else "no significant difference"
        )
        for c in comparisons
    )


def figure_table(figures: Sequence[BenchmarkFigure]) -> str:
    """Render one row per figure, with the bounds of its interval or its runs."""
    rows = [[f.figure, f"{f.value:.4g}", f"{f.low:.4g} to {f.high:.4g}", f.unit] for f in figures]
    return table(["figure", "value", "range", "unit"], rows)


def write_section(name: str, title: str, *, command: str, facts: Mapping[str, str], parts: Sequence[str]) -> Path:
    """Write one section: title, command, facts about the data and the machine, then tables and sentences."""
    fact_list = "\n".join(f"* {label}: {fact}" for label, fact in {**facts, "Machine": describe_machine()}.items())
    path = BENCH / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join([f"## {title}", f"`{command}`", fact_list, *parts]) + "\n", encoding="utf-8")
    return path


def write_results(names: Sequence[str], path: Path = RESULTS) -> None:
    """Join the sections to one page, in this order. A section without a new measurement stays as it is."""
    sections = sections_of(path.read_text(encoding="utf-8")) if path.exists() else {}
    new_sections = {name: BENCH / f"{name}.md" for name in names}
    sections |= {
        name: section.read_text(encoding="utf-8") for name, section in new_sections.items() if section.exists()
    }
    texts = [f"{MARK.format(name=name)}\n{sections[name].strip()}\n" for name in names if name in sections]
    path.write_text("\n".join([PREFACE, *texts]), encoding="utf-8")


def sections_of(page: str) -> dict[str, str]:
    """Split a page into its sections, by name."""
    _, *parts = re.split(MARKED, page)
    return dict(zip(parts[::2], parts[1::2], strict=True))
