"""Contacts within budgets and capacities: what is chosen, what is proven, and what prices say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from models.policies.allocation.allocate import allocate, choose_at_prices
from models.policies.allocation.exact import choose_exactly
from models.policies.allocation.prices import Dual, find_prices
from models.policies.allocation.problem import NOTHING, AllocationProblem, Resource
from models.policies.allocation.rounding import round_choice


def budget(limit: float, *costs: float) -> Resource:
    return Resource("budget", limit, np.array(costs, dtype=float))


def capacity(option: int, limit: float, *, n_options: int) -> Resource:
    return Resource(f"capacity of {option}", limit, (np.arange(n_options) == option).astype(float))


def is_within_limits(problem: AllocationProblem, choice) -> bool:
    return bool((problem.usage_of(choice) <= problem.limits() * (1 + 1e-6)).all())


def best_value(problem: AllocationProblem) -> float:
    """By trying every choice."""
    n, m = problem.values.shape
    choices = (np.array(choice) for choice in product(range(NOTHING, m), repeat=n))
    possible = (
        choice
        for choice in choices
        if is_within_limits(problem, choice)
        and not np.isnan([problem.values[row, option] for row, option in enumerate(choice) if option >= 0]).any()
    )
    return max(problem.value_of(choice) for choice in possible)


@st.composite
def problems(draw, max_customers: int = 4, max_options: int = 3) -> AllocationProblem:
    n, m = draw(st.integers(1, max_customers)), draw(st.integers(1, max_options))
    amounts = st.one_of(st.integers(-3, 9).map(float), st.just(float("nan")))
    values = np.array(draw(st.lists(amounts, min_size=n * m, max_size=n * m))).reshape(n, m)
    costs = np.array(draw(st.lists(st.integers(0, 4), min_size=m, max_size=m)), dtype=float)
    own_costs = np.array(draw(st.lists(st.integers(0, 4), min_size=n * m, max_size=n * m)), float).reshape(n, m)
    limits = [float(draw(st.integers(0, 8))) for _ in range(3)]
    return AllocationProblem(
        values,
        (
            Resource("budget", limits[0], costs),
            capacity(0, limits[1], n_options=m),
            Resource("discounts", limits[2], own_costs),
        ),
    )


@given(problems())
def test_a_small_problem_is_solved_exactly(problem):
    allocation = allocate(problem)

    assert is_within_limits(problem, allocation.choice)
    assert allocation.value == pytest.approx(problem.value_of(allocation.choice))
    assert allocation.value == pytest.approx(best_value(problem))
    assert allocation.bound == pytest.approx(allocation.value)


@given(problems())
def test_the_bound_at_any_prices_is_never_below_the_best(problem):
    dual = Dual.of(problem)

    for prices in (np.zeros(3), find_prices(dual), np.array([0.5, 2.0, 1.0])):
        assert dual.bound(prices) >= best_value(problem) - 1e-9


@given(problems(max_customers=30, max_options=6))
@settings(max_examples=50)
def test_a_choice_at_prices_keeps_every_limit_and_never_makes_a_contact_that_does_not_pay(problem):
    choice = round_choice(Dual.of(problem), find_prices(Dual.of(problem)))

    contacts = np.flatnonzero(choice != NOTHING)
    assert is_within_limits(problem, choice)
    assert (problem.values[contacts, choice[contacts]] > 0).all()


def shop(n: int = 3000, *, seed: int, n_classes: int | None = None) -> AllocationProblem:
    """Customers with ten offers in two channels; `n_classes` groups of customers are alike."""
    random = np.random.default_rng(seed)
    acceptance = random.beta(1, 9, (n_classes or n, 10))[np.arange(n) % (n_classes or n)]
    costs, is_call = random.gamma(2, 1.0, 10) + 0.2, np.arange(10) % 2 == 0
    values = acceptance * random.gamma(3, 9, 10) - costs
    values[random.random(values.shape) < 0.2] = np.nan
    return AllocationProblem(
        values,
        (
            Resource("budget", 0.3 * n, costs),
            Resource("calls", 0.05 * n, is_call.astype(float)),
            Resource("budget of calls", 0.06 * n, np.where(is_call, costs, 0.0)),
            *(capacity(option, 0.02 * n, n_options=10) for option in range(5)),
        ),
    )


@pytest.mark.parametrize("n_classes", [None, 4])
def test_many_customers_are_served_within_a_thousandth_of_the_best(n_classes):
    problem = shop(seed=1, n_classes=n_classes)

    allocation = allocate(problem)

    assert is_within_limits(problem, allocation.choice)
    assert allocation.gap <= 0.001


def test_the_gap_agrees_with_the_exact_solver():
    problem = shop(200, seed=2)
    exact, bound = choose_exactly(problem)

    at_prices = round_choice(Dual.of(problem), find_prices(Dual.of(problem)))

    assert is_within_limits(problem, exact)
    assert problem.value_of(at_prices) <= problem.value_of(exact) + 1e-9
    assert bound == pytest.approx(problem.value_of(exact))
    assert allocate(problem).value == pytest.approx(problem.value_of(exact))


def test_with_one_budget_contacts_are_made_in_the_order_of_value_over_cost():
    values, costs = np.array([[9.0], [8.0], [6.0], [1.0]]), np.array([[9.0], [2.0], [3.0], [1.0]])
    problem = AllocationProblem(values, (Resource("budget", 6.0, costs),))

    allocation = allocate(problem)

    assert allocation.choice.tolist() == [NOTHING, 0, 0, 0]


def test_prices_decide_for_a_single_customer_as_the_batch_did():
    problem = shop(seed=3)
    allocation = allocate(problem)

    one_by_one = choose_at_prices(problem, allocation.prices)

    assert (one_by_one == allocation.choice).mean() > 0.99


def test_a_resource_that_suffices_has_no_price():
    problem = AllocationProblem(np.array([[5.0, 3.0], [4.0, 6.0]]), (budget(100, 1.0, 2.0),))

    allocation = allocate(problem)

    assert allocation.choice.tolist() == [0, 1]
    assert allocation.prices == {"budget": pytest.approx(0.0)}
    assert allocation.gap == 0


@pytest.mark.parametrize("values", [np.full((3, 2), np.nan), np.full((3, 2), -1.0), np.empty((0, 2)), np.empty((3, 0))])
def test_nobody_is_contacted_where_nothing_pays_or_nobody_is_there(values):
    allocation = allocate(AllocationProblem(values, (Resource("budget", 10.0, np.ones(values.shape[1])),)))

    assert (allocation.choice == NOTHING).all()
    assert (allocation.value, allocation.gap) == (0.0, 0.0)


def test_a_budget_below_the_cheapest_contact_buys_nothing():
    allocation = allocate(AllocationProblem(np.array([[5.0], [4.0]]), (budget(0.5, 1.0),)))

    assert (allocation.choice == NOTHING).all()


@pytest.mark.parametrize(
    ("limit", "costs", "message"),
    [
        (-1.0, [1.0], "budget is -1.0; it must be 0 or more"),
        (float("nan"), [1.0], "budget is nan; it must be 0 or more"),
        (5.0, [-2.0], "budget: what a contact uses must be 0 or more, and is -2.0"),
        (5.0, [1.0, 1.0], r"budget: usage has shape \(2,\); it must be \(1,\) or \(2, 1\)"),
    ],
)
def test_limits_and_usage_are_checked(limit, costs, message):
    with pytest.raises(BadInput, match=message):
        AllocationProblem(np.ones((2, 1)), (budget(limit, *costs),))
