"""The TOML says what it means, or one line says what is wrong with it; secrets never come out again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.config.data_set import Config
from core.config.loading import read_config, read_config_and_toml, redacted
from core.errors import ConfigError, SourceUnavailable

SHOP = """
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
"""
PURCHASES = """
[tables.purchases]
path = "purchases.csv"
"""


def read(tmp_path: Path, text: str, **environment: str) -> Config:
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path, environment)


def test_a_path_is_meant_from_where_the_toml_lies(tmp_path):
    config = read(tmp_path, SHOP + PURCHASES)

    assert config.tables["purchases"].path == str(tmp_path / "purchases.csv")


@pytest.mark.parametrize(
    ("stated", "environment", "found"),
    [
        ("${HERE:-../data}/p.csv", {}, "{toml}/../data/p.csv"),
        ("${HERE:-../data}/p.csv", {"HERE": ""}, "{toml}/../data/p.csv"),
        ("${HERE:-../data}/p.csv", {"HERE": "mine"}, "{work}/mine/p.csv"),
        ("${HERE}/p.csv", {"HERE": "/all"}, "/all/p.csv"),
        ("year/${YEAR}.csv", {"YEAR": "2024"}, "{toml}/year/2024.csv"),
    ],
)
def test_a_path_from_the_environment_is_meant_from_where_its_author_stands(
    tmp_path, monkeypatch, stated, environment, found
):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    config = read(tmp_path, f'{SHOP}[tables.purchases]\npath = "{stated}"', **environment)

    assert config.tables["purchases"].path == found.format(toml=tmp_path, work=work)


def test_other_values_from_the_environment_come_as_they_are(tmp_path):
    database = 'database = "${DB}/shop"\ntable = "${SCHEMA:-public}.sales"'
    config = read(tmp_path, f"{SHOP}[tables.purchases]\n{database}", DB="postgres://ada:pw@host")

    assert config.tables["purchases"].database == "postgres://ada:pw@host/shop"
    assert config.tables["purchases"].table == "public.sales"


FLAT = """
[cross_section]
cutoff = 2026-04-01
label = {table = 'who', column = 'left', equals = 'yes'}
[cross_section.tables.who]
path = 'who.csv'
customer_id = 'id'
"""


def test_a_flat_data_set_needs_neither_tables_nor_active_days(tmp_path):
    config = read(tmp_path, SHOP.replace("active_days = 180", "") + FLAT + "columns = {age = 'Age'}")

    assert config.cross_section is not None
    assert config.cross_section.tables["who"].path == str(tmp_path / "who.csv")
    assert not config.tables


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        (SHOP + "actve_days = 3" + PURCHASES, "unknown key 'actve_days'; did you mean 'active_days'"),
        (SHOP + PURCHASES + "delimeter = ';'", r"\[tables.purchases\]: unknown key 'delimeter'; did you mean 'delim"),
        (SHOP + PURCHASES + "[churn]\nhorizon = 3", r"\[churn\]: unknown key 'horizon'; did you mean 'horizon_days'"),
        (SHOP + PURCHASES + "columns.amount = {colum = 'x'}", r"\[columns.amount\]: unknown key 'colum'"),
        (SHOP, "required field `tables`"),
        (SHOP + "[tables.purchases]", "exactly one of path, database"),
        (SHOP + "[tables.purchases]\ndatabase = 'duckdb://x'", "name of its table"),
        (SHOP + PURCHASES + "columns.amount = {column = 'x', constant = 3}", "exactly one of column, product"),
        (SHOP + PURCHASES + "returns = {column = 'x'}", "exactly one of equals, starts_with"),
        (SHOP + PURCHASES + "[churn]\nhorizon_days = 0", "horizon_days is at least 1"),
        (SHOP + PURCHASES + "[churn]\ndefinition = 'gone'", "Invalid enum value 'gone'"),
        (SHOP + PURCHASES + "[risk_levels]\nmedium = 0.7", "0 < medium < high < 1"),
        (SHOP + PURCHASES + "[offers]\nacceptance_probability = 3.0", "between 0 and 1"),
        (SHOP + PURCHASES + "[offers]\nanswer_days = 0", "answer_days is at least 1"),
        (SHOP + PURCHASES + "[health]\nwatch_from = 80", "at_risk_from < watch_from < healthy_from"),
        (SHOP + PURCHASES + "[health]\nhysteresis = 11", "at most half of the narrowest band"),
        (SHOP + PURCHASES + "[health]\ncooldown_days = 7", "cooldown_days at least 28"),
        (SHOP + PURCHASES + "[health.actions]\nusge = 'call'", "no dimension 'usge'; did you mean 'usage'"),
        (SHOP + PURCHASES + "[health]\nwebhook = 'crm.local'", "begins with http"),
        (SHOP + PURCHASES + "[health]\nwebhook = 'http://crm.local'", "needs a webhook_secret"),
        (
            SHOP + PURCHASES + "[health]\nwebhook = 'http://crm.local'\nwebhook_secret = 'a plain text of some length'",
            "needs a",
        ),
        (SHOP.replace("180", "'180'") + PURCHASES, r"Expected `int`, got `str` - at `\$.active_days`"),
        (SHOP.replace("180", "0") + PURCHASES, "active_days is at least 1"),
        (SHOP.replace("Asia/Tokyo", "JST-9") + PURCHASES, "no IANA name"),
        (SHOP.replace("Asia/Tokyo", "../etc") + PURCHASES, "no IANA name"),
        (SHOP.replace('"shop"', '"../shop"') + PURCHASES, "name is 1 to 64"),
        (SHOP + "[tables.purchases]\npath = '${NOWHERE}/p.csv'", r"asks for \$\{NOWHERE\}"),
        (SHOP + "active_days = 3", "is no TOML"),
        (SHOP + FLAT + "columns = {a = 'A'}" + PURCHASES, "give either .cross_section. or .tables."),
        (SHOP + FLAT + "", "no .cross_section.tables. names a column"),
        (SHOP + FLAT.replace("'who'", "'whom'") + "columns = {a = 'A'}", "label.table 'whom' is none of"),
        (SHOP + FLAT + "colums = {a = 'A'}", "unknown key 'colums'; did you mean 'columns'"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(tmp_path, text, saying):
    with pytest.raises(ConfigError, match=saying) as said:
        read(tmp_path, text)

    assert "\n" not in str(said.value)
    assert "shop.toml" in str(said.value)


def test_a_configuration_that_is_not_there_says_how_to_name_one(tmp_path):
    with pytest.raises(SourceUnavailable, match="--config or KIZUNA_CONFIG"):
        read_config(tmp_path / "none.toml", {})


PLANTED = "hunter2"
SECRETS = f"""
[tables.purchases]
database = "postgres://ada:{PLANTED}@host:5432/shop?sslmode=require"
table = "sales"
[tables.usage]
database = "postgres://ada:${{PASSWORD}}@host/shop"
table = "usage"
"""


def test_a_planted_password_reaches_the_database_and_no_log(tmp_path):
    (tmp_path / "shop.toml").write_text(SHOP + SECRETS, encoding="utf-8")
    config, statement = read_config_and_toml(tmp_path / "shop.toml", {"PASSWORD": PLANTED})

    assert all(PLANTED in str(source.database) for source in config.tables.values())
    assert PLANTED not in str(statement)
    assert statement["tables"]["usage"]["database"] == "postgres://ada:***@host/shop"
    assert statement["active_days"] == 180


@pytest.mark.parametrize(
    "stated",
    [
        "postgres://ada:hunter2@host/shop",
        "postgres://ada:p@hunter2@host/shop",
        "postgres://ada:a/hunter2@host/shop",
        "postgres://:hunter2@host",
        "mysql://host/shop?user=ada&password=hunter2&x=1",
        "host=db user=ada password=hunter2",
        {"api_key": "hunter2"},
        {"db": {"Password": "hunter2"}, "list": ["s3://a:hunter2@b"]},
        {"token": 22, "access_token": "hunter2"},
    ],
    ids=str,
)
def test_no_shape_of_a_secret_survives(stated):
    assert "hunter2" not in str(redacted(stated))
    assert "22" not in str(redacted(stated))


def test_what_is_no_secret_stays():
    assert redacted({"path": "a:b@c.csv", "n": [1, None, True]}) == {"path": "a:b@c.csv", "n": [1, None, True]}


def test_a_data_set_knows_its_day_and_its_places(tmp_path):
    config = read(tmp_path, SHOP + PURCHASES)

    assert config.today(datetime(2026, 3, 31, 15, tzinfo=UTC)) == date(2026, 4, 1)
    assert config.label_days() == timedelta(days=90)
    assert config.places.home == Path("var/shop")
