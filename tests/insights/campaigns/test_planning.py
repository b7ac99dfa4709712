"""The size that a campaign needs."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from insights.campaigns.planning import count_customers, detectable_effect, plan_campaign
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect

USUAL = {"base_rate": 0.03, "effect": 0.02, "control_share": 0.2, "contacts_per_week": 1000, "response_days": 10}


def test_the_size_is_that_of_the_textbook():
    # (1.6449 + 0.8416)^2 x (0.05 x 0.95 / 0.8 + 0.03 x 0.97 / 0.2) / 0.02^2
    assert count_customers(0.03, 0.02, control_share=0.2) == pytest.approx(3166.5, rel=1e-3)


def test_a_plan_names_customers_controls_and_weeks():
    plan = plan_campaign(**USUAL)

    assert (plan.n_customers, plan.n_control) == (3167, 634)
    assert plan.n_weeks == 3 + 2


def test_a_campaign_of_the_planned_size_shows_the_effect_four_times_in_five():
    random, n = np.random.default_rng(3), plan_campaign(**USUAL).n_customers
    shown = 0
    for _ in range(300):
        treated = random.random(n) >= 0.2
        converted = random.random(n) < np.where(treated, 0.05, 0.03)
        shown += estimate_effect(CampaignOutcomes(treated, converted.astype(float))).low > 0

    assert 0.74 <= shown / 300 <= 0.88


def test_the_detectable_effect_needs_exactly_the_customers_that_there_are():
    effect = detectable_effect(5000, base_rate=0.03, control_share=0.2)

    assert count_customers(0.03, effect, control_share=0.2) == pytest.approx(5000)
    assert np.isnan(detectable_effect(4, base_rate=0.5, control_share=0.05))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_rate": 1.5}, "the share that converts without the campaign is 1.5"),
        ({"effect": 0}, "an effect of [+]0 on a share of 0.03 is not possible"),
        ({"effect": -0.05}, "an effect of -0.05 on a share of 0.03 is not possible"),
        ({"control_share": 0.0}, "the control group is 0% of the customers"),
        ({"contacts_per_week": 0}, "0 customers a week can be contacted"),
        ({"power": 1.0}, "the power is 1.0"),
    ],
)
def test_plans_that_cannot_be_are_refused(change, message):
    with pytest.raises(BadInput, match=message):
        plan_campaign(**USUAL | change)
