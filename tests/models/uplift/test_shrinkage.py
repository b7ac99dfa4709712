"""Average effects of many treatments."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiments import RandomisedRows
from core.feature_table import FeatureTable
from models.uplift.learner import LEARNERS
from models.uplift.shrinkage import BOTH, EffectDistribution, MeasuredAverage, find_common_effects, find_shown
from models.uplift.uplift_model import TreatmentData, UpliftModel

N_OF_EACH = 800


def experiment(seed: int, *, effect: float) -> TreatmentData:
    """Half of the customers treated by chance; 30 % of the others have the outcome."""
    random = np.random.default_rng(seed)
    treated = np.arange(N_OF_EACH) % 2 == 0
    outcomes = random.random(N_OF_EACH) < 0.3 + effect * treated
    ids = np.array([f"c{seed}-{row}" for row in range(N_OF_EACH)])
    rows = RandomisedRows(
        customer_ids=ids, treated=treated, outcomes=outcomes.astype(np.float64), propensities=np.full(N_OF_EACH, 0.5)
    )
    days = np.full(N_OF_EACH, "2026-01-01", "datetime64[D]")
    return TreatmentData(FeatureTable(ids, days, np.empty((N_OF_EACH, 0)), ()), rows)


def average_effects(effects: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effect, low and high of each treatment for the first customer."""
    data = {f"offer {place:02d}": experiment(place, effect=effect) for place, effect in enumerate(effects)}
    model = UpliftModel.fit({name: LEARNERS["average_effect"]() for name in data}, data)
    predicted = model.effects(data["offer 00"].features)
    return predicted.effect[0], predicted.low[0], predicted.high[0]


def test_of_a_dozen_offers_that_change_nothing_the_best_does_not_look_as_if_it_did():
    effect, low, high = average_effects([0.0] * 12)

    assert np.abs(effect).max() < 0.025  # one standard error of a single offer is 0.032
    assert ((low < 0) & (high > 0)).all()


def test_offers_that_differ_beyond_chance_keep_their_effects():
    effect, low, high = average_effects([0.0, 0.0, 0.3, -0.2])

    assert effect[2] == pytest.approx(0.3, abs=0.1)
    assert low[2] > 0
    assert high[3] < 0


def test_two_offers_keep_their_effects_and_their_intervals_hold_for_both():
    data = {name: experiment(place, effect=effect) for place, (name, effect) in enumerate((("a", 0.0), ("b", 0.4)))}
    learners = {name: LEARNERS["average_effect"]() for name in data}
    both = UpliftModel.fit(learners, data).effects(data["a"].features)
    alone = [
        UpliftModel.fit({name: learners[name]}, {name: data[name]}).effects(data["a"].features) for name in learners
    ]

    np.testing.assert_allclose(both.effect[0], [one.effect[0, 0] for one in alone])
    # 2.5 % on each side of each interval: 1.960 standard errors, not 1.645.
    assert pytest.approx(1.960 / 1.645, abs=1e-3) == BOTH
    np.testing.assert_allclose(both.high[0] - both.effect[0], [BOTH * (one.high - one.effect)[0, 0] for one in alone])


def test_the_posterior_is_that_of_the_formula():
    # Equal errors of 1: Q = 2 * 3^2 = 18, tau^2 = (18 - 2) / (3 - 1) = 8, b = 8 / 9.
    averages = [MeasuredAverage(effect, 1.0) for effect in (-3.0, 0.0, 3.0)]
    common = EffectDistribution.fit(averages)

    means, spreads = zip(*(common.posterior(one) for one in averages), strict=True)

    np.testing.assert_allclose(means, np.array([-3, 0, 3]) * 8 / 9)
    np.testing.assert_allclose(spreads, np.sqrt(8 / 9 + (1 / 9) ** 2 * 9 / 3))


def test_an_offer_that_was_not_measured_has_the_mean_and_the_variance_of_a_next_draw():
    # Effects 3, 6, 9 with errors of 1: Q = 18, tau^2 = 8, variance of the mean (1 + 8) / 3 = 3, 6 is 3.5 errors.
    averages = {name: MeasuredAverage(effect, 1.0) for name, effect in zip("abc", (3.0, 6.0, 9.0), strict=True)}

    (common,) = find_common_effects(averages, kinds={}).values()

    assert common == pytest.approx((6.0, np.sqrt(8 + 3)))
    assert find_shown(averages) == {"a", "b", "c"}


