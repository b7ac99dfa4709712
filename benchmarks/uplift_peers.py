"""Our uplift learners beside those of EconML: the same experiments, the same trees, and effects that are known.

`make bench-peers` creates .venv-peers and runs this.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import table, write_section
from benchmarks.peers import PYTHON
from benchmarks.uplift_worlds import BASE_RATE, N_TEST, N_TRAIN, SEEDS, STRENGTH, WITHOUT_DIFFERENCES
from core.errors import SourceUnavailable
from models.uplift.learner import LEARNERS, BoostedOutcomes, TreatmentRows
from models.uplift.uplift_model import TreatmentData, treatment_rows
from simulation.experiments import WORLDS, SimulatedExperiment, simulate_experiment

NAME = "uplift.peers"
SCRIPT = Path(__file__).with_name("peer_uplift.py")
COMPARED = ("t_boosted", "x_boosted", "dr_boosted")


@dataclass(frozen=True)
class PeerResult:
    """One learner on one experiment, ours and EconML's."""

    world: str
    learner: str
    shares: tuple[float, float]
    "Of the best ranking's gain (Qini), ours first."
    errors: tuple[float, float]
    "Root mean square error of the effects."
    correlation: float
    "Between the effects of both."


def main() -> None:
    """Print and publish the comparison."""
    if not PYTHON.exists():
        raise SourceUnavailable(f"no {PYTHON}; `make bench-peers` installs it")
    results = [one for world in WORLDS if world not in WITHOUT_DIFFERENCES for one in compare_in(world)]
    publish(NAME, figures_of(results))
    page = write_section(
        NAME,
        "Uplift learners beside EconML",
        command="make bench-peers (python -m benchmarks.uplift_peers)",
        facts={
            "Data": f"the experiments of `uplift_worlds` in which effects differ: {N_TRAIN:,} customers to fit on, "
            f"{N_TEST:,} others to measure on, {len(SEEDS)} seeds",
            "Peers": "EconML 0.16.0, `requirements-peers.lock`, with LightGBM trees of our settings and no tuning",
            "Evaluation": "gain of the ranking over chance as a share of the gain of the true effects (Qini), root "
            "mean square error of the effects, and the correlation of both libraries' effects",
        },
        parts=[comparison_table(results)],
    )
    typer.echo(page.read_text(encoding="utf-8"))


def compare_in(world: str) -> Iterator[PeerResult]:
    """Fit every learner of both on the experiments of one world."""
    for seed in SEEDS:
        simulated = simulate_experiment(world, n=N_TRAIN + N_TEST, base_rate=BASE_RATE, strength=STRENGTH, seed=seed)
        is_train = np.arange(N_TRAIN + N_TEST) < N_TRAIN
        train, test = simulated.take(is_train), simulated.take(~is_train)
        rows = treatment_rows(TreatmentData(train.features, train.rows), train.features.columns)
        for name in COMPARED:
            yield compare_learner(name, world, rows=rows, test=test)


def compare_learner(name: str, world: str, *, rows: TreatmentRows, test: SimulatedExperiment) -> PeerResult:
    """Fit one learner of both, and measure both on other customers."""
    ours = LEARNERS[name]().fit(rows).predict(test.features.values).effect
    theirs = fit_peer(name, rows, to_predict=test.features.values)
    both = (ours, theirs)
    return PeerResult(
        world=world,
        learner=name,
        shares=(test.share_of_best(ours), test.share_of_best(theirs)),
        errors=tuple(float(np.sqrt(np.mean((one - test.effects) ** 2))) for one in both),  # pyright: ignore[reportArgumentType]
        correlation=float(np.corrcoef(ours, theirs)[0, 1]),
    )


def fit_peer(name: str, rows: TreatmentRows, *, to_predict: NDArray[np.float64]) -> NDArray[np.float64]:
    """The effects that EconML predicts, (n,)."""
    settings = msgspec.json.encode(tree_settings(name)).decode()
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "rows.npz", Path(folder) / "effects.npy"
        randomised = rows.randomised
        np.savez(
            data, values=rows.values, treated=randomised.treated, outcomes=randomised.outcomes, to_predict=to_predict
        )
        subprocess.run([str(PYTHON), str(SCRIPT), str(data), str(out), name, settings], check=True, env={})
        return np.load(out)


def tree_settings(name: str) -> dict[str, int | float]:
    """Our settings of trees by LightGBM's names."""
    learner = LEARNERS[name]()
    assert isinstance(learner, BoostedOutcomes)
    return {
        "n_estimators": learner.n_trees,
        "learning_rate": learner.learning_rate,
        "num_leaves": learner.n_leaves,
        "min_child_samples": learner.min_data_in_leaf,
        "reg_lambda": learner.lambda_l2,
        "subsample": learner.bagging_fraction,
        "subsample_freq": 1,
        "colsample_bytree": learner.feature_fraction,
        "random_state": learner.seed,
    }


def figures_of(results: list[PeerResult]) -> list[BenchmarkFigure]:
    """The means of each learner over all experiments, with the range of the experiments."""
    figures: list[BenchmarkFigure] = []
    for name in COMPARED:
        own = [one for one in results if one.learner == name]
        for place, library in enumerate(("kizuna", "econml")):
            figures.append(_figure(f"{NAME}.{name}.{library}.share_of_best", [one.shares[place] for one in own]))
            figures.append(_figure(f"{NAME}.{name}.{library}.rmse", [one.errors[place] for one in own]))
        figures.append(_figure(f"{NAME}.{name}.correlation", [one.correlation for one in own]))
    return figures


def _figure(name: str, values: list[float]) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=float(np.mean(values)), low=min(values), high=max(values), unit="")


def comparison_table(results: list[PeerResult]) -> str:
    """One row for each learner: means over all experiments."""
    rows = list[list[str]]()
    for name in COMPARED:
        own = [one for one in results if one.learner == name]
        shares, errors = (np.mean([getattr(one, kind) for one in own], axis=0) for kind in ("shares", "errors"))
        correlation = np.mean([one.correlation for one in own])
        rows.append([f"`{name}`", *(f"{one:.3f}" for one in shares), *(f"{one:.4f}" for one in errors),
                     f"{correlation:.2f}"])  # fmt: skip
    return table(
        ["", "share of best, ours", "EconML", "error of effects, ours", "EconML", "correlation of effects"], rows
    )


if __name__ == "__main__":
    typer.run(main)
