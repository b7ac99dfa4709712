"""How near uplift learners and the chosen rule come to the best ranking, in simulated experiments.

`python -m benchmarks.uplift_worlds`. In two of the worlds effects do not differ between customers: there the study has
to end without evidence for any rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import table, write_section
from core.config.data_set import Config
from models.shared_fits import share_fits
from models.uplift.learner import LEARNERS
from models.uplift.uplift_model import TreatmentData, treatment_rows
from simulation.experiments import WORLDS, SimulatedExperiment, simulate_experiment
from training.uplift.rows import Outcome, UpliftRows
from training.uplift.study import BASELINE, study_treatment

NAME = "uplift_worlds"
COMMAND = "python -m benchmarks.uplift_worlds"
N_TRAIN, N_TEST, SEEDS = 12_000, 20_000, range(40, 43)
BASE_RATE, STRENGTH = 0.1, 0.03
DAY = np.datetime64("2026-01-01", "D")
WITHOUT_DIFFERENCES = ("alike", "none")
CHOSEN = "chosen"
LETTER = "letter"


@dataclass(frozen=True)
class WorldResult:
    """One experiment."""

    shares: dict[str, float]
    "Of the best ranking's gain, by learner; of the chosen rule 0 where there is no evidence."
    rule: str
    "The rule that was chosen and confirmed, or 'no evidence'."


def main() -> None:
    """Print and publish the figures, and write the section."""
    results = {world: [measure_world(world, seed) for seed in SEEDS] for world in WORLDS}
    publish(NAME, figures_of(results))
    page = write_section(
        NAME,
        "Uplift learners where the effects are known",
        command=COMMAND,
        facts={
            "Data": f"simulated experiments (simulation/experiments.py): {N_TRAIN:,} customers to choose and fit on, "
            f"{N_TEST:,} others to measure on, outcomes of {BASE_RATE:.0%}, effects of about {STRENGTH:.0%}",
            "Evaluation": f"{len(SEEDS)} seeds; the gain of a ranking over chance as a share of the gain of the true "
            "effects",
        },
        parts=[share_table(results), rule_table(results)],
    )
    typer.echo(page.read_text(encoding="utf-8"))


def measure_world(world: str, seed: int) -> WorldResult:
    """Fit every learner, choose a rule and measure all on other customers."""
    simulated = simulate_experiment(world, n=N_TRAIN + N_TEST, base_rate=BASE_RATE, strength=STRENGTH, seed=seed)
    is_train = np.arange(N_TRAIN + N_TEST) < N_TRAIN
    train, test = simulated.take(is_train), simulated.take(~is_train)
    rows = treatment_rows(TreatmentData(train.features, train.rows), train.features.columns)
    with share_fits():
        shares = {
            name: test.share_of_best(LEARNERS[name]().fit(rows).predict(test.features.values).effect)
            for name in LEARNERS
        }
    study = study_treatment(rows_of(train), LETTER, learner=None, config=CONFIG)
    if study.choice is None or not study.has_rule:
        return WorldResult({**shares, CHOSEN: shares[BASELINE]}, "no evidence")
    chosen = study.choice.chosen
    return WorldResult({**shares, CHOSEN: shares[chosen.learner]}, f"{chosen.rule} ({chosen.learner})")


CONFIG = Config(name=NAME, time_zone="UTC", currency="USD", tables={}, active_days=365)


def rows_of(simulated: SimulatedExperiment) -> UpliftRows:
    """The experiment as one campaign on one day."""
    return UpliftRows(
        data={LETTER: TreatmentData(simulated.features, simulated.rows)},
        days={LETTER: np.full(len(simulated.rows), DAY)},
        outcome=Outcome("converted", simulated.rows.outcomes, 14, "a conversion"),
        cutoffs=np.array([DAY]),
        left_out=(),
        notes=(),
    )


def mean_share(results: Sequence[WorldResult], learner: str) -> float:
    """The mean over the seeds."""
    return float(np.mean([one.shares[learner] for one in results]))


def figures_of(results: dict[str, list[WorldResult]]) -> list[BenchmarkFigure]:
    """The share of the best ranking by world and learner, and how often there is no evidence by world."""
    figures: list[BenchmarkFigure] = []
    for world, runs in results.items():
        without = float(np.mean([one.rule == "no evidence" for one in runs]))
        figures.append(_figure(f"{NAME}.{world}.no_evidence", [without], unit="share of seeds"))
        if world not in WITHOUT_DIFFERENCES:
            figures += [
                _figure(f"{NAME}.{world}.{name}.share_of_best", [one.shares[name] for one in runs], unit="share")
                for name in runs[0].shares
            ]
    return figures


def _figure(name: str, values: Sequence[float], *, unit: str) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=float(np.mean(values)), low=min(values), high=max(values), unit=unit)


def share_table(results: dict[str, list[WorldResult]]) -> str:
    """One row for each learner and one column for each world in which effects differ; the mean last."""
    worlds = [world for world in results if world not in WITHOUT_DIFFERENCES]
    rows: list[list[str]] = []
    for name in results[worlds[0]][0].shares:
        shares = [mean_share(results[world], name) for world in worlds]
        label = f"**{name}**" if name == CHOSEN else f"`{name}`"
        rows.append([label, *(f"{share:.3f}" for share in shares), f"{np.mean(shares):.3f}"])
    return table(["", *worlds, "mean"], rows)


def rule_table(results: dict[str, list[WorldResult]]) -> str:
    """What each study ended in."""
    return table(
        ["world", "rule for targeting"],
        [[world, "; ".join(one.rule for one in runs)] for world, runs in results.items()],
    )


if __name__ == "__main__":
    typer.run(main)
