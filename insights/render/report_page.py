"""The report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.i18n.translation import Language
from insights.render.customer_sections import (
    customer_base_section,
    feedback_section,
    opportunity_section,
    purchase_section,
)
from insights.render.formatting import Formatter, describe_exclusion
from insights.render.report_renderer import ReportRenderer
from insights.render.subscription_sections import recurring_revenue_section, retention_section
from insights.render.unit_economics_sections import scenario_section, unit_economics_section
from insights.report.building import Report

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = (
    recurring_revenue_section, retention_section, unit_economics_section, scenario_section, purchase_section,
    customer_base_section, feedback_section, opportunity_section,
)  # fmt: skip
HEADLINES = (
    "mrr", "nrr", "grr", "monthly_logo_churn", "ltv", "ltv_over_cac", "cac_payback_months", "revenue", "repeat_rate",
    "average_order_value", "ltv_first_year", "top_20_share", "nps", "hours_to_answer",
)  # fmt: skip
MAX_HEADLINES = 8


def render_report(report: Report, language: Language) -> str:
    """The page in one language."""
    formatter = Formatter(language, report.money.currency, report.money.n_decimals)
    renderer = ReportRenderer(report, formatter)
    headlines = [headline for name in HEADLINES if (headline := renderer.headline(name))]
    sections = [section for build in SECTIONS if (section := build(renderer))]
    return (
        load_templates()
        .get_template("report.html.j2")
        .render(
            report=report,
            last_day=formatter.day(report.calendar.as_of - timedelta(days=1)),
            text=renderer.text,
            name=renderer.name,
            format=renderer.format,
            formatter=formatter,
            excluded=[(describe_exclusion(problem, language), n_rows) for problem, n_rows in report.left_out.items()],
            headlines=headlines[:MAX_HEADLINES],
            sections=sections,
        )
    )


def load_templates() -> Environment:
    """The templates of the pages; everything that fills them is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
