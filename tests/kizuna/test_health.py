"""`kizuna health`, as it is typed, on a shop whose regulars stop buying in October."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.model_card import ModelCard
from kizuna.main import run
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import Registry, open_store
from serving.tasks.store import TaskFilter, TaskStore
from tests.insights.health.regulars import JUDGED, LAST, LEAVERS, champion, regulars
from tests.models.mlflow_store.test_registry import card
from tests.serving.tasks.test_delivery import SECRET, receiver

CONFIG = f"""
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 60
watermark = {LAST}
[churn]
horizon_days = 30
[health]
owner = "max"
webhook = "${{WEBHOOK:-}}"
webhook_secret = "{SECRET}"
"""
JUDGE = ("health", "--cutoff", JUDGED.isoformat())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop's tables, its TOML, and a champion in MLflow's store."""
    home = tmp_path_factory.mktemp("shop")
    tables = regulars()
    stated = CONFIG
    for name in tables.names:
        pq.write_table(tables[name].to_pyarrow(), home / f"{name}.parquet")
        stated += f'[tables.{name}]\npath = "{name}.parquet"\n'
    (home / "kizuna.toml").write_text(stated)
    features = {column.name: column.digest for column in champion().columns_}
    for described in (card(model="base_rate"), card(features=features)):
        register(home, described)
    return home


def registry_of(home: Path) -> Registry:
    return Registry(f"sqlite:///{home / 'var/mlflow.db'}", "shop")


def register(home: Path, described: ModelCard) -> None:
    """Make the next version, and the champion."""
    registry = registry_of(home)
    client = open_store(registry.tracking_uri)
    experiment = client.create_experiment(described.model, artifact_location=str(home / "files"))
    run_id = client.create_run(experiment).info.run_id
    model = champion()
    registry.register(ModelPackage(described, model.to_artifact(), model.columns_), run_id, "champion")


@pytest.fixture
def here(shop, monkeypatch) -> Path:
    """The folder as the working directory."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    return shop


def kept(home: Path) -> list[tuple[str, str]]:
    store = TaskStore.at(None, home / "var/shop/tasks.db", "shop")
    return sorted((task.customer_id, task.owner) for task in store.find(TaskFilter(), 100).tasks)


def files(home: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "var/shop/health").iterdir()}


@pytest.mark.slow
def test_a_fall_makes_one_task_however_often_the_days_are_judged_and_it_is_delivered(here, monkeypatch, capfd):
    with receiver(503) as crm:
        monkeypatch.setenv("WEBHOOK", crm.address)
        assert run([*JUDGE, "--days", "8"]) == 0
        first, written = capfd.readouterr().out, files(here)
        assert run([*JUDGE, "--days", "8", "--lang", "ja"]) == 0
        again = capfd.readouterr().out

    owned = [(customer, "ann" if customer == "quiet00" else "max") for customer in LEAVERS]
    assert kept(here) == owned
    assert (first.count("new tasks: 10"), again.count("新しいタスク: 0件")) == (1, 1)
    assert len(written) == 2
    assert files(here) == written
    assert sorted(set(crm.customers)) == LEAVERS
    assert len(crm.customers) == 11
    assert "39 customers, in var/shop/health/2024-10-22.parquet" in first


@pytest.mark.slow
def test_a_champion_that_tells_no_customers_apart_is_refused_in_one_line(here, capfd):
    registry = registry_of(here)
    registry.set_alias("churn", "champion", 1)
    assert run([*JUDGE]) == 2
    registry.set_alias("churn", "champion", 2)

    said = capfd.readouterr().err
    assert "says the same of every customer" in said
    assert said.count("\n") == 1


def test_help_shows_an_example(capfd):
    assert run(["health", "--help"]) == 0
    assert "Example: kizuna health" in capfd.readouterr().out
