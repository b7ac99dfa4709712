"""Every figure of the report: its name, its unit, and where the page shows it.

To add a figure:

1. Define it in `FIGURES`. Its place there is its place on the page.
2. Compute it in the module of its section, as a `FigureSpec` or a `Figure` of that name.
3. Translate `figure.<name>` in each file of `core/i18n/locales`, and `figure.<name>.meaning` if the name is not enough.

Figures shown as a row appear in the table of their section without further code. The JSON has all figures.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Literal

from core.errors import UnknownName, did_you_mean

Unit = Literal["money", "share", "months", "hours", "points", "times", "customers", "count"]
"Money is in the base currency. A share is between 0 and 1; NRR may exceed 1. Points are those of NPS, -100 to 100."
Section = Literal[
    "recurring_revenue", "retention", "unit_economics", "scenarios", "purchases", "customer_base", "feedback",
    "opportunities",
]  # fmt: skip
View = Literal["row", "movement", "curve", "cohort", "concentration", "rfm", "scenario"]
"How the section shows a figure: as a row of its table, or in a table or chart of its own."


@dataclass(frozen=True)
class FigureDefinition:
    """A figure that the report computes wherever the tables have the data for it."""

    name: str
    unit: Unit
    _: KW_ONLY
    section: Section
    view: View = "row"
    is_headline: bool = False
    "Whether the top of the page may show it in large print."
    is_exact: bool = False
    "Whether it has no interval, because it is a total and not an estimate from a sample of customers."


FIGURES = (
    FigureDefinition("mrr", "money", section="recurring_revenue", is_headline=True),
    FigureDefinition("arr", "money", section="recurring_revenue"),
    FigureDefinition("paying_customers", "customers", section="recurring_revenue"),
    FigureDefinition("mrr_a_customer", "money", section="recurring_revenue"),
    FigureDefinition("mrr_opening", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_fx", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_new", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_reactivation", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_expansion", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_moved_in", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_contraction", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_moved_out", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_churn", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("mrr_closing", "money", section="recurring_revenue", view="movement"),
    FigureDefinition("nrr", "share", section="retention", is_headline=True),
    FigureDefinition("grr", "share", section="retention", is_headline=True),
    FigureDefinition("logo_churn", "share", section="retention"),
    FigureDefinition("revenue_churn", "share", section="retention"),
    FigureDefinition("subscribing", "share", section="retention", view="cohort"),
    FigureDefinition("revenue_kept", "share", section="retention", view="cohort"),
    FigureDefinition("margin", "share", section="unit_economics"),
    FigureDefinition("monthly_logo_churn", "share", section="unit_economics", is_headline=True),
    FigureDefinition("monthly_revenue_churn", "share", section="unit_economics"),
    FigureDefinition("expected_months", "months", section="unit_economics"),
    FigureDefinition("ltv", "money", section="unit_economics", is_headline=True),
    FigureDefinition("ltv_curve", "money", section="unit_economics"),
    FigureDefinition("ltv_observed", "money", section="unit_economics"),
    FigureDefinition("acquisition_spend", "money", section="unit_economics", is_exact=True),
    FigureDefinition("won_customers", "customers", section="unit_economics"),
    FigureDefinition("cac", "money", section="unit_economics"),
    FigureDefinition("ltv_over_cac", "times", section="unit_economics", is_headline=True),
    FigureDefinition("cac_payback_months", "months", section="unit_economics", is_headline=True),
    FigureDefinition("recorded_cac", "money", section="unit_economics"),
    FigureDefinition("ltv_over_recorded_cac", "times", section="unit_economics"),
    FigureDefinition("recorded_cac_payback_months", "months", section="unit_economics"),
    FigureDefinition("survival", "share", section="unit_economics", view="curve"),
    FigureDefinition("revenue_year_1", "money", section="scenarios", view="scenario"),
    FigureDefinition("revenue_year_2", "money", section="scenarios", view="scenario"),
    FigureDefinition("revenue_year_3", "money", section="scenarios", view="scenario"),
    FigureDefinition("revenue_three_years", "money", section="scenarios", view="scenario"),
    FigureDefinition("revenue", "money", section="purchases", is_headline=True),
    FigureDefinition("orders", "count", section="purchases"),
    FigureDefinition("active_customers", "customers", section="purchases"),
    FigureDefinition("new_customers", "customers", section="purchases"),
    FigureDefinition("returning_share", "share", section="purchases"),
    FigureDefinition("repeat_rate", "share", section="purchases", is_headline=True),
    FigureDefinition("average_order_value", "money", section="purchases", is_headline=True),
    FigureDefinition("orders_a_customer", "count", section="purchases"),
    FigureDefinition("revenue_a_customer", "money", section="purchases"),
    FigureDefinition("ltv_first_year", "money", section="purchases", is_headline=True),
    FigureDefinition("ltv_seen", "money", section="purchases"),
    FigureDefinition("value_by_age", "money", section="purchases", view="curve"),
    FigureDefinition("ordering", "share", section="purchases", view="cohort"),
    FigureDefinition("revenue_of_top", "share", section="customer_base", view="concentration"),
    FigureDefinition("top_20_share", "share", section="customer_base", view="concentration", is_headline=True),
    FigureDefinition("mrr_of_top", "share", section="customer_base", view="concentration"),
    FigureDefinition("mrr_top_20_share", "share", section="customer_base", view="concentration"),
    FigureDefinition("customers", "customers", section="customer_base", view="rfm"),
    FigureDefinition("customer_share", "share", section="customer_base", view="rfm"),
    FigureDefinition("revenue_share", "share", section="customer_base", view="rfm"),
    FigureDefinition("nps", "points", section="feedback", is_headline=True),
    FigureDefinition("nps_response_rate", "share", section="feedback"),
    FigureDefinition("csat", "share", section="feedback"),
    FigureDefinition("csat_response_rate", "share", section="feedback"),
    FigureDefinition("ticket_satisfaction", "share", section="feedback"),
    FigureDefinition("hours_to_answer", "hours", section="feedback", is_headline=True),
    FigureDefinition("hours_to_close", "hours", section="feedback"),
    FigureDefinition("opportunity_rate", "share", section="opportunities"),
    FigureDefinition("win_rate", "share", section="opportunities"),
    FigureDefinition("loss_rate", "share", section="opportunities"),
    FigureDefinition("won_amount", "money", section="opportunities"),
    FigureDefinition("lost_amount", "money", section="opportunities"),
)


@cache
def _by_name() -> dict[str, FigureDefinition]:
    return {definition.name: definition for definition in FIGURES}


def definition_of(name: str) -> FigureDefinition:
    """The definition of a figure. Raises UnknownName for a name that is not defined."""
    if name not in _by_name():
        raise UnknownName(f"no figure '{name}' in insights.report.definitions{did_you_mean(name, _by_name())}")
    return _by_name()[name]


def figures_in(section: Section, view: View = "row") -> tuple[str, ...]:
    """The names of the figures that a section shows in one way, in the order of the page."""
    return tuple(one.name for one in FIGURES if (one.section, one.view) == (section, view))


def headline_figures() -> tuple[str, ...]:
    """The names of the figures for the top of the page, most important first."""
    return tuple(one.name for one in FIGURES if one.is_headline)
