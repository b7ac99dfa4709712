"""How near policies come to the best contacts of a shop whose true effects are known: `python -m benchmarks.policy`.

One offer or none for each customer of the simulated shop, within a budget and the capacities of two offers. The best
contacts are those that the true values give. Measured against them, net of the costs of contacts: the allocator with
the true values; the policy that Kizuna learns from the shop's own contacts, of which chance held some back; and lists
by risk, response or value, from the top until the budget is spent. In a shop where no contact has any effect, the
choice of a rule for targeting has to end without evidence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from scipy.stats import t

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.measure import measure_cost
from benchmarks.pages import figure_table, table, write_section
from benchmarks.shop_policies import (
    BUDGET_PER_CUSTOMER,
    CAPACITY_SHARE,
    HORIZON_DAYS,
    LEARNED,
    LISTS,
    RANDOM,
    allocator_shares,
    build_problem,
    choose_contacts_of,
    learn,
    mark_limited,
    open_shop,
    true_values,
)
from models.policies.allocation.allocate import allocate
from models.policies.allocation.problem import NOTHING
from simulation.shop.simulate import ShopWorld
from tables.assortment import load_offer_book
from training.run.session import NoProgress
from training.uplift.rows import load_uplift_rows
from training.uplift.study import study_treatments

NAME = "policy"
COMMAND = "python -m benchmarks.policy"
SEEDS, SEEDS_WITHOUT_EFFECTS = range(9201, 9207), range(9201, 9203)
N_CUSTOMERS = 3_000
LEVEL = 0.9


@dataclass(frozen=True)
class ShopResult:
    """One shop."""

    seed: int
    allocator: Mapping[str, float]
    "Share of the proven bound that the allocator reaches with the true values, by problem."
    policies: Mapping[str, float]
    "Share of the best contacts that each policy reaches."
    contacts: Mapping[str, int]
    "Made by each policy, and by the best one."
    sentences: tuple[str, ...]
    "What the uplift study of each kind of offer ended in."


def main() -> None:
    """Measure every shop, print and publish the figures, and write the section."""
    with measure_cost() as cost:
        results = [measure_shop(seed) for seed in SEEDS]
        without = [count_evidence(seed) for seed in SEEDS_WITHOUT_EFFECTS]
    figures = figures_of(results, without)
    publish(NAME, figures)
    page = write_section(
        NAME,
        "Which contacts a policy chooses where the true effects are known",
        command=COMMAND,
        facts={
            "Data": f"{len(SEEDS)} simulated shops of {N_CUSTOMERS:,} customers and 14 offers, seeds {SEEDS[0]} to "
            f"{SEEDS[-1]}; settings were developed on other seeds",
            "Evaluation": f"true expected margin within {HORIZON_DAYS} days of the chosen contacts, net of what they "
            f"cost and of fatigue, as a share of the best contacts'; a budget of {BUDGET_PER_CUSTOMER:.0f} yen per "
            f"customer, two offers for {CAPACITY_SHARE:.0%} of the customers each; 90 % intervals over shops",
            "Cost": f"{cost.seconds:.0f} s, {cost.cpu_seconds:.0f} CPU s",
        },
        parts=[figure_table(figures), shop_table(results)],
    )
    typer.echo(page.read_text(encoding="utf-8"))


def measure_shop(seed: int, *, n_customers: int = N_CUSTOMERS) -> ShopResult:
    """Simulate a shop, learn from its tables and compare the contacts of each policy with the best ones."""
    with tempfile.TemporaryDirectory() as folder:
        shop, tables = open_shop(ShopWorld(n_customers=n_customers, seed=seed, offer_effects=True), Path(folder))
        today = shop.truth.world.end
        book = load_offer_book(tables, today)
        values = true_values(shop, tables, today).of_offers([offer.offer_id for offer in book.offers])
        learned = learn(tables, values.customer_ids, today)
        problem = build_problem(values.value, values.cost, limited=mark_limited(book))
        best = allocate(problem)
        choices = choose_contacts_of(learned, tables, today=today, book=book, problem=problem)
    shares = {name: problem.value_of(choice) / best.value for name, choice in choices.items()}
    typer.echo(f"{seed}: " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()))
    return ShopResult(
        seed=seed,
        allocator=allocator_shares(values),
        policies=shares,
        contacts={name: int((choice != NOTHING).sum()) for name, choice in {**choices, "best": best.choice}.items()},
        sentences=tuple(f"{name}: {one.sentence}" for name, one in learned.studies.items()),
    )


def count_evidence(seed: int, *, n_customers: int = N_CUSTOMERS) -> float:
    """The share of the kinds of offers for which a rule is found, where no contact has any effect."""
    with tempfile.TemporaryDirectory() as folder:
        _, tables = open_shop(ShopWorld(n_customers=n_customers, seed=seed), Path(folder))
        studies = study_treatments(
            load_uplift_rows(tables), learner=None, config=tables.config, progress=NoProgress()
        ).values()
    return float(np.mean([study.has_rule for study in studies]))


def figures_of(results: Sequence[ShopResult], evidence: Sequence[float]) -> list[BenchmarkFigure]:
    """The share of the best contacts by policy, over shops; and of the allocator, over shops and problems."""
    allocator = [share for one in results for share in one.allocator.values()]
    shares = {name: [one.policies[name] for one in results] for name in (LEARNED, *LISTS)}
    best_list = [one.policies[LEARNED] - max(one.policies[name] for name in LISTS) for one in results]
    return [
        _range("simulated_shop.policy.share_of_best", allocator),
        *(_interval(f"simulated_shop.{FIGURES[name]}.share_of_best", one) for name, one in shares.items()),
        _interval("simulated_shop.learned_policy.over_best_list", best_list),
        _range("simulated_shop.no_effects.no_evidence", [1 - share for share in evidence]),
    ]


FIGURES = {
    LEARNED: "learned_policy",
    "by risk": "contact_by_risk",
    "by response": "contact_by_response",
    "by value": "contact_by_value",
    RANDOM: "contact_at_random",
}


def _range(name: str, values: Sequence[float]) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=float(np.mean(values)), low=min(values), high=max(values), unit="share")


def _interval(name: str, values: Sequence[float]) -> BenchmarkFigure:
    """The mean over shops and its interval by Student's t."""
    mean, n = float(np.mean(values)), len(values)
    width = float(t.ppf((1 + LEVEL) / 2, n - 1) * np.std(values, ddof=1) / n**0.5)
    return BenchmarkFigure(figure=name, value=mean, low=mean - width, high=mean + width, unit="share")


def shop_table(results: Sequence[ShopResult]) -> str:
    """One row for each shop: shares of the best contacts, and how many contacts are made."""
    names = (LEARNED, *LISTS)
    rows = [
        [
            str(one.seed),
            *(f"{one.policies[name]:.2f} ({one.contacts[name]:,})" for name in names),
            f"{one.contacts['best']:,}",
        ]
        for one in results
    ]
    return table(["seed", *(f"{name}: share of best (contacts)" for name in names), "contacts of the best"], rows)


if __name__ == "__main__":
    typer.run(main)
