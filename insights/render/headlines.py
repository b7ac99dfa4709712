"""The top of the page: figures in large print with what they compare with, and two periods side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from insights.render.charts import spark_line
from insights.render.report_renderer import Cell, ReportRenderer, Table
from insights.report.comparisons import Step
from insights.report.definitions import all_definitions, definition_of
from insights.report.figure import Figure

MAX_HEADLINES = 8
SINCE: dict[Step, str] = {"month": "{change} in a month", "year": "{change} in a year"}


@dataclass(frozen=True)
class Remark:
    """A short text beside a figure."""

    text: str
    kind: str = ""
    "The colour: 'good', 'bad' or none."


@dataclass(frozen=True)
class Headline:
    """A figure in large print."""

    title: str
    value_text: str
    interval: str
    sparkline: Markup
    changes: Sequence[Remark] = ()
    "Since a month and a year earlier."
    target: Remark | None = None


def build_headlines(renderer: ReportRenderer) -> list[Headline]:
    """The first figures of those that may be in large print, and all with a target."""
    with_target = {target.name for target in renderer.report.targets}
    chosen = [one.name for one in all_definitions() if one.is_headline]
    present = [name for name in chosen if renderer.report.figures.one(name)][:MAX_HEADLINES]
    names = [one.name for one in all_definitions() if one.name in with_target or one.name in present]
    return [headline for name in names if (headline := build_headline(renderer, name))]


def build_headline(renderer: ReportRenderer, name: str) -> Headline | None:
    """A figure in large print with a sparkline of its months."""
    figure = renderer.report.figures.one(name)
    if figure is None:
        return None
    monthly = [month.value for month in renderer.report.figures.monthly(definition_of(name).months_of or name)]
    interval = renderer.formatter.interval(figure.estimate, definition_of(figure.name).unit)
    return Headline(
        renderer.name(name),
        renderer.format(figure),
        interval,
        spark_line(monthly),
        changes=_changes(renderer, figure),
        target=_target(renderer, name),
    )


def _changes(renderer: ReportRenderer, figure: Figure) -> list[Remark]:
    """How the figure differs from a month and from a year earlier, as far as the report has them."""
    remarks: list[Remark] = []
    for step, message in SINCE.items():
        before = renderer.report.earlier.get(step, {}).get(figure.name, math.nan)
        change = _change(renderer, figure.name, value=figure.value, before=before)
        if change.text:
            remarks.append(Remark(renderer.text(message, change=change.text), change.kind))
    return remarks


def _change(renderer: ReportRenderer, name: str, *, value: float, before: float) -> Remark:
    """By how much a figure differs from an earlier value, and whether that is good."""
    definition = definition_of(name)
    text = renderer.formatter.change(value, before, unit=definition.unit)
    if not any(digit in text for digit in "123456789") or definition.better == "neither":
        return Remark(text)
    return Remark(text, "good" if (value < before) == (definition.better == "lower") else "bad")


def _target(renderer: ReportRenderer, name: str) -> Remark | None:
    target = next((one for one in renderer.report.targets if one.name == name), None)
    if target is None:
        return None
    target_text = renderer.formatter.format(target.limit, definition_of(name).unit)
    message = "target {target}: met" if target.is_met else "target {target}: missed"
    return Remark(renderer.text(message, target=target_text), "good" if target.is_met else "bad")


def comparison_table(renderer: ReportRenderer) -> Table | None:
    """The figures of two periods side by side; None without a comparison."""
    comparison = renderer.report.comparison
    if comparison is None:
        return None
    rows: list[list[Cell]] = []
    shown = [one.name for one in all_definitions() if "row" in one.views]
    for name in (one for one in shown if one in comparison.values and one in comparison.other_values):
        value, before, unit = comparison.values[name], comparison.other_values[name], definition_of(name).unit
        change = _change(renderer, name, value=value, before=before)
        scale = renderer.formatter.common_scale([before, value])
        cells = (Cell(renderer.formatter.format(one, unit, scale=scale)) for one in (before, value))
        rows.append([Cell(renderer.name(name), kind="words"), *cells, Cell(change.text, kind=change.kind)])
    periods = (comparison.other_period, comparison.period)
    head = [renderer.text("Figure"), *map(renderer.formatter.period, periods), renderer.text("Change")]
    return Table(renderer.text("Comparison of periods"), head, rows)
