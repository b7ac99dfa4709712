"""The sections on subscriptions: recurring revenue, retention, unit economics (LTV, CAC, payback), scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.i18n.formatting import format_percent
from insights.render.charts import Bar, bar_chart
from insights.render.report_renderer import Cell, Drawing, Drawings, ReportRenderer, ReportSection, Table, build_section
from insights.report.breakdowns import SOURCE
from insights.report.definitions import figures_in
from insights.report.figure import ALL, Figures
from insights.report.scenarios import NOW, OUTCOMES

GAINS = ("mrr_new", "mrr_reactivation", "mrr_expansion")
LOSSES = ("mrr_contraction", "mrr_churn")
LEVELS = ("mrr_opening", "mrr_closing")
MOVEMENTS = ("mrr_opening", "mrr_fx", *GAINS, *LOSSES, "mrr_closing")
PLAN_MOVEMENTS = figures_in("recurring_revenue", "movement")
RETENTION_FIGURES = figures_in("retention")
MONTHS_SHOWN = 12
UNCHANGED = 1e-9
"Relative changes below it are rounding errors."
UNIT_ECONOMICS_FIGURES = ("mrr_a_customer", *figures_in("unit_economics"))
UNIT_ECONOMICS_CHARTS = ("ltv", "cac", "ltv_over_cac", "cac_payback_months")
GROUP_FIGURES = (
    "mrr_a_customer", "monthly_logo_churn", "ltv", "ltv_curve", "cac", "ltv_over_cac", "cac_payback_months",
    "recorded_cac", "ltv_over_recorded_cac", "recorded_cac_payback_months",
)  # fmt: skip
CHANNEL_FIGURES = ("acquisition_spend", "won_customers", "cac", "ltv", "ltv_over_cac", "cac_payback_months")


def recurring_revenue_section(renderer: ReportRenderer) -> ReportSection | None:
    """MRR: the movements of the year, by month, by plan and by group."""
    by_group = [
        movements_table(renderer, by, names=PLAN_MOVEMENTS if by == "plan" else MOVEMENTS)
        for by in renderer.report.groupings
    ]
    blocks = [
        renderer.figure_table("", figures_in("recurring_revenue")),
        waterfall_chart(renderer),
        _monthly_table(renderer),
        *by_group,
    ]
    return build_section(renderer.text("Recurring revenue"), blocks)


def retention_section(renderer: ReportRenderer) -> ReportSection | None:
    """Retention and churn: the year, by month, by fiscal year, by group, by cohort."""
    blocks = [
        renderer.figure_table("", RETENTION_FIGURES),
        renderer.monthly_charts(renderer.text("By month"), RETENTION_FIGURES),
        _fiscal_year_table(renderer),
        renderer.group_charts("nrr"),
        *renderer.group_tables(("paying_customers", *RETENTION_FIGURES)),
        renderer.cohort_table("subscribing"),
        renderer.cohort_table("revenue_kept"),
    ]
    return build_section(renderer.text("Retention"), blocks)


def sum_movements(
    figures: Figures, months: Sequence[str], *, names: Sequence[str], by: str = ALL, group: str = ""
) -> dict[str, float]:
    """The movements of a group over some months: the first opening, the last closing, and sums of all between."""
    sums = {}
    for name in names:
        values = {figure.place.period: figure.value for figure in figures.monthly(name, by, group=group)}
        amounts = [values.get(month, 0.0) for month in months]
        sums[name] = amounts[0] if name == "mrr_opening" else amounts[-1] if name == "mrr_closing" else sum(amounts)
    return sums


def waterfall_chart(renderer: ReportRenderer) -> Drawings | None:
    """From the year's opening to its closing MRR, a bar for each movement."""
    if not renderer.report.figures.of("mrr_opening"):
        return None
    sums = sum_movements(renderer.report.figures, _months(renderer), names=MOVEMENTS)
    in_thousands = renderer.formatter.in_thousands(sums.values())
    level, bars = 0.0, []
    for name in MOVEMENTS:
        amount = -sums[name] if name in LOSSES else sums[name]
        is_level = name in LEVELS
        start = 0.0 if is_level else level
        level = amount if is_level else level + amount
        sign = "+" if amount > 0 and not is_level else ""
        text = sign + renderer.formatter.money(amount, in_thousands=in_thousands)
        kind = "total" if is_level else "gain" if amount >= 0 else "loss"
        if amount or is_level:
            bars.append(Bar(renderer.name(name), start, level, value_text=text, kind=kind))
    title = renderer.text("MRR movements, {span}", span=renderer.formatter.period(renderer.report.calendar.year.label))
    charts = [Drawing(title, bar_chart(bars, title)), renderer.monthly_chart("mrr_closing")]
    return Drawings("", charts, is_wide=True)


def movements_table(renderer: ReportRenderer, by: str, *, names: Sequence[str]) -> Table | None:
    """The year's MRR movements, a row for each group."""
    figures, months = renderer.report.figures, _months(renderer)
    sums = {
        renderer.group(group): sum_movements(figures, months, names=names, by=by, group=group)
        for group in figures.groups("mrr_opening", by)
    }
    title = renderer.text("MRR movements of the last 12 months by {group}", group=renderer.grouping(by))
    return _amount_table(renderer, title, names=names, sums=sums) if sums else None


