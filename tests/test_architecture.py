"""Rules of the code base that the import contracts in pyproject.toml cannot express."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "tables", "simulation", "features", "models", "training", "insights", "serving", "kizuna")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

ALLOWED_IMPORTERS = {
    "mlflow": ("training/run/tracking.py", "models/mlflow_store/", "kizuna/mlflow_app.py"),
    "bentoml": ("serving/service.py",),
    "ibis": ("tables/", "features/", "insights/"),
    "implicit": ("models/recommenders/",),
    "lightgbm": (
        "models/churn/",
        "models/policies/acceptance/",
        "models/recommenders/",
        "models/uplift/",
        "models/value/",
    ),
    "sklearn": ("models/churn/", "models/hazard/", "models/metrics/", "models/texts/", "models/uplift/"),
    "optuna": ("training/recommender/search.py",),
    "sqlalchemy": (
        "models/mlflow_store/",
        "serving/database.py",
        "serving/decisions/",
        "serving/keys/",
        "serving/tasks/",
        "serving/webhooks/",
        "training/recommender/search.py",
    ),
    "httpx": ("serving/assistants/", "serving/webhooks/", "kizuna/commands/demo.py"),
    "mcp": ("serving/assistants/server.py",),
}
"By library: the only places that may import it."

PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time", "time.localtime"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
MAY_READ_CLOCK_AND_ENVIRONMENT = ("kizuna/", "serving/", "core/ledger.py")
"The ledger writes the current time into its entries."
VAGUE_FILE_NAMES = {"utils", "util", "helpers", "common", "misc", "manager"}


def relative_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports_of(path: Path) -> set[str]:
    """Dotted names of all imports, at any place in the file."""
    modules = {alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names}
    from_imports = [node for node in nodes(path) if isinstance(node, ast.ImportFrom) and not node.level]
    return modules | {f"{node.module}.{alias.name}" for node in from_imports for alias in node.names}


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def names_used_in(path: Path) -> set[str]:
    """Dotted names such as os.environ that a file uses or imports."""
    attributes = (node for node in nodes(path) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return {ast.unparse(node) for node in attributes} | imports_of(path)


@pytest.mark.parametrize("library", ALLOWED_IMPORTERS)
def test_a_library_is_imported_only_where_it_is_allowed(library):
    strays = [
        relative_path(path)
        for path in FILES
        if library in libraries(path) and not relative_path(path).startswith(ALLOWED_IMPORTERS[library])
    ]

    assert strays == []


def test_no_file_imports_a_pickle_library():
    assert {relative_path(path): used for path in FILES if (used := libraries(path) & PICKLES)} == {}


def test_arrays_are_never_read_as_pickles():
    allowed = [
        relative_path(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
    ]

    assert allowed == []


@pytest.mark.parametrize("names", [CLOCKS, ENVIRONMENT], ids=["clock", "environment"])
def test_only_commands_service_and_ledger_read_the_clock_or_the_environment(names):
    strays = {relative_path(path): used for path in FILES if (used := names_used_in(path) & names)}

    assert [name for name in strays if not name.startswith(MAY_READ_CLOCK_AND_ENVIRONMENT)] == []


def test_every_file_starts_with_a_docstring_that_is_a_sentence():
    docstrings = {relative_path(path): ast.get_docstring(cast(ast.Module, nodes(path)[0])) or "" for path in FILES}

    assert [name for name, text in docstrings.items() if not text.partition("\n")[0].endswith((".", ":", "?"))] == []


def test_init_files_contain_no_code():
    assert [relative_path(path) for path in FILES if path.name == "__init__.py" and len(list(nodes(path))) > 3] == []


def test_file_names_say_what_the_file_contains():
    assert [relative_path(path) for path in FILES if path.stem in VAGUE_FILE_NAMES] == []
