"""Measures how close attributed churn causes come to the truth at firms of 800 and of 350 accounts.

`python -m benchmarks.causes_of_firms`
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, table, write_section
from benchmarks.small_firm import FIRST_SEED, N_COMPANIES, N_DRAWS, FirstSeed, NumberOfCompanies
from benchmarks.software_causes import CompanyCauses
from core.intervals import TAILS
from simulation.software.simulate import SoftwareWorld

NAME = "causes"
FIGURE = f"{NAME}.share_error"
SIZES = (800, 350)
TOLERANCE = 7.0
"Points of error of a cause's share that a company of 800 accounts may have."


def largest_error(company: CompanyCauses) -> float:
    """The largest difference between an attributed share and the true one, in points."""
    shares = company.decomposition.groups[0].attributed_shares
    pairs = zip(company.decomposition.causes, company.truth, strict=True)
    return max(100 * abs(shares[cause].value - float(true)) for cause, true in pairs)


def covers(company: CompanyCauses) -> list[bool]:
    """Whether the interval of each cause's share contains the true share."""
    shares = company.decomposition.groups[0].attributed_shares
    pairs = zip(company.decomposition.causes, company.truth, strict=True)
    return [shares[cause].low <= float(true) <= shares[cause].high for cause, true in pairs]


def figures_of(n_accounts: int, companies: Sequence[CompanyCauses]) -> list[BenchmarkFigure]:
    """Mean error with its interval over companies, how many lie within the tolerance, and the coverage."""
    errors = np.array([largest_error(company) for company in companies])
    random = np.random.default_rng(0)
    means = [float(errors[random.integers(0, len(errors), len(errors))].mean()) for _ in range(N_DRAWS)]
    low, high = (float(bound) for bound in np.quantile(means, TAILS))
    within, coverage = int((errors <= TOLERANCE).sum()), np.concatenate([covers(company) for company in companies])
    share = float(coverage.mean())
    name = f"{FIGURE}.accounts_{n_accounts}"
    return [
        BenchmarkFigure(figure=name, value=float(errors.mean()), low=low, high=high, unit="points"),
        BenchmarkFigure(
            figure=f"{name}.within_{TOLERANCE:g}", value=within, low=within, high=within, unit=f"of {len(companies)}"
        ),
        BenchmarkFigure(figure=f"{name}.coverage", value=share, low=share, high=share, unit="share of the intervals"),
    ]


def main(
    first: FirstSeed = FIRST_SEED,
    companies: NumberOfCompanies = N_COMPANIES,
) -> None:
    """Decompose the churn of each company, publish the figures and write the section."""
    figures: list[BenchmarkFigure] = []
    rows: list[list[str]] = []
    for n_accounts in SIZES:
        measured: list[CompanyCauses] = []
        for seed in range(first, first + companies):
            measured.append(CompanyCauses.of(SoftwareWorld(n_accounts=n_accounts, seed=seed)))
            rows.append([str(n_accounts), str(seed), f"{largest_error(measured[-1]):.1f}"])
            typer.echo(f"{n_accounts} accounts, seed {seed}: largest error {rows[-1][-1]} points")
        figures += figures_of(n_accounts, measured)
    publish(NAME if first == FIRST_SEED else f"{NAME}_from_{first}", figures)
    if first != FIRST_SEED:
        return
    write_section(
        NAME,
        "Churn causes at small firms",
        command="python -m benchmarks.causes_of_firms",
        facts={"Data": f"{companies} simulated software companies of each size, three years; causes of the last two"},
        parts=[figure_table(figures), table(["accounts", "seed", "largest error of a share, points"], rows)],
    )


if __name__ == "__main__":
    typer.run(main)
