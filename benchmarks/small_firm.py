"""Measures what small firms get: the registered champion against the true risks, and claims where nothing is to learn.

`python -m benchmarks.small_firm`

Each company is trained and promoted as `kizuna train churn --promote` does on the last day of its records. The
champion, a baseline where the gate lets no other model pass, then ranks the customers of that day. The simulation runs
on for some months, which training does not see, because the watermark is that last day.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import table, write_section
from core.config.loading import read_config_and_toml
from core.errors import GateRefused
from core.intervals import TAILS
from core.ledger import Ledger
from core.model_card import ModelCard
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.registry import CHAMPION, Registry
from simulation.software.simulate import SimulatedSoftware, SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from training.churn.pipeline import train_churn
from training.judging.promotion import promote
from training.run.session import Session
from training.run.tracking import Tracking

NAME = "small_firm"
N_MONTHS = 24
"Of records."
HORIZON_MONTHS = 3
WORLD = SoftwareWorld(n_accounts=350, n_months=N_MONTHS + HORIZON_MONTHS + 1)
"The last month is the grace period, in which a renewal may still come."
FIRST_SEED, N_COMPANIES = 9001, 12
RANDOM_SEEDS = range(9101, 9141)
N_DRAWS = 2_000


FirstSeed = Annotated[int, typer.Option(help="First seed; 9001 is kept for the published figures.")]
NumberOfCompanies = Annotated[int, typer.Option(help="Number of companies with something to learn.")]


@dataclass(frozen=True)
class Company:
    """One company's champion, what it and the true risks say on the last day, and which of them churned after it."""

    seed: int
    card: ModelCard
    predicted: NDArray[np.float64]
    true: NDArray[np.float64]
    churned: NDArray[np.bool_]

    def gains(self, rows: NDArray[np.int64]) -> tuple[float, float]:
        """AUC above chance of the champion and of the true risks, on some of the customers."""
        churned = self.churned[rows]
        if len(np.unique(churned)) < 2:
            return 0.0, 0.0
        return tuple(float(roc_auc_score(churned, risk[rows])) - 0.5 for risk in (self.predicted, self.true))  # pyright: ignore[reportReturnType]


def last_day(world: SoftwareWorld) -> date:
    """The first day after the records."""
    return replace(world, n_months=N_MONTHS).end


def open_company(company: SimulatedSoftware, folder: Path) -> Session:
    """A session on the company's tables as of the last day of its records, with a store and a ledger of its own."""
    config, statement = read_config_and_toml(company.write(folder), os.environ)
    config = msgspec.structs.replace(config, var=str(folder / "var"), watermark=last_day(company.truth.world))
    uri = config.places.tracking_uri
    return Session(
        config=config,
        statement=statement,
        tables=open_tables(config),
        tracking=Tracking(uri),
        registry=Registry(uri, config.name),
        ledger=Ledger(config.places.ledger),
        who="benchmark",
        now=datetime.now(UTC),
    )


def train_and_promote(session: Session) -> ModelCard:
    """The card of the champion after `kizuna train churn --promote`."""
    result = train_churn(session)
    try:
        promote(session, "churn", version=result.challenger.version)
    except GateRefused as refusal:
        typer.echo(f"  {refusal}")
    return session.registry.find("churn", CHAMPION).card


def measure(world: SoftwareWorld, folder: Path) -> Company:
    """Train on the records, then look at the months after them."""
    company = simulate_software(world)
    session, end = open_company(company, folder), last_day(world)
    card, tables = train_and_promote(session), session.tables
    cohort = select_cohort(tables, [end])
    artifact = session.registry.artifact(session.registry.find("churn", CHAMPION))
    model = CHURN_MODELS[artifact.model].from_artifact(artifact)
    words = {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}
    predicted = model.score(compute_features(tables, cohort, vocabularies=words), card.horizon_days or 0).value
    true = company.truth.p_churn(end, HORIZON_MONTHS)[company.truth.rows_of(cohort.customer_ids)]
    everything = replace(tables, config=msgspec.structs.replace(tables.config, watermark=world.end))
    outcomes = label_outcomes(everything, cohort)
    mature = outcomes.is_mature
    return Company(world.seed, card, predicted[mature], true[mature], outcomes.churned[mature])


