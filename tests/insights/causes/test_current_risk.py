"""What a group puts at stake is summed from the same numbers of each customer as what the company does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import CauseSettings, Intervention
from core.risk_curves import RiskCurves
from insights.causes.attribute_groups import SEGMENT, Membership
from insights.causes.current_risk import Today
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.revenue_at_risk import RevenueAtRisk
from insights.causes.risk_view import TodaysRisks
from tests.insights.causes.worlds import SETTINGS, evidence
from tests.worlds import config

CAUSES = ("product", "price", "other")
CALL = Intervention(name="call", cause="price", save_rate=0.5, cost=0, fixed_cost=100)
BUILD = Intervention(name="build", cause="product", save_rate=0.5, cost=0)
EVERYBODY = np.ones(4, bool)


def today(hazard: bool = False) -> Today:
    """Four customers of 100 a month; two may leave for the product, two for the price."""
    risk = np.array([[0.2, 0, 0], [0.4, 0, 0], [0, 0.6, 0], [0, 0.8, 0]])
    ids, settings = np.array(["ada", "bo", "cyd", "dan"]), CauseSettings(names=CAUSES[:2], interventions=(CALL, BUILD))
    curves = RiskCurves(period_days=30, risk=risk.sum(axis=1)[:, None], by_cause=risk[:, None], causes=CAUSES)
    risks = TodaysRisks("hazard, version 1", ids, curves) if hazard else None
    return Today(
        config(causes=settings), CAUSES, {}, RevenueAtRisk(ids, np.full(4, 100.0), risk), "attributed", risks
    )  # fmt: skip


@given(st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_groups_that_part_the_company_put_the_whole_at_stake(parts: list[int]):
    company = today()
    whole = company.outlook("all", "", EVERYBODY)

    found = [company.outlook("main_plan", str(part), np.array(parts) == part) for part in set(parts)]

    assert sum(one.n_customers for one in found) == whole.n_customers
    assert sum(one.mrr for one in found) == pytest.approx(whole.mrr)
    assert sum(one.mrr_at_stake.value for one in found) == pytest.approx(whole.mrr_at_stake.value)
    for place, cause in enumerate(CAUSES):
        of_parts = sum(stake.mrr.value for one in found for stake in one.stakes if stake.cause == cause)
        assert of_parts == pytest.approx(100 * company.stake.risk_by_cause[:, place].sum())


def test_a_group_s_stakes_sum_to_its_own_and_its_measures_are_ranked_for_it():
    calling, building = (today().outlook(SEGMENT, "it", np.array(mask, bool)) for mask in ([0, 0, 1, 1], [1, 1, 0, 0]))

    assert calling.mrr_at_stake.value == sum(one.mrr.value for one in calling.stakes) == pytest.approx(140)
    assert [one.name for one in calling.interventions] == ["call", "build"]
    assert [one.name for one in building.interventions] == ["build", "call"]
    assert building.interventions[0].n_customers == 2


def test_what_a_measure_costs_once_is_paid_in_full_for_each_group():
    brings = 12 * 100 * today().config.money.margin_rate * 0.5

    whole, one = (today().outlook("it", "it", members) for members in (EVERYBODY, np.arange(4) == 3))

    money = [next(each.money.value for each in found.interventions if each.name == "call") for found in (whole, one)]
    assert money == pytest.approx([brings * 1.4 - 100, brings * 0.8 - 100])


def test_a_group_s_risks_are_those_of_its_customers_by_the_hazard_model():
    found = today(hazard=True).outlook(SEGMENT, "it", np.array([True, True, False, False])).risks

    assert found is not None
    assert (found.months, found.model) == ((1,), "hazard, version 1")
    assert [found.by_cause[cause][0].value for cause in CAUSES] == pytest.approx([0.3, 0, 0])
    assert found.whole[0].value == pytest.approx(0.3)
    assert today().outlook(SEGMENT, "it", EVERYBODY).risks is None


def test_a_segment_that_everybody_is_in_is_the_whole_in_every_figure():
    rows = np.ones(len(evidence().rows), bool)
    world = replace(evidence(), groups=(Membership(SEGMENT, "us", rows), Membership(SEGMENT, "nobody", ~rows)))

    found: Decomposition = decompose(world, config(causes=SETTINGS), {}, {})

    (us,), (everybody, of_us, *_) = found.outlooks, found.groups
    for name in ("n_customers", "mrr", "mrr_at_stake", "stakes", "interventions"):
        assert getattr(us, name) == getattr(found, name)
    for name in ("n_customers", "n_left", "n_stated", "stated", "attributed", "hazard"):
        assert getattr(of_us, name) == getattr(everybody, name)
