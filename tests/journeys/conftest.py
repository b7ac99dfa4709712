"""Shops in folders of their own, and the command line as a person types it."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from kizuna.main import run
from models.mlflow_store.registry import Registry
from simulation.shop.simulate import ShopWorld, SimulatedShop, simulate_shop

PROJECT = Path(__file__).resolve().parents[2]
FEW_CUTOFFS = {"step_days = 30\nmax_cutoffs = 6": "step_days = 60\nmax_cutoffs = 2"}
QUICK = ("--model", "logistic", "--set", "n_resamples=5")

Frames = dict[str, pa.Table]


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    exit_code: int
    out: str
    error: str

    @property
    def last_line(self) -> str:
        """What a person reads last."""
        return self.out.splitlines()[-1]

    @property
    def refusal(self) -> str:
        """The one line of a command that was refused; anything else fails."""
        assert self.exit_code == 2, self.error
        assert self.error.count("\n") == 1
        assert "Traceback" not in self.out + self.error
        return self.error


@dataclass(frozen=True)
class DataSet:
    """A data set, and a folder to work on it in."""

    toml: Path
    home: Path
    name: str = "shop"

    def kizuna(self, *words: str) -> Said:
        """Type `kizuna <words> --config <toml>` in the folder."""
        out, error = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.home), contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            exit_code = run([*words, "--config", str(self.toml)])
        return Said(exit_code, out.getvalue(), error.getvalue())

    @property
    def var(self) -> Path:
        """Everything that the commands leave."""
        return self.home / "var"

    @property
    def registry(self) -> Registry:
        """Its registered models."""
        return Registry(f"sqlite:///{self.var / 'mlflow.db'}", self.name)

    def runs(self) -> list[str]:
        """The status of each training so far; none while MLflow's store is still being made."""
        store = self.var / "mlflow.db"
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(opened(store)) as connection:
            return [status for (status,) in connection.execute("select status from runs order by start_time")]
        return []


def opened(store: Path) -> sqlite3.Connection:
    """A database that is there already, to read only."""
    return sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)


def written(
    folder: Path, world: ShopWorld, change: Callable[[Frames], Frames] = dict, edits: Mapping[str, str] | None = None
) -> DataSet:
    """A simulated shop in a folder, its tables and its TOML changed as wanted."""
    shop = simulate_shop(world)
    toml = SimulatedShop(change(shop.tables), shop.truth).write(folder)
    text = toml.read_text(encoding="utf-8")
    for stated, wanted in {**FEW_CUTOFFS, **(edits or {})}.items():
        assert stated in text
        text = text.replace(stated, wanted)
    toml.write_text(text, encoding="utf-8")
    return DataSet(toml, folder)


@pytest.fixture(scope="session")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., DataSet]:
    """`new_shop(world, change, edits)`: `written` in a folder of its own."""
    return lambda *wanted: written(tmp_path_factory.mktemp("shop"), *wanted)
