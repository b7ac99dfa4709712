"""Versions are numbered, aliases point at them, and the store has no pickle."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from core.errors import BrokenArtifact, ConfigError, NotFound, SourceUnavailable
from core.feature_table import FeatureColumn
from core.model_card import ModelCard
from models.artifact import Artifact
from models.mlflow_store import new_store
from models.mlflow_store.package import ModelPackage, read_card
from models.mlflow_store.registry import Registry, open_store

COLUMNS = (
    FeatureColumn(
        name="days_since_last_purchase",
        family="recency",
        unit="days",
        en="en",
        ja="ja",
        missing="never bought",
        digest="d1",
    ),
    FeatureColumn(
        name="city",
        family="attributes",
        unit="",
        en="en",
        ja="ja",
        missing="unknown",
        digest="d2",
        vocabulary=("Kyoto", "Osaka"),
    ),
)


def card(kind: str = "churn", **changes) -> ModelCard:
    fields = {
        "kind": kind, "data_set": "shop", "model": "recency", "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "cutoff": date(2025, 6, 1), "training_cutoffs": (date(2025, 6, 1),), "test_cutoff": date(2025, 9, 1),
        "cohort": "all customers", "n_rows": 4, "n_customers": 4, "settings": {"n_bins": 3}, "horizon_days": 60,
    }  # fmt: skip
    return ModelCard(**(fields | changes))


def package(**changes) -> ModelPackage:
    artifact = Artifact("recency", {"steps": [0.1, 0.9]}, {"edges": np.array([30.0])}, {"tree": "leaf"})
    return ModelPackage(card(**changes), artifact, COLUMNS)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("store")
    return Registry(f"sqlite:///{folder / 'mlflow.db'}", "shop")


@pytest.fixture(scope="module")
def run_id(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> str:
    client = open_store(registry.tracking_uri)
    experiment = client.create_experiment("shop", artifact_location=str(tmp_path_factory.mktemp("files")))
    return client.create_run(experiment).info.run_id


def test_a_new_version_is_the_next_number_and_the_challenger(registry: Registry, run_id: str):
    first = registry.register(package(), run_id)
    second = registry.register(package(model="logistic"), run_id)

    assert (second.version, second.aliases, second.card.version) == (first.version + 1, ("challenger",), second.version)
    assert registry.find("churn", first.version).aliases == ()
    assert [each.version for each in registry.versions("churn")][-2:] == [first.version, second.version]


def test_a_loaded_package_equals_the_registered_one(registry: Registry, run_id: str):
    loaded = registry.package(registry.register(package(), run_id))

    assert loaded.artifact.state == package().artifact.state
    assert loaded.artifact.arrays["edges"].tolist() == [30.0]
    assert loaded.columns == COLUMNS
    assert loaded.vocabularies == {"city": ("Kyoto", "Osaka")}


def test_an_alias_points_at_its_version_and_moves(registry: Registry, run_id: str):
    first, second = registry.register(package(), run_id), registry.register(package(), run_id)

    registry.set_alias("churn", "champion", version=first.version)
    registry.set_alias("churn", "champion", version=second.version)

    assert registry.find("churn", "champion").version == second.version
    assert registry.aliases("churn") == {"champion": second.version, "challenger": second.version}


def test_an_unknown_version_raises_an_error_that_lists_the_versions(registry: Registry, run_id: str):
    registry.register(package(), run_id)

    with pytest.raises(NotFound, match=r"no '999' of kizuna\.shop\.churn; versions: 1"):
        registry.find("churn", 999)
    with pytest.raises(NotFound, match="kizuna train recommender"):
        registry.find("recommender", "champion")


def test_a_store_that_does_not_answer_is_reported_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(SourceUnavailable, match="does not answer") as error:
        Registry("http://bob:hush@127.0.0.1:9", "shop").aliases("churn")

    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("uri", "kind", "message"),
    [
        (
            "postgresql+psycopg://ada:hush@127.0.0.1:1/x",
            SourceUnavailable,
            "does not answer: .*Connection refused; start",
        ),
        ("mysql+nothing://ada:hush@127.0.0.1/x", SourceUnavailable, "does not answer"),
        ("nonsense://ada:hush@x", ConfigError, "no store of MLflow; name a database or a server, e.g. sqlite:///"),
        ("/data/mlruns", ConfigError, "MLFLOW_TRACKING_URI is '/data/mlruns', which is no store"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused_at_once(uri: str, kind: type[Exception], message: str):
    with pytest.raises(kind, match=message) as caught:
        Registry(uri, "shop")

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interrupted_creation_leaves_no_store_and_the_next_one_succeeds(tmp_path, monkeypatch, fault):
    path = tmp_path / "var/mlflow.db"

    def stop(uri: str) -> None:
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as half:
            half.execute("create table experiments (name text)")
        raise fault

    with monkeypatch.context() as context:
        context.setattr(new_store, "MlflowClient", stop)
        with pytest.raises(type(fault)):
            open_store(f"sqlite:///{path}")
    assert list(path.parent.iterdir()) == []

    assert open_store(f"sqlite:///{path}").search_experiments()
    assert [one.name for one in path.parent.iterdir()] == ["mlflow.db"]


def test_a_store_that_another_command_created_meanwhile_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "mlflow.db"

    def create_another(uri: str) -> None:
        MlflowClient(f"sqlite:///{path}").create_experiment("theirs")
        MlflowClient(uri)

    monkeypatch.setattr(new_store, "MlflowClient", create_another)

    assert "theirs" in {one.name for one in open_store(f"sqlite:///{path}").search_experiments()}


@pytest.mark.parametrize("statement", ["create table experiments (name)", "create table alembic_version (version_num)"])
def test_an_incomplete_store_is_refused_with_what_to_do(tmp_path, statement):
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)

    with pytest.raises(SourceUnavailable, match=r"is incomplete: .*; move it away, then run the command again"):
        open_store(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["update alembic_version set version_num = '451aebb31d03'"], "by another version of MLflow; .* db upgrade"),
        (["drop table experiment_tags"], r"is incomplete \(no such table: experiment_tags\): .*; restore a copy"),
        (
            [
                "drop table experiment_tags",
                "drop table runs",
                "update alembic_version set version_num = '451aebb31d03'",
            ],
            r"is incomplete \(.*; restore a copy",
        ),
    ],
    ids=["older", "lacks a table", "half upgraded"],
)
@pytest.mark.filterwarnings("ignore:Unnamed CHECK constraint")  # of MLflow's own upgrade
def test_a_store_of_another_version_is_refused_with_what_to_do(tmp_path, statements, message):
    open_store(f"sqlite:///{tmp_path / 'first.db'}")
    # MLflow keeps what it has opened, so the copy stands for the store of another process.
    path = (tmp_path / "first.db").rename(tmp_path / "mlflow.db")
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()

    with pytest.raises(SourceUnavailable, match=message):
        open_store(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_text("not a database" * 100)

    with pytest.raises(SourceUnavailable, match=r"is no SQLite database; .* or set MLFLOW_TRACKING_URI"):
        open_store(f"sqlite:///{path}")


def test_an_interrupted_registration_leaves_no_version(registry: Registry, run_id: str, monkeypatch):
    before = registry.versions("churn")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry, "set_alias", interrupt)
        with pytest.raises(KeyboardInterrupt):
            registry.register(package(), run_id)

    assert registry.versions("churn") == before


def test_no_file_of_a_version_is_a_pickle(registry: Registry, run_id: str):
    folder = Path(registry.register(package(), run_id).folder).parent.parent
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}

    assert suffixes <= {".json", ".npy", ".txt", ".yaml", ""}
    assert not any(path.read_bytes().startswith(b"\x80") for path in folder.rglob("*") if path.is_file())


def test_a_damaged_card_raises_a_readable_error(tmp_path: Path):
    package().write(tmp_path)
    (tmp_path / "card.json").write_text("{")

    with pytest.raises(BrokenArtifact, match="train again"):
        read_card(tmp_path)
