"""The effect of a campaign: by hand, with what was known before, and where few customers have an outcome."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect


def experiment(treated: list[float], control: list[float], before: list[float] | None = None) -> CampaignOutcomes:
    arms = np.repeat([True, False], [len(treated), len(control)])
    covariates = None if before is None else np.array(before, dtype=float)[:, None]
    return CampaignOutcomes(arms, np.array([*treated, *control], dtype=float), covariates)


def test_the_effect_is_the_difference_of_the_means():
    effect = estimate_effect(experiment([10.0] * 60 + [20.0] * 60, [10.0] * 100))

    # The variance of the treated is 25 x 120 / 119, and that of its mean 25 / 119; t with 119 degrees of freedom.
    assert effect.value == pytest.approx(5.0)
    assert effect.high - effect.value == pytest.approx(1.6578 * (25 / 119) ** 0.5, rel=1e-3)
    assert effect.value - effect.low == pytest.approx(effect.high - effect.value)


def test_what_was_known_before_narrows_the_interval_and_leaves_the_effect():
    random = np.random.default_rng(1)
    before = random.gamma(2, 50, 4000)
    treated = random.random(4000) < 0.8
    outcomes = before + random.normal(0, 10, 4000) + 3.0 * treated

    plain = estimate_effect(CampaignOutcomes(treated, outcomes))
    adjusted = estimate_effect(CampaignOutcomes(treated, outcomes, before[:, None]))

    assert adjusted.low < 3.0 < adjusted.high
    assert adjusted.high - adjusted.low < 0.25 * (plain.high - plain.low)


def test_a_covariate_that_never_varies_changes_nothing():
    outcomes = np.random.default_rng(2).normal(5, 2, 400)
    treated = np.arange(400) % 2 == 0

    assert estimate_effect(CampaignOutcomes(treated, outcomes, np.ones((400, 1)))) == estimate_effect(
        CampaignOutcomes(treated, outcomes)
    )


def test_no_conversion_in_the_control_group_does_not_make_its_share_certain():
    effect = estimate_effect(experiment([1.0] * 9 + [0.0] * 891, [0.0] * 100))

    assert effect.value == pytest.approx(0.01)
    assert effect.low < 0 < effect.high


def test_no_conversion_in_either_group_does_not_make_the_effect_certain():
    arms = np.repeat([True, False], [33, 9])

    effect = estimate_effect(CampaignOutcomes(arms, np.zeros(42), is_yes_or_no=True))

    # Of 9 customers without a conversion, a share of 0.1 is quite possible: 0.9 ** 9 is 0.39.
    assert effect.value == 0.0
    assert -0.28 < effect.low < -0.1
    assert effect.high == pytest.approx(-effect.low)


def test_shares_differ_by_at_most_one_however_few_customers_there_are():
    effect = estimate_effect(CampaignOutcomes(np.repeat([True, False], [30, 2]), np.zeros(32), is_yes_or_no=True))

    assert (effect.low, effect.high) == (-1.0, 1.0)


def test_a_control_group_that_bought_little_so_far_does_not_look_as_if_it_never_could():
    purchases = [10.0] * 40 + [200.0] * 10

    effect = estimate_effect(experiment([*purchases, *[0.0] * 950], [10.0, 10.0, *[0.0] * 98]))

    # By its own two purchases, the control group's mean would be known to within 0.3.
    assert effect.high - effect.low > 4


def test_without_any_outcome_there_is_no_effect():
    assert estimate_effect(experiment([0.0] * 10, [0.0] * 10)).value == 0


def test_an_effect_has_an_interval_however_small_the_amounts_are():
    treated, amounts = np.array([False, False, True, True]), np.array([0.0, 1.0, 0.0, 3.0])
    usual = estimate_effect(CampaignOutcomes(treated, amounts))
    tiny = estimate_effect(CampaignOutcomes(treated, 1e-147 * amounts))

    assert [tiny.low, tiny.high] == pytest.approx([1e-147 * usual.low, 1e-147 * usual.high], rel=1e-9, abs=0)


@given(st.lists(st.floats(0, 1000), min_size=4, max_size=40), st.data())
@settings(max_examples=50)
def test_who_is_treated_only_decides_the_sign(outcomes, data):
    treated = np.array(data.draw(st.lists(st.booleans(), min_size=len(outcomes), max_size=len(outcomes))))
    if min(treated.sum(), (~treated).sum()) < 2:
        return
    effect = estimate_effect(CampaignOutcomes(treated, np.array(outcomes)))
    mirrored = estimate_effect(CampaignOutcomes(~treated, np.array(outcomes)))

    assert mirrored.value == pytest.approx(-effect.value)
    assert (mirrored.low, mirrored.high) == (pytest.approx(-effect.high), pytest.approx(-effect.low))
    assert effect.low <= effect.value <= effect.high


@pytest.mark.parametrize(
    ("treated", "control", "message"),
    [([], [1.0, 0.0], "the campaign has 0 customers"), ([1.0, 0.0], [1.0], "the control group has 1 customers")],
)
def test_an_arm_without_customers_is_refused(treated, control, message):
    with pytest.raises(DataError, match=message):
        experiment(treated, control)


def simulate_staged(random: np.random.Generator, n: int = 3000) -> CampaignOutcomes:
    """Early customers buy more, and a larger control group was taken from them; the true effect is 0.05."""
    is_early = random.random(n) < 0.3
    propensities = np.where(is_early, 0.5, 0.9)
    treated = random.random(n) < propensities
    outcomes = (random.random(n) < np.where(is_early, 0.5, 0.1) + 0.05 * treated).astype(float)
    return CampaignOutcomes(treated, outcomes, propensities=propensities)


def test_a_share_that_changed_on_the_way_biases_nothing_and_the_interval_holds():
    random = np.random.default_rng(8)
    campaigns = [simulate_staged(random) for _ in range(300)]
    weighted = [estimate_effect(one) for one in campaigns]
    plain = [estimate_effect(CampaignOutcomes(one.treated, one.outcomes)).value for one in campaigns]

    assert np.mean(plain) < -0.05
    assert np.mean([one.value for one in weighted]) == pytest.approx(0.05, abs=0.004)
    assert 0.87 <= np.mean([one.low <= 0.05 <= one.high for one in weighted]) <= 0.95


def test_equal_propensities_change_nothing():
    random = np.random.default_rng(9)
    treated, outcomes, before = random.random(500) < 0.8, random.gamma(2, 10, 500), random.random((500, 2))
    plain = estimate_effect(CampaignOutcomes(treated, outcomes, before))
    weighted = estimate_effect(CampaignOutcomes(treated, outcomes, before, propensities=np.full(500, 0.8)))

    for name in ("value", "low", "high"):
        assert getattr(weighted, name) == pytest.approx(getattr(plain, name))


@pytest.mark.parametrize("propensity", [0.0, 1.0, float("nan")])
def test_a_propensity_without_chance_is_refused(propensity):
    with pytest.raises(DataError, match="chance decides above 0 and below 1"):
        CampaignOutcomes(np.array([True, True, False, False]), np.ones(4), propensities=np.full(4, propensity))
