"""Chooses one contact for each customer, within the budget and the capacities, or none with the reason.

    kinds with priority     first, with all of the budget and the capacities
    other contacts          by expected value, with what is left
    exploration             chooses again at the prices of this allocation, partly by chance, within the same limits
    control groups          choose by the same rule; they do not get what is withheld, and use up nothing

The propensity of a choice is the probability that it is made for this customer at these prices. It is the same for a
customer of a control group, so that those who would get an offer compare with those who get it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.decisions import NoContact
from core.errors import BadInput
from models.policies.allocation.allocate import allocate
from models.policies.allocation.prices import Dual
from models.policies.allocation.problem import NOTHING, AllocationProblem, Resource
from models.policies.candidates import ALLOWED, Option, code_of
from models.policies.contact_limits import keep_priority
from models.policies.exploration import Choices, Exploration, certain, choose_best_allowed
from models.policies.spending_limits import BUDGET, SpendingLimits
from models.policies.twins import find_share_at_price, follow_twins, is_worth_its_price

LEAST_VALUE = 1e-9
"Base currency; of a contact that is worth its price and no more."


@dataclass(frozen=True, kw_only=True)
class ContactChoice:
    """The choices of one run."""

    choice: NDArray[np.int64]
    "(n,) the option of each customer, or NOTHING. For a control group, what they would have got."
    in_control: NDArray[np.bool_]
    "(n,) customers who do not get their choice, because a control group withholds it."
    propensities: NDArray[np.float64]
    "(n,) P(this choice)."
    codes: NDArray[np.int8]
    "(n, m) why each option is not made, 0 for the one that is; see `candidates.REASONS`."
    value: float
    "Expected total of the contacts that are made."
    bound: float
    "No choice within the limits is expected to be worth more."
    prices: dict[str, float]
    "What one more unit of each resource is worth."
    share_at_price: float
    "Of the customers to whom a contact is worth its price and no more: who get one."

    @property
    def gap(self) -> float:
        """The share of the best possible value that is lost at most, proven."""
        return 0.0 if self.bound <= 0 else max(0.0, 1 - self.value / self.bound)

    @property
    def reason_codes(self) -> NDArray[np.int8]:
        """(n,) the last reason of all options of customers who get nothing; 0 for the others."""
        reasons = self.codes.max(axis=1, initial=0)
        return np.where(self.choice == NOTHING, reasons, ALLOWED).astype(np.int8)


@dataclass(frozen=True, kw_only=True)
class ChoiceProblem:
    """Values and reasons of n customers and m options."""

    options: Sequence[Option]
    values: NDArray[np.float64]
    "(n, m) net of the cost."
    costs: NDArray[np.float64]
    "(m,) or (n, m)."
    codes: NDArray[np.int8]
    "(n, m) 0 where the option is allowed."
    withheld: NDArray[np.bool_]
    "(n, m) allowed options that a customer of a control group does not get, even if they are chosen."
    limits: SpendingLimits = field(default_factory=SpendingLimits)
    ranks: NDArray[np.int64]
    "(m,) options of the lowest rank go first."
    explore: Exploration | None = None
    "Leaves choices to chance; None leaves none."

    def require_budget(self) -> None:
        """Raise BadInput where the budget is below the cost of the cheapest contact that is allowed."""
        costs, budget = np.broadcast_to(self.costs, self.codes.shape)[self.codes == ALLOWED], self.limits.budget
        if budget is not None and costs.size and budget < costs.min():
            raise BadInput(
                f"the budget of {budget:,.2f} does not pay for the cheapest contact, which costs {costs.min():,.2f}; "
                "raise --budget or [decisions] budget"
            )

    def withholds(self, choice: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whether a control group withholds the choice of each customer, (n,)."""
        withheld = np.zeros(len(choice), dtype=bool)
        rows = np.flatnonzero(choice != NOTHING)
        withheld[rows] = self.withheld[rows, choice[rows]]
        return withheld

    def limits_after(self, choice: NDArray[np.int64], limits: SpendingLimits | None = None) -> SpendingLimits:
        """What the contacts of a choice, (n,), leave of the limits."""
        rows = np.flatnonzero(choice != NOTHING)
        costs = np.broadcast_to(self.costs, self.codes.shape)[rows, choice[rows]]
        counts = np.bincount(choice[rows], minlength=len(self.options)).tolist()
        made = dict(zip(self.options, counts, strict=True))
        return (limits or self.limits).less(made, spent=float(costs.sum()))

    def resources(self, limits: SpendingLimits | None = None) -> tuple[Resource, ...]:
        """What the options use of the limits."""
        return (limits or self.limits).resources(self.options, costs=self.costs)

    def allocation(self, allowed: NDArray[np.bool_], limits: SpendingLimits | None = None) -> AllocationProblem:
        """The problem of allocating the allowed options, (n, m), within the limits."""
        return AllocationProblem(np.where(allowed, self.values, np.nan), self.resources(limits))


