"""The third view uses the hazard model's risks if there is one, and says so; causes add up to the total."""

from __future__ import annotations

import numpy as np
import pytest

from core.i18n.translation import ENGLISH, JAPANESE, Language
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.risk_view import HazardRisks
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
