"""How close the allocation of contacts comes to the best one, and what it costs: `python -m benchmarks.allocation`.

100,000 invented customers and 12 offers in three channels share a budget, a budget for one channel, a capacity for each
channel and one for every other offer. Customers differ in every value, or in steps of ten points of P(accept), or are
of 50 kinds.
"""

from __future__ import annotations

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.measure import Cost, describe_machine, measure_cost
from benchmarks.pages import table, write_section
from models.policies.allocation.allocate import allocate
from models.policies.allocation.problem import NOTHING, Allocation, AllocationProblem, Resource

NAME = "allocation"
N_CUSTOMERS, N_OFFERS, N_CHANNELS, N_KINDS = 100_000, 12, 3, 50
WORLDS = ("all differ", "steps of 10 points", f"{N_KINDS} kinds")


def main() -> None:
    """Allocate in each world, print and publish the figures, and write the section."""
    rows, costs, gaps = list[list[str]](), list[Cost](), list[float]()
    for seed, world in enumerate(WORLDS):
        problem = build_problem(world, seed=seed)
        with measure_cost() as cost:
            allocation = allocate(problem)
        costs.append(cost)
        gaps.append(allocation.gap)
        rows.append(describe(world, problem, allocation, cost=cost))
        typer.echo("  ".join(rows[-1]))
    figures = [
        BenchmarkFigure(figure=f"{NAME}.{name}", value=value, low=value, high=value, unit=unit)
        for name, value, unit in (
            ("gap", max(gaps), "share"),
            ("seconds", max(cost.seconds for cost in costs), "s"),
            ("peak_memory", max(cost.peak_memory_gb for cost in costs), "GB"),
        )
    ]
    publish(NAME, figures)
    write_section(
        NAME,
        "Allocation of contacts within budgets and capacities",
        command="python -m benchmarks.allocation",
        facts={
            "Data": f"{N_CUSTOMERS:,} invented customers, {N_OFFERS} offers, {N_CHANNELS} channels, 11 resources",
            "Machine": describe_machine(),
        },
        parts=[
            table(
                ["customers", "contacts", "gap, proven", "highest value first", "seconds", "CPU seconds", "GB"], rows
            ),
            "The gap is the share of the best possible value that may be lost. `highest value first` is the share of "
            "the best possible value that contacts in the order of their value reach.",
        ],
    )


def build_problem(world: str, *, seed: int) -> AllocationProblem:
    """The values and resources of a world."""
    random = np.random.default_rng(seed)
    n_kinds = N_KINDS if world == WORLDS[2] else N_CUSTOMERS
    costs, margins = random.gamma(2, 1.5, N_OFFERS) + 0.2, random.gamma(3, 8, N_OFFERS)
    log_odds = random.normal(-2.2, 1, (n_kinds, 1)) + random.normal(0, 0.6, (n_kinds, N_OFFERS))
    acceptance = 1 / (1 + np.exp(-log_odds))
    if world == WORLDS[1]:
        acceptance = np.round(acceptance, 1)
    values = (acceptance * margins - costs)[random.integers(0, n_kinds, N_CUSTOMERS)]
    values[random.random(values.shape) < 0.2] = np.nan
    if world == WORLDS[2]:
        values = values[random.integers(0, n_kinds, N_CUSTOMERS)]
    channels, offers = np.arange(N_OFFERS) % N_CHANNELS, np.arange(N_OFFERS)
    total = N_CUSTOMERS * float(costs.mean())
    return AllocationProblem(
        values,
        (
            Resource("budget", 0.25 * total, costs),
            Resource("budget of channel 0", 0.08 * total, np.where(channels == 0, costs, 0.0)),
            *(
                Resource(f"channel {channel}", N_CUSTOMERS * (0.08 + 0.06 * channel), _marks(channels == channel))
                for channel in range(N_CHANNELS)
            ),
            *(
                Resource(f"offer {offer}", 0.03 * N_CUSTOMERS, _marks(offers == offer))
                for offer in range(0, N_OFFERS, 2)
            ),
        ),
    )


def _marks(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    return chosen.astype(np.float64)


def choose_highest_value_first(problem: AllocationProblem) -> NDArray[np.int64]:
    """Contacts in the order of their value, each made where every limit still allows it, (n,)."""
    left, choice = problem.limits(), np.full(len(problem.values), NOTHING)
    usage = np.array([resource.usage for resource in problem.resources])
    rows, options = np.nonzero(problem.is_possible)
    for place in np.argsort(-problem.values[rows, options], kind="stable").tolist():
        row, option = int(rows[place]), int(options[place])
        if choice[row] == NOTHING and (usage[:, option] <= left).all():
            choice[row] = option
            left -= usage[:, option]
    return choice


def describe(world: str, problem: AllocationProblem, allocation: Allocation, *, cost: Cost) -> list[str]:
    """One row of the table."""
    simple = problem.value_of(choose_highest_value_first(problem)) / allocation.bound
    return [
        world,
        f"{int((allocation.choice != NOTHING).sum()):,}",
        f"{allocation.gap:.5%}",
        f"{simple:.1%}",
        f"{cost.seconds:.1f}",
        f"{cost.cpu_seconds:.1f}",
        f"{cost.peak_memory_gb:.2f}",
    ]


if __name__ == "__main__":
    typer.run(main)