def share_of_oracle(companies: Sequence[Company]) -> tuple[float, float, float]:
    """The champions' AUC above chance, summed, over that of the true risks; with a 90 % interval over customers."""
    random = np.random.default_rng(0)

    def share(rows: Sequence[NDArray[np.int64]]) -> float:
        gains = np.array([company.gains(some) for company, some in zip(companies, rows, strict=True)])
        return float(gains[:, 0].sum() / gains[:, 1].sum())

    sizes = [len(company.churned) for company in companies]
    draws = [share([random.integers(0, size, size) for size in sizes]) for _ in range(N_DRAWS)]
    low, high = np.quantile(draws, TAILS)
    return share([np.arange(size) for size in sizes]), float(low), float(high)


def main(
    first: FirstSeed = FIRST_SEED,
    companies: NumberOfCompanies = N_COMPANIES,
    random_companies: Annotated[int, typer.Option(help="Number of companies whose churn is random.")] = len(
        RANDOM_SEEDS
    ),
) -> None:
    """Train each company, print what its champion is worth, publish the figures and write the section."""
    measured: list[Company] = []
    for seed in range(first, first + companies):
        with TemporaryDirectory() as folder:
            measured.append(measure(replace(WORLD, seed=seed), Path(folder)))
        champion, true = measured[-1].gains(np.arange(len(measured[-1].churned)))
        typer.echo(f"{seed}: {measured[-1].card.model}, AUC {champion + 0.5:.3f}, true risks {true + 0.5:.3f}")
    cards: list[ModelCard] = []
    for seed in range(first + 100, first + 100 + random_companies):
        with TemporaryDirectory() as folder:
            cards.append(
                train_and_promote(
                    open_company(simulate_software(replace(WORLD, seed=seed, churn_is_random=True)), Path(folder))
                )
            )
        typer.echo(f"{seed}, random churn: {cards[-1].model}: {cards[-1].verdict}")
    write_report(measured, cards, first=first)


def write_report(companies: Sequence[Company], cards: Sequence[ModelCard], *, first: int) -> None:
    """Publish the figures and write the section."""
    figures: list[BenchmarkFigure] = []
    if companies:
        value, low, high = share_of_oracle(companies)
        figures.append(
            BenchmarkFigure(figure=f"{NAME}.share_of_oracle_auc", value=value, low=low, high=high, unit="share")
        )
    if cards:
        claims = float(sum(card.beats_baselines and not card.is_baseline for card in cards))
        figures.append(
            BenchmarkFigure(
                figure=f"{NAME}.false_claims", value=claims, low=claims, high=claims, unit=f"of {len(cards)}"
            )
        )
    for figure in figures:
        typer.echo(f"{figure.figure}: {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}] {figure.unit}")
    if first != FIRST_SEED:
        return
    publish(NAME, figures)
    rows = [
        [
            str(company.seed),
            company.card.model,
            *(f"{0.5 + gain:.3f}" for gain in company.gains(np.arange(len(company.churned)))),
            str(int(company.churned.sum())),
        ]
        for company in companies
    ]
    write_section(
        NAME,
        "Churn at small firms",
        command="python -m benchmarks.small_firm",
        facts={
            "Data": f"simulated software companies of {WORLD.n_accounts} accounts and {N_MONTHS} months of records",
            "Champion": "as `kizuna train churn --promote` registers it; a baseline where no model passes the gate",
        },
        parts=[
            table(["seed", "champion", "AUC", "AUC of the true risks", "left within 90 days"], rows),
            table(
                ["figure", "value", "90 % interval", "unit"],
                [[one.figure, f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}", one.unit] for one in figures],
            ),
        ],
    )


if __name__ == "__main__":
    typer.run(main)
