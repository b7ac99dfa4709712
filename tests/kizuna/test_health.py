"""`kizuna health` on a shop whose regulars stop buying in October."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core import environment
from core.ledger import ALIAS_MOVED, FORCED, Ledger
from core.model_card import ModelCard
from kizuna.main import run
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import Registry, open_store
from serving.tasks.store import TaskFilter, TaskStore
from tests.insights.health.regulars import LAST, LEAVERS, TODAY, champion, regulars
from tests.models.mlflow_store.test_registry import card
from tests.serving.conftest import free_port
from tests.serving.webhooks.test_delivery import SECRET, receiver

CONFIG = f"""
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 60
watermark = {TODAY}
[churn]
horizon_days = 30
[webhooks]
allow_http = true
allow_addresses = ["127.0.0.1"]
[health]
owner = "max"
webhook = "${{WEBHOOK:-}}"
webhook_secret = "{SECRET}"
"""
JUDGE = ("health", "--cutoff", TODAY.isoformat())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop's tables, its TOML and a champion in the MLflow store."""
    home = tmp_path_factory.mktemp("shop")
    tables = regulars()
    toml_text = CONFIG
    for name in tables.names:
        pq.write_table(tables[name].to_pyarrow(), home / f"{name}.parquet")
        toml_text += f'[tables.{name}]\npath = "{name}.parquet"\n'
    (home / "kizuna.toml").write_text(toml_text)
    features = {column.name: column.digest for column in champion().columns_}
    for described in (card(model="base_rate"), card(features=features)):
        register(home, described)
    return home


def registry_of(home: Path) -> Registry:
    return Registry(f"sqlite:///{home / 'var/mlflow.db'}", "shop")


def register(home: Path, described: ModelCard) -> None:
    """Register the next version as champion."""
    registry = registry_of(home)
    client = open_store(registry.tracking_uri)
    experiment = client.create_experiment(described.model, artifact_location=str(home / "files"))
    run_id = client.create_run(experiment).info.run_id
    model = champion()
    registry.register(ModelPackage(described, model.to_artifact(), model.columns_), run_id, alias="champion")


@pytest.fixture
def home_folder(shop, monkeypatch) -> Path:
    """The folder as the working directory."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    return shop


def tasks_in_store(home: Path) -> list[tuple[str, str]]:
    store = TaskStore.at(None, home / "var/shop/tasks.db", data_set="shop")
    return sorted((task.customer_id, task.owner) for task in store.find(TaskFilter(), 100).tasks)


def files(home: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "var/shop/health").iterdir()}


@pytest.mark.slow
def test_re_running_opens_no_duplicate_tasks_and_delivers_the_open_ones(home_folder, monkeypatch, capfd):
    with receiver(503) as crm:
        monkeypatch.setenv("WEBHOOK", crm.address)
        assert run([*JUDGE, "--days", "8"]) == 0
        first, written = capfd.readouterr().out, files(home_folder)
        assert run([*JUDGE, "--days", "8", "--lang", "ja"]) == 0
        again = capfd.readouterr().out

    owned = [(customer, "ann" if customer == "quiet00" else "max") for customer in LEAVERS]
    assert tasks_in_store(home_folder) == owned
    assert (first.count("new tasks: 10"), again.count("新しいタスク:0件")) == (1, 1)
    assert len(written) == 2
    assert files(home_folder) == written
    assert sorted(set(crm.customer_ids)) == LEAVERS
    assert len(crm.customer_ids) == 11
    assert "39 customers, in var/shop/health/2024-10-22.parquet" in first


@pytest.mark.slow
def test_a_past_day_opens_no_tasks_and_says_so(shop, tmp_path, monkeypatch, capfd):
    home = Path(shutil.copytree(shop, tmp_path / "shop", ignore=shutil.ignore_patterns("tasks.db*")))
    monkeypatch.chdir(home)
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    registry_of(home).set_alias("churn", "champion", version=2)
    toml = (home / "kizuna.toml").read_text()
    (home / "kizuna.toml").write_text(toml.replace(f"watermark = {TODAY}", f"watermark = {LAST}"))

    assert run([*JUDGE]) == 0
    text = capfd.readouterr().out
    assert run([*JUDGE, "--format", "json"]) == 0
    document = json.loads(capfd.readouterr().out)

    assert "quiet00: " in text
    assert "no tasks: 2024-10-22 is past" in text
    assert (document["is_past"], document["new_tasks"]) == (True, [])
    assert tasks_in_store(home) == []


@pytest.mark.parametrize(
    ("day", "problem"),
    [("2999-01-01", "--cutoff 2999-01-01 lies in the future"), ("2020-01-01", "there was no customer at 2020-01-01 (")],
)
def test_a_day_without_customers_or_records_is_refused(home_folder, capfd, day, problem):
    registry_of(home_folder).set_alias("churn", "champion", version=2)

    assert run(["health", "--cutoff", day]) == 2
    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("kizuna:"))
    assert problem in line


@pytest.mark.slow
def test_a_champion_that_scores_every_customer_alike_is_an_error(home_folder, capfd):
    registry = registry_of(home_folder)
    registry.set_alias("churn", "champion", version=1)
    assert run([*JUDGE]) == 2
    registry.set_alias("churn", "champion", version=2)

    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("kizuna:"))
    assert "predicts the same for every customer" in line


@pytest.mark.slow
def test_a_champion_of_another_definition_of_churn_is_doubted(shop, tmp_path, monkeypatch, capfd):
    home = Path(shutil.copytree(shop, tmp_path / "shop"))
    monkeypatch.chdir(home)
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    features = {column.name: column.digest for column in champion().columns_}
    register(home, card(model="rfm", features=features, label="no usage for 30 days", horizon_days=30))

    assert run([*JUDGE]) == 0
    assert "the champion predicts 'no usage for 30 days', but [churn] says" in capfd.readouterr().out
    assert run([*JUDGE, "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["doubt"].startswith("the champion predicts 'no usage")
    assert run(["score", "--out", "scores.csv"]) == 0
    assert "the champion predicts 'no usage for 30 days'" in capfd.readouterr().out


@pytest.mark.slow
def test_a_champion_that_is_not_shown_to_be_better_is_used_only_if_it_was_promoted_by_force(
    shop, tmp_path, monkeypatch, capfd
):
    home = Path(shutil.copytree(shop, tmp_path / "shop"))
    monkeypatch.chdir(home)
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    features = {column.name: column.digest for column in champion().columns_}
    register(home, card(model="rfm", features=features, beats_baselines=False, verdict="no better than recency"))

    assert run([*JUDGE]) == 2
    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("kizuna:"))
    assert "cannot be used for health: no better than recency" in line

    moved = {"kind": "churn", "alias": "champion", "version": 3}
    Ledger(home / "var/shop/ledger.jsonl").append(ALIAS_MOVED, moved, who="ada", why=f"{FORCED}the board wants it")
    assert run([*JUDGE]) == 0


def test_a_stopped_task_database_is_noticed_before_the_work(home_folder, monkeypatch, capfd):
    registry_of(home_folder).set_alias("churn", "champion", version=2)
    monkeypatch.setenv(environment.DATABASE_URL, f"postgresql://kizuna@127.0.0.1:{free_port()}/tasks")
    monkeypatch.setattr("kizuna.commands.health.compute_days", lambda *_, **__: pytest.fail("the work began"))

    assert run([*JUDGE]) == 2
    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("kizuna:"))
    assert "127.0.0.1" in line


def test_help_shows_an_example(capfd):
    assert run(["health", "--help"]) == 0
    assert "Example: kizuna health" in capfd.readouterr().out
