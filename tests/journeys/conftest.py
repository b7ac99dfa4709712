"""Simulated shops, each in its own folder, and commands run as a user types them."""

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
class CommandResult:
    """Exit code and output of a command."""

    exit_code: int
    out: str
    error: str

    @property
    def last_line(self) -> str:
        """The last line of the output."""
        return self.out.splitlines()[-1]

    @property
    def error_line(self) -> str:
        """The only line of the error output; fails unless the command ended with exit code 2 and no traceback."""
        assert self.exit_code == 2, self.error
        assert self.error.count("\n") == 1
        assert "Traceback" not in self.out + self.error
        return self.error


@dataclass(frozen=True)
class DataSet:
    """A data set, and the working directory of its commands."""

    toml: Path
    home: Path
    name: str = "shop"

    def kizuna(self, *words: str) -> CommandResult:
        """Run `kizuna <words> --config <toml>` in the working directory."""
        out, error = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.home), contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            exit_code = run([*words, "--config", str(self.toml)])
        return CommandResult(exit_code, out.getvalue(), error.getvalue())

    @property
    def var(self) -> Path:
        """The folder that the commands write to."""
        return self.home / "var"

    @property
    def registry(self) -> Registry:
        """Its registered models."""
        return Registry(f"sqlite:///{self.var / 'mlflow.db'}", self.name)

    def runs(self) -> list[str]:
        """The status of each training run so far; none until MLflow has created its store."""
        store = self.var / "mlflow.db"
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(open_read_only(store)) as connection:
            return [status for (status,) in connection.execute("select status from runs order by start_time")]
        return []


def open_read_only(store: Path) -> sqlite3.Connection:
    """Open an existing SQLite database read-only."""
    return sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)


def write_shop(
    folder: Path, world: ShopWorld, change: Callable[[Frames], Frames] = dict, edits: Mapping[str, str] | None = None
) -> DataSet:
    """Simulate a shop and write it to a folder, with changes to its tables and its TOML (old text to new text)."""
    shop = simulate_shop(world)
    toml = SimulatedShop(change(shop.tables), shop.truth).write(folder)
    text = toml.read_text(encoding="utf-8")
    for old, new in {**FEW_CUTOFFS, **(edits or {})}.items():
        assert old in text
        text = text.replace(old, new)
    toml.write_text(text, encoding="utf-8")
    return DataSet(toml, folder)


@pytest.fixture(scope="session")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., DataSet]:
    """`new_shop(world, change, edits)`: `write_shop` to a new folder."""
    return lambda *arguments: write_shop(tmp_path_factory.mktemp("shop"), *arguments)
