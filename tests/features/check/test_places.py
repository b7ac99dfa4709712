"""A row is counted in its own file, where a table has several."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.config.sources import TableSource
from core.errors import DataError
from core.i18n.translation import Language
from features.check.texts import describe_finding
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.features.check.checked import find_kind
from tests.worlds import config

HEADER = "customer_id,event_time,amount\n"
MONTHS = {
    "may.csv": "ada,2024-05-01,1\nbo,2024-05-02,2\ncy,2024-05-03,3\n",
    "june.csv": "ada,2024-06-01,1\nbo,2024-06-02,$2\n",
}


def tables_of(folder: Path, *names: str) -> Tables:
    for name in names:
        (folder / name).write_text(HEADER + MONTHS[name])
    return open_tables(config(tables={"purchases": TableSource(path=str(folder / "*.csv"))}))


def test_an_example_says_which_file_it_is_in_and_its_row_there(tmp_path: Path):
    # june.csv comes before may.csv.
    finding = find_kind(tables_of(tmp_path, "june.csv", "may.csv"), "foreign_marks")

    assert (finding.example, finding.row, finding.file) == ("$2", 2, "june.csv")


@pytest.mark.parametrize(("language", "text"), [("en", "(row 2 of z_june.csv)"), ("ja", "(z_june.csvの2行目)")])
def test_rows_of_earlier_files_are_not_counted(tmp_path: Path, language: str, text: str):
    tables = tables_of(tmp_path, "june.csv", "may.csv")
    (tmp_path / "june.csv").rename(tmp_path / "z_june.csv")

    finding = find_kind(open_tables(tables.config), "foreign_marks")

    assert describe_finding(finding, Language(language)).example.endswith(text)


def test_the_only_file_is_not_named(tmp_path: Path):
    finding = find_kind(tables_of(tmp_path, "june.csv"), "foreign_marks")

    assert (finding.row, finding.file) == (2, None)


def test_a_table_that_cannot_be_read_names_the_file_of_its_example(tmp_path: Path):
    (tmp_path / "june.csv").write_text(HEADER + "ada,2024-06-01,1\nbo,2024-06-02,2\n")
    (tmp_path / "may.csv").write_text(HEADER + "ada,2024-05-01,1\nbo,2024-05-02,two\n")

    with pytest.raises(DataError, match=re.escape("e.g. 'two' (row 2 of may.csv)")):
        open_tables(config(tables={"purchases": TableSource(path=str(tmp_path / "*.csv"))}))
