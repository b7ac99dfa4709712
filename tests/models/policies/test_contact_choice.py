from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decisions import NoContact
from core.errors import BadInput
from core.offers import Offer
from models.policies.allocation.problem import NOTHING
from models.policies.candidates import REASONS, Option, code_of
from models.policies.contact_choice import (
    ChoiceProblem,
    choose_contacts,
    choose_for_request,
    contact_probabilities,
)
from models.policies.exploration import EpsilonExploration
from models.policies.spending_limits import SpendingLimits

COUPON = Option(offer=Offer(offer_id="coupon", kind="discount"), channel="mail")
CALL = Option(offer=Offer(offer_id="renewal-call", kind="renewal"), channel="phone")


def problem(values, *, codes=None, costs=(1.0, 1.0), in_control=(), ranks=(0, 0), **more):
    """Customers of a control group, `in_control`, get none of the options."""
    values = np.array(values, dtype=np.float64)
    withheld = np.zeros(values.shape, bool)
    withheld[np.flatnonzero(in_control)] = True
    return ChoiceProblem(
        options=(COUPON, CALL),
        values=values,
        costs=np.array(costs),
        codes=np.zeros(values.shape, np.int8) if codes is None else np.array(codes, np.int8),
        ranks=np.array(ranks),
        **{"withheld": withheld, **more},
    )


def reasons(chosen):
    return [str(REASONS[code - 1]) if code else "" for code in chosen.reason_codes]


def test_each_customer_gets_the_option_that_is_worth_most():
    chosen = choose_contacts(problem([[5, 3], [1, 4], [-1, -2]]))

    assert chosen.choice.tolist() == [0, 1, NOTHING]
    assert reasons(chosen) == ["", "", "does_not_pay"]
    assert chosen.propensities.tolist() == [1, 1, 1]
    assert (chosen.value, chosen.gap) == (9, 0)


def test_a_budget_goes_to_the_contacts_that_are_worth_most_for_their_cost():
    chosen = choose_contacts(problem([[5, np.nan], [4, np.nan], [3, np.nan]], limits=SpendingLimits(budget=2.0)))

    assert chosen.choice.tolist() == [0, 0, NOTHING]
    assert reasons(chosen) == ["", "", "budget"]


def test_capacity_is_kept_and_named_as_the_reason():
    limits = SpendingLimits(offers={"coupon": 1}, channels={"phone": 1})

    chosen = choose_contacts(problem([[5, 1], [4, 1], [3, 1]], limits=limits))

    assert chosen.choice.tolist() == [0, 1, NOTHING] or chosen.choice.tolist() == [0, NOTHING, 1]
    assert "capacity" in reasons(chosen)


def test_kinds_with_priority_go_before_more_valuable_ones():
    chosen = choose_contacts(problem([[50, 1]], ranks=(1, 0)))

    assert chosen.choice.tolist() == [1]


def test_for_a_request_a_kind_with_priority_goes_first_only_where_it_pays():
    first = problem([[50, 1], [50, -1]], ranks=(1, 0))

    assert choose_for_request(first, {}).choice.tolist() == [1, 0]


def test_as_large_a_share_of_requests_as_of_customers_gets_a_contact_that_is_worth_its_price_alone():
    alike = problem([[0.3, np.nan]] * 3, costs=(0.1, 0.1), codes=[[0, 1]] * 3, limits=SpendingLimits(budget=0.2))

    chosen = choose_contacts(alike)

    assert chosen.share_at_price == pytest.approx(2 / 3)
    reached, others = (choose_for_request(alike, chosen.prices, gets_at_price=one) for one in (True, False))
    assert reached.choice.tolist() == [0, 0, 0]
    assert others.choice.tolist() == [NOTHING] * 3


def test_a_contact_that_is_worth_more_than_its_price_goes_before_one_that_is_not():
    limited = problem([[5, 4]], costs=(5, 1), limits=SpendingLimits(budget=9.0))

    assert choose_for_request(limited, {"budget": 1.0}, gets_at_price=True).choice.tolist() == [1]
    assert choose_for_request(limited, {"budget": 0.5}, gets_at_price=True).choice.tolist() == [1]
    assert choose_for_request(limited, {"budget": 0.1}, gets_at_price=True).choice.tolist() == [0]


