"""Chooses one contact for each customer, within the budget and the capacities, or none with the reason.

    contacts of the kinds that have priority            first, with all of the budget and the capacities
    contacts left to chance (exploration = "epsilon")   next: each allowed option, or nothing, is as probable
    the others                                          by expected value, with what is left

The propensity of a choice is the probability that it is made for this customer, given the prices of the resources.
Customers of a control group use up nothing: their choice is the best at these prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.decisions import NoContact
from core.errors import BadInput
from models.policies.allocation.allocate import allocate, choose_at_prices
from models.policies.allocation.problem import NOTHING, AllocationProblem, Resource
from models.policies.candidates import ALLOWED, Option, code_of

BUDGET = "budget"


@dataclass(frozen=True, kw_only=True)
class ContactLimits:
    """What the contacts of one run may use."""

    budget: float | None = None
    "Base currency; None is unlimited."
    offers: dict[str, int] = field(default_factory=dict)
    "Contacts left of each offer; one that is not listed is unlimited."
    channels: dict[str, int] = field(default_factory=dict)
    "Contacts of each channel; one that is not listed is unlimited."

    def resources(self, options: Sequence[Option], *, costs: NDArray[np.float64]) -> tuple[Resource, ...]:
        """The limits as resources of an allocation problem; `costs` are (m,) or (n, m)."""
        listed: list[Resource] = []
        if self.budget is not None:
            listed.append(Resource(BUDGET, self.budget, costs))
        for offer_id, limit in self.offers.items():
            usage = np.array([float(option.offer.offer_id == offer_id) for option in options])
            listed.append(Resource(f"capacity of {offer_id}", limit, usage))
        for channel, limit in self.channels.items():
            usage = np.array([float(option.channel == channel) for option in options])
            listed.append(Resource(f"capacity of {channel}", limit, usage))
        return tuple(listed)

    def allows(self, option: Option, *, cost: float) -> bool:
        """Whether one more contact fits."""
        fits = self.budget is None or cost <= self.budget
        return fits and self.offers.get(option.offer.offer_id, 1) > 0 and self.channels.get(option.channel or "", 1) > 0

    def after(self, option: Option, *, cost: float) -> ContactLimits:
        """What is left after one contact."""
        return self._less({option: 1}, spent=cost)

    def less(self, choice: NDArray[np.int64], *, problem: ChoiceProblem) -> ContactLimits:
        """What is left after the contacts of a choice, (n,)."""
        rows = np.flatnonzero(choice != NOTHING)
        costs = np.broadcast_to(problem.costs, problem.codes.shape)[rows, choice[rows]]
        counts = np.bincount(choice[rows], minlength=len(problem.options)).tolist()
        return self._less(dict(zip(problem.options, counts, strict=True)), spent=float(costs.sum()))

    def _less(self, made: Mapping[Option, int], *, spent: float) -> ContactLimits:
        offers, channels = dict(self.offers), dict(self.channels)
        for option, n in made.items():
            for left, name in ((offers, option.offer.offer_id), (channels, option.channel)):
                if name in left:
                    left[name] = max(0, left[name] - n)
        return ContactLimits(
            budget=None if self.budget is None else max(0.0, self.budget - spent), offers=offers, channels=channels
        )

    def require_budget(self, costs: NDArray[np.float64]) -> None:
        """Raise BadInput where the budget is below the cost of the cheapest contact."""
        if self.budget is not None and costs.size and self.budget < costs.min():
            raise BadInput(
                f"the budget of {self.budget:,.2f} does not pay for the cheapest contact, which costs "
                f"{costs.min():,.2f}; raise --budget or [decisions] budget"
            )


@dataclass(frozen=True, kw_only=True)
class ContactChoice:
    """The choices of one run."""

    choice: NDArray[np.int64]
    "(n,) the option of each customer, or NOTHING. For a control group, what they would have got."
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
    in_control: NDArray[np.bool_]
    "(n,) customers who would be contacted, and are not."
    limits: ContactLimits = field(default_factory=ContactLimits)
    priority: tuple[str, ...] = ()
    "Kinds of offers that go first."
    epsilon: float = 0.0
    "Share of the choices that are left to chance."
    seed: int = 0

    def cost_of(self, row: int, place: int) -> float:
        """The cost of one option for one customer."""
        return float(np.broadcast_to(self.costs, self.codes.shape)[row, place])


def choose_contacts(problem: ChoiceProblem) -> ContactChoice:
    """Choose within the limits. Raises BadInput for a budget below the cheapest contact."""
    allowed = problem.codes == ALLOWED
    costs = np.broadcast_to(problem.costs, allowed.shape)
    problem.limits.require_budget(costs[allowed])
    random = np.random.default_rng(problem.seed)
    explored = (random.random(len(allowed)) < problem.epsilon) & ~problem.in_control
    choice = _choose_by_chance(problem, rows=np.flatnonzero(explored), random=random)
    total, prices = _choose_by_value(problem, choice, is_open=~explored & ~problem.in_control)
    best = choose_at_prices(_at_prices(problem), prices)
    choice[problem.in_control] = best[problem.in_control]
    return ContactChoice(
        choice=choice,
        propensities=_propensities(problem, choice, best=np.where(explored, best, choice)),
        codes=_explain(problem, choice, prices=prices),
        value=total.value,
        bound=total.bound,
        prices=prices,
    )


@dataclass(frozen=True)
class _Total:
    value: float
    bound: float


def _choose_by_chance(
    problem: ChoiceProblem, *, rows: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """An allowed option or nothing, each as probable, for some customers; nothing where a limit is reached, (n,)."""
    choice = np.full(len(problem.codes), NOTHING)
    limits = problem.limits
    for row in random.permutation(rows):
        options = np.append(np.flatnonzero(problem.codes[row] == ALLOWED), NOTHING)
        place = int(random.choice(options))
        if place != NOTHING and limits.allows(problem.options[place], cost=problem.cost_of(row, place)):
            choice[row] = place
            limits = limits.after(problem.options[place], cost=problem.cost_of(row, place))
    return choice


def _choose_by_value(
    problem: ChoiceProblem, choice: NDArray[np.int64], *, is_open: NDArray[np.bool_]
) -> tuple[_Total, dict[str, float]]:
    """Fill in the choice of open customers, kinds with priority first; returns the total and the last prices."""
    limits = problem.limits.less(choice, problem=problem)
    total, prices = _Total(0.0, 0.0), dict[str, float]()
    for kind in (*problem.priority, None):
        is_of_kind = np.array([kind is None or option.offer.kind == kind for option in problem.options], dtype=bool)
        rows = is_open & (choice == NOTHING)
        values = np.where(rows[:, None] & is_of_kind & (problem.codes == ALLOWED), problem.values, np.nan)
        allocation = allocate(AllocationProblem(values, limits.resources(problem.options, costs=problem.costs)))
        choice[rows] = allocation.choice[rows]
        limits = limits.less(allocation.choice, problem=problem)
        total = _Total(total.value + allocation.value, total.bound + allocation.bound)
        prices = dict(allocation.prices)
    return total, prices


def _at_prices(problem: ChoiceProblem) -> AllocationProblem:
    values = np.where(problem.codes == ALLOWED, problem.values, np.nan)
    return AllocationProblem(values, problem.limits.resources(problem.options, costs=problem.costs))


def _propensities(problem: ChoiceProblem, choice: NDArray[np.int64], *, best: NDArray[np.int64]) -> NDArray[np.float64]:
    """P(the choice of each customer), (n,): it is the best one, or chance has made it."""
    n_choices = (problem.codes == ALLOWED).sum(axis=1) + 1
    return (1 - problem.epsilon) * (choice == best) + problem.epsilon / n_choices


def _explain(problem: ChoiceProblem, choice: NDArray[np.int64], *, prices: dict[str, float]) -> NDArray[np.int8]:
    """Reasons, (n, m), with those of the choice: an option does not pay, or others are worth more at these prices."""
    codes = problem.codes.copy()
    codes[(codes == ALLOWED) & ~(problem.values > 0)] = code_of(NoContact.DOES_NOT_PAY)
    spent = prices.get(BUDGET, 0.0) * np.broadcast_to(problem.costs, codes.shape)
    capacity = np.zeros(codes.shape)
    for resource in problem.limits.resources(problem.options, costs=problem.costs):
        if resource.name != BUDGET:
            capacity += prices.get(resource.name, 0.0) * resource.usage
    reasons = np.where(spent >= capacity, code_of(NoContact.BUDGET), code_of(NoContact.CAPACITY))
    if problem.limits.budget is None:
        reasons = np.full(codes.shape, code_of(NoContact.CAPACITY))
    lost = (choice == NOTHING)[:, None] & (codes == ALLOWED)
    codes[lost] = reasons[lost]
    return codes
