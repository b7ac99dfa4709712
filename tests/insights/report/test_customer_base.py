"""Repeat purchases and concentration by month; RFM within groups."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from insights.report.building import build_report
from insights.report.figure import Figures
from tests.worlds import shop

LINES = (
    "ada 2025-01-03 100", "ada 2025-01-20 300", "bo 2025-06-03 50", "bo 2026-01-05 50", "cyd 2026-02-01 150",
    "ada 2026-02-10 10",
)  # fmt: skip


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Figures of fourteen months, with two segments."""
    groups = {"few": np.array(["bo"]), "more": np.array(["ada", "bo", "cyd"])}
    return build_report(shop(*LINES), date(2026, 3, 1), segments=groups).figures


def test_the_repeat_rate_of_a_month_covers_the_year_to_its_end(figures):
    rates = {figure.place.period: figure.value for figure in figures.monthly("repeat_rate")}

    assert rates == pytest.approx({"2025-12": 1 / 2, "2026-01": 1, "2026-02": 1 / 3})
    assert figures.one("repeat_rate").value == rates["2026-02"]
    assert [f.value for f in figures.monthly("repeat_rate", "segment", group="few")] == [0, 1, 1]


def test_the_customers_of_a_year_are_new_or_returning(figures):
    assert figures.one("active_customers").value == 3
    assert figures.one("new_customers").value == 2
    assert figures.one("returning_share").value == pytest.approx(1 / 3)
    assert figures.one("returning_share", "segment", group="few").value == 0


def test_concentration_by_month_covers_the_year_to_each_months_end(figures):
    december, january, february = figures.monthly("top_20_share")

    assert december.value == pytest.approx(0.4 * 400 / 450)
    assert january.value == pytest.approx(0.2)
    assert february.value == pytest.approx(figures.one("top_20_share").value) == pytest.approx(0.6 * 150 / 260)


def test_the_segment_shares_of_a_group_are_shares_of_the_group(figures):
    few = figures.among("segment", "few")
    whole = {f.place.group: f.value for f in figures.of("customers", "rfm") if not f.place.period}
    more = {f.place.group: f.value for f in figures.among("segment", "more").of("customers", "rfm")}

    assert sorted(f.value for f in few.of("customer_share", "rfm")) == [0] * (len(whole) - 1) + [1]
    assert sum(f.value for f in few.of("revenue_share", "money_quintile")) == 1
    assert more == whole


def test_what_is_told_within_a_group_is_not_told_of_all(figures):
    assert all(figure.place.among_by == "all" for figure in figures.of("customer_share", "rfm"))
    assert {f.place.among for f in figures if f.place.among_by == "segment"} == {"few", "more"}


def test_segments_of_each_month_add_up_to_everybody(figures):
    shares = [f for f in figures.monthly("customer_share", "rfm") if f.place.period == "2025-12"]

    assert sum(figure.value for figure in shares) == pytest.approx(1)
