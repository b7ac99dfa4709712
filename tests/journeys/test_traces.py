"""What a training leaves behind: no secret, no half of a version, and a run that MLflow itself may have begun."""

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
    """A shop that is quickly trained on."""
    return new_shop(SMALL)


@pytest.fixture
def items_in_postgres(new_shop: Callable[..., DataSet]) -> Iterator[DataSet]:
    """A shop whose items lie in PostgreSQL, behind a password that the TOML names."""
    database, table = engine("postgres"), ibis.util.gen_name("items")
    address = POSTGRES.replace("postgres@", f"postgres:{PASSWORD}@")
    assert PASSWORD in address

    def moved(frames: Frames) -> Frames:
        database.create_table(table, frames["items"])
        return frames

    yield new_shop(SMALL, moved, {'path = "items.parquet"': f'database = "{address}"\ntable = "{table}"'})
    database.drop_table(table)


def test_the_password_of_a_database_is_in_no_file_that_a_training_leaves(items_in_postgres: DataSet):
    shop = items_in_postgres

    said = shop.kizuna("train", "churn", *QUICK)

    left = [path for path in shop.var.rglob("*") if path.is_file()]
    assert said.exit_code == 0
    assert {"mlflow.db", "ledger.jsonl", "config.json"} <= {path.name for path in left}
    assert not [path for path in left if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in said.out + said.error


def environment(**more: str) -> dict[str, str]:
    """This process's, with its Python found first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(PROJECT)} | more


def test_ctrl_c_leaves_no_version_and_a_run_that_says_it_was_killed(small_shop: DataSet):
    command = [sys.executable, "-m", "kizuna", "train", "churn", "--config", str(small_shop.toml)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=small_shop.home, env=environment(), **pipes) as training:
        wait_for_a_run(small_shop)
        training.send_signal(signal.SIGINT)
        _, error = training.communicate(timeout=PATIENCE_SECONDS)

    assert (training.returncode, error) == (130, "kizuna: interrupted\n")
    assert small_shop.runs() == ["KILLED"]
    assert small_shop.registry.versions("churn") == []


def wait_for_a_run(shop: DataSet) -> None:
    """Until a training has begun its run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while shop.runs() != ["RUNNING"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def mlflow_run(shop: DataSet, **more: str) -> subprocess.CompletedProcess[str]:
    """`mlflow run` of this project on a shop, typed in the shop's folder."""
    asked = [str(PROJECT), "-e", "train_churn", "-P", f"config={shop.toml}", "--env-manager", "local"]
    return subprocess.run(
        [sys.executable, "-m", "mlflow", "run", *asked],
        cwd=shop.home, env=environment(**more), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip


@pytest.fixture
def placed(new_shop: Callable[..., DataSet], tmp_path: Path) -> DataSet:
    """A shop whose TOML says where `var` is: MLflow starts the command in the project's folder."""
    return new_shop(SMALL, dict, {'name = "shop"': f'name = "shop"\nvar = "{tmp_path / "var"}"'})


def test_mlflow_run_continues_the_run_that_it_began_in_the_project_s_store(placed: DataSet, tmp_path: Path):
    uri = f"sqlite:///{tmp_path / 'var/mlflow.db'}"

    done = mlflow_run(placed, MLFLOW_TRACKING_URI=uri)

    assert done.returncode == 0, done.stderr
    version = Registry(uri, "shop").find("churn", "challenger")
    assert open_store(uri).get_run(version.run_id).data.tags["mlflow.project.entryPoint"] == "train_churn"


def test_mlflow_run_without_the_address_stops_in_one_line_that_names_it(placed: DataSet, tmp_path: Path):
    done = mlflow_run(placed)

    (told,) = [line for line in done.stderr.splitlines() if line.startswith("kizuna: ")]
    assert done.returncode != 0
    assert f"set MLFLOW_TRACKING_URI=sqlite:///{tmp_path / 'var/mlflow.db'}" in told
    assert not (tmp_path / "var").exists()
