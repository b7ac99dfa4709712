"""`kizuna report` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kizuna.main import run
from tests.worlds import purchase_log

TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 90
[tables.purchases]
path = "purchases.parquet"
"""
LINES = ("ada 2024-01-05 900 item_id=tea", "bo 2024-02-01 500 item_id=tea", "ada 2024-03-02 400 item_id=milk")


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    pq.write_table(purchase_log(*LINES), tmp_path / "purchases.parquet")
    toml = tmp_path / "world.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml


def report(data_set: Path, out: Path, *more: str) -> int:
    return run(["report", "--config", str(data_set), "--out", str(out), *more])


def test_writes_a_page_and_creates_its_folder(data_set: Path, tmp_path: Path, capsys):
    out = tmp_path / "var" / "report.html"

    assert report(data_set, out, "--lang", "ja") == 0
    assert "顧客レポート" in out.read_text(encoding="utf-8")
    assert "data before 2024-03-02" in capsys.readouterr().out


def test_writes_json_with_data_before_the_cutoff(data_set: Path, tmp_path: Path):
    out = tmp_path / "report.json"

    assert report(data_set, out, "--format", "json", "--cutoff", "2024-03-01") == 0

    report_json = json.loads(out.read_text(encoding="utf-8"))
    revenue = [f for f in report_json["figures"] if f["name"] == "revenue" and f["by"] == "all"]
    assert report_json["as_of"] == "2024-03-01"
    assert [(f["period"], f["value"]) for f in revenue[:3]] == [
        ("2024-01/2024-02", 1400),
        ("2024-01", 900),
        ("2024-02", 500),
    ]


def test_a_letter_with_little_to_say_names_what_would_give_it_more(data_set: Path, tmp_path: Path, capsys):
    hint = "; a letter says more with the table usage, or purchases with item_id"
    assert report(data_set, tmp_path / "full.html", "--customer", "ada") == 0
    assert hint not in capsys.readouterr().out

    pq.write_table(purchase_log("ada 2024-01-05 900", "ada 2024-03-02 400"), tmp_path / "purchases.parquet")
    assert report(data_set, tmp_path / "short.html", "--customer", "ada") == 0
    assert hint in capsys.readouterr().out


def test_writes_the_letter_of_one_customer(data_set: Path, tmp_path: Path):
    out = tmp_path / "letter.html"

    assert report(data_set, out, "--customer", "ada") == 0
    assert "Dear ada" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--customer", "unknown"), "no customer 'unknown' before"),
        (("--customer", "ada", "--format", "json"), "--customer and --segment write HTML letters"),
        (("--what-if", "chrun=0.02"), "did you mean 'churn'"),
        (("--what-if", "churn=0.02"), "--what-if churn=0.02 needs paying subscribers"),
        (("--cutoff", "2020-01-01"), "nothing was recorded before 2020-01-01"),
        (("--customer", "ada", "--out", "ada.json"), "--out ada.json: a letter is a .html file"),
        (("--cutoff", "2999-01-01"), "--cutoff 2999-01-01 lies in the future"),
    ],
)
def test_bad_options_print_one_line_and_exit_with_2(data_set: Path, tmp_path: Path, capsys, options, message):
    assert report(data_set, tmp_path / "report.html", *options) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        (
            "report.pdf",
            (),
            "--out report.pdf: a report is a .html or .json file, not .pdf; to get a PDF, print the page",
        ),
        ("report.docx", (), "not .docx"),
        ("report.json", (), "is written with --format json"),
        ("report.html", ("--format", "json"), "is written with --format html"),
    ],
)
def test_a_file_name_of_another_format_is_refused(data_set: Path, tmp_path: Path, capsys, name, more, message):
    assert report(data_set, tmp_path / name, *more) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / name).exists()


def test_a_folder_that_does_not_exist_yet_is_no_file_of_that_name(data_set: Path, tmp_path: Path, capsys):
    folder = tmp_path / "new"

    assert run(["report", "--config", str(data_set), "--out", f"{folder}/"]) == 2
    assert "this is a folder; name a file in it, e.g." in capsys.readouterr().err.replace("\n", " ")
    assert not folder.exists()
