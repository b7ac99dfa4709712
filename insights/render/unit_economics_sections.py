"""The chapters of what a subscriber is worth and costs to win, and of what if something changed."""

from __future__ import annotations

from dataclasses import replace

from insights.render.blocks import Cell, Chapter, Drawings, Table, chapter
from insights.render.report_renderer import ReportRenderer
from insights.report.breakdowns import SOURCE
from insights.report.scenarios import NOW, OUTCOMES

UNCHANGED = 1e-9
WORTH = (
    "mrr_a_customer", "margin", "monthly_logo_churn", "monthly_revenue_churn", "expected_months", "ltv", "ltv_curve",
    "ltv_observed", "acquisition_spend", "won_customers", "cac", "ltv_over_cac", "cac_payback_months", "recorded_cac",
    "ltv_over_recorded_cac", "recorded_cac_payback_months",
)  # fmt: skip
WORTH_COURSES = ("ltv", "cac", "ltv_over_cac", "cac_payback_months")
WORTH_OF_GROUPS = (
    "mrr_a_customer", "monthly_logo_churn", "ltv", "ltv_curve", "cac", "ltv_over_cac", "cac_payback_months",
    "recorded_cac", "ltv_over_recorded_cac", "recorded_cac_payback_months",
)  # fmt: skip
WORTH_OF_CHANNELS = ("acquisition_spend", "won_customers", "cac", "ltv", "ltv_over_cac", "cac_payback_months")


def worth_chapter(scribe: ReportRenderer) -> Chapter | None:
    """LTV, CAC, payback and the survival curve: the year, month by month, by channel, by group."""
    if scribe.report.figures.one("ltv") is None:
        return None
    curves = [drawing for drawing in (scribe.curve("survival"), scribe.course("ltv_curve")) if drawing and drawing.svg]
    channels = scribe.split_table(SOURCE, WORTH_OF_CHANNELS)
    blocks = [
        scribe.figure_table("", WORTH),
        scribe.courses(scribe.words.text("by_month"), WORTH_COURSES),
        Drawings("", curves, wide=True) if curves else None,
        replace(channels, note=scribe.words.text("channel_note")) if channels else None,
        *scribe.split_tables(WORTH_OF_GROUPS),
    ]
    return chapter(scribe.words.text("worth"), blocks)


def what_if_chapter(scribe: ReportRenderer) -> Chapter | None:
    """Base and changed, side by side."""
    figures = scribe.report.figures
    cases = figures.groups("ltv", "what_if")
    if not cases:
        return None
    names = [name for name in OUTCOMES if figures.groups(name, "what_if")]
    rows = [
        [
            Cell(scribe.words.figure(name), kind="words"),
            *(_compared(scribe, name, case) for case in cases),
        ]
        for name in names
    ]
    head = ["", *(_supposed(scribe, case) for case in cases)]
    title, note = scribe.words.text("what_if"), scribe.words.text("what_if_note")
    return chapter(title, [Table("", head, rows)], note)


def _compared(scribe: ReportRenderer, name: str, case: str) -> Cell:
    """The figure of a case and how far that is from now; of now, how sure it is."""
    figures = scribe.report.figures
    now, then = figures.one(name, "what_if", NOW), figures.one(name, "what_if", case)
    if now is None or then is None or case == NOW or not now.value:
        return scribe.cell(then)
    change = then.value / now.value - 1
    return Cell(scribe.written(then), f"{change:+.1%}".replace("-", "−") if abs(change) > UNCHANGED else "")


def _supposed(scribe: ReportRenderer, case: str) -> str:
    """'churn=-20%' in words: churn −20%."""
    if case == NOW:
        return scribe.words.text("now")
    asked = (part.strip().partition("=") for part in case.split(","))
    return ", ".join(
        f"{scribe.words.group(name.strip())} {amount.strip().replace('-', '−')}" for name, _, amount in asked
    )
