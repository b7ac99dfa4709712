"""The report as one page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from insights.render.formatting import Formatter
from insights.render.other_sections import buying_chapter, dealing_chapter, voices_chapter
from insights.render.report_renderer import ReportRenderer
from insights.render.rfm_section import who_chapter
from insights.render.subscription_sections import recurring_chapter, retention_chapter
from insights.render.translations import Language, Words
from insights.render.unit_economics_sections import what_if_chapter, worth_chapter
from insights.report.building import Report

TEMPLATES = Path(__file__).parent / "templates"
CHAPTERS = (
    recurring_chapter, retention_chapter, worth_chapter, what_if_chapter, buying_chapter, who_chapter, voices_chapter,
    dealing_chapter,
)  # fmt: skip
HEADLINES = (
    "mrr", "nrr", "grr", "monthly_logo_churn", "ltv", "ltv_over_cac", "cac_payback_months", "revenue", "repeat_rate",
    "average_order_value", "ltv_first_year", "top_20_share", "nps", "hours_to_answer",
)  # fmt: skip
MOST_HEADLINES = 8


def page_of(report: Report, language: Language) -> str:
    """The HTML, in English or Japanese."""
    words = Words(language)
    scribe = ReportRenderer(report, Formatter(words, report.money.currency, report.money.n_decimals))
    headlines = [headline for name in HEADLINES if (headline := scribe.headline(name))]
    chapters = [chapter for build in CHAPTERS if (chapter := build(scribe))]
    template = templates().get_template("report.html.j2")
    return template.render(
        report=report, words=words, speech=scribe.speech, headlines=headlines[:MOST_HEADLINES], chapters=chapters
    )


def templates() -> Environment:
    """The pages' templates; whatever they are filled with is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
