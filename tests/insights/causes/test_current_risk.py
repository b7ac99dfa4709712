"""Churn risk by cause adds up to the total, and a group's revenue at risk sums the same numbers as the company's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import CauseSettings, Intervention
from core.i18n.translation import ENGLISH, JAPANESE, Language
from core.risk_curves import RiskCurves
from insights.causes.current_risk import CurrentCustomers, HazardRisks
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.person_months import SEGMENT, Membership
from insights.causes.revenue_at_risk import RevenueAtRisk
from insights.render import causes as render
from tests.insights.causes.worlds import NAMES, SETTINGS, panel, todays_risks
from tests.worlds import config


def decomposition(risks: HazardRisks | None) -> Decomposition:
    return decompose(panel(), config(causes=SETTINGS), offer_costs={}, excluded_rows={}, risks=risks)


@pytest.fixture(scope="module")
def with_hazard_model() -> Decomposition:
    return decomposition(todays_risks())


def test_the_risks_of_the_causes_add_up_to_the_total(with_hazard_model: Decomposition):
    view, curves = with_hazard_model.risks, todays_risks().curves

    assert view.months == (1, 3, 6, 12)
    for place, months in enumerate(view.months):
        whole = sum(row[place].value for row in view.by_cause.values())
        assert whole == pytest.approx(view.whole[place].value) == pytest.approx(curves.at(30 * months).mean())
    assert all(one.low <= one.value <= one.high for row in view.by_cause.values() for one in row)


def test_causes_are_matched_by_name_and_unknown_ones_are_other():
    within = todays_risks().within(90, NAMES.causes).sum(axis=0)

    assert NAMES.causes == ("product", "price", "other")
    np.testing.assert_allclose(within / within.sum(), [0.2, 0.3, 0.5])


def test_mrr_at_risk_is_the_hazard_model_s_risk_times_mrr(with_hazard_model: Decomposition):
    assert with_hazard_model.risk_source == "hazard model"
    assert with_hazard_model.mrr_at_risk.value == pytest.approx(1_001 * todays_risks().curves.at(90).sum())
    assert sum(one.mrr.value for one in with_hazard_model.mrr_at_risk_by_cause) == pytest.approx(
        with_hazard_model.mrr_at_risk.value
    )
    assert [one.cause for one in with_hazard_model.mrr_at_risk_by_cause] == ["other", "price", "product"]


def test_a_hazard_model_with_a_shorter_horizon_is_not_used_for_revenue_at_risk():
    short = decomposition(todays_risks(n_periods=2))

    assert (short.risks.source, short.risks.months, short.risk_source) == ("hazard model", (1,), "attributed")


def test_without_a_hazard_model_the_view_is_the_incidence():
    without_model = decomposition(None)

    assert (without_model.risks.source, without_model.risks.model, without_model.risk_source) == (
        "incidence",
        "",
        "attributed",
    )
    assert without_model.risks.by_cause == without_model.groups[0].incidence
    assert sum(row[-1].value for row in without_model.risks.by_cause.values()) == pytest.approx(
        without_model.risks.whole[-1].value
    )


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
def test_the_text_names_the_source_of_the_risks(language: Language, with_hazard_model: Decomposition):
    by_model, by_incidence = (list(render.basis(one, language)) for one in (with_hazard_model, decomposition(None)))

    assert "logistic_hazard, version 2" in by_model[0]
    assert "kizuna promote hazard" in by_incidence[0]
    assert by_model[1] != by_incidence[1]


def test_no_stated_cause_is_not_a_cause_of_the_model(with_hazard_model: Decomposition):
    *_, last = render.views(with_hazard_model, ENGLISH)

    assert (last[0], last[-1]) == ("no reason stated", "-")


CAUSES = ("product", "price", "other")
CALL = Intervention(name="call", cause="price", save_rate=0.5, cost=0, fixed_cost=100)
BUILD = Intervention(name="build", cause="product", save_rate=0.5, cost=0)
ALL_CUSTOMERS = np.ones(4, bool)


def today(hazard: bool = False) -> CurrentCustomers:
    """Four customers of 100 per month; two at risk for the product, two for the price."""
    risk = np.array([[0.2, 0, 0], [0.4, 0, 0], [0, 0.6, 0], [0, 0.8, 0]])
    ids, settings = np.array(["ada", "bo", "cyd", "dan"]), CauseSettings(names=CAUSES[:2], interventions=(CALL, BUILD))
    curves = RiskCurves(period_days=30, risk=risk.sum(axis=1)[:, None], by_cause=risk[:, None], causes=CAUSES)
    risks = HazardRisks("hazard, version 1", ids, curves) if hazard else None
    return CurrentCustomers(
        config=config(causes=settings),
        causes=CAUSES,
        offer_costs={},
        revenue=RevenueAtRisk(ids, np.full(4, 100.0), risk),
        risk_source="attributed",
        risks=risks,
    )


@given(st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_groups_that_partition_the_company_add_up_to_it(parts: list[int]):
    company = today()
    whole = company.group_risk("all", "", members=ALL_CUSTOMERS)

    risks = [company.group_risk("main_plan", str(part), members=np.array(parts) == part) for part in set(parts)]

    assert sum(one.n_customers for one in risks) == whole.n_customers
    assert sum(one.mrr for one in risks) == pytest.approx(whole.mrr)
    assert sum(one.mrr_at_risk.value for one in risks) == pytest.approx(whole.mrr_at_risk.value)
    for place, cause in enumerate(CAUSES):
        of_parts = sum(
            revenue.mrr.value for one in risks for revenue in one.mrr_at_risk_by_cause if revenue.cause == cause
        )
        assert of_parts == pytest.approx(100 * company.revenue.risk_by_cause[:, place].sum())


def test_a_group_s_causes_add_up_and_its_interventions_are_ranked_for_it():
    calling, building = (
        today().group_risk(SEGMENT, "it", members=np.array(mask, bool)) for mask in ([0, 0, 1, 1], [1, 1, 0, 0])
    )

    assert calling.mrr_at_risk.value == sum(one.mrr.value for one in calling.mrr_at_risk_by_cause) == pytest.approx(140)
    assert [one.name for one in calling.interventions] == ["call", "build"]
    assert [one.name for one in building.interventions] == ["build", "call"]
    assert building.interventions[0].n_customers == 2


def test_a_fixed_cost_counts_in_full_for_each_group():
    value = 12 * 100 * today().config.money.margin_rate * 0.5

    whole, one = (today().group_risk("it", "it", members=members) for members in (ALL_CUSTOMERS, np.arange(4) == 3))

    gains = [next(each.gain.value for each in risks.interventions if each.name == "call") for risks in (whole, one)]
    assert gains == pytest.approx([value * 1.4 - 100, value * 0.8 - 100])


def test_a_group_s_risks_are_those_of_its_customers_by_the_hazard_model():
    risks = today(hazard=True).group_risk(SEGMENT, "it", members=np.array([True, True, False, False])).risks

    assert risks is not None
    assert (risks.months, risks.model) == ((1,), "hazard, version 1")
    assert [risks.by_cause[cause][0].value for cause in CAUSES] == pytest.approx([0.3, 0, 0])
    assert risks.whole[0].value == pytest.approx(0.3)
    assert today().group_risk(SEGMENT, "it", members=ALL_CUSTOMERS).risks is None


def test_a_segment_of_all_customers_equals_the_company_in_every_figure():
    rows = np.ones(len(panel().rows), bool)
    world = replace(panel(), groups=(Membership(SEGMENT, "us", rows), Membership(SEGMENT, "no one", ~rows)))

    risks: Decomposition = decompose(world, config(causes=SETTINGS), offer_costs={}, excluded_rows={})

    (us,), (company, of_us, *_) = risks.group_risks, risks.groups
    for name in ("n_customers", "mrr", "mrr_at_risk", "mrr_at_risk_by_cause", "interventions"):
        assert getattr(us, name) == getattr(risks, name)
    for name in ("n_customers", "n_churned", "n_stated", "stated_shares", "attributed_shares", "hazard"):
        assert getattr(of_us, name) == getattr(company, name)