def test_customers_of_a_control_group_use_up_nothing_and_have_the_choice_they_would_have_got():
    limits = SpendingLimits(budget=1.0)

    chosen = choose_contacts(problem([[5, np.nan], [4, np.nan]], in_control=[True, False], limits=limits))

    assert chosen.choice.tolist() == [0, 0]
    assert chosen.value == 4


def test_the_last_reason_of_all_options_is_that_of_the_customer():
    consent, rule = code_of(NoContact.NO_CONSENT), code_of(NoContact.NOT_ELIGIBLE)

    chosen = choose_contacts(problem([[5, 5]], codes=[[consent, rule]]))

    assert reasons(chosen) == ["not_eligible"]


def test_a_budget_below_the_cheapest_contact_is_refused():
    with pytest.raises(BadInput, match=r"0\.50 does not pay for the cheapest contact, which costs 1\.00"):
        problem([[5, 5]], limits=SpendingLimits(budget=0.5)).require_budget()


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.lists(st.floats(-5, 20), min_size=2, max_size=2), min_size=1, max_size=12),
    budget=st.floats(1, 10),
    capacity=st.integers(0, 5),
    epsilon=st.floats(0, 1),
    seed=st.integers(0, 100),
)
def test_no_limit_is_ever_exceeded_and_every_propensity_is_positive(values, budget, capacity, epsilon, seed):
    limits = SpendingLimits(budget=budget, offers={"coupon": capacity})

    chosen = choose_contacts(
        problem(values, costs=(1.0, 0.7), limits=limits, explore=EpsilonExploration(epsilon, seed))
    )

    made = chosen.choice[chosen.choice != NOTHING]
    assert (made == 0).sum() <= capacity
    assert np.array([1.0, 0.7])[made].sum() <= budget + 1e-9
    assert (chosen.propensities > 0).all()
    assert (chosen.propensities <= 1 + 1e-12).all()


def test_choices_left_to_chance_are_as_frequent_as_their_propensity():
    values = np.tile([[3.0, 1.0]], (20_000, 1))

    chosen = choose_contacts(problem(values, explore=EpsilonExploration(0.3, 4)))

    for option, expected in ((0, 0.7 + 0.1), (1, 0.1), (NOTHING, 0.1)):
        rows = chosen.choice == option
        assert rows.mean() == pytest.approx(expected, abs=0.01)
        np.testing.assert_allclose(chosen.propensities[rows], expected)


def test_without_exploration_each_customer_gets_the_choice_within_the_limits_for_certain():
    choices = problem([[5, 3], [4, 1], [-1, -2]], limits=SpendingLimits(offers={"coupon": 1}))

    assert contact_probabilities(choices).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert choose_contacts(choices).choice.tolist() == [1, 0, NOTHING]


def test_with_exploration_the_probability_of_a_choice_is_its_propensity():
    choices = problem([[5, 3], [1, 4], [-1, -2]], codes=[[0, 0], [0, 1], [0, 0]], explore=EpsilonExploration(0.6, 2))

    probabilities, chosen = contact_probabilities(choices), choose_contacts(choices)

    assert probabilities == pytest.approx(np.array([[0.6, 0.2, 0.2], [0.7, 0, 0.3], [0.2, 0.2, 0.6]]))
    assert probabilities[[0, 1, 2], chosen.choice] == pytest.approx(chosen.propensities)


def test_a_customer_whom_chance_leaves_out_is_told_from_one_whom_the_limits_leave_out():
    values = np.tile([[3.0, 1.0], [-1.0, -1.0]], (20, 1))

    chosen = choose_contacts(problem(values, explore=EpsilonExploration(1.0, 3)))
    limited = choose_contacts(
        problem(values, limits=SpendingLimits(offers={"coupon": 0}, channels={"phone": 0}),
                explore=EpsilonExploration(0.0, 3))
    )  # fmt: skip

    left_out = chosen.choice == NOTHING
    assert set(np.array(reasons(chosen))[left_out & (values[:, 0] > 0)]) == {"exploration"}
    assert set(np.array(reasons(chosen))[left_out & (values[:, 0] < 0)]) == {"does_not_pay"}
    assert set(reasons(limited)) == {"capacity", "does_not_pay"}


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.lists(st.floats(-5, 20), min_size=2, max_size=2), min_size=1, max_size=12),
    ranks=st.sampled_from([(0, 0), (0, 1), (1, 0)]),
    withheld=st.tuples(st.booleans(), st.booleans()),
    epsilon=st.floats(0, 1),
)
def test_a_control_group_is_drawn_as_contacted_customers_are_with_the_same_propensity(values, ranks, withheld, epsilon):
    explore = EpsilonExploration(epsilon, 5)
    contacted = choose_contacts(problem(values, ranks=ranks, explore=explore))
    everyone = np.tile(withheld, (len(values), 1))

    control = choose_contacts(problem(values, ranks=ranks, explore=explore, withheld=everyone))

    assert control.choice.tolist() == contacted.choice.tolist()
    assert control.propensities.tolist() == contacted.propensities.tolist()
    would_get = contacted.choice != NOTHING
    assert control.in_control.tolist() == (would_get & np.array(withheld)[contacted.choice]).tolist()


