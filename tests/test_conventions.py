"""Conventions of the code that no linter checks: signatures, class names, file lengths, array types."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import SLOW_FOLDERS

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "tables", "simulation", "features", "models", "training", "insights", "serving", "kizuna")
CLIENTS = sorted((ROOT / "clients").rglob("*.py"))
SERVER_FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FILES = SERVER_FILES + CLIENTS

MAX_POSITIONAL = 2
MAX_LINES = 300
COMMANDS = ROOT / "kizuna" / "commands"
"Typer reads the options of a command from its parameters, and calls it by keyword."


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def locate(path: Path, node: ast.stmt) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_at_most_two_parameters_are_positional():
    crowded = []
    for path, node in functions():
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        if len(names) > MAX_POSITIONAL and path.parent != COMMANDS and not node.name.startswith("__"):
            crowded.append(f"{locate(path, node)} {node.name}({', '.join(names)})")

    assert crowded == []


def test_a_class_name_has_one_meaning():
    """A client's types have the names of the service's own: tests/clients/test_schema.py compares them."""
    places = defaultdict(list)
    for path in SERVER_FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(locate(path, node))

    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_file_is_longer_than_300_lines():
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in FILES}

    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_arrays_are_typed_with_their_element_type(package: str):
    bare = [
        locate(path, node)
        for path in FILES
        if path.relative_to(ROOT).parts[0] == package
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AnnAssign | ast.FunctionDef)
        for annotation in _annotations(node)
        if ast.unparse(annotation) == "np.ndarray"
    ]

    assert bare == []


def _annotations(node: ast.AnnAssign | ast.FunctionDef) -> Iterator[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    yield from (argument.annotation for argument in arguments if argument.annotation is not None)
    if node.returns is not None:
        yield node.returns


def test_no_regular_expression_has_a_possessive_or_atomic_group():
    """Python before 3.11.5 matches them wrongly: a quoted cell of a CSV was a broken line (`(?:[^"]++|"")*+`)."""
    texts = {
        (path, node.value)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert [path.name for path, text in texts if re.search(r"(?<!\\)\)[*+?}]\+|\(\?>", text)] == []


def test_the_folders_whose_tests_run_first_exist():
    assert [name for name in SLOW_FOLDERS if not (ROOT / "tests" / name).is_dir()] == []
