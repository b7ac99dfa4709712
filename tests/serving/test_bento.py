"""The bento contains everything that the service needs, and nothing else.

It is built, installed into a fresh virtual environment, and run from there: the checkout is not on the path.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from datetime import datetime
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from core.decisions import DecisionRow
from serving.decisions.store import DecisionFilter, DecisionStore
from serving.tasks.store import TaskStore
from tests.serving.conftest import PROJECT, run_service
from tests.serving.sample_release import publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

UV = str(Path(sys.executable).with_name("uv"))
NO_HOST = "http://127.0.0.1:9"
WITHOUT_NETWORK = {"HTTPS_PROXY": NO_HOST, "HTTP_PROXY": NO_HOST, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
OF_CHECKOUT = ("core", "models", "serving", "features", "tables")
NOT_OF_SERVICE = ("pytest", "ruff", "basedpyright", "mlflow", "pandas", "sklearn", "ibis", "matplotlib", "optuna")
"Packages of development and training."
NOT_IMPORTED = {"flask-swagger-ui", "httptools", "uvloop", "psycopg", "s3fs", "tzdata"}
"Files of the API docs, and what uvicorn, SQLAlchemy, fsspec and zoneinfo find by themselves."
PATH_VALUES = {
    "event": "buys_tea",
    "name": "often",
    "item_id": "tea",
    "customer_id": "ada",
    "task_id": task("ada").task_id,
}
BODIES = {
    "/v1/churn/score": {"customer_ids": ["ada"], "curve": True},
    "/v1/predictions/{event}": {"customer_ids": ["ada"]},
    "/v1/accounts/score": {"account_ids": ["acme"]},
    "/v1/value": {"customer_ids": ["ada"]},
    "/v1/recommendations": {"customer_id": "ada"},
    "/v1/next-best-offer": {"customer_id": "ada"},
    "/v1/outcomes": {
        "outcomes": [{"decision_id": "d1", "kind": "opened", "event_time": "2026-04-02T10:00:00+09:00"}],
    },
    "/v1/events": {"events": [{"type": "view", "event_id": "e1", "customer_id": "ada", "item_id": "tea"}]},
    "/v1/items": {"items": [{"item_id": "tea", "price": 2.5}]},
    "/v1/stock": {"unavailable": ["cup"]},
    "/v1/tasks/{task_id}": {"state": "done"},
}


def build(home: Path) -> str:
    """Run `bentoml build` in the checkout, without a network; returns the bento's tag."""
    environment = os.environ | WITHOUT_NETWORK | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "build", "--output", "tag"]
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip().removeprefix("__tag__:")


def install(requirements: Path, folder: Path) -> str:
    """Install the requirements of a bento into a new virtual environment; returns its interpreter.

    `make install` has filled uv's cache with the same packages, so this needs no network as a rule.
    """
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin/python")
    command = [UV, "pip", "sync", "--quiet", "--python", python, str(requirements)]
    from_cache = subprocess.run([*command, "--offline"], capture_output=True, check=False)
    if from_cache.returncode != 0:
        subprocess.run(command, check=True)
    return python


def send_to_every_route(address: str) -> dict[str, int]:
    """The status of each operation in the OpenAPI document, by method and path."""
    document = httpx.get(f"{address}/openapi.json").json()
    statuses: dict[str, int] = {}
    for path, operations in document["paths"].items():
        for method in operations:
            options: dict[str, Any] = {} if method == "get" else {"json": BODIES[path]}
            response = httpx.request(method, f"{address}{path.format(**PATH_VALUES)}", **options)
            statuses[f"{method} {path}"] = response.status_code
    return statuses


def test_the_packages_of_the_bento_are_those_that_its_files_import():
    patterns = [
        one for one in yaml.safe_load((PROJECT / "bentofile.yaml").read_text())["include"] if one.endswith(".py")
    ]
    excluded = {*PROJECT.glob("serving/build/**/*.py"), *PROJECT.glob("serving/assistants/*.py")}
    files = {path for pattern in patterns for path in PROJECT.glob(pattern)} - excluded
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"core", "models", "serving"}
    packages = {normalise(packages_distributions()[root][0]) for root in roots}

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = {normalise(re.split("[^A-Za-z0-9-]", line)[0]) for line in project["dependency-groups"]["serving"]}
    assert listed == packages | NOT_IMPORTED


def test_every_package_of_the_bento_has_the_version_that_the_tests_run_with():
    locks = [(PROJECT / f"requirements{name}.lock").read_text(encoding="utf-8") for name in ("", "-serving")]
    everything, of_service = (set(re.findall("^([^ ]+==[^ ]+)", lock, re.MULTILINE)) for lock in locks)

    assert {line.partition("==")[0] for line in of_service - everything} == {"psycopg-binary"}


def normalise(package: str) -> str:
    """The name of a package as locks write it."""
    return package.lower().replace("_", "-")


@pytest.mark.slow
def test_the_installed_bento_serves_every_route_without_the_checkout(tmp_path):
    tag = build(tmp_path / "bentoml")
    bento = tmp_path / "bentoml/bentos" / tag.replace(":", "/")
    python = install(bento / "env/python/requirements.txt", tmp_path / "venv")
    publish(tmp_path / "releases", sample_release())
    TaskStore.at(None, tmp_path / "tasks.db", data_set="shop").add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    decisions = DecisionStore.at(None, tmp_path / "decisions.db", data_set="shop")
    decisions.add([DecisionRow(decision_id="d1", customer_id="ada", decided_at=datetime(2026, 4, 1, 9))])

    with run_service(tmp_path, workers=1, target=[tag], python=python) as service:
        statuses = send_to_every_route(service.address)
        docs = httpx.get(f"{service.address}/docs")
        explanation = httpx.post(f"{service.address}/v1/recommendations", json={"customer_id": "ada", "k": 1})

    assert set(statuses.values()) == {200}, statuses
    assert [one.decision_id for one in decisions.find_outcomes(DecisionFilter())] == ["d1"]
    assert len(statuses) >= 15
    assert docs.status_code == 200
    assert "商品です" in explanation.text  # the translations are in the bento, too
    assert importable_packages(python, tmp_path, OF_CHECKOUT) == []
    assert importable_packages(python, tmp_path, NOT_OF_SERVICE) == []
    assert {path.name for path in (bento / "src").iterdir() if path.is_dir()} == {"core", "models", "serving"}
    assert not (bento / "src/serving/build").exists()


def importable_packages(python: str, folder: Path, names: tuple[str, ...]) -> list[str]:
    """Those of some packages that the virtual environment itself can import."""
    script = f"from importlib.util import find_spec; print(*(name for name in {names} if find_spec(name)))"
    run = subprocess.run([python, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.split()
