"""The chapter of who the customers are: how much hangs on few, and where they stand by recency and frequency."""

from __future__ import annotations

from insights.render.blocks import Cell, Chapter, Drawings, Table, chapter
from insights.render.report_renderer import ReportRenderer

BEST, WORST = 5, 1


def who_chapter(scribe: ReportRenderer) -> Chapter | None:
    """RFM segments and quintiles, and how much hangs on few."""
    blocks = [
        _concentration(scribe),
        scribe.dots("mrr_top_20_share"),
        _segments(scribe),
        _segments_by_month(scribe),
        *(_segments_of_groups(scribe, by) for by in scribe.report.groupings),
        _grid(scribe),
        _quintiles(scribe),
    ]
    return chapter(scribe.words.text("who"), blocks)


def _concentration(scribe: ReportRenderer) -> Drawings | None:
    """What the top of the customers bring now, and what the top 20 % brought month by month."""
    charts = [
        drawing
        for now, months in (("revenue_of_top", "top_20_share"), ("mrr_of_top", "mrr_top_20_share"))
        for drawing in (scribe.share_bars(now, "top"), scribe.course(months))
    ]
    there = [drawing for drawing in charts if drawing and drawing.svg]
    return Drawings(scribe.words.text("concentration"), there, wide=True) if there else None


def _segments(scribe: ReportRenderer) -> Table | None:
    names = ("customers", "customer_share", "revenue_share")
    table = scribe.split_table("rfm", names)
    if table is None:
        return None
    return Table(scribe.words.text("rfm"), table.head, table.rows)


def _segments_by_month(scribe: ReportRenderer) -> Drawings | None:
    """Each segment's share of the customers, of the year to each month's end."""
    figures, share = scribe.report.figures, "customer_share"
    charts = [
        scribe.drawn_course(scribe.words.group(segment), figures.monthly(share, "rfm", segment))
        for segment in figures.groups(share, "rfm")
    ]
    there = [drawing for drawing in charts if drawing.svg]
    return Drawings(scribe.words.text("rfm_by_month"), there) if there else None


def _segments_of_groups(scribe: ReportRenderer, by: str) -> Table | None:
    """Groups down, segments across: the share of each group's customers."""
    figures = scribe.report.figures
    groups = list(dict.fromkeys(f.place.among for f in figures if f.place.among_by == by and f.place.by == "rfm"))
    among = {group: figures.among(by, group) for group in groups}
    segments = figures.groups("customer_share", "rfm")
    rows = [
        [
            Cell(scribe.words.group(group), kind="words"),
            *(scribe.cell(inside.one("customer_share", "rfm", segment)) for segment in segments),
        ]
        for group, inside in among.items()
    ]
    title = scribe.words.text("rfm_by_group", group=scribe.called(by))
    return Table(title, ["", *map(scribe.words.group, segments)], rows) if rows else None


def _grid(scribe: ReportRenderer) -> Table | None:
    cells = {figure.place.group: figure.value for figure in scribe.report.figures.of("customers", "rfm_grid")}
    if not cells:
        return None
    most, scale = max(cells.values()), range(WORST, BEST + 1)
    rows = []
    for recency in reversed(scale):
        counts = [cells.get(f"{recency}-{frequency}", 0.0) for frequency in scale]
        rows.append(
            [Cell(str(recency), kind="words"), *(Cell(f"{count:,.0f}", shade=count / most) for count in counts)]
        )
    return Table(scribe.words.text("rfm_grid"), ["", *map(str, scale)], rows, dense=True)


def _quintiles(scribe: ReportRenderer) -> Table | None:
    figures, parts = scribe.report.figures, ("recency", "frequency", "money")
    if not figures.of("revenue_share", "money_quintile"):
        return None
    rows = [
        [
            Cell(str(place), kind="words"),
            *(scribe.cell(figures.one("revenue_share", f"{part}_quintile", str(place))) for part in parts),
        ]
        for place in range(BEST, WORST - 1, -1)
    ]
    head = [scribe.words.text("quintile"), *(scribe.words.text(part) for part in parts)]
    return Table(scribe.words.text("quintiles"), head, rows)
