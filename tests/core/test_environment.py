"""One folder per data set, one MLflow store for all of them."""

from __future__ import annotations

import ast
from pathlib import Path

from core import environment
from core.environment import Places


def test_data_sets_share_the_mlflow_store_and_nothing_else(tmp_path):
    shop, club = Places(tmp_path, "shop"), Places(tmp_path, "club")

    assert shop.tracking_uri == club.tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert shop.releases == tmp_path / "shop" / "releases"
    assert club.ledger == tmp_path / "club" / "ledger.jsonl"


def test_looking_up_a_path_creates_nothing(tmp_path):
    places = Places(tmp_path / "var", "shop")

    assert not any(path.exists() for path in (places.home, places.releases, places.ledger))


def test_the_address_of_the_mlflow_store_does_not_depend_on_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert Places(Path("var"), "shop").tracking_uri == f"sqlite:///{tmp_path}/var/mlflow.db"


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
