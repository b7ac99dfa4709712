"""The sections that any business may have: purchases, customer base, feedback, opportunities."""

from __future__ import annotations

from dataclasses import replace

from core.i18n.formatting import format_number
from insights.render.report_renderer import Cell, Drawings, ReportRenderer, ReportSection, Table, build_section
from insights.report.definitions import figures_in

PURCHASE_FIGURES = figures_in("purchases")
PURCHASE_CHARTS = (
    "revenue", "active_customers", "new_customers", "average_order_value", "returning_share", "repeat_rate",
)  # fmt: skip
PURCHASE_GROUP_FIGURES = ("revenue", "repeat_rate", "average_order_value", "orders_a_customer", "top_20_share")
FEEDBACK_FIGURES = figures_in("feedback")
OPPORTUNITY_FIGURES = figures_in("opportunities")
BEST_SCORE, WORST_SCORE = 5, 1
"Of RFM."


def purchase_section(renderer: ReportRenderer) -> ReportSection | None:
    """Purchases: the year, by month, by group, by cohort."""
    monthly = renderer.monthly_charts(renderer.text("By month"), PURCHASE_CHARTS, from_zero=True)
    value = renderer.age_chart("value_by_age")
    blocks = [
        renderer.figure_table("", PURCHASE_FIGURES),
        replace(monthly, charts=[*monthly.charts, value]) if monthly and value else monthly,
        renderer.group_charts("repeat_rate"),
        *renderer.group_tables(PURCHASE_GROUP_FIGURES),
        renderer.cohort_table("ordering"),
    ]
    return build_section(renderer.text("Purchases"), blocks)


def feedback_section(renderer: ReportRenderer) -> ReportSection | None:
    """NPS, CSAT, response rates and response times."""
    blocks = [
        renderer.figure_table("", FEEDBACK_FIGURES),
        renderer.monthly_charts(renderer.text("By month"), FEEDBACK_FIGURES),
        *renderer.group_tables(FEEDBACK_FIGURES),
    ]
    return build_section(renderer.text("Customer feedback and response times"), blocks)


def opportunity_section(renderer: ReportRenderer) -> ReportSection | None:
    """Sales opportunities and their outcome."""
    charts = ("win_rate", "won_amount", "lost_amount")
    blocks = [
        renderer.figure_table("", OPPORTUNITY_FIGURES),
        renderer.monthly_charts(renderer.text("By month"), charts, from_zero=True),
        *renderer.group_tables(OPPORTUNITY_FIGURES),
    ]
    return build_section(renderer.text("Opportunities"), blocks)


def customer_base_section(renderer: ReportRenderer) -> ReportSection | None:
    """Revenue concentration, RFM segments and quintiles."""
    blocks = [
        _concentration(renderer),
        renderer.group_charts("mrr_top_20_share"),
        _rfm_segments(renderer),
        _rfm_segments_by_month(renderer),
        *(_rfm_segments_by_group(renderer, by) for by in renderer.report.groupings),
        _rfm_grid(renderer),
        _quintiles(renderer),
    ]
    return build_section(renderer.text("Customer base"), blocks)


def _concentration(renderer: ReportRenderer) -> Drawings | None:
    """The share of the top customers now, and of the top 20 % by month."""
    charts = [
        drawing
        for now, monthly in (("revenue_of_top", "top_20_share"), ("mrr_of_top", "mrr_top_20_share"))
        for drawing in (renderer.top_share_chart(now), renderer.monthly_chart(monthly))
    ]
    drawn = [drawing for drawing in charts if drawing and drawing.svg]
    return Drawings(renderer.text("Revenue concentration"), drawn, is_wide=True) if drawn else None


def _rfm_segments(renderer: ReportRenderer) -> Table | None:
    table = renderer.group_table("rfm", figures_in("customer_base", "rfm"))
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
            Cell(renderer.group(group), kind="words"),
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
