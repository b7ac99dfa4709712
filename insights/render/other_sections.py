"""The chapters that any business may have: buying, voices, opportunities, about the figures."""

from __future__ import annotations

from insights.render.blocks import Chapter, Drawings, chapter
from insights.render.report_renderer import ReportRenderer

BUYING = (
    "revenue", "orders", "active_customers", "new_customers", "returning_share", "repeat_rate", "average_order_value",
    "orders_a_customer", "revenue_a_customer", "ltv_first_year", "ltv_seen",
)  # fmt: skip
BUYING_COURSES = (
    "revenue", "active_customers", "new_customers", "average_order_value", "returning_share", "repeat_rate",
)  # fmt: skip
VOICES = (
    "nps", "nps_response_rate", "csat", "csat_response_rate", "ticket_satisfaction", "hours_to_answer", "hours_to_close"
)  # fmt: skip
DEALING = ("opportunity_rate", "win_rate", "loss_rate", "won_amount", "lost_amount")


def buying_chapter(scribe: ReportRenderer) -> Chapter | None:
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


def voices_chapter(scribe: ReportRenderer) -> Chapter | None:
    """NPS, CSAT, who answers, how long customers wait."""
    blocks = [
        scribe.figure_table("", VOICES),
        scribe.courses(scribe.words.text("by_month"), VOICES),
        *scribe.split_tables(VOICES),
    ]
    return chapter(scribe.words.text("voices"), blocks)


def dealing_chapter(scribe: ReportRenderer) -> Chapter | None:
    """Opportunities and what became of them."""
    blocks = [
        scribe.figure_table("", DEALING),
        scribe.courses(scribe.words.text("by_month"), ("win_rate", "won_amount", "lost_amount"), from_zero=True),
        *scribe.split_tables(DEALING),
    ]
    return chapter(scribe.words.text("dealing"), blocks)