def _monthly_table(renderer: ReportRenderer) -> Table | None:
    """The MRR movements, a row for each month."""
    figures = renderer.report.figures
    if not figures.of("mrr_opening"):
        return None
    names = [name for name in MOVEMENTS if name != "mrr_fx" or any(figure.value for figure in figures.monthly(name))]
    sums = {
        renderer.formatter.period(month): sum_movements(figures, [month], names=names) for month in _months(renderer)
    }
    return _amount_table(renderer, renderer.text("By month"), names=names, sums=sums, first=renderer.text("Month"))


def _amount_table(
    renderer: ReportRenderer,
    title: str,
    *,
    names: Sequence[str],
    sums: Mapping[str, Mapping[str, float]],
    first: str = "",
) -> Table:
    """Rows of amounts by their name; amounts that leave have a minus sign."""
    formatter = renderer.formatter
    in_thousands = formatter.in_thousands(amount for row in sums.values() for amount in row.values())
    rows = []
    for row_name, row in sums.items():
        cells = []
        for name, amount in row.items():
            signed = -amount if name in (*LOSSES, "mrr_moved_out") else amount
            text = formatter.exact(signed + 0.0, in_thousands=in_thousands) if amount else "0"
            cells.append(Cell(text, kind="strong" if name in LEVELS else ""))
        rows.append([Cell(row_name, kind="words"), *cells])
    head = [first, *map(renderer.name, names)]
    return Table(title + formatter.table_unit(in_thousands=in_thousands), head, rows)


def _months(renderer: ReportRenderer) -> list[str]:
    return [str(month) for month in renderer.report.calendar.months[-MONTHS_SHOWN:]]


def _fiscal_year_table(renderer: ReportRenderer) -> Table | None:
    names = ("mrr_closing", *RETENTION_FIGURES)
    figures = renderer.report.figures
    rows = [
        [
            Cell(renderer.formatter.period(year), kind="words"),
            *(renderer.cell(figures.one(name, "fiscal_year", group=year)) for name in names),
        ]
        for year in figures.groups("nrr", "fiscal_year")
    ]
    head = [renderer.text("Fiscal year"), *map(renderer.name, names)]
    return Table(renderer.text("By fiscal year"), head, rows) if rows else None


def unit_economics_section(renderer: ReportRenderer) -> ReportSection | None:
    """LTV, CAC, payback and the survival curve: the year, by month, by channel, by group."""
    if renderer.report.figures.one("ltv") is None:
        return None
    curves = [renderer.age_chart("survival"), renderer.monthly_chart("ltv_curve")]
    drawn = [curve for curve in curves if curve and curve.svg]
    channels = renderer.group_table(SOURCE, CHANNEL_FIGURES)
    note = renderer.text(
        "Spend of a channel divided by the customers with that acquisition source, in the same months. "
        "Customers without a source, or whose source has no spend, belong to no channel, "
        "so channels do not add up to the total."
    )
    blocks = [
        renderer.figure_table("", UNIT_ECONOMICS_FIGURES),
        renderer.monthly_charts(renderer.text("By month"), UNIT_ECONOMICS_CHARTS),
        Drawings("", drawn, is_wide=True) if drawn else None,
        replace(channels, note=note) if channels else None,
        *renderer.group_tables(GROUP_FIGURES),
    ]
    return build_section(renderer.text("Unit economics"), blocks)


def scenario_section(renderer: ReportRenderer) -> ReportSection | None:
    """The outcome today and in each scenario, side by side."""
    figures = renderer.report.figures
    scenarios = figures.groups("ltv", "what_if")
    if not scenarios:
        return None
    names = [name for name in OUTCOMES if figures.groups(name, "what_if")]
    rows = [
        [
            Cell(renderer.name(name), kind="words"),
            *(_scenario_cell(renderer, name, scenario=scenario) for scenario in scenarios),
        ]
        for name in names
    ]
    head = ["", *(_scenario_name(renderer, scenario) for scenario in scenarios)]
    note = renderer.text(
        "Each column changes one input and keeps the rest. Revenue assumes today's customers, "
        "as many new customers per month as in the last 12 months, and the same churn rate for all."
    )
    return build_section(renderer.text("Scenarios"), [Table("", head, rows)], note=note)


def _scenario_cell(renderer: ReportRenderer, name: str, *, scenario: str) -> Cell:
    """The figure in a scenario with its change from today; today's figure with its interval."""
    figures = renderer.report.figures
    now, then = figures.one(name, "what_if", group=NOW), figures.one(name, "what_if", group=scenario)
    if now is None or then is None or scenario == NOW or not now.value:
        return renderer.cell(then)
    change = then.value / now.value - 1
    if abs(change) <= UNCHANGED:
        return Cell(renderer.format(then))
    note = format_percent(change, renderer.formatter.language, n_decimals=1, is_signed=True)
    return Cell(renderer.format(then), note)


def _scenario_name(renderer: ReportRenderer, scenario: str) -> str:
    """'churn=-20%' is shown as 'churn -20%'."""
    if scenario == NOW:
        return renderer.text("Now")
    changes = (part.strip().partition("=") for part in scenario.split(","))
    return ", ".join(f"{renderer.group(name.strip())} {amount.strip()}" for name, _, amount in changes)
