"""LTV and CAC by month, group and channel; the name of a figure says on which basis it is."""

from __future__ import annotations

import math
from datetime import date
from functools import cache

import msgspec
import numpy as np
import pytest

from core.config.money import ReportSettings
from core.i18n.translation import ENGLISH, JAPANESE
from insights.finance.economics import parse_what_if
from insights.render.report import render_report
from insights.report.building import Report, build_report
from insights.report.figure import ALL
from tests.software_firm import firm_report, firm_tables, people, spend
from tests.worlds import config, frame, shop

YEAR, DAY = "2026-01/2026-06", date(2026, 7, 1)
SOURCES = {"acme": "ads", "bond": "event", "cobo": "ads", "dart": "ads", "echo": None}


def value(report: Report, name: str, by: str = ALL, group: str = "", period: str = YEAR) -> float:
    return next(f.value for f in report.figures.of(name, by, group=group) if f.place.period == period)


def settings(**report):
    """The settings of the firm, with changes in [report]."""
    return msgspec.structs.replace(firm_report().config, report=ReportSettings(tier_by="accounts.tier", **report))


@cache
def acquisition_report() -> Report:
    """Spend on two channels, a recorded cost of dart, and acquisition sources."""
    costing = {"dart": 90.0}
    customers = [
        {**p, "acquisition_source": SOURCES[p["account_id"]], "acquisition_cost": costing.get(p["account_id"])}
        for p in people()
    ]
    fairs = [{"month": f"2026-{month:02d}-01", "channel": "event", "amount": 300.0} for month in range(1, 7)]
    tables = firm_tables(
        customers=frame(*customers),
        spend=frame(*spend(), *fairs),
        settings=settings(months=6, acquisition_channels=("ads", "event")),
    )
    return build_report(tables, DAY)


def test_the_cac_of_a_month_is_its_spend_divided_by_its_new_customers():
    february = {name: value(firm_report(), name, period="2026-02") for name in ("cac", "won_customers")}

    assert february == {"cac": 600, "won_customers": 1}
    assert value(firm_report(), "cac_payback_months", period="2026-02") == pytest.approx(600 / (450 / 4 * 0.8))


def test_cac_is_infinite_in_a_month_with_spend_and_no_new_customer():
    assert value(firm_report(), "cac", period="2026-03") == math.inf
    assert value(firm_report(), "acquisition_spend", period="2026-03") == 600


def test_the_ltv_of_a_month_uses_the_churn_of_the_year_to_its_end():
    report = build_report(firm_tables(settings=settings(months=24, acquisition_channels=("ads",))), DAY)
    months = [figure.place.period for figure in report.figures.monthly("ltv")]

    assert months == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
    assert value(report, "ltv", period="2026-01") == pytest.approx(250 / 3 * 0.8 * (5 * 4 + 7 * 3))
    february = value(report, "ltv", period="2026-02")
    assert february == pytest.approx(450 / 4 * 0.8 * (4 * 4 + 8 * 3))
    assert value(report, "ltv_over_cac", period="2026-02") == pytest.approx(february / 600)


def test_the_ltv_of_the_last_month_is_that_of_the_year():
    assert value(firm_report(), "ltv", period="2026-06") == value(firm_report(), "ltv")


def test_recorded_cost_is_named_recorded_cac_in_a_report_with_spend():
    report = acquisition_report()

    assert (value(report, "cac"), value(report, "recorded_cac")) == (5400, 180)
    assert value(report, "recorded_cac", "accounts.tier", "silver") == 180
    assert (
        report.figures.of("cac", "accounts.tier")
        == report.figures.of("recorded_cac", "accounts.tier", group="gold")
        == ()
    )
    ltv = value(report, "ltv", "plan", "pro")
    assert value(report, "ltv_over_recorded_cac", "plan", "pro") == pytest.approx(ltv / 180)
    assert value(report, "recorded_cac_payback_months", "plan", "pro") == pytest.approx(180 / (330 / 2 * 0.8))


def test_the_cac_of_a_channel_is_its_spend_divided_by_the_customers_with_that_source():
    report, by = acquisition_report(), "acquisition_source"

    assert report.figures.groups("cac", by) == ("ads", "event")
    assert value(report, "cac", by, "ads") == 3600
    assert value(report, "cac", by, "ads", "2026-02") == 600
    assert value(report, "cac", by, "event") == math.inf
    assert value(report, "won_customers", by, "event") == 0
    assert report.figures.of("cac", by, group="ads")[0].n == 1


def test_the_source_of_an_account_is_that_of_its_first_person():
    first = {"dart-2": ("2026-01-01", "event"), "dart-1": ("2026-02-02", "ads")}
    joining = [
        {**p, "joined_at": day, "acquisition_source": source}
        for p in people()
        for day, source in [first.get(p["customer_id"], ("2025-01-01", None))]
    ]
    fair = frame(*spend(), {"month": "2026-02-01", "channel": "event", "amount": 50.0})
    chosen = settings(months=6, acquisition_channels=("ads", "event"))
    report = build_report(firm_tables(customers=frame(*joining), spend=fair, settings=chosen), DAY)

    assert report.figures.groups("cac", "acquisition_source") == ("event",)
    assert value(report, "cac", "acquisition_source", "event") == 50


