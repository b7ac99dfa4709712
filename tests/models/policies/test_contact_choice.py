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
    SpendingLimits,
    choose_contacts,
    choose_for_request,
    contact_probabilities,
)
from models.policies.exploration import EpsilonExploration

COUPON = Option(offer=Offer(offer_id="coupon", kind="discount"), channel="mail")
CALL = Option(offer=Offer(offer_id="renewal-call", kind="renewal"), channel="phone")


def problem(values, *, codes=None, costs=(1.0, 1.0), in_control=None, ranks=(0, 0), **more):
    values = np.array(values, dtype=np.float64)
    return ChoiceProblem(
        options=(COUPON, CALL),
        values=values,
        costs=np.array(costs),
        codes=np.zeros(values.shape, np.int8) if codes is None else np.array(codes, np.int8),
        ranks=np.array(ranks),
        in_control=np.zeros(len(values), bool) if in_control is None else np.array(in_control),
        **more,
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
