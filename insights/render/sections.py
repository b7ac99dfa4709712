"""Builds a section of the page from what its figures declare: each view of a figure has its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from insights.render.customer_blocks import concentration_charts, rfm_blocks
from insights.render.report_renderer import Drawings, ReportRenderer, ReportSection, Table
from insights.render.subscription_blocks import fiscal_year_table, movement_blocks, scenario_table
from insights.report.definitions import SECTIONS, figures_in


def render_section(renderer: ReportRenderer, section: str) -> ReportSection | None:
    """A section of the page; None where the report has none of its figures."""
    present = {figure.name for figure in renderer.report.figures}
    if not any(one.name in present for one in SECTIONS[section].figures):
        return None
    blocks = [block for block in _blocks(renderer, section) if block is not None]
    return ReportSection(renderer.text(f"section.{section}"), blocks) if blocks else None


def _blocks(renderer: ReportRenderer, section: str) -> Iterator[Table | Drawings | None]:
    yield renderer.figure_table("", figures_in(section, "row"))
    yield scenario_table(renderer, section)
    yield from movement_blocks(renderer, section)
    yield renderer.monthly_charts(renderer.text("By month"), figures_in(section, "month_chart"))
    yield _wide_charts(renderer, section)
    yield concentration_charts(renderer, section)
    yield fiscal_year_table(renderer, section)
    for name in figures_in(section, "group_chart"):
        yield renderer.group_charts(name)
    yield from _own_group_tables(renderer, section)
    yield from renderer.group_tables(figures_in(section, "group_column"))
    yield from rfm_blocks(renderer, section)
    for name in figures_in(section, "cohort_table"):
        yield renderer.cohort_table(name)


def _wide_charts(renderer: ReportRenderer, section: str) -> Drawings | None:
    charts = [
        *(renderer.age_chart(name) for name in figures_in(section, "age_chart")),
        *(renderer.monthly_chart(name, is_wide=True) for name in figures_in(section, "wide_month_chart")),
    ]
    drawn = [chart for chart in charts if chart and chart.svg]
    return Drawings("", drawn, is_wide=True) if drawn else None


def _own_group_tables(renderer: ReportRenderer, section: str) -> Iterator[Table]:
    """A table for each way to group that only this section has; the last one has the note."""
    names, settings = figures_in(section, "own_group_column"), SECTIONS[section]
    tables = [table for by in settings.groupings if (table := renderer.group_table(by, names)) is not None]
    note = renderer.text(settings.note) if settings.note else ""
    yield from tables[:-1]
    yield from (replace(table, note=note) for table in tables[-1:])