def choose_contacts(problem: ChoiceProblem) -> ContactChoice:
    """Choose within the limits."""
    plan = _make_plan(problem)
    drawn = Choices(plan.choice, np.ones(len(plan.choice)))
    choice = plan.choice
    if problem.explore is not None:
        values, allowed = _prefer_plan(problem, plan)
        drawn = problem.explore.choose(values, allowed=allowed)
        choice = _keep_within_limits(problem, drawn.choice, prices=plan.prices)
    in_control = problem.withholds(choice)
    made = np.where(in_control, NOTHING, choice)
    return ContactChoice(
        choice=choice,
        in_control=in_control,
        propensities=np.where(choice == drawn.choice, drawn.propensity, 1.0),
        codes=explain_choice(problem, choice, drawn=drawn.choice, prices=plan.prices),
        value=problem.allocation(problem.codes == ALLOWED).value_of(made),
        bound=plan.bound,
        prices=plan.prices,
        share_at_price=find_share_at_price(plan.choice, _values_at(problem, plan.prices), values=problem.values),
    )


def choose_for_request(problem: ChoiceProblem, prices: Mapping[str, float], *, gets_at_price: bool = False) -> Choices:
    """What a request gets without a solver; `gets_at_price` is whether one worth its price and no more is made."""
    values, allowed = _open_options(problem, prices, at_price=LEAST_VALUE if gets_at_price else 0.0)
    if problem.explore is not None:
        return problem.explore.choose(values, allowed=allowed)
    return Choices(choose_best_allowed(values, allowed=allowed), np.ones(len(values)))


def contact_probabilities(problem: ChoiceProblem) -> NDArray[np.float64]:
    """P(each option) for each customer, (n, m + 1), nothing last: what `choose_contacts` draws from.

    With exploration, contacts beyond the limits, which prices leave few of, count as made.
    """
    plan = _make_plan(problem)
    if problem.explore is None:
        return certain(plan.choice, n_options=len(problem.options))
    values, allowed = _prefer_plan(problem, plan)
    return problem.explore.probabilities(values, allowed=allowed)


