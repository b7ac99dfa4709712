"""`kizuna simulate`: a shop to try everything in."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from core.config.loading import read_config
from kizuna.main import run


@pytest.fixture
def output(tmp_path, capsys) -> str:
    """Output of the command for a small shop in the test folder."""
    assert run(["simulate", "--out", str(tmp_path), "--customers", "40", "--seed", "3"]) == 0
    return capsys.readouterr().out


def test_writes_a_folder_that_its_toml_describes(output, tmp_path):
    config = read_config(tmp_path / "shop.toml", {})

    assert config.name == "shop"
    assert {source.path for source in config.tables.values()} == {str(file) for file in tmp_path.glob("*.parquet")}


def test_prints_row_counts_and_the_next_command(output, tmp_path):
    assert "purchases" in output
    assert f"kizuna check --config {tmp_path / 'shop.toml'}" in output


def test_writes_a_software_company_that_its_toml_describes(tmp_path, capsys):
    assert run(["simulate", "--world", "software", "--out", str(tmp_path), "--customers", "15", "--random-churn"]) == 0

    config = read_config(tmp_path / "software.toml", {})
    assert config.name == "software"
    assert config.customer == "account"
    assert config.money.rates == str(tmp_path / "rates.csv")
    assert {source.path for source in config.tables.values()} == {str(file) for file in tmp_path.glob("*.parquet")}
    assert f"kizuna check --config {tmp_path / 'software.toml'}" in capsys.readouterr().out


def test_shop_options_are_an_error_for_a_software_company(tmp_path, capsys):
    assert run(["simulate", "--world", "software", "--out", str(tmp_path), "--no-items"]) == 2
    assert "--no-items applies to --world shop only" in capsys.readouterr().err


def test_a_shop_without_customers_is_an_error(tmp_path, capsys):
    assert run(["simulate", "--out", str(tmp_path), "--customers", "0"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_contacts_change_what_customers_do_unless_it_is_switched_off(tmp_path):
    contacts = {}
    for options in ([], ["--no-effects"], ["--random-churn"]):
        assert run(["simulate", "--out", str(tmp_path), "--customers", "40", *options]) == 0
        contacts[tuple(options)] = pq.read_schema(tmp_path / "contacts.parquet").names

    assert "unsubscribed_at" in contacts[()]
    assert "unsubscribed_at" not in contacts["--no-effects",] + contacts["--random-churn",]
