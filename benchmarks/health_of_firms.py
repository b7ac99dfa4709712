"""Measures health scores of small firms in each quarter of a year, by the champion that the product itself registers.

    24 months of records, train churn --promote |--- quarter ---|--- quarter ---|--- quarter ---|--- quarter ---|
                                                ^ health         ^ health        ^ health        ^ health
                                                |--- 90 days: which customers churned ...

`python -m benchmarks.health_of_firms`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, table, write_section
from benchmarks.small_firm import (
    FIRST_SEED,
    N_COMPANIES,
    N_DRAWS,
    FirstSeed,
    NumberOfCompanies,
    last_day,
    open_company,
    train_and_promote,
)
from core.intervals import TAILS
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.registry import CHAMPION
from simulation.software.simulate import SoftwareWorld, simulate_software

NAME = "health"
N_QUARTERS = 4
WORLD = SoftwareWorld(n_accounts=350, n_months=24 + 3 * N_QUARTERS + 1)
"The last month is the grace period, in which a renewal may still come."
TOP_SHARE = 0.1
"The customers with the lowest health."


@dataclass(frozen=True)
class Quarter:
    """One company's risks on the first day of a quarter, and which customers churned in the 90 days after it."""

    risk: NDArray[np.float64]
    churned: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> Quarter:
        """Some of the customers, each as often as it is drawn."""
        return Quarter(self.risk[rows], self.churned[rows])

    @property
    def is_top(self) -> NDArray[np.bool_]:
        """Whether each customer is in the top decile of risk, (n,); ties are broken by place."""
        top = np.zeros(len(self.risk), np.bool_)
        top[np.argsort(-self.risk, kind="stable")[: round(TOP_SHARE * len(self.risk))]] = True
        return top

    @property
    def pairs(self) -> tuple[float, float]:
        """Pairs of a churned customer and one who stayed that risk orders rightly (ties count half), and all pairs."""
        n_churned = int(self.churned.sum())
        n_pairs = n_churned * (len(self.churned) - n_churned)
        ranks = rankdata(self.risk)[self.churned].sum()
        return float(ranks - n_churned * (n_churned + 1) / 2), float(n_pairs)


@dataclass(frozen=True)
class Pooled:
    """A quarter of all companies: pairs and deciles are those within each company."""

    auc: float
    precision: float
    rate: float

    @classmethod
    def of(cls, quarters: Sequence[Quarter]) -> Pooled:
        """Pool the companies of one quarter."""
        right, pairs = np.sum([quarter.pairs for quarter in quarters], axis=0)
        top = [quarter.churned[quarter.is_top] for quarter in quarters]
        churned = np.concatenate([quarter.churned for quarter in quarters])
        return cls(float(right / max(pairs, 1)), float(np.concatenate(top).mean()), float(churned.mean()))


def quarter_starts(world: SoftwareWorld) -> list[date]:
    """The first days of the quarters after the records."""
    return [replace(world, n_months=24 + 3 * quarter).end for quarter in range(N_QUARTERS)]


def measure(world: SoftwareWorld, folder: Path) -> tuple[str, list[Quarter]]:
    """The name of the registered champion, and the quarters of one company that it scores."""
    session = open_company(simulate_software(world), folder)
    assert quarter_starts(world)[0] == last_day(world)
    card = train_and_promote(session)
    artifact = session.registry.artifact(session.registry.find("churn", CHAMPION))
    model = CHURN_MODELS[artifact.model].from_artifact(artifact)
    words = {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}
    config = msgspec.structs.replace(session.tables.config, watermark=world.end)
    tables = replace(session.tables, config=config)
    quarters: list[Quarter] = []
    for day in quarter_starts(world):
        cohort = select_cohort(tables, [day])
        risk = model.score(compute_features(tables, cohort, vocabularies=words), card.horizon_days or 0).value
        outcomes = label_outcomes(tables, cohort)
        quarters.append(Quarter(risk[outcomes.is_mature], outcomes.churned[outcomes.is_mature]))
    return card.model, quarters


def with_intervals(quarters: Sequence[Quarter]) -> dict[str, tuple[float, float, float]]:
    """AUC, precision in the top decile and churn rate of quarters, with 90 % intervals over customers."""
    random = np.random.default_rng(0)
    draws = [
        Pooled.of([one.take(random.integers(0, len(one.risk), len(one.risk))) for one in quarters])
        for _ in range(N_DRAWS)
    ]
    pooled, measured = Pooled.of(quarters), {}
    for name in ("auc", "precision", "rate"):
        low, high = np.quantile([getattr(draw, name) for draw in draws], TAILS)
        measured[name] = (float(getattr(pooled, name)), float(low), float(high))
    return measured


def main(
    first: FirstSeed = FIRST_SEED,
    companies: NumberOfCompanies = N_COMPANIES,
) -> None:
    """Train each company, score it in each quarter of the next year, publish the figures and write the section."""
    champions: list[str] = []
    measured: list[list[Quarter]] = []
    for seed in range(first, first + companies):
        with TemporaryDirectory() as folder:
            champion, quarters = measure(replace(WORLD, seed=seed), Path(folder))
        champions.append(champion)
        measured.append(quarters)
        typer.echo(f"{seed}: {champion}, " + ", ".join(f"AUC {Pooled.of([one]).auc:.3f}" for one in quarters))
    parts = {f".quarter_{place + 1}": list(quarters) for place, quarters in enumerate(zip(*measured, strict=True))}
    parts = {"": [quarter for quarters in measured for quarter in quarters], **parts}
    figures = [
        BenchmarkFigure(figure=f"{NAME}.{what}{part}", value=value, low=low, high=high, unit="share")
        for part, quarters in parts.items()
        for what, (value, low, high) in with_intervals(quarters).items()
    ]
    publish(NAME if first == FIRST_SEED else f"{NAME}_from_{first}", figures)
    if first != FIRST_SEED:
        return
    write_section(
        NAME,
        "Health of small firms, quarter by quarter",
        command="python -m benchmarks.health_of_firms",
        facts={
            "Data": f"{companies} simulated software companies of {WORLD.n_accounts} accounts and 24 months of records",
            "Champion": "as `kizuna train churn --promote` registers it once, at the end of the records",
            "Precision": "the share that churned within 90 days of the tenth of the customers with the lowest health",
        },
        parts=[
            figure_table(figures),
            table(["seed", "champion"], [[str(first + place), name] for place, name in enumerate(champions)]),
            "Pairs and deciles are compared within each company and then pooled; `rate` is the precision of chance.",
        ],
    )


if __name__ == "__main__":
    typer.run(main)