def _open_options(
    problem: ChoiceProblem, prices: Mapping[str, float], *, at_price: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values after prices, and what may be chosen, (n, m); `at_price` is left of what is worth its price."""
    allowed, values = problem.codes == ALLOWED, _values_at(problem, prices)
    if at_price is not None:
        values = np.where(is_worth_its_price(values, problem.values), at_price, values)
    if len(np.unique(problem.ranks)) > 1:
        # An option that goes first and does not pay keeps no other one back.
        allowed = keep_priority(allowed & (values > 0), problem.ranks)
    return values, allowed


def _prefer_plan(problem: ChoiceProblem, plan: _Plan) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values after prices, and what may be chosen, (n, m), where a contact of the plan is worth a little at least.

    At its price, the last contact that a limit allows is worth nothing, as are all that are worth the same.
    """
    values, allowed = _open_options(problem, plan.prices)
    best = choose_best_allowed(values, allowed=allowed)
    rows = np.flatnonzero((plan.choice != NOTHING) & (best == NOTHING))
    values, allowed = values.copy(), allowed.copy()
    values[rows, plan.choice[rows]] = LEAST_VALUE
    allowed[rows, plan.choice[rows]] = True
    return values, allowed


def _values_at(problem: ChoiceProblem, prices: Mapping[str, float]) -> NDArray[np.float64]:
    """The values of allowed options after what they use has been paid, (n, m); -inf for the others."""
    by_resource = np.array([prices.get(resource.name, 0.0) for resource in problem.resources()])
    return Dual.of(problem.allocation(problem.codes == ALLOWED)).values_after(by_resource)


@dataclass(frozen=True)
class _Plan:
    """The best choice that was found within the limits, without chance."""

    choice: NDArray[np.int64]
    bound: float
    prices_by_rank: dict[int, dict[str, float]]
    "What a unit of each resource is worth to the options of each rank, those that go first in front."

    @property
    def prices(self) -> dict[str, float]:
        """Those of the last rank."""
        return next(reversed(self.prices_by_rank.values()), {})


def _make_plan(problem: ChoiceProblem) -> _Plan:
    """Allocate to those who get their contact; control groups choose at the prices of that, and use up nothing.

    A customer from whom one option is withheld, and to whom another one is worth more, gets that: it takes part.
    """
    is_member = np.asarray(problem.withheld.any(axis=1))
    plan = _allocate_by_rank(problem, is_open=~is_member)
    outside = _choose_outside_limits(problem, plan)
    gets_other = is_member & (outside != NOTHING) & ~problem.withholds(outside)
    if gets_other.any():
        excluded = is_member[:, None] & (problem.withheld == gets_other[:, None])
        second = replace(problem, codes=np.where(excluded, code_of(NoContact.CONTROL_GROUP), problem.codes))
        plan = _allocate_by_rank(second, is_open=~is_member | gets_other)
        outside = _choose_outside_limits(second, plan)
    members = is_member & ~gets_other
    choice = np.where(members, outside, plan.choice)
    if members.any():
        values = np.where(problem.codes == ALLOWED, problem.values, np.nan)
        choice = follow_twins(choice, values, members=members, withheld=problem.withheld)
    return replace(plan, choice=choice)


def _allocate_by_rank(problem: ChoiceProblem, *, is_open: NDArray[np.bool_]) -> _Plan:
    """Kinds with priority first, each with what the ones before it have left."""
    choice, limits = np.full(len(is_open), NOTHING), problem.limits
    bound, prices = 0.0, dict[int, dict[str, float]]()
    for rank in np.unique(problem.ranks):
        rows = is_open & (choice == NOTHING)
        part = problem.allocation((problem.codes == ALLOWED) & rows[:, None] & (problem.ranks == rank), limits=limits)
        allocation = allocate(part)
        choice[rows] = allocation.choice[rows]
        limits = problem.limits_after(allocation.choice, limits)
        bound, prices[int(rank)] = bound + allocation.bound, dict(allocation.prices)
    return _Plan(choice, bound, prices)


def _choose_outside_limits(problem: ChoiceProblem, plan: _Plan) -> NDArray[np.int64]:
    """(n,) what each customer would get if it used up nothing: the best of the first rank that pays at its prices.

    Customers of control groups choose in the same order as those who are contacted, so that both groups are alike.
    """
    choice, allowed = np.full(len(problem.codes), NOTHING), problem.codes == ALLOWED
    for rank, prices in plan.prices_by_rank.items():
        best = choose_best_allowed(_values_at(problem, prices), allowed=allowed & (problem.ranks == rank))
        choice = np.where(choice == NOTHING, best, choice)
    return choice


def _keep_within_limits(
    problem: ChoiceProblem, choice: NDArray[np.int64], *, prices: Mapping[str, float]
) -> NDArray[np.int64]:
    """The contacts of a choice, (n,), as long as the limits last: kinds with priority, then the highest values first.

    A customer of a control group keeps its choice where a contact would have been made in its place.
    """
    rows = np.flatnonzero(choice != NOTHING)
    places, withheld = choice[rows], problem.withholds(choice)
    costs, values = np.broadcast_to(problem.costs, problem.codes.shape), _values_at(problem, prices)
    kept, limits = np.full(len(choice), NOTHING), problem.limits
    for row in rows[np.lexsort((-values[rows, places], problem.ranks[places]))].tolist():
        option, cost = problem.options[int(choice[row])], float(costs[row, choice[row]])
        if limits.allows(option, cost=cost):
            kept[row] = choice[row]
            limits = limits if withheld[row] else limits.after(option, cost=cost)
    return kept


def explain_choice(
    problem: ChoiceProblem, choice: NDArray[np.int64], *, drawn: NDArray[np.int64], prices: Mapping[str, float]
) -> NDArray[np.int8]:
    """Reasons, (n, m), with those of the choice: an option does not pay, others are worth more at these prices, ...

    `drawn`, (n,), is the choice before limits; where it is nothing although an option pays, chance has decided.
    """
    codes = problem.codes.copy()
    codes[(codes == ALLOWED) & ~(problem.values > 0)] = code_of(NoContact.DOES_NOT_PAY)
    capacity, spent = np.zeros(codes.shape), prices.get(BUDGET, 0.0) * np.broadcast_to(problem.costs, codes.shape)
    for resource in problem.resources():
        if resource.name != BUDGET:
            capacity += prices.get(resource.name, 0.0) * resource.usage
    is_budget = (problem.limits.budget is not None) & (spent >= capacity)
    reasons = np.where(is_budget, code_of(NoContact.BUDGET), code_of(NoContact.CAPACITY))
    if problem.explore is not None:
        values, allowed = _open_options(problem, prices)
        is_chance = (drawn == NOTHING)[:, None] & allowed & (values > 0)
        reasons = np.where(is_chance, code_of(NoContact.EXPLORATION), reasons)
    lost = (choice == NOTHING)[:, None] & (codes == ALLOWED)
    codes[lost] = reasons[lost]
    return codes