def test_the_report_names_the_columns_that_cac_by_group_and_channel_needs():
    assert firm_report().missing == ("purchases", "acquisition_cost", "acquisition_source")
    assert acquisition_report().missing == ("purchases",)
    assert "CAC by channel needs acquisition_source in customers" in render_report(firm_report(), ENGLISH)


@pytest.mark.parametrize(("language", "heading"), [(ENGLISH, "By acquisition channel"), (JAPANESE, "獲得チャネル別")])
def test_the_page_shows_channels_and_names_the_basis_of_cost(language, heading):
    page = render_report(acquisition_report(), language)

    assert heading in page
    assert ("Recorded CAC" if language == ENGLISH else "記録ベースのCAC") in page
    assert "nan" not in page


def report_of_hundred(*, whole_months: bool = False):
    """A hundred customers who pay 400,000; three churn in the only month of the report."""
    usual = {"plan": "p", "mrr": 400_000.0, "started_at": "2025-12-01"}
    spans = [
        {"customer_id": f"c{n:02d}", "subscription_id": f"s{n}", "ended_at": "2026-01-20" if n < 3 else None, **usual}
        for n in range(100)
    ]
    chosen = config(report=ReportSettings(months=1, whole_months=whole_months))
    return build_report(
        shop(settings=chosen, subscriptions=frame(*spans)), date(2026, 2, 1), what_ifs=[parse_what_if(["churn=0.02"])]
    )


def test_whole_months_round_a_lifetime_of_33_and_a_third_down_to_33():
    cut, plain = report_of_hundred(whole_months=True), report_of_hundred()
    values = {name: value(cut, name, period="2026-01/2026-01") for name in ("ltv", "expected_months")}

    assert values == {"ltv": 13_200_000, "expected_months": 33}
    assert value(plain, "ltv", period="2026-01/2026-01") == pytest.approx(13_333_333, abs=1)
    assert value(cut, "ltv", "what_if", "now", "") == 13_200_000
    assert value(cut, "ltv", "what_if", "churn=0.02", "") == 20_000_000
    assert "complete months only" in render_report(cut, ENGLISH)


def test_the_top_20_share_of_mrr_by_group_and_month():
    report = firm_report()

    assert value(report, "mrr_top_20_share", period="") == pytest.approx(0.6 * 200 / 430)
    assert value(report, "mrr_top_20_share", "accounts.tier", "gold", "") == pytest.approx(0.4 * 130 / 230)
    assert value(report, "mrr_top_20_share", period="2026-01") == pytest.approx(0.6 * 100 / 250)


def test_the_margin_of_a_month_is_that_of_its_active_spans():
    usual = {"customer_id": "acme", "subscription_id": "s", "plan": "p", "mrr": 100.0}
    spans = frame(
        {**usual, "started_at": "2025-12-01", "ended_at": "2026-05-10", "margin_rate": 0.5},
        {**usual, "started_at": "2026-05-10", "ended_at": None, "margin_rate": 0.9},
    )
    report = build_report(firm_tables(subscriptions=spans, settings=settings(months=2)), date(2026, 6, 1))

    assert np.isinf(value(report, "ltv", period="2026-04/2026-05"))
    assert value(report, "margin", period="2026-04/2026-05") == pytest.approx(0.9)


@cache
def loyal_report(n_churned: int) -> Report:
    """Thirty customers since 2025-12-01 and ten since 2026-01-16; the first ones churn."""
    spans = [
        {"customer_id": f"c{n:02d}", "subscription_id": f"s{n}", "plan": "p", "mrr": 10.0 + n % 2}
        | {"started_at": "2025-12-01" if n < 30 else "2026-01-16"}
        | {"ended_at": "2026-02-20" if n < n_churned else None}
        for n in range(40)
    ]
    chosen = config(report=ReportSettings(months=1))
    return build_report(shop(settings=chosen, subscriptions=frame(*spans)), date(2026, 4, 1))


def test_ltv_from_a_curve_has_no_interval_where_no_customer_churned():
    churned, none_churned = loyal_report(5), loyal_report(0)

    for name in ("ltv_curve", "ltv_observed"):
        (estimate,) = (one.estimate for one in none_churned.figures.of(name) if not one.place.period)
        assert estimate.value > 0
        assert not estimate.has_interval, "each sample has the same churn, so it would be that of MRR alone"
        (estimate,) = (one.estimate for one in churned.figures.of(name) if not one.place.period)
        assert estimate.low < estimate.value < estimate.high


def test_a_survival_curve_without_churn_is_as_uncertain_as_the_customers_observed_so_long_are_few():
    bounds = {one.place.age: (one.estimate.low, one.estimate.high) for one in loyal_report(0).figures.of("survival")}

    assert bounds[0] == (1, 1)
    assert bounds[2] == (pytest.approx(0.05 ** (1 / 40)), 1)
    assert bounds[3] == (pytest.approx(0.05 ** (1 / 30)), 1)
