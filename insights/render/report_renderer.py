"""Turns the figures of a report into sections of tables and charts. What the report does not have is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from core.i18n.formatting import format_number, format_percent
from core.i18n.translation import has_translation
from insights.render.charts import Point, Reference, line_chart
from insights.render.formatting import Formatter
from insights.render.row_charts import Bar, bar_chart, dot_chart
from insights.report.attribute_groups import OTHERS
from insights.report.building import Report
from insights.report.definitions import definition_of
from insights.report.figure import ALL, Figure
from insights.report.thresholds import THRESHOLDS

FROM_ZERO = ("money", "customers", "count")
"Units whose charts begin at zero."
EVERY_AGE, AGE_STEP = 12, 3
"Cohort tables show every month of the first year, then every third; the JSON has all of them."


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    note: str = ""
    "In small grey print below: an interval, or the meaning of a figure."
    shade: float | None = None
    "How dark the background is, 0 to 1; None is white."
    kind: str = ""
    "'words' are aligned left; 'strong' is a total; 'good' and 'bad' are changes."


@dataclass(frozen=True)
class Table:
    """Rows of cells below a heading; the first column names the row."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    is_dense: bool = False
    "Small cells, as in cohort tables."


@dataclass(frozen=True)
class Drawing:
    """A chart with its title."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Drawings:
    """Charts side by side."""

    title: str
    charts: Sequence[Drawing]
    is_wide: bool = False
    "Charts with one row per group, which need more room."


@dataclass(frozen=True)
class ReportSection:
    """A section of the page."""

    title: str
    blocks: Sequence[Table | Drawings]
    starts_page: bool = False
    "Whether it begins on a new page in print."


@dataclass(frozen=True)
class ReportRenderer:
    """Renders one report in one language."""

    report: Report
    formatter: Formatter

    def text(self, message: str, /, **values: str | int) -> str:
        """A text of the catalogue in the report's language."""
        return self.formatter.translate(message, **values)

    def name(self, figure: str) -> str:
        """The name of a figure as readers see it."""
        return self.text(f"figure.{figure}")

    def meaning(self, figure: str) -> str:
        """What a figure measures, in a sentence; '' where its name is enough."""
        key = f"figure.{figure}.meaning"
        return self.text(key) if has_translation(key, self.formatter.language) else ""

    def member(self, by: str, group: str) -> str:
        """The name of a group: a segment of the data may have the name of an RFM segment and stays unchanged."""
        return self.group(group) if by == "rfm" or group == OTHERS else group

    def group(self, group: str) -> str:
        """The name of an RFM segment, of a way to group customers, or of what a scenario changes, translated."""
        key = f"group.{group}"
        return self.text(key) if has_translation(key, self.formatter.language) else group

    def grouping(self, by: str) -> str:
        """The name of a way to group customers: 'accounts.industry' is named after its column."""
        return self.group(by.rpartition(".")[2])

    def format(self, figure: Figure, *, scale: int | None = None) -> str:
        """A figure's value with its unit."""
        return self.formatter.format(figure.value, definition_of(figure.name).unit, scale=scale)

    def cell(self, figure: Figure | None, *, scale: int | None = None) -> Cell:
        """A figure with its interval; empty without a figure."""
        if figure is None:
            return Cell("")
        interval = self.formatter.interval(figure.estimate, definition_of(figure.name).unit, scale=scale)
        return Cell(self.format(figure, scale=scale), interval)

    def column(self, figures: Sequence[Figure | None]) -> list[Cell]:
        """The cells of figures that are read beside each other: amounts in the same unit."""
        scale = self.formatter.common_scale(figure.value for figure in figures if figure is not None)
        return [self.cell(figure, scale=scale) for figure in figures]

    def figure_table(self, title: str, names: Sequence[str]) -> Table | None:
        """A row for each figure: name, meaning, value, interval and n."""
        figures = [figure for name in names if (figure := self.report.figures.one(name))]
        rows = [
            [
                Cell(self.name(figure.name), self.meaning(figure.name), kind="words"),
                self.cell(figure),
                Cell(format_number(figure.n, self.formatter.language)),
            ]
            for figure in figures
        ]
        return Table(title, [self.text("Figure"), self.text("Value"), self.text("n")], rows) if rows else None

    def group_tables(self, names: Sequence[str]) -> list[Table]:
        """`group_table` for each way to group customers."""
        tables = [self.group_table(by, names) for by in self.report.groupings]
        return [table for table in tables if table is not None]

    def group_table(self, by: str, names: Sequence[str]) -> Table | None:
        """A row for each group, a column for each figure; None without any."""
        figures = self.report.figures
        columns = [name for name in names if figures.groups(name, by)]
        groups = list(dict.fromkeys(group for name in columns for group in figures.groups(name, by)))
        cells = [self.column([figures.one(name, by, group=group) for group in groups]) for name in columns]
        words = [Cell(self.member(by, group), kind="words") for group in groups]
        rows = list(zip(words, *cells, strict=True))
        title = self.text("By {group}", group=self.grouping(by))
        return Table(title, ["", *map(self.name, columns)], rows) if rows and columns else None

    def monthly_charts(self, title: str, names: Sequence[str]) -> Drawings | None:
        """Small multiples: a chart of each figure by month."""
        charts = [self.monthly_chart(name) for name in names]
        drawn = [chart for chart in charts if chart.svg]
        return Drawings(title, drawn) if drawn else None

    def monthly_chart(self, name: str, *, is_wide: bool = False) -> Drawing:
        """A figure by month, with its interval."""
        from_zero = definition_of(name).unit in FROM_ZERO
        figures = self.report.figures.monthly(name)
        return self.chart_months(self.name(name), figures, from_zero=from_zero, is_wide=is_wide)

    def chart_months(
        self, title: str, figures: Sequence[Figure], *, from_zero: bool = False, is_wide: bool = False
    ) -> Drawing:
        """A line through figures of months, in their order."""
        points = [self.point(figure, self.formatter.period(figure.place.period)) for figure in figures]
        return Drawing(title, self._line(figures, points, title=title, from_zero=from_zero, is_wide=is_wide))

    def _line(
        self, figures: Sequence[Figure], points: Sequence[Point], *, title: str, from_zero: bool, is_wide: bool
    ) -> Markup:
        """A line chart of one figure, with its limits and target."""
        if not figures:
            return Markup()
        name = figures[0].name
        unit = definition_of(name).unit
        return line_chart(
            points,
            title,
            format_tick=self.formatter.ticks_of(unit),
            format_end=self.formatter.ends_of(unit),
            references=self._references(name),
            from_zero=from_zero,
            is_wide=is_wide,
        )

    def _references(self, name: str) -> list[Reference]:
        """What the values of a figure are compared with: its own reference, the thresholds and the target."""
        definition = definition_of(name)
        is_comparable = not definition.adds_up
        limits = [one.limit for one in THRESHOLDS if one.name == name and is_comparable]
        if definition.reference is not None:
            limits.append(definition.reference)
        references = {limit: self.formatter.tick(limit, limit, unit=definition.unit) for limit in limits}
        for target in self.report.targets:
            if target.name == name and is_comparable:
                label = self.formatter.tick(target.limit, target.limit, unit=definition.unit)
                references[target.limit] = self.text("target {target}", target=label)
        return [Reference(value, label) for value, label in references.items()]

    def age_chart(self, name: str) -> Drawing | None:
        """A figure by months since the start."""
        figures = self.report.figures.curve(name, ALL)
        points = [self.point(figure, self.text("month {age}", age=str(figure.place.age))) for figure in figures]
        svg = self._line(figures, points, title=self.name(name), from_zero=True, is_wide=True)
        return Drawing(self.name(name), svg) if svg else None

    def point(self, figure: Figure, label: str, *, scale: int | None = None) -> Point:
        """A figure as a point of a chart."""
        estimate, text = figure.estimate, self.format(figure, scale=scale)
        return Point(label, figure.value, low=estimate.low, high=estimate.high, value_text=text)

    def group_charts(self, name: str) -> Drawings | None:
        """A dot for each group with its interval; a chart for each way to group customers."""
        charts = []
        for by in self.report.groupings:
            groups = [
                (group, self.report.figures.one(name, by, group=group))
                for group in self.report.figures.groups(name, by)
            ]
            scale = self.formatter.common_scale(figure.value for _, figure in groups if figure is not None)
            points = [
                self.point(figure, self.member(by, group), scale=scale)
                for group, figure in groups
                if figure is not None
            ]
            title = f"{self.name(name)} · {self.text('By {group}', group=self.grouping(by))}"
            whole = self.report.figures.one(name)
            references = [] if whole is None else [Reference(whole.value, self.text("all customers"))]
            format_tick = self.formatter.ticks_of(definition_of(name).unit)
            charts.append(Drawing(title, dot_chart(points, title, format_tick=format_tick, references=references)))
        drawn = [chart for chart in charts if chart.svg]
        return Drawings("", drawn, is_wide=True) if drawn else None

    def top_share_chart(self, name: str) -> Drawing | None:
        """A bar for each top share of customers."""
        figures = self.report.figures.of(name, "top")
        bars = [
            Bar(self.text("top {share}", share=f.place.group), 0.0, f.value, value_text=self.format(f), kind="total")
            for f in figures
        ]
        svg = bar_chart(bars, self.name(name))
        return Drawing(self.name(name), svg) if svg else None

    def cohort_table(self, name: str) -> Table | None:
        """Start months down, months since then across; darker cells are higher shares."""
        figures = self.report.figures.of(name, "cohort")
        if not figures:
            return None
        oldest = max(figure.place.age or 0 for figure in figures)
        ages = [age for age in range(oldest + 1) if age <= EVERY_AGE or age % AGE_STEP == 0]
        cells = {(figure.place.group, figure.place.age): figure for figure in figures}
        rows = [
            [
                Cell(self.formatter.period(cohort), kind="words"),
                Cell(format_number(cells[cohort, 0].n, self.formatter.language)),
                *(self._cohort_cell(cells.get((cohort, age))) for age in ages),
            ]
            for cohort in self.report.figures.groups(name, "cohort")
        ]
        note = self.text(
            "Rows: the month in which customers started. Columns: months since then. "
            "Each cell is a share of the row's customers."
        )
        head = [self.text("Started"), self.text("n"), *map(str, ages)]
        return Table(self.name(name), head, rows, note=note, is_dense=True)

    def _cohort_cell(self, figure: Figure | None) -> Cell:
        if figure is None or np.isnan(figure.value):
            return Cell("")
        share = float(np.clip(figure.value, 0, 1))
        return Cell(format_percent(figure.value, self.formatter.language), shade=share)
