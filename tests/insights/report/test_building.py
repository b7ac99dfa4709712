"""The reports of a software firm and of a shop: figures calculated by hand, and what is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.config.customers import Segment
from core.config.money import MoneySettings, ReportSettings
from core.errors import DataError, NotEnoughHistory
from insights.finance.economics import Economics, parse_what_if, project_revenue
from insights.report.building import build_report
from insights.report.figure import ALL
from insights.segments import Probabilities, Risks
from tests.software_firm import firm_report, firm_tables, people, span
from tests.worlds import config, frame, shop

SHOP = shop("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", "cyd 2026-02-01 150", "- 2026-02-02 9")


def value(name: str, by: str = ALL, group: str = "", period: str | None = None, report=None) -> float:
    figures = (report or firm_report()).figures.of(name, by, group=group)
    of_period = [figure for figure in figures if period is None or figure.place.period == period]
    return next(figure.value for figure in of_period if figure.place.age is None)


def test_mrr_and_its_movements_match_hand_calculated_values():
    assert (value("mrr"), value("arr"), value("paying_customers")) == (430, 5160, 3)
    assert (value("mrr_opening", period="2026-01"), value("mrr_closing", period="2026-06")) == (250, 430)
    assert value("mrr_new", period="2026-02") == 200
    assert value("mrr_expansion", period="2026-03") == 30
    assert value("mrr_churn", period="2026-04") == 50


def test_an_upgrade_moves_mrr_between_plans_and_is_no_churn_of_the_smaller_plan():
    march = {line: value(f"mrr_{line}", "plan", "basic", "2026-03") for line in ("moved_out", "churn", "expansion")}

    assert march == {"moved_out": 100, "churn": 0, "expansion": 0}
    assert value("mrr_moved_in", "plan", "pro", "2026-03") == 100
    assert value("mrr_expansion", "plan", "pro", "2026-03") == 30
    assert value("nrr", "plan", "basic", "2026-03") == pytest.approx(280 / 250)


def test_retention_counts_the_customers_at_the_start_of_the_period():
    year = "2026-01/2026-06"

    assert value("nrr", period=year) == pytest.approx(230 / 250)
    assert value("grr", period=year) == pytest.approx(200 / 250)
    assert value("logo_churn", period=year) == pytest.approx(1 / 3)
    assert value("nrr", "accounts.tier", "gold", year) == pytest.approx(230 / 200)
    assert value("logo_churn", "accounts.tier", "silver", year) == 1


def test_fiscal_years_start_in_the_configured_month():
    assert firm_report().figures.groups("nrr", "fiscal_year") == ("2026-01/2026-03", "2026-04/2026-06")
    assert value("mrr_closing", "fiscal_year", "2026-04/2026-06") == 430


def test_ltv_cac_and_payback_match_hand_calculated_values():
    churn = 1 / (3 + 3 + 4 + 4 + 3 + 3)
    ltv = 430 / 3 * 0.8 / churn

    assert value("monthly_logo_churn") == pytest.approx(churn)
    assert value("ltv") == pytest.approx(ltv)
    assert value("cac") == 3600  # six months of ads, one new customer
    assert value("ltv_over_cac") == pytest.approx(ltv / 3600)
    assert value("cac_payback_months") == pytest.approx(3600 / (430 / 3 * 0.8))


def test_feedback_figures_by_tier_and_month():
    assert value("nps") == pytest.approx(100 / 3)
    assert value("nps_response_rate") == pytest.approx(3 / 4)
    assert value("nps", "accounts.tier", "silver", "2026-05") == 100
    assert (value("csat"), value("ticket_satisfaction"), value("hours_to_answer")) == (1, 1, 3)


def test_opportunity_rates_by_tier():
    assert (value("opportunity_rate"), value("win_rate"), value("loss_rate")) == pytest.approx((4 / 5, 1 / 3, 2 / 3))
    assert (value("win_rate", "accounts.tier", "gold"), value("lost_amount", "accounts.tier", "silver")) == (0.5, 200)


def test_each_figure_breaches_one_threshold_at_most_and_bad_ones_come_first():
    assert [one.threshold.code for one in firm_report().breaches] == ["grr_below_90", "ltv_below_cac"]


def test_excluded_rows_are_counted_by_cause():
    assert firm_report().left_out == {
        "surveys: score: no NPS of 0 to 10": 1,
        "tickets: first_answered_at: before opened_at": 1,
    }


def test_a_firm_without_purchases_lacks_purchases_first():
    assert firm_report().missing[0] == "purchases"


def test_every_figure_is_inside_its_interval():
    figures = [figure for figure in firm_report().figures if np.isfinite(figure.estimate.low)]
    outside = [f for f in figures if not f.estimate.low <= f.value + 1e-9 or not f.value <= f.estimate.high + 1e-9]

    assert len(figures) > 300
    assert len(outside) < len(figures) / 20  # a percentile interval of few customers may miss its own figure


def test_a_report_with_an_earlier_cutoff_ignores_everything_after_it():
    early = build_report(firm_tables(), date(2026, 4, 1))

    assert value("mrr", report=early) == 480  # cobo has not churned yet
    assert early.calendar.months[-1] == np.datetime64("2026-03")


def test_segments_passed_to_the_report_have_figures_of_their_own():
    report = build_report(firm_tables(), date(2026, 7, 1), segments={"big": np.array(["dart", "acme"])})

    assert value("mrr", "segment", "big", report=report) == 330
    assert "segment" in report.groupings


def test_segments_of_the_toml_are_evaluated_at_the_cutoff():
    often = config(segments={"often": Segment(rule="frequency >= 2")})
    bought = shop("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", settings=often)

    report = build_report(bought, date(2026, 3, 1))

    assert report.figures.groups("average_order_value", "segment") == ("often",)
    assert value("average_order_value", "segment", "often", report=report) == 200


@pytest.mark.parametrize(("made_on", "groups"), [(date(2026, 3, 1), ("shaky",)), (date(2026, 3, 2), ())])
def test_a_segment_by_scores_has_the_customers_of_a_release_made_by_the_cutoff_alone(made_on, groups):
    shaky = config(segments={"shaky": Segment(rule="churn_probability > 0.5 and predicted_value < 9")})
    bought = shop("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", settings=shaky)
    ids = np.array(["ada", "bo"])
    risks = Risks(
        Probabilities(ids, np.array([0.1, 0.9])), "", values=Probabilities(ids, np.array([5, 5])), cutoff=made_on
    )

    report = build_report(bought, date(2026, 3, 1), risks=risks)

    assert report.figures.groups("average_order_value", "segment") == groups
    assert ("scores" in report.missing) == (not groups)
    if groups:
        assert value("average_order_value", "segment", "shaky", report=report) == 50


def test_a_customer_is_in_one_customer_tier_at_most():
    tiers = {"gold": Segment(top=0.5, by="frequency"), "silver": Segment(rule="frequency >= 1")}
    bought = shop("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", settings=config(customer_tiers=tiers))

    report = build_report(bought, date(2026, 3, 1))

    assert value("average_order_value", "customer_tier", "gold", report=report) == 200
    assert value("average_order_value", "customer_tier", "silver", report=report) == 50


def test_a_cutoff_before_all_records_is_refused_even_if_segments_need_data():
    with pytest.raises(NotEnoughHistory, match="nothing was recorded before 1999-01-01"):
        build_report(firm_tables(settings=config(segments={"large": Segment(rule="mrr >= 100")})), date(1999, 1, 1))


def test_an_unknown_attribute_is_refused_with_the_closest_name():
    with pytest.raises(DataError, match=r"accounts\.teir, which is not there; did you mean 'tier'\?"):
        build_report(firm_tables(settings=_split_by("accounts.teir")), date(2026, 7, 1))
    with pytest.raises(DataError, match="the customer is the account"):
        build_report(firm_tables(settings=_split_by("customers.role")), date(2026, 7, 1))


def _split_by(name: str):
    return config(
        customer="account", attributes={"accounts": ("tier",)}, report=ReportSettings(attribute_groups=(name,))
    )


def test_the_figures_of_a_shop_match_hand_calculated_values():
    report = build_report(SHOP, date(2026, 3, 1))
    values = {name: value(name, report=report) for name in ("repeat_rate", "average_order_value", "revenue", "orders")}

    assert values == pytest.approx({"repeat_rate": 1 / 3, "average_order_value": 150, "revenue": 600, "orders": 4})
    assert value("new_customers", period="2026-02", report=report) == 1
    assert value("returning_share", period="2026-02", report=report) == 0.5
    assert report.left_out == {"purchases: no customer": 1}
    assert report.missing[0] == "subscriptions"


def test_a_cohort_starts_at_one_and_then_is_the_share_that_orders_again():
    shares = [f.value for f in build_report(SHOP, date(2026, 3, 1)).figures.of("ordering", "cohort", group="2026-01")]

    assert shares == [1.0, 0.5]


def test_exchange_rates_do_not_change_the_revenue_retention_of_a_cohort(tmp_path: Path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2026-01,USD,100\n2026-02,USD,120\n2026-03,USD,90\n")
    in_dollars = frame(span("ada", "basic", "2026-01-10", None, 10, currency="USD"))
    settings = config(money=MoneySettings(rates=str(rates)))
    report = build_report(shop("ada 2026-01-03 100", settings=settings, subscriptions=in_dollars), date(2026, 4, 1))

    assert [f.value for f in report.figures.of("revenue_kept", "cohort", group="2026-01")] == [1, 1, 1]
    assert value("mrr_fx", period="2026-03", report=report) == -300
    assert value("mrr_closing", period="2026-03", report=report) == 900


def test_the_current_month_needs_no_exchange_rate(tmp_path: Path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2026-01,USD,100\n")
    settings = config(money=MoneySettings(rates=str(rates)))
    lines = ("ada 2026-01-03 2 currency=USD", "ada 2026-02-03 3 currency=USD")

    assert value("revenue", report=build_report(shop(*lines, settings=settings), date(2026, 2, 20))) == 200
    with pytest.raises(DataError, match=r"no rate of USD to JPY for 2026-02"):
        build_report(shop(*lines, settings=settings), date(2026, 3, 1))


def test_value_by_age_adds_up_averages_over_the_customers_observed_at_each_age():
    lines = [f"c{n} 2026-01-01 100" for n in range(20)] + [f"c{n} 2026-02-15 50" for n in range(10)]
    report = build_report(shop(*lines, settings=config(currency="USD")), date(2026, 4, 5))

    first, second = (figure.value for figure in report.figures.curve("value_by_age"))

    assert first == 100
    assert second == pytest.approx(100 + 25 / 1.1 ** (1 / 12))


def test_a_shop_has_no_report_before_its_first_record():
    with pytest.raises(NotEnoughHistory, match="nothing was recorded before 2020-01-01; name a later day"):
        build_report(SHOP, date(2020, 1, 1))


def test_people_are_grouped_by_the_attributes_of_their_account():
    since = {"valid_from": "2025-01-01"}
    members = frame(
        {"customer_id": "ada", "account_id": "x", **since}, {"customer_id": "bo", "account_id": "y", **since}
    )
    accounts = frame({"account_id": "x", "tier": "gold", **since}, {"account_id": "y", "tier": "tin", **since})
    settings = config(attributes={"accounts": ("tier",)}, report=ReportSettings(tier_by="accounts.tier"))
    log = shop("ada 2026-01-03 100", "bo 2026-01-20 50", settings=settings, customers=members, accounts=accounts)

    assert value("revenue", "accounts.tier", "gold", report=build_report(log, date(2026, 3, 1))) == 100


def test_a_scenario_with_half_the_churn_and_a_higher_price():
    report = build_report(firm_tables(), date(2026, 7, 1), what_ifs=[parse_what_if(["churn=-50%", "price=+10%"])])
    case = "churn=-50%, price=+10%"
    now, then = (value("ltv", "what_if", group, report=report) for group in ("now", case))

    assert now == pytest.approx(value("ltv"))
    assert then == pytest.approx(now * 2 * 1.1)
    assert value("cac_payback_months", "what_if", case, report=report) == pytest.approx(3600 / (430 / 3 * 1.1 * 0.8))
    three_years = project_revenue(
        Economics(mrr=430 / 3, monthly_churn=1 / 20), n_customers=3, new_per_month=1 / 6
    ).sum()
    assert value("revenue_three_years", "what_if", "now", report=report) == pytest.approx(three_years)


def test_without_a_known_cost_only_scenarios_that_set_the_cost_are_computed():
    tables = firm_tables(spend=frame({"month": "2026-01-01", "channel": "care", "amount": 1.0}))
    report = build_report(tables, date(2026, 7, 1), what_ifs=[parse_what_if(["cac=-10%"]), parse_what_if(["cac=500"])])

    assert report.figures.groups("ltv", "what_if") == ("now", "cac=500")
    assert value("cac", "what_if", "cac=500", report=report) == 500
    assert "spend" in report.missing


def test_recorded_acquisition_costs_give_cac_by_group():
    costing = [{**person, "acquisition_cost": 90.0 if person["account_id"] == "dart" else None} for person in people()]
    report = build_report(firm_tables(customers=frame(*costing), spend=None), date(2026, 7, 1))

    assert value("cac", report=report) == 180  # two people of one account
    assert value("cac", "accounts.tier", "silver", report=report) == 180
    assert report.figures.one("cac", "accounts.tier", group="gold") is None


def test_a_start_or_end_on_the_first_of_a_month_belongs_to_that_month():
    spans = frame(span("acme", "p", "2026-03-01", "2026-05-01", 70.0), span("bond", "p", "2025-01-01", None, 5.0))
    report = build_report(firm_tables(subscriptions=spans), date(2026, 6, 1))
    movements = {
        name: {f.place.period: f.value for f in report.figures.monthly(f"mrr_{name}")} for name in ("new", "churn")
    }

    assert {month for month, new in movements["new"].items() if new} == {"2026-03"}
    assert {month for month, churn in movements["churn"].items() if churn} == {"2026-05"}


def test_a_company_without_any_figure_is_refused_with_what_the_report_needs():
    usage = frame({"customer_id": "ada", "event_time": "2026-03-01", "event": "login"})

    with pytest.raises(
        NotEnoughHistory, match=r"no figure can be computed of usage .* needs purchases, usage or subscriptions"
    ):
        # The only month with usage is not over.
        build_report(shop(usage=usage), date(2026, 3, 20))
