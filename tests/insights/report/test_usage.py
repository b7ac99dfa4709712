"""Reports of firms that record usage, or surveys and tickets, and nothing else."""

from __future__ import annotations

from datetime import date, datetime

from core.config.training import ChurnDefinition
from core.i18n.translation import ENGLISH, JAPANESE
from insights.render.report import render_report
from insights.report.building import Report, build_report
from tables.building import tables_from_frames
from tests.software_firm import usage_rows
from tests.worlds import config, frame

DAY = date(2026, 7, 1)
USAGE = usage_rows(
    "ada 2026-04-01 export", "ada 2026-04-01 login", "ada 2026-04-09 login", "ada 2026-05-04 login",
    "ada 2026-06-10 login", "bo 2026-04-20 login", "cy 2026-05-02 login", "cy 2026-06-02 login",
)  # fmt: skip


def usage_report() -> Report:
    churn = ChurnDefinition("no_usage", horizon_days=30)
    settings = config(churn=churn, active_days=60, watermark=DAY)
    return build_report(tables_from_frames(settings, {"usage": frame(*USAGE)}), DAY)


def test_usage_alone_has_active_customers_and_their_days_with_usage():
    figures = usage_report().figures

    active = {figure.place.period: figure.value for figure in figures.monthly("using_customers")}
    new = {figure.place.period: figure.value for figure in figures.monthly("new_using_customers")}
    days = {figure.place.period: figure.value for figure in figures.monthly("usage_days")}
    assert active == {"2026-04": 2, "2026-05": 2, "2026-06": 2}
    assert new == {"2026-04": 2, "2026-05": 1, "2026-06": 0}
    assert days == {"2026-04": 1.5, "2026-05": 1.0, "2026-06": 1.0}


def test_cohorts_of_usage_begin_with_the_month_of_first_use():
    cohorts = {(f.place.group, f.place.age): f.value for f in usage_report().figures.of("using", "cohort")}

    assert cohorts == {
        ("2026-04", 0): 1,
        ("2026-04", 1): 0.5,
        ("2026-04", 2): 0.5,
        ("2026-05", 0): 1,
        ("2026-05", 1): 1,
    }


def test_churned_customers_are_those_of_one_horizon_ago_by_the_definition_in_force():
    # On 2026-06-01, ada, bo and cy had used the product within 60 days; bo did not in the 30 days after.
    churned = usage_report().figures.one("churned_since")

    assert churned is not None
    assert (churned.value, churned.n) == (1 / 3, 3)


def test_the_page_of_usage_alone_says_what_other_sections_need():
    for language, section, needs in (
        (ENGLISH, "Usage and churn", "need a subscriptions table"),
        (JAPANESE, "利用と離脱", "subscriptionsテーブル"),
    ):
        page = render_report(usage_report(), language)
        assert section in page
        assert needs in page


def test_surveys_alone_are_a_report():
    rows = [
        {"customer_id": who, "event_time": datetime(2026, 6, day), "kind": "nps", "score": score}
        for who, day, score in (("ada", 1, 10.0), ("bo", 9, 3.0))
    ]

    figures = build_report(tables_from_frames(config(), {"surveys": frame(*rows)}), DAY).figures

    nps = figures.one("nps")
    assert nps is not None
    assert nps.value == 0


def test_an_opportunity_that_is_not_closed_is_undecided_after_its_expected_day():
    deals = [
        {"account_id": "acme", "stage": "Negotiation", "amount": 10.0, "opened_at": datetime(2026, 4, 1),
         "closed_at": datetime(2026, 5, 1), "won": False, "closed": False},
        {"account_id": "acme", "stage": "Signed", "amount": 10.0, "opened_at": datetime(2026, 4, 1),
         "closed_at": datetime(2026, 5, 1), "won": True, "closed": True},
    ]  # fmt: skip

    figures = build_report(tables_from_frames(config(), {"opportunities": frame(*deals)}), DAY).figures

    rate = figures.one("win_rate")
    assert rate is not None
    assert (rate.value, rate.n) == (1.0, 1)
