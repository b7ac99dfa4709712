"""The names of environment variables are written in one place."""

from __future__ import annotations

import ast
from pathlib import Path

from core import environment

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("core", "tables", "simulation", "models", "features", "training", "insights", "serving", "kizuna")
NAMES = {value for name, value in vars(environment).items() if name.isupper()}


def test_no_other_module_repeats_the_name_of_a_variable():
    repeated = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "environment.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in NAMES
    ]

    assert repeated == [], "use the constants of core/environment.py"
