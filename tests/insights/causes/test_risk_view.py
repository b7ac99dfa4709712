"""The third view takes the hazard model's risks where there is one, and says so; causes add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from core.i18n.translation import ENGLISH, JAPANESE, Language
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.risk_view import TodaysRisks
from insights.render import causes as render
from tests.insights.causes.worlds import NAMES, SETTINGS, evidence, todays_risks
from tests.worlds import config


def found(of_model: TodaysRisks | None) -> Decomposition:
    return decompose(evidence(), config(causes=SETTINGS), {}, {}, of_model)


@pytest.fixture(scope="module")
def modelled() -> Decomposition:
    return found(todays_risks())


def test_the_risks_of_the_causes_add_up_to_the_whole(modelled: Decomposition):
    view, curves = modelled.risks, todays_risks().curves

    assert view.months == (1, 3, 6, 12)
    for place, months in enumerate(view.months):
        whole = sum(row[place].value for row in view.by_cause.values())
        assert whole == pytest.approx(view.whole[place].value) == pytest.approx(curves.at(30 * months).mean())
    assert all(one.low <= one.value <= one.high for row in view.by_cause.values() for one in row)


def test_causes_are_found_by_name_and_unknown_ones_are_other():
    within = todays_risks().within(90, NAMES.causes).sum(axis=0)

    assert NAMES.causes == ("product", "price", "other")
    np.testing.assert_allclose(within / within.sum(), [0.2, 0.3, 0.5])


def test_money_at_stake_is_the_hazard_model_s_risk_times_mrr(modelled: Decomposition):
    assert modelled.stakes_by == "hazard model"
    assert modelled.mrr_at_stake.value == pytest.approx(1_001 * todays_risks().curves.at(90).sum())
    assert sum(one.mrr.value for one in modelled.stakes) == pytest.approx(modelled.mrr_at_stake.value)
    assert [one.cause for one in modelled.stakes] == ["other", "price", "product"]


def test_a_hazard_model_that_looks_less_far_than_the_churn_model_leaves_the_stakes_to_it():
    short = found(todays_risks(n_periods=2))

    assert (short.risks.source, short.risks.months, short.stakes_by) == ("hazard model", (1,), "attributed")


def test_without_a_hazard_model_the_view_is_what_happened():
    nobody = found(None)

    assert (nobody.risks.source, nobody.risks.model, nobody.stakes_by) == ("incidence", "", "attributed")
    assert nobody.risks.by_cause == nobody.groups[0].incidence
    assert sum(row[-1].value for row in nobody.risks.by_cause.values()) == pytest.approx(nobody.risks.whole[-1].value)


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
def test_the_text_names_the_source_of_the_risks(language: Language, modelled: Decomposition):
    by_model, by_incidence = (list(render.basis(one, language)) for one in (modelled, found(None)))

    assert "logistic_hazard, version 2" in by_model[0]
    assert "kizuna promote hazard" in by_incidence[0]
    assert by_model[1] != by_incidence[1]


def test_who_stated_nothing_is_no_cause_of_a_model(modelled: Decomposition):
    *_, last = render.views(modelled, ENGLISH)

    assert (last[0], last[-1]) == ("no reason stated", "-")
