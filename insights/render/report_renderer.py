"""Turns figures of a report into tables and charts; what the report does not tell is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insights.render.blocks import Cell, Drawing, Drawings, Headline, Table
from insights.render.charts import Bar, Point, bar_chart, dot_chart, line_chart, spark_line
from insights.render.formatting import Formatter
from insights.render.translations import Words
from insights.report.building import Report
from insights.report.figure import ALL, Figure

COURSES = {"mrr": "mrr_closing", "monthly_logo_churn": "logo_churn"}
"What is told month by month under another name."
EVERY_AGE, AGE_STEP = 12, 3
"Cohorts are printed month by month for a year, and then by quarter; JSON has every month."


@dataclass(frozen=True)
class ReportRenderer:
    """One report in one language."""

    report: Report
    speech: Formatter

    @property
    def words(self) -> Words:
        """The language."""
        return self.speech.words

    def written(self, figure: Figure) -> str:
        """A figure's value."""
        return self.speech.of(figure.value, figure.unit)

    def cell(self, figure: Figure | None) -> Cell:
        """A figure with its interval; empty where there is none."""
        if figure is None:
            return Cell("")
        return Cell(self.written(figure), self.speech.interval(figure.estimate, figure.unit))

    def headline(self, name: str) -> Headline | None:
        """A figure printed large, with its course over the months."""
        figure = self.report.figures.one(name)
        if figure is None:
            return None
        course = [month.value for month in self.report.figures.monthly(COURSES.get(name, name))]
        interval = self.speech.interval(figure.estimate, figure.unit)
        return Headline(self.words.figure(name), self.written(figure), interval, spark_line(course))

    def figure_table(self, title: str, names: Sequence[str]) -> Table | None:
        """Name, value, interval, n and meaning of each figure there is."""
        found = [figure for name in names if (figure := self.report.figures.one(name))]
        rows = [
            [
                Cell(self.words.figure(figure.name), self.words.meaning(figure.name), kind="words"),
                self.cell(figure),
                Cell(f"{figure.n:,}"),
            ]
            for figure in found
        ]
        return Table(title, self._heads("figure", "value", "n"), rows) if rows else None

    def split_tables(self, names: Sequence[str]) -> list[Table]:
        """A table for each way to split: groups down, figures across."""
        tables = [self.split_table(by, names) for by in self.report.groupings]
        return [table for table in tables if table is not None]

    def split_table(self, by: str, names: Sequence[str]) -> Table | None:
        """Groups down, figures across; None where there is nothing to tell."""
        figures = self.report.figures
        there = [name for name in names if figures.groups(name, by)]
        groups = list(dict.fromkeys(group for name in there for group in figures.groups(name, by)))
        rows = [
            [Cell(self.words.group(g), kind="words"), *(self.cell(figures.one(name, by, g)) for name in there)]
            for g in groups
        ]
        head = ["", *(self.words.figure(name) for name in there)]
        return Table(self.words.text("by_group", group=self.called(by)), head, rows) if rows and there else None

    def called(self, by: str) -> str:
        """What a way to split is called: 'accounts.industry' is its column."""
        return self.words.group(by.rpartition(".")[2])

    def courses(self, title: str, names: Sequence[str], from_zero: bool = False) -> Drawings | None:
        """Small multiples: each figure month by month, with its interval."""
        charts = [self.course(name, from_zero) for name in names]
        there = [drawing for drawing in charts if drawing.svg]
        return Drawings(title, there) if there else None

    def course(self, name: str, from_zero: bool = False) -> Drawing:
        """A figure month by month, with its interval."""
        return self.drawn_course(self.words.figure(name), self.report.figures.monthly(name), from_zero)

    def drawn_course(self, title: str, found: Sequence[Figure], from_zero: bool = False) -> Drawing:
        """Figures of months in their order."""
        points = [self.point(figure, self.speech.period(figure.place.period)) for figure in found]
        return Drawing(title, line_chart(points, title, from_zero))

    def curve(self, name: str) -> Drawing | None:
        """A figure by age."""
        found = self.report.figures.curve(name, ALL)
        points = [self.point(f, self.words.text("months_later", age=str(f.place.age))) for f in found]
        svg = line_chart(points, self.words.figure(name), from_zero=True)
        return Drawing(self.words.figure(name), svg) if svg else None

    def point(self, figure: Figure, label: str) -> Point:
        """A figure to draw."""
        return Point(label, figure.value, figure.estimate.low, figure.estimate.high, self.written(figure))

    def dots(self, name: str) -> Drawings | None:
        """A figure's groups beside each other, a chart for each way to split."""
        charts = []
        for by in self.report.groupings:
            groups = [(g, self.report.figures.one(name, by, g)) for g in self.report.figures.groups(name, by)]
            points = [self.point(figure, self.words.group(g)) for g, figure in groups if figure is not None]
            title = f"{self.words.figure(name)} · {self.words.text('by_group', group=self.called(by))}"
            charts.append(Drawing(title, dot_chart(points, title)))
        there = [drawing for drawing in charts if drawing.svg]
        return Drawings("", there, wide=True) if there else None

    def share_bars(self, name: str, by: str, label: str = "top") -> Drawing | None:
        """Shares of groups as bars."""
        found = self.report.figures.of(name, by)
        bars = [Bar(self.words.text(label, share=f.place.group), 0.0, f.value, self.written(f), "total") for f in found]
        svg = bar_chart(bars, self.words.figure(name))
        return Drawing(self.words.figure(name), svg) if svg else None

    def cohort_table(self, name: str) -> Table | None:
        """Months of the beginning down, months later across, darker where more are left."""
        found = self.report.figures.of(name, "cohort")
        if not found:
            return None
        oldest = max(figure.place.age or 0 for figure in found)
        ages = [age for age in range(oldest + 1) if age <= EVERY_AGE or age % AGE_STEP == 0]
        cells = {(figure.place.group, figure.place.age): figure for figure in found}
        rows = [
            [
                Cell(self.speech.period(group), kind="words"),
                Cell(f"{cells[group, 0].n:,}"),
                *(self._shaded(cells.get((group, age))) for age in ages),
            ]
            for group in self.report.figures.groups(name, "cohort")
        ]
        head = [self.words.text("began"), self.words.text("n"), *map(str, ages)]
        return Table(self.words.figure(name), head, rows, self.words.text("cohort_note"), dense=True)

    def _shaded(self, figure: Figure | None) -> Cell:
        if figure is None or np.isnan(figure.value):
            return Cell("")
        return Cell(f"{figure.value:.0%}", shade=float(np.clip(figure.value, 0, 1)))

    def _heads(self, *keys: str) -> list[str]:
        return [self.words.text(key) for key in keys]
