"""The chapters that any business may have: buying, who the customers are, voices, opportunities, about the figures."""

from __future__ import annotations

from insights.pages.blocks import Cell, Chapter, Drawings, Table, chapter
from insights.pages.scribe import Scribe

BUYING = (
    "revenue", "orders", "repeat_rate", "average_order_value", "orders_a_customer", "revenue_a_customer",
    "ltv_first_year", "ltv_seen",
)  # fmt: skip
BUYING_COURSES = ("revenue", "active_customers", "new_customers", "average_order_value", "returning_share")
VOICES = (
    "nps", "nps_response_rate", "csat", "csat_response_rate", "ticket_satisfaction", "hours_to_answer", "hours_to_close"
)  # fmt: skip
DEALING = ("opportunity_rate", "win_rate", "loss_rate", "won_amount", "lost_amount")
BEST, WORST = 5, 1


def buying_chapter(scribe: Scribe) -> Chapter | None:
    """What is bought: the year, month by month, by group, by cohort."""
    courses = scribe.courses(scribe.words.text("by_month"), BUYING_COURSES, from_zero=True)
    value = scribe.curve("value_by_age")
    blocks = [
        scribe.figure_table("", BUYING),
        Drawings(courses.title, [*courses.charts, value]) if courses and value else courses,
        scribe.dots("repeat_rate"),
        *scribe.split_tables(("revenue", "repeat_rate", "average_order_value", "orders_a_customer", "top_20_share")),
        scribe.cohort_table("ordering"),
    ]
    return chapter(scribe.words.text("buying"), blocks)


def who_chapter(scribe: Scribe) -> Chapter | None:
    """RFM segments and quintiles, and how much hangs on few."""
    bars = [drawing for name in ("revenue_of_top", "mrr_of_top") if (drawing := scribe.share_bars(name, "top"))]
    blocks = [
        Drawings(scribe.words.text("concentration"), bars, wide=True) if bars else None,
        _segments(scribe),
        _grid(scribe),
        _quintiles(scribe),
    ]
    return chapter(scribe.words.text("who"), blocks)


def _segments(scribe: Scribe) -> Table | None:
    names = ("customers", "customer_share", "revenue_share")
    table = scribe.split_table("rfm", names)
    if table is None:
        return None
    return Table(scribe.words.text("rfm"), table.head, table.rows)


def _grid(scribe: Scribe) -> Table | None:
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


def _quintiles(scribe: Scribe) -> Table | None:
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


def voices_chapter(scribe: Scribe) -> Chapter | None:
    """NPS, CSAT, who answers, how long customers wait."""
    blocks = [
        scribe.figure_table("", VOICES),
        scribe.courses(scribe.words.text("by_month"), VOICES),
        *scribe.split_tables(VOICES),
    ]
    return chapter(scribe.words.text("voices"), blocks)


def dealing_chapter(scribe: Scribe) -> Chapter | None:
    """Opportunities and what became of them."""
    blocks = [
        scribe.figure_table("", DEALING),
        scribe.courses(scribe.words.text("by_month"), ("win_rate", "won_amount", "lost_amount"), from_zero=True),
        *scribe.split_tables(DEALING),
    ]
    return chapter(scribe.words.text("dealing"), blocks)
