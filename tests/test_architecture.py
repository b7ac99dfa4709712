"""What the house promises and the import contracts in pyproject.toml cannot say."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("core", "tables", "simulation", "features", "models", "training", "insights", "serving", "kizuna")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

HOMES = {
    "mlflow": ("training/run/tracking.py", "models/mlflow_store/"),
    "bentoml": ("serving/service.py",),
    "ibis": ("tables/", "features/", "insights/"),
    "implicit": ("models/recommenders/",),
    "lightgbm": ("models/churn/", "models/recommenders/"),
    "sklearn": ("models/churn/", "models/hazard/", "models/metrics/", "models/texts/"),
    "optuna": ("training/recommender/search.py",),
    "sqlalchemy": ("serving/tasks/", "training/recommender/search.py"),
    "httpx": ("serving/tasks/", "kizuna/commands/demo.py"),
}
"Foreign libraries and the only places that may import them."

PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time", "time.localtime"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
TELLS_TIME = ("kizuna/", "serving/", "core/ledger.py")
"The ledger stamps its own entries."
NAMELESS = {"utils", "util", "helpers", "common", "misc", "manager"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(path: Path) -> set[str]:
    """The dotted names of everything imported, wherever in the file."""
    whole = {alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names}
    parts = [node for node in nodes(path) if isinstance(node, ast.ImportFrom) and not node.level]
    return whole | {f"{node.module}.{alias.name}" for node in parts for alias in node.names}


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def spoken(path: Path) -> set[str]:
    """Dotted names of two parts such as os.environ, spoken or imported."""
    found = (node for node in nodes(path) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return {ast.unparse(node) for node in found} | imported(path)


@pytest.mark.parametrize("library", HOMES)
def test_a_foreign_library_stays_in_its_room(library):
    strays = [
        named(path) for path in FILES if library in libraries(path) and not named(path).startswith(HOMES[library])
    ]

    assert strays == []


def test_nothing_can_be_pickled():
    assert {named(path): found for path in FILES if (found := libraries(path) & PICKLES)} == {}


def test_arrays_are_never_read_as_pickles():
    allowed = [
        named(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
    ]

    assert allowed == []


@pytest.mark.parametrize("told", [CLOCKS, ENVIRONMENT], ids=["clock", "environment"])
def test_time_and_environment_come_in_through_the_front_door(told):
    strays = {named(path): found for path in FILES if (found := spoken(path) & told)}

    assert [name for name in strays if not name.startswith(TELLS_TIME)] == []


def test_every_file_has_a_plate_on_its_door():
    plates = {named(path): ast.get_docstring(cast(ast.Module, nodes(path)[0])) or "" for path in FILES}

    assert [name for name, plate in plates.items() if not plate.partition("\n")[0].endswith((".", ":", "?"))] == []


def test_the_doors_of_the_rooms_hold_no_code():
    assert [named(path) for path in FILES if path.name == "__init__.py" and len(list(nodes(path))) > 3] == []


def test_files_are_called_after_what_they_hold():
    assert [named(path) for path in FILES if path.stem in NAMELESS] == []
