"""One folder a data set, one MLflow store for all."""

from __future__ import annotations

from pathlib import Path

from core.places import Places


def test_data_sets_share_the_store_and_nothing_else(tmp_path):
    one, other = Places(tmp_path, "shop"), Places(tmp_path, "club")

    assert one.tracking_uri == other.tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert one.releases == tmp_path / "shop" / "releases"
    assert other.ledger == tmp_path / "club" / "ledger.jsonl"


def test_asking_for_a_place_makes_none(tmp_path):
    places = Places(tmp_path / "var", "shop")

    assert not any(path.exists() for path in (places.home, places.releases, places.ledger))


def test_the_store_is_found_from_any_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert Places(Path("var"), "shop").tracking_artifacts == tmp_path / "var" / "mlartifacts"
