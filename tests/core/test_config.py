"""Reading the TOML: paths, placeholders, secrets, and one plain line for every mistake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.data_set import Config
from core.config.loading import read_config, read_config_and_toml
from core.errors import ConfigError, SourceUnavailable

SHOP = """
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
"""
WEBHOOK = "[health]\nwebhook_secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'\nwebhook = '{}'"
PURCHASES = """
[tables.purchases]
path = "purchases.csv"
"""
CROSS_SECTION = """
[cross_section]
cutoff = 2026-04-01
label = {table = 'people', column = 'churned', equals = 'yes'}
[cross_section.tables.people]
path = 'people.csv'
customer_id = 'id'
"""


def read(tmp_path: Path, text: str, **environment: str) -> Config:
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path, environment)


def test_a_path_is_relative_to_the_toml(tmp_path):
    config = read(tmp_path, SHOP + PURCHASES)

    assert config.tables["purchases"].path == str(tmp_path / "purchases.csv")


@pytest.mark.parametrize(
    ("written", "environment", "expected"),
    [
        ("${HERE:-../data}/p.csv", {}, "{toml}/../data/p.csv"),
        ("${HERE:-../data}/p.csv", {"HERE": ""}, "{toml}/../data/p.csv"),
        ("${HERE:-../data}/p.csv", {"HERE": "mine"}, "{work}/mine/p.csv"),
        ("${HERE}/p.csv", {"HERE": "/all"}, "/all/p.csv"),
        ("year/${YEAR}.csv", {"YEAR": "2024"}, "{toml}/year/2024.csv"),
    ],
)
def test_a_path_that_begins_with_a_variable_is_relative_to_the_working_directory(
    tmp_path, monkeypatch, written, environment, expected
):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    config = read(tmp_path, f'{SHOP}[tables.purchases]\npath = "{written}"', **environment)

    assert config.tables["purchases"].path == expected.format(toml=tmp_path, work=work)


def test_placeholders_are_filled_from_the_environment(tmp_path):
    database = 'database = "${DB}/shop"\ntable = "${SCHEMA:-public}.sales"'
    config = read(tmp_path, f"{SHOP}[tables.purchases]\n{database}", DB="postgres://ada:pw@host")

    assert config.tables["purchases"].database == "postgres://ada:pw@host/shop"
    assert config.tables["purchases"].table == "public.sales"


def test_a_cross_section_needs_neither_tables_nor_active_days(tmp_path):
    config = read(tmp_path, SHOP.replace("active_days = 180", "") + CROSS_SECTION + "columns = {age = 'Age'}")

    assert config.cross_section is not None
    assert config.cross_section.tables["people"].path == str(tmp_path / "people.csv")
    assert not config.tables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SHOP + "actve_days = 3" + PURCHASES, "unknown key 'actve_days'; did you mean 'active_days'"),
        (SHOP + PURCHASES + "delimeter = ';'", r"\[tables.purchases\] unknown key 'delimeter'; did you mean 'delim"),
        (SHOP + PURCHASES + "[churn]\nhorizon = 3", r"\[churn\] unknown key 'horizon'; did you mean 'horizon_days'"),
        (SHOP + PURCHASES + "columns.amount = {colum = 'x'}", r"\[tables.purchases.columns.amount\] unknown key 'co"),
        (SHOP, r"\[tables\] is missing"),
        (SHOP.replace('name = "shop"', "") + PURCHASES, "name is missing; it has to be text"),
        (PURCHASES, r"missing keys: name \(text\), time_zone \(text\), currency \(text\)$"),
        (SHOP + "[tables.purchases]", r"\[tables.purchases\] give exactly one of path, database"),
        (SHOP + "[tables.purchases]\ndatabase = 'duckdb://x'", "name of its table"),
        (SHOP + PURCHASES + "columns.amount = {column = 'x', constant = 3}", "exactly one of column, product"),
        (SHOP + PURCHASES + "columns.amount = 3", r"columns\] amount has to be text or a section, found 3"),
        (SHOP + PURCHASES + "returns = {column = 'x'}", "exactly one of equals, starts_with"),
        (
            SHOP + PURCHASES + "[churn]\nhorizon_days = 0",
            "horizon_days has to be a whole number of at least 1 and at most 36,500, found 0",
        ),
        (SHOP + PURCHASES + "[churn]\ndefinition = 'gone'", "overdue or subscription_ended, found 'gone'"),
        (SHOP + PURCHASES + "[risk_levels]\nmedium = 0.7", r"medium \(0.7\) has to be below high \(0.6\)"),
        (SHOP + PURCHASES + "[risk_levels]\nhigh = 1", "a number above 0 and below 1, found 1"),
        (SHOP + PURCHASES + "[offers]\nacceptance_probability = 3.0", "of at least 0 and at most 1, found 3.0"),
        (SHOP + PURCHASES + "[offers]\nanswer_days = 0", "answer_days has to be a whole number of at least 1"),
        (SHOP + PURCHASES + "[cutoffs]\ntrain = ['soon']", r"train has to be a list of dates, found \['soon'\]"),
        (SHOP + PURCHASES + "[segments.top]\ntop = 1.5", r"\[segments.top\] top has to be a number above 0 and at m"),
        (
            SHOP + PURCHASES + "[segments.a-b]\ntop = 0.1\n[segments.a_b]\ntop = 0.2",
            r"\[segments\] 'a-b' and 'a_b' are both segment_a_b in rules; rename one of them",
        ),
        (SHOP + PURCHASES + "[health]\nwatch_from = 80", "at_risk_from < watch_from < healthy_from < 100"),
        (SHOP + PURCHASES + "[health]\nhysteresis = 11", "at most half of the narrowest band"),
        (SHOP + PURCHASES + "[health]\ncooldown_days = 7", "cooldown_days has to be a whole number of at least 28"),
        (SHOP + PURCHASES + "[health.actions]\nusge = 'call'", "no dimension 'usge'; did you mean 'usage'"),
        (SHOP + PURCHASES + "[health]\nwebhook = 'crm.local'", "begin with https"),
        (SHOP + PURCHASES + "[health]\nwebhook = 'https://'", "no URL with a host"),
        (SHOP + PURCHASES + "[health]\nwebhook = 'https://[::1/'", "no URL with a host"),
        *(
            (SHOP + PURCHASES + WEBHOOK.format(f"https://{host}/hooks"), "no URL with a host")
            for host in ("①②⑦.0.0.1", "ａ.example", "☃.example", "256.1.1.1", "crm..example", "crm example", "a" * 64)
        ),
        (SHOP + PURCHASES + WEBHOOK.format("http://crm.example.com"), r"set allow_http = true under \[webhooks\]"),
        (
            SHOP + PURCHASES + WEBHOOK.format("http://localhost:9/"),
            r"\[health\] the webhook .* set allow_http = true and allow_addresses = \[\"127.0.0.1\"\] under \[webh",
        ),
        (
            SHOP + PURCHASES + WEBHOOK.format("https://169.254.169.254/latest"),
            r"allow_addresses = \[\"169.254.169.254\"\]",
        ),
        (SHOP + PURCHASES + "[webhooks]\nallow_addresses = ['10.1.0.7/16']", "allow_addresses: '10.1.0.7/16' is no"),
        (
            SHOP + PURCHASES + "[webhooks]\nevents = ['task.create']",
            "no event 'task.create'; did you mean 'task.created'",
        ),
        (SHOP + PURCHASES + "[health]\nwebhook = 'http://crm.local'", "needs a webhook_secret"),
        (
            SHOP + PURCHASES + "[health]\nwebhook = 'http://crm.local'\nwebhook_secret = 'a plain text of some length'",
            "needs a webhook_secret",
        ),
        (SHOP + PURCHASES + "[causes.words]\nprise = ['x']", "no cause 'prise'; causes are other, price, product"),
        (
            SHOP + PURCHASES + "[[causes.interventions]]\nname = 'call'",
            r"interventions\] missing keys: cause \(text\), sav",
        ),
        (
            SHOP + PURCHASES + "[[causes.interventions]]\nsave_rat = 1",
            r"\[causes.interventions\] unknown key 'save_rat'",
        ),
        (SHOP + PURCHASES + "[report]\nmonths = 0", "months has to be a whole number of at least 1"),
        (SHOP + PURCHASES + "[report]\nattribute_groups = ['x']", "such as accounts.industry, found 'x'"),
        (SHOP + PURCHASES + "[money]\nfiscal_year_starts = 13", "of at least 1 and at most 12, found 13"),
        (SHOP + PURCHASES + "[money]\ntax_included = true", r"\[money\] tax_included needs the rate .* tax_rate = 0.1"),
        (SHOP + PURCHASES + "[money]\ntax_rate = 0.1", "add tax_included = true, or remove tax_rate"),
        (SHOP + PURCHASES + "[hazard]\nperiod_days = 400", r"period_days \(400\) is longer than horizon_months"),
        (
            SHOP.replace("180", "'180'") + PURCHASES,
            "active_days has to be a whole number of at most 36,500, found '180'",
        ),
        (SHOP.replace("180", "0") + PURCHASES, "active_days has to be at least 1"),
        (SHOP.replace("Asia/Tokyo", "JST-9") + PURCHASES, r"unknown time_zone 'JST-9' \(e.g. Europe/Berlin\)"),
        (SHOP.replace("Asia/Tokyo", "../etc") + PURCHASES, "unknown time_zone"),
        (SHOP.replace('"shop"', '"../shop"') + PURCHASES, "name has 1 to 64 characters"),
        (SHOP + "[tables.purchases]\npath = '${NOWHERE}/p.csv'", "environment variable NOWHERE is not set"),
        (SHOP + "active_days = 3", "is not valid TOML: line [0-9]+: a key is there twice"),
        ("[churn]\n" + PURCHASES + "[churn]", "line [0-9]+: a section is there twice"),
        ("name = shop", "line 1: a value is no text in quotes"),
        ('name = "shop\nvar = 1', "line 1: a text is not closed by a quote"),
        ('[tables.a]\npath = "C:\\\\data\\data"'.replace("\\\\", "\\"), "line 2: a backslash in double quotes"),
        ("name: shop", "line 1: this is no section such as .churn. and no key"),
        (SHOP + CROSS_SECTION + "columns = {a = 'A'}" + PURCHASES, "give either .cross_section. or .tables."),
        (SHOP + CROSS_SECTION + "all_columns = false", "no table has a feature"),
        (
            SHOP + CROSS_SECTION.replace("'people'", "'clients'") + "columns = {a = 'A'}",
            "label.table is 'clients', but",
        ),
        (SHOP + CROSS_SECTION + "colums = {a = 'A'}", "unknown key 'colums'; did you mean 'columns'"),
    ],
)
def test_a_mistake_is_reported_in_one_plain_line(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as error:
        read(tmp_path, text)

    assert "\n" not in str(error.value)
    assert "shop.toml" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[offers]\ncustomer_value = nan", r"\[offers\] customer_value has to be a number of at least 0, found nan"),
        ("[retention]\noffer_cost = inf", r"\[retention\] offer_cost has to be a number of at most .*, found inf"),
        ("[report]\ntargets = {nrr = nan}", r"\[report.targets\] nrr has to be a number"),
        ("[value]\nmax_cutoffs = 9223372036854775807", r"max_cutoffs has to be .* 1,000,000,000,000,000, found 92233"),
        ("[churn]\ngap_days = 4000000", r"gap_days has to be a whole number of at least 0 and at most 36,500"),
        (
            "[cutoffs]\ntest = 0001-01-01",
            r"\[cutoffs\] test has to be a date of the years 1900 to 2199, found 0001-01-01",
        ),
        ("[cutoffs]\ntrain = [2025-04-01, 9999-12-31]", r"train has to be a date of the years"),
        ("[cutoffs]\nstep_days = 0", r"step_days has to be a whole number of at least 1"),
        ("[cutoffs]\nmax_cutoffs = -1", r"max_cutoffs has to be a whole number of at least 1"),
        ("[offers]\ncustomer_value = -1", r"customer_value has to be a number of at least 0"),
        ("[decisions]\nlanguage = 'xx'", r"shop.toml: \[decisions\] no language 'xx'"),
    ],
)
def test_a_value_that_nothing_can_be_computed_with_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, f"{SHOP}{PURCHASES}{text}")


def test_a_seed_below_zero_is_refused(tmp_path):
    with pytest.raises(
        ConfigError, match="seed has to be a whole number of at least 0 and at most 2,147,483,647, found -1"
    ):
        read(tmp_path, f"{SHOP}seed = -1{PURCHASES}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((f"encoding = '{name}'", f"unknown encoding '{name}'; try utf-8") for name in ("", "cp9999", "base64")),
        *((f"delimiter = '{mark}'", r"delimiter is one character, such as ';' or .*, found '") for mark in ("", "||")),
        ("files = [{path = 'x.csv', delimiter = ''}]", "delimiter is one character"),
        (
            "files = [{path = 'x.csv', date_formats = {Day = 'dmy'}}]",
            r"files\] date_formats.Day: date_format is one of",
        ),
        ("lookup = {path = 'x.csv', on = 'id', encoding = 'hex'}", r"lookup\] unknown encoding 'hex'"),
        ("null_prefixes = ['']", "null_prefixes has an empty text"),
        ("columns = {amount = {product = []}}", "product is empty"),
        ("columns = {amount = {column = 'a', scale = 0}}", "scale = 0 makes every number 0"),
        ("columns = {customer_id = {column = 'a', id_width = 65}}", "id_width has to be .* at most 64"),
    ],
)
def test_a_setting_that_could_read_no_file_is_refused_before_any_is_opened(tmp_path, text, message):
    with pytest.raises(ConfigError, match=rf"shop.toml: \[tables.purchases.*{message}"):
        read(tmp_path, f"{SHOP}{PURCHASES}{text}")


def test_a_byte_order_mark_is_skipped_and_another_encoding_is_named(tmp_path):
    text = SHOP + PURCHASES
    marked, other = tmp_path / "marked.toml", tmp_path / "other.toml"
    marked.write_bytes(text.encode("utf-8-sig"))
    other.write_bytes("# first\nname = '店'\n".encode("cp932"))

    assert read_config(marked, {}).name == "shop"
    with pytest.raises(ConfigError, match=r"other.toml is not valid TOML: line 2 is not UTF-8; save the file as UTF-8"):
        read_config(other, {})


KEYS = [
    ("name",), ("currency",), ("active_days",), ("watermark",), ("csat_scale",), ("attributes",), ("tables",),
    ("tables", "purchases"), ("tables", "purchases", "path"), ("tables", "purchases", "columns"),
    ("tables", "purchases", "columns", "amount"), ("tables", "purchases", "returns"), ("churn",),
    ("churn", "definition"), ("churn", "horizon_days"), ("cutoffs", "train"), ("segments", "vip"),
    ("segments", "vip", "customers"), ("health", "actions"), ("health", "webhook"), ("causes", "interventions"),
    ("causes", "words"), ("hazard",), ("cross_section",), ("money", "decimals"),
]  # fmt: skip
VALUES = st.sampled_from(
    [3, -1, 0.5, True, "text", [], ["a"], [1], {}, {"a": 1}, {"a": "b"}, [{"a": 1}], date(2026, 4, 1)]
)


def error_of(path: Path) -> str:
    try:
        read_config(path, {})
    except ConfigError as error:
        return str(error)
    return ""


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(KEYS), value=VALUES)
def test_no_text_of_the_validation_library_reaches_the_user(tmp_path_factory, key, value):
    toml = {"name": "shop", "time_zone": "Asia/Tokyo", "currency": "JPY", "active_days": 180}
    toml |= {"tables": {"purchases": {"path": "purchases.csv"}}}
    section = toml
    for name in key[:-1]:
        section = section.setdefault(name, {})
    section[key[-1]] = value
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(tomli_w.dumps(toml), encoding="utf-8")

    assert [mark for mark in ("$.", "Expected", "Object", "\n") if mark in error_of(path)] == []


def test_a_missing_configuration_says_how_to_name_one(tmp_path):
    with pytest.raises(SourceUnavailable, match="--config or KIZUNA_CONFIG"):
        read_config(tmp_path / "none.toml", {})


PASSWORD = "hunter2"
SECRETS = f"""
[tables.purchases]
database = "postgres://ada:{PASSWORD}@host:5432/shop?sslmode=require"
table = "sales"
[tables.usage]
database = "postgres://ada:${{PASSWORD}}@host/shop"
table = "usage"
"""


def test_a_password_reaches_the_database_but_not_the_logged_toml(tmp_path):
    (tmp_path / "shop.toml").write_text(SHOP + SECRETS, encoding="utf-8")
    config, toml = read_config_and_toml(tmp_path / "shop.toml", {"PASSWORD": PASSWORD})

    assert all(PASSWORD in str(source.database) for source in config.tables.values())
    assert PASSWORD not in str(toml)
    assert toml["tables"]["usage"]["database"] == "postgres://ada:***@host/shop"
    assert toml["active_days"] == 180


def test_an_error_about_a_secret_does_not_print_it(tmp_path):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, SHOP + PURCHASES + "[health]\nwebhook_secret = ['hunter2']")

    assert "webhook_secret has to be text" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_a_data_set_knows_its_day_its_label_duration_and_its_places(tmp_path):
    config = read(tmp_path, SHOP + PURCHASES)

    assert config.today(datetime(2026, 3, 31, 15, tzinfo=UTC)) == date(2026, 4, 1)
    assert config.label_duration == timedelta(days=90)
    assert config.places.home == Path("var/shop")


def test_a_currency_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="currency 'EURO' is no code of ISO 4217"):
        read(tmp_path, SHOP.replace("JPY", "EURO") + PURCHASES)
