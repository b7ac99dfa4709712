"""What less churn is worth, against sums written out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

import pytest

from core.config.money import MoneySettings
from core.i18n.translation import ENGLISH, JAPANESE
from insights.render.report import render_report
from insights.report.building import Report, build_report
from insights.report.figures.scenarios import GAINS
from tests.worlds import config, frame, shop

ENDS = {3: "2025-06-10", 7: "2025-09-10"}
"Two of twenty subscribers end; none is new."


@cache
def firm(ends: Callable[[int], str | None] = ENDS.get) -> Report:
    spans = frame(
        *(
            {
                "customer_id": f"c{n:02d}",
                "subscription_id": f"s{n}",
                "plan": "basic",
                "mrr": 100.0,
                "started_at": "2024-01-03",
                "ended_at": ends(n),
            }
            for n in range(20)
        )
    )
    settings = config(money=MoneySettings(margin_rate=0.6))
    return build_report(shop(subscriptions=spans, settings=settings), date(2026, 1, 1))


def one(name: str, by: str = "all", group: str | None = None) -> float:
    figure = firm().figures.one(name, by, group=group)
    assert figure is not None
    return figure.value


def profit(monthly_churn: float) -> float:
    """Of eighteen paying customers in 36 months."""
    return sum(18 * 100 * 0.6 * (1 - monthly_churn) ** month for month in range(36))


def test_the_profit_of_three_years_is_the_margin_of_the_customers_who_stay():
    churn = one("monthly_logo_churn")

    assert churn == pytest.approx(2 / (6 * 20 + 3 * 19 + 3 * 18))
    assert one("profit_three_years", "what_if", "now") == pytest.approx(profit(churn))


def test_one_percent_less_churn_and_five_points_more_retention_raise_the_profit():
    churn = one("monthly_logo_churn")
    retained = (1 - churn) ** 12 + 0.05

    assert one("profit_of_less_churn") == pytest.approx(profit(0.99 * churn) / profit(churn) - 1)
    assert one("profit_of_more_retention") == pytest.approx(profit(1 - retained ** (1 / 12)) / profit(churn) - 1)


def test_without_churn_what_less_churn_is_worth_has_no_interval():
    figures = [one for one in firm(lambda _: None).figures if one.place.by == "what_if" or one.name in GAINS]

    assert len(figures) > len(GAINS)
    assert not any(one.estimate.has_interval for one in figures)


def test_with_some_churn_what_less_churn_is_worth_has_an_interval():
    figure = firm().figures.one("profit_of_less_churn", "all")

    assert figure is not None
    assert figure.estimate.low < figure.value < figure.estimate.high


def test_the_page_says_what_less_churn_is_worth():
    assert "More profit with 1% less churn" in render_report(firm(), ENGLISH)
    assert "解約率が1%下がった場合の利益増" in render_report(firm(), JAPANESE)
