"""Tables and charts of the customer base: concentration, RFM segments and quintiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.i18n.formatting import format_number
from insights.render.report_renderer import Cell, Drawings, ReportRenderer, Table
from insights.report.definitions import figures_in

BEST_SCORE, WORST_SCORE = 5, 1
"Of RFM."


def rfm_blocks(renderer: ReportRenderer, section: str) -> Iterator[Table | Drawings | None]:
    """RFM segments by month and group, the grid of recency and frequency, and quintiles."""
    if not figures_in(section, "rfm_column"):
        return
    yield _rfm_segments(renderer, section)
    yield _rfm_segments_by_month(renderer)
    for by in renderer.report.groupings:
        yield _rfm_segments_by_group(renderer, by)
    yield _rfm_grid(renderer)
    yield _quintiles(renderer)


def concentration_charts(renderer: ReportRenderer, section: str) -> Drawings | None:
    """The shares of the top customers now, and of the top 20 % by month."""
    names = figures_in(section, "top_share", "top_20_share")
    by_month = figures_in(section, "top_20_share")
    charts = [
        renderer.monthly_chart(name, is_wide=True) if name in by_month else renderer.top_share_chart(name)
        for name in names
    ]
    drawn = [drawing for drawing in charts if drawing and drawing.svg]
    return Drawings(renderer.text("Revenue concentration"), drawn, is_wide=True) if drawn else None


def _rfm_segments(renderer: ReportRenderer, section: str) -> Table | None:
    table = renderer.group_table("rfm", figures_in(section, "rfm_column"))
    return None if table is None else replace(table, title=renderer.text("RFM segments"))


def _rfm_segments_by_month(renderer: ReportRenderer) -> Drawings | None:
    """Each segment's share of customers, over the year to each month's end."""
    figures, share = renderer.report.figures, "customer_share"
    charts = [
        renderer.chart_months(renderer.group(segment), figures.monthly(share, "rfm", group=segment))
        for segment in figures.groups(share, "rfm")
    ]
    drawn = [chart for chart in charts if chart.svg]
    title = renderer.text("Share of customers by RFM segment, over the 12 months to each month's end")
    return Drawings(title, drawn) if drawn else None


def _rfm_segments_by_group(renderer: ReportRenderer, by: str) -> Table | None:
    """A row for each group, a column for each segment: shares of the group's customers."""
    figures = renderer.report.figures
    groups = list(dict.fromkeys(f.place.among for f in figures if f.place.among_by == by and f.place.by == "rfm"))
    figures_of_group = {group: figures.among(by, group) for group in groups}
    segments = figures.groups("customer_share", "rfm")
    rows = [
        [
            Cell(renderer.member(by, group), kind="words"),
            *(renderer.cell(of_group.one("customer_share", "rfm", group=segment)) for segment in segments),
        ]
        for group, of_group in figures_of_group.items()
    ]
    title = renderer.text("RFM segments by {group} (share of customers)", group=renderer.grouping(by))
    return Table(title, ["", *map(renderer.group, segments)], rows) if rows else None


def _rfm_grid(renderer: ReportRenderer) -> Table | None:
    counts = {figure.place.group: figure.value for figure in renderer.report.figures.of("customers", "rfm_grid")}
    if not counts:
        return None
    largest, scores = max(counts.values()), range(WORST_SCORE, BEST_SCORE + 1)
    rows = []
    for recency in reversed(scores):
        row = [counts.get(f"{recency}-{frequency}", 0.0) for frequency in scores]
        cells = (Cell(format_number(n, renderer.formatter.language), shade=n / largest) for n in row)
        rows.append([Cell(str(recency), kind="words"), *cells])
    title = renderer.text("Customers by recency (rows) and frequency (columns); 5 is best")
    return Table(title, ["", *map(str, scores)], rows, is_dense=True)


def _quintiles(renderer: ReportRenderer) -> Table | None:
    figures, parts = renderer.report.figures, ("recency", "frequency", "money")
    if not figures.of("revenue_share", "money_quintile"):
        return None
    rows = [
        [
            Cell(str(score), kind="words"),
            *(renderer.cell(figures.one("revenue_share", f"{part}_quintile", group=str(score))) for part in parts),
        ]
        for score in range(BEST_SCORE, WORST_SCORE - 1, -1)
    ]
    head = [renderer.text(heading) for heading in ("Quintile", "Recency", "Frequency", "Monetary value")]
    return Table(renderer.text("Share of revenue by quintile"), head, rows)
