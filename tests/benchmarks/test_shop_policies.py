"""The lists that policies are compared with: from the highest score down, within every limit."""

from __future__ import annotations

import numpy as np

from benchmarks.shop_policies import build_problem, choose_in_order
from models.policies.allocation.problem import NOTHING, AllocationProblem, Resource


def test_a_list_goes_from_the_highest_score_down_until_the_budget_is_spent():
    problem = AllocationProblem(np.ones((4, 2)), (Resource("budget", 25.0, np.array([10.0, 20.0])),))
    merits = np.array([[1.0, 2.0]] * 4)

    choice = choose_in_order(np.array([0.1, 0.9, 0.2, 0.3]), merits, problem=problem)

    assert choice.tolist() == [NOTHING, 1, NOTHING, NOTHING]


def test_a_customer_gets_the_next_best_offer_where_the_best_has_no_capacity_left():
    problem = AllocationProblem(np.ones((3, 2)), (Resource("capacity", 1.0, np.array([0.0, 1.0])),))

    choice = choose_in_order(np.array([3.0, 2.0, 1.0]), np.array([[1.0, 2.0]] * 3), problem=problem)

    assert choice.tolist() == [1, 0, 0]


def test_limited_offers_reach_a_tenth_of_the_customers():
    problem = build_problem(np.ones((40, 2)), np.array([0.1, 0.1]), limited=np.array([True, False]))

    assert [resource.name for resource in problem.resources] == ["budget", "capacity of offer 0"]
    assert problem.limits().tolist() == [15.0 * 40, 4.0]
