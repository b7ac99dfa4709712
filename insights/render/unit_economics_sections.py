"""The sections on unit economics (LTV, CAC, payback) and on scenarios."""

from __future__ import annotations

from dataclasses import replace

from core.i18n.formatting import format_percent
from insights.render.blocks import Cell, Drawings, Section, Table, build_section
from insights.render.report_renderer import ReportRenderer
from insights.report.breakdowns import SOURCE
from insights.report.scenarios import NOW, OUTCOMES

UNCHANGED = 1e-9
"Relative changes below it are rounding errors."
UNIT_ECONOMICS_FIGURES = (
    "mrr_a_customer", "margin", "monthly_logo_churn", "monthly_revenue_churn", "expected_months", "ltv", "ltv_curve",
    "ltv_observed", "acquisition_spend", "won_customers", "cac", "ltv_over_cac", "cac_payback_months", "recorded_cac",
    "ltv_over_recorded_cac", "recorded_cac_payback_months",
)  # fmt: skip
UNIT_ECONOMICS_CHARTS = ("ltv", "cac", "ltv_over_cac", "cac_payback_months")
GROUP_FIGURES = (
    "mrr_a_customer", "monthly_logo_churn", "ltv", "ltv_curve", "cac", "ltv_over_cac", "cac_payback_months",
    "recorded_cac", "ltv_over_recorded_cac", "recorded_cac_payback_months",
)  # fmt: skip
CHANNEL_FIGURES = ("acquisition_spend", "won_customers", "cac", "ltv", "ltv_over_cac", "cac_payback_months")


def unit_economics_section(renderer: ReportRenderer) -> Section | None:
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


def scenario_section(renderer: ReportRenderer) -> Section | None:
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
    return build_section(renderer.text("Scenarios"), [Table("", head, rows)], note)


def _scenario_cell(renderer: ReportRenderer, name: str, *, scenario: str) -> Cell:
    """The figure in a scenario with its change from today; today's figure with its interval."""
    figures = renderer.report.figures
    now, then = figures.one(name, "what_if", NOW), figures.one(name, "what_if", scenario)
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