def test_where_their_mean_is_not_shown_no_offer_has_an_effect_above_zero():
    # Effects -1, 0, 3 with errors of 1: Q = 8.67, tau^2 = 3.33, mean .67 with an error of 1.20. 3 has p = .00135.
    averages = {name: MeasuredAverage(effect, 1.0) for name, effect in zip("abc", (-1.0, 0.0, 3.0), strict=True)}

    (common,) = find_common_effects(averages, kinds={}).values()

    assert common == pytest.approx((0.0, np.sqrt(10 / 3 + 13 / 9)))
    assert find_shown(averages) == {"c"}


def test_an_offer_alone_is_shown_by_holm():
    # 2.3 errors are p = .0107, times 3 .032 and above .025; 2.5 are .0062, times 3 .0186.
    errors = {effect: MeasuredAverage(effect, 1.0) for effect in (2.3, 2.5, -2.0, -3.0)}

    assert not find_shown({"a": errors[2.3], "b": errors[-2.0], "c": errors[-3.0]})
    assert find_shown({"a": errors[2.5], "b": errors[-2.0], "c": errors[-3.0]}) == {"a"}


def test_in_worlds_without_effects_chance_shows_one_in_at_most_one_of_twenty():
    random = np.random.default_rng(0)
    worlds = random.normal(size=(2_000, 7))

    shown = [find_shown({str(place): MeasuredAverage(one, 1.0) for place, one in enumerate(world)}) for world in worlds]

    assert np.mean([bool(one) for one in shown]) < 0.06


def test_an_offer_without_a_shown_effect_has_none_and_its_interval_stays():
    effect, low, high = average_effects([0.0] * 12)
    data = {f"offer {place:02d}": experiment(place, effect=0.0) for place in range(12)}
    model = UpliftModel.fit({name: LEARNERS["average_effect"]() for name in data}, data)

    assert model.unshown == tuple(data)
    assert model.effects(data["offer 00"].features).unshown == tuple(data)
    assert (effect <= 0).all()
    assert ((low < -0.01) & (high > 0)).all()


def test_a_kind_has_an_own_common_effect_from_three_measured_offers_on():
    averages = {name: MeasuredAverage(effect, 0.1) for name, effect in zip("abcd", (3.0, 3.0, 3.0, 9.0), strict=True)}
    kinds = {"a": "item", "b": "item", "c": "item", "d": "coupon"}

    common = find_common_effects(averages, kinds=kinds)

    assert list(common) == ["", "item"]
    assert common["item"].effect == pytest.approx(3.0)
    assert common[""].effect == pytest.approx(4.5)
    assert not find_common_effects({name: averages[name] for name in "ab"}, kinds=kinds)


def test_an_average_beside_rules_is_shrunk_over_all_treatments():
    data = {f"offer {place}": experiment(place, effect=0.1) for place in range(4)}
    alike = {name: LEARNERS["average_effect"]() for name in data}
    with_rules = {name: LEARNERS["s_linear"]() for name in data} | {"offer 3": LEARNERS["average_effect"]()}

    models = [UpliftModel.fit(learners, data, n_resamples=5) for learners in (alike, with_rules)]

    (of_alike, of_rules) = (one.effects(data["offer 3"].features).effect[0, 3] for one in models)
    assert of_rules == of_alike != pytest.approx(data["offer 3"].rows.average_effect)


def test_a_stored_model_has_the_same_common_effect():
    data = {f"offer {place}": experiment(place, effect=0.1) for place in range(3)}
    model = UpliftModel.fit({name: LEARNERS["average_effect"]() for name in data}, data, n_resamples=5)
    ids = np.array(["ada", "ben"])

    common, stored = (
        one.common_effects(ids, kinds={}) for one in (model, UpliftModel.from_artifact(model.to_artifact()))
    )

    assert common is not None
    assert stored is not None
    np.testing.assert_array_equal(common.effect, stored.effect)
    assert (common.low < common.effect).all()
    assert common.treatments == ("",)