def test_with_exploration_the_difference_to_the_control_group_is_the_effect_of_the_contacts():
    # Loyal customers buy for 3, and for 2 more with a coupon; others buy nothing, whatever they get.
    n, random = 20_000, np.random.default_rng(1)
    is_loyal, in_control = random.random(n) < 0.5, random.random(n) < 0.3
    values = np.where(is_loyal[:, None], [5.0, 1.0], [-1.0, -2.0])

    chosen = choose_contacts(problem(values, in_control=in_control, explore=EpsilonExploration(0.6, 2)))

    is_coupon = chosen.choice == 0
    bought = 3.0 * is_loyal + 2.0 * (is_loyal & is_coupon & ~chosen.in_control)
    compared = chosen.choice != NOTHING
    effect = bought[compared & ~chosen.in_control].mean() - bought[compared & chosen.in_control].mean()
    # Loyal: coupon .6, call .2. Others: coupon .2, call .2.
    assert effect == pytest.approx(2 * 0.6 / (0.6 + 0.2 + 0.2 + 0.2), abs=0.1)


def test_a_capacity_leaves_out_as_many_of_the_control_group_as_of_those_who_are_contacted():
    n, random = 4_000, np.random.default_rng(3)
    values, in_control = random.random((n, 2)) * 10, random.random(n) < 0.5
    limits = SpendingLimits(offers={"coupon": 300}, channels={"phone": 300})

    chosen = choose_contacts(problem(values, in_control=in_control, limits=limits, explore=EpsilonExploration(1.0, 2)))

    is_chosen = chosen.choice != NOTHING
    assert is_chosen[in_control].mean() == pytest.approx(is_chosen[~in_control].mean(), abs=0.03)
    assert (is_chosen & ~chosen.in_control).sum() == 600


def test_where_all_are_worth_the_same_a_limit_reaches_as_many_of_the_control_group_as_of_the_others():
    in_control = np.arange(300) % 3 == 0
    values = np.tile([1.5, np.nan], (300, 1))

    few = choose_contacts(problem(values, in_control=in_control, limits=SpendingLimits(offers={"coupon": 40})))
    paid = choose_contacts(problem(values, in_control=in_control, limits=SpendingLimits(budget=40.0)))
    enough = choose_contacts(problem(values, in_control=in_control, limits=SpendingLimits(offers={"coupon": 200})))

    for chosen, made, withheld in ((few, 40, 20), (paid, 40, 20), (enough, 200, 100)):
        assert ((chosen.choice == 0) & ~chosen.in_control).sum() == made
        assert chosen.in_control.sum() == withheld
        assert not chosen.in_control[~in_control].any()


def test_where_all_are_worth_the_same_chance_leaves_no_capacity_unused():
    values, codes = np.tile([1.5, np.nan], (400, 1)), np.tile([0, code_of(NoContact.NOT_ELIGIBLE)], (400, 1))
    alike = problem(
        values, codes=codes, limits=SpendingLimits(offers={"coupon": 100}), explore=EpsilonExploration(0.1, 4)
    )

    chosen = choose_contacts(alike)

    # Chance leaves out 5 of 100 and draws 15 of the other 300; the capacity takes 5 of these.
    assert 95 <= (chosen.choice == 0).sum() <= 100
    assert (chosen.choice[:100] == 0).sum() >= 85
    assert set(np.round(chosen.propensities[:100][chosen.choice[:100] == 0], 3)) == {0.95}
    assert contact_probabilities(alike)[:, 0].sum() == pytest.approx(100 * 0.95 + 300 * 0.05)
