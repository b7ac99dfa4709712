"""`kizuna simulate`: a shop to try everything in."""

from __future__ import annotations

import pytest

from core.config.loading import read_config
from kizuna.main import run


@pytest.fixture
def made(tmp_path, capsys) -> str:
    """What the command says of a small shop that it makes in the test's folder."""
    assert run(["simulate", "--out", str(tmp_path), "--customers", "40", "--seed", "3"]) == 0
    return capsys.readouterr().out


def test_makes_a_folder_that_its_own_toml_describes(made, tmp_path):
    config = read_config(tmp_path / "shop.toml", {})

    assert config.name == "shop"
    assert {source.path for source in config.tables.values()} == {str(file) for file in tmp_path.glob("*.parquet")}


def test_says_how_many_rows_were_written_and_what_to_do_next(made, tmp_path):
    assert "purchases" in made
    assert f"kizuna check --config {tmp_path / 'shop.toml'}" in made


def test_makes_a_software_company_that_its_own_toml_describes(tmp_path, capsys):
    assert run(["simulate", "--world", "software", "--out", str(tmp_path), "--customers", "15", "--coin-toss"]) == 0

    config = read_config(tmp_path / "software.toml", {})
    assert config.name == "software"
    assert config.customer == "account"
    assert config.money.rates == str(tmp_path / "rates.csv")
    assert {source.path for source in config.tables.values()} == {str(file) for file in tmp_path.glob("*.parquet")}
    assert f"kizuna check --config {tmp_path / 'software.toml'}" in capsys.readouterr().out


def test_refuses_for_a_software_company_what_is_about_a_shop(tmp_path, capsys):
    assert run(["simulate", "--world", "software", "--out", str(tmp_path), "--no-items"]) == 2
    assert "--no-items is about a shop's purchases" in capsys.readouterr().err


def test_refuses_a_shop_without_customers_in_one_line(tmp_path, capsys):
    assert run(["simulate", "--out", str(tmp_path), "--customers", "0"]) == 2
    assert "Traceback" not in capsys.readouterr().err
