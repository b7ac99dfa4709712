"""The decomposition of a small software company reconciles and is rendered in two languages."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from core.errors import NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.i18n.translation import ENGLISH, JAPANESE, Language
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.panel import _require_customers, cause_codes
from insights.causes.person_months import attribute_memberships
from insights.causes.views import UNSTATED
from insights.render import cause_groups as cause_groups
from insights.render import causes as render
from tests.insights.causes.worlds import N_LEAVING, N_TODAY, NAMES, SETTINGS, panel
from tests.worlds import config


@pytest.fixture(scope="module")
def decomposition() -> Decomposition:
    return decompose(
        panel(), config(causes=SETTINGS), offer_costs={}, excluded_rows={"subscriptions: mrr below zero": 1}
    )


def test_shares_of_every_group_sum_to_one_and_hazards_to_monthly_churn(decomposition: Decomposition):
    for group in decomposition.groups:
        for view in (group.stated_shares, group.attributed_shares):
            assert sum(one.value for one in view.values()) == pytest.approx(1)
        assert sum(one.value for one in group.hazard.values()) == pytest.approx(group.n_churned / group.n_customers)
        assert all(one.low <= one.value <= one.high for one in group.attributed_shares.values())


def test_groups_are_all_customers_the_named_plan_and_the_month(decomposition: Decomposition):
    assert [(group.by, group.value) for group in decomposition.groups] == [
        ("all", ""),
        ("main_plan", "pro"),
        ("month", "2024-03"),
    ]
    assert decomposition.groups[0].n_churned == decomposition.groups[2].n_churned > decomposition.groups[1].n_churned
    assert decomposition.groups[2].incidence == {}
    assert set(decomposition.groups[0].incidence) == {*NAMES.causes, UNSTATED}


def test_revenue_at_risk_is_of_current_customers_and_adds_up_to_the_last_unit(decomposition: Decomposition):
    risk = np.linspace(0.01, 0.2, N_LEAVING + N_TODAY)[N_LEAVING:]

    assert decomposition.n_customers == N_TODAY
    assert decomposition.mrr_at_risk.value == pytest.approx(1_001 * risk.sum())
    assert sum(revenue.mrr.value for revenue in decomposition.mrr_at_risk_by_cause) == pytest.approx(
        decomposition.mrr_at_risk.value
    )
    assert sum(render.round_amounts(decomposition)) == round(decomposition.mrr_at_risk.value)
    assert sum(revenue.customers for revenue in decomposition.mrr_at_risk_by_cause) == pytest.approx(risk.sum())


@pytest.mark.parametrize(("language", "word"), [(ENGLISH, "price"), (JAPANESE, "価格")])
def test_a_decomposition_is_rendered_in_both_languages(decomposition: Decomposition, language: Language, word: str):
    for rows in (render.views, render.mrr_at_risk_by_cause, render.interventions, cause_groups.groups):
        heading, *lines = rows(decomposition, language)
        assert all(len(line) == len(heading) for line in lines)
    assert word in "".join(cell for line in render.views(decomposition, language) for cell in line)
    assert "2024-03" in render.headline(decomposition, language)


@pytest.mark.parametrize(("language", "word"), [(ENGLISH, "features alone"), (JAPANESE, "行動データだけ")])
def test_without_stated_causes_it_warns_that_attribution_rests_on_features_alone(
    decomposition: Decomposition, language: Language, word: str
):
    silent = msgspec.structs.replace(decomposition, n_sources={"tickets": 30, "": 70})

    assert word in render.trust(silent, language)
    assert word not in render.trust(decomposition, language)
    assert f"{decomposition.noise_rate:.0%}" in render.trust(decomposition, language)


def test_json_round_trips(decomposition: Decomposition):
    again = msgspec.json.decode(msgspec.json.encode(decomposition), type=Decomposition)

    assert again.mrr_at_risk_by_cause == decomposition.mrr_at_risk_by_cause
    assert again.groups[0].attributed_shares == decomposition.groups[0].attributed_shares


def test_no_customers_today_or_before_is_an_error():
    rows, today = panel().rows, np.datetime64("2024-05")
    before = rows.months < today

    with pytest.raises(NotEnoughHistory, match="at the beginning of 2024-05"):
        _require_customers(rows.take(before), today)
    with pytest.raises(NotEnoughHistory, match="in the months before 2024-05"):
        _require_customers(rows.take(~before), today)


def test_plans_are_words_and_codes_are_indices():
    plan = FeatureColumn(
        name="main_plan",
        family="subscription",
        unit="plan",
        en="plan",
        ja="plan",
        missing="none",
        digest="d",
        vocabulary=("a", "b"),
    )
    features = FeatureTable(
        np.array(["x", "y"]), np.array(["2024-03-01"] * 2, "M8[D]"), np.array([[1.0], [np.nan]]), (plan,)
    )

    told_apart = [(group.by, group.value, group.rows.tolist()) for group in attribute_memberships(features)]
    assert told_apart == [("main_plan", "b", [True, False]), ("main_plan", "", [False, True])]
    assert cause_codes(np.array(["price", ""]), NAMES.causes).tolist() == [1, -1]
