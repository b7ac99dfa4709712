"""The whole decomposition of a small software company reconciles, and is told in two languages."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from core.errors import NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.i18n.translation import ENGLISH, JAPANESE, Language
from insights.causes.attribute_groups import by_words
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.panel import codes, refuse_nobody
from insights.causes.views import UNSTATED
from insights.render import cause_groups as cause_groups
from insights.render import causes as render
from tests.insights.causes.worlds import N_LEAVING, N_TODAY, NAMES, SETTINGS, evidence
from tests.worlds import config


@pytest.fixture(scope="module")
def found() -> Decomposition:
    return decompose(evidence(), config(causes=SETTINGS), {}, {"subscriptions: mrr below zero": 1})


def test_shares_of_every_group_sum_to_one_and_hazards_to_who_left(found: Decomposition):
    for group in found.groups:
        for view in (group.stated, group.attributed):
            assert sum(one.value for one in view.values()) == pytest.approx(1)
        assert sum(one.value for one in group.hazard.values()) == pytest.approx(group.n_left / group.n_customers)
        assert all(one.low <= one.value <= one.high for one in group.attributed.values())


def test_there_is_everybody_the_named_plan_and_the_month(found: Decomposition):
    assert [(group.by, group.value) for group in found.groups] == [
        ("all", ""),
        ("main_plan", "pro"),
        ("month", "2024-03"),
    ]
    assert found.groups[0].n_left == found.groups[2].n_left > found.groups[1].n_left
    assert found.groups[2].incidence == {}
    assert set(found.groups[0].incidence) == {*NAMES.causes, UNSTATED}


def test_stakes_are_of_today_s_customers_and_add_up_to_the_last_unit(found: Decomposition):
    risk = np.linspace(0.01, 0.2, N_LEAVING + N_TODAY)[N_LEAVING:]

    assert found.n_customers == N_TODAY
    assert found.mrr_at_stake.value == pytest.approx(1_001 * risk.sum())
    assert sum(stake.mrr.value for stake in found.stakes) == pytest.approx(found.mrr_at_stake.value)
    assert sum(render.whole_stakes(found)) == round(found.mrr_at_stake.value)
    assert sum(stake.customers for stake in found.stakes) == pytest.approx(risk.sum())


@pytest.mark.parametrize(("language", "word"), [(ENGLISH, "price"), (JAPANESE, "価格")])
def test_a_decomposition_is_rendered_in_both_languages(found: Decomposition, language: Language, word: str):
    for rows in (render.views, render.stakes, render.interventions, cause_groups.groups):
        heading, *lines = rows(found, language)
        assert all(len(line) == len(heading) for line in lines)
    assert word in "".join(cell for line in render.views(found, language) for cell in line)
    assert "2024-03" in render.headline(found, language)


@pytest.mark.parametrize(("language", "word"), [(ENGLISH, "features alone"), (JAPANESE, "行動データだけ")])
def test_without_stated_causes_it_warns_that_attribution_rests_on_features_alone(
    found: Decomposition, language: Language, word: str
):
    silent = msgspec.structs.replace(found, n_sources={"tickets": 30, "": 70})

    assert word in render.trust(silent, language)
    assert word not in render.trust(found, language)
    assert f"{found.noise_rate:.0%}" in render.trust(found, language)


def test_it_comes_back_from_json_as_it_went_in(found: Decomposition):
    again = msgspec.json.decode(msgspec.json.encode(found), type=Decomposition)

    assert again.stakes == found.stakes
    assert again.groups[0].attributed == found.groups[0].attributed


def test_nobody_today_or_nobody_before_is_one_line():
    rows, today = evidence().rows, np.datetime64("2024-05")
    before = rows.months < today

    with pytest.raises(NotEnoughHistory, match="at the beginning of 2024-05"):
        refuse_nobody(rows.take(before), today)
    with pytest.raises(NotEnoughHistory, match="in the months before 2024-05"):
        refuse_nobody(rows.take(~before), today)


def test_plans_are_words_and_codes_are_places():
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

    told_apart = [(group.by, group.value, group.rows.tolist()) for group in by_words(features)]
    assert told_apart == [("main_plan", "b", [True, False]), ("main_plan", "", [False, True])]
    assert codes(np.array(["price", ""]), NAMES.causes).tolist() == [1, -1]
