"""What training leaves behind: no secret, no incomplete version, and the run that `mlflow run` started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ibis
import pytest

from models.mlflow_store.registry import Registry, open_store
from simulation.shop.simulate import ShopWorld
from tests.engines import POSTGRES, engine
from tests.journeys.conftest import PROJECT, QUICK, DataSet, Frames

pytestmark = pytest.mark.slow

PASSWORD = "planted-secret"
SMALL = ShopWorld(n_customers=100)
PATIENCE_SECONDS = 120


@pytest.fixture
def small_shop(new_shop: Callable[..., DataSet]) -> DataSet:
    """A shop that trains quickly."""
    return new_shop(SMALL)


@pytest.fixture
def items_in_postgres(new_shop: Callable[..., DataSet]) -> Iterator[DataSet]:
    """A shop whose items are in PostgreSQL; the TOML contains its password."""
    database, table = engine("postgres"), ibis.util.gen_name("items")
    address = POSTGRES.replace("postgres@", f"postgres:{PASSWORD}@")
    assert PASSWORD in address

    def move_items(frames: Frames) -> Frames:
        database.create_table(table, frames["items"])
        return frames

    yield new_shop(SMALL, move_items, {'path = "items.parquet"': f'database = "{address}"\ntable = "{table}"'})
    database.drop_table(table)


def test_training_writes_the_database_password_to_no_file(items_in_postgres: DataSet):
    shop = items_in_postgres

    result = shop.kizuna("train", "churn", *QUICK)

    files = [path for path in shop.var.rglob("*") if path.is_file()]
    assert result.exit_code == 0
    assert {"mlflow.db", "ledger.jsonl", "config.json"} <= {path.name for path in files}
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in result.out + result.error


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with its Python first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(PROJECT)} | more


def test_ctrl_c_registers_no_version_and_marks_the_run_as_killed(small_shop: DataSet):
    command = [sys.executable, "-m", "kizuna", "train", "churn", "--config", str(small_shop.toml)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=small_shop.home, env=environment(), **pipes) as training:
        wait_for_a_run(small_shop)
        training.send_signal(signal.SIGINT)
        _, error = training.communicate(timeout=PATIENCE_SECONDS)

    # Where the machine is slow, a line before it names the step that took long.
    assert (training.returncode, error.splitlines()[-1]) == (130, "kizuna: interrupted")
    assert "Traceback" not in error
    assert small_shop.runs() == ["KILLED"]
    assert small_shop.registry.versions("churn") == []


def wait_for_a_run(shop: DataSet) -> None:
    """Wait until training has started its MLflow run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while shop.runs() != ["RUNNING"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def mlflow_run(shop: DataSet, **more: str) -> subprocess.CompletedProcess[str]:
    """Call `mlflow run` with this project in the shop's folder."""
    arguments = [str(PROJECT), "-e", "train_churn", "-P", f"config={shop.toml}", "--env-manager", "local"]
    return subprocess.run(
        [sys.executable, "-m", "mlflow", "run", *arguments],
        cwd=shop.home, env=environment(**more), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip


@pytest.fixture
def shop_with_var(new_shop: Callable[..., DataSet], tmp_path: Path) -> DataSet:
    """A shop whose TOML sets `var`, because MLflow starts the command in the project's folder."""
    return new_shop(SMALL, dict, {'name = "shop"': f'name = "shop"\nvar = "{tmp_path / "var"}"'})


def test_training_continues_the_run_that_mlflow_run_started(shop_with_var: DataSet, tmp_path: Path):
    uri = f"sqlite:///{tmp_path / 'var/mlflow.db'}"

    done = mlflow_run(shop_with_var, MLFLOW_TRACKING_URI=uri)

    assert done.returncode == 0, done.stderr
    version = Registry(uri, "shop").find("churn", "challenger")
    assert open_store(uri).get_run(version.run_id).data.tags["mlflow.project.entryPoint"] == "train_churn"


def test_mlflow_run_without_a_tracking_uri_fails_and_names_the_uri_to_set(shop_with_var: DataSet, tmp_path: Path):
    done = mlflow_run(shop_with_var)

    (error_line,) = [line for line in done.stderr.splitlines() if line.startswith("kizuna: ")]
    assert done.returncode != 0
    assert f"set MLFLOW_TRACKING_URI=sqlite:///{tmp_path / 'var/mlflow.db'}" in error_line
    assert not (tmp_path / "var").exists()
