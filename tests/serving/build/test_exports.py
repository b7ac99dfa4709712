"""Export files for the CRM and the mailing tool."""

from __future__ import annotations

import csv
from dataclasses import replace

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotFound
from core.redaction import FORMULA_STARTS
from core.scores import Reason
from serving.build.exports.files import EXPORTS, ExportOptions, csv_cell, write_export
from serving.release.lookup import PackedJson
from tests.serving.sample_release import PROFILES, recommender_part, sample_release

SCORES, RECOMMENDATIONS = EXPORTS["scores"], EXPORTS["recommendations"]


def read_rows(path, encoding="utf-8"):
    """The rows of a CSV as dictionaries of text."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_scores_contain_every_customer_highest_risk_first(tmp_path):
    n_rows = write_export(SCORES, tmp_path / "scores.csv", release=sample_release())

    rows = read_rows(tmp_path / "scores.csv")
    assert n_rows == 3
    assert [(row["customer_id"], row["churn_probability"], row["risk_level"]) for row in rows] == [
        ("cyd", "0.9", "high"),
        ("ada", "0.5", "medium"),
        ("bo", "0.1", "low"),
    ]
    assert rows[0]["reasons_ja"] == "最終購入から74日(この顧客はふだん約21日ごとに購入)"


def test_parquet_contains_the_same_as_csv(tmp_path):
    for name in ("scores.csv", "scores.parquet"):
        write_export(SCORES, tmp_path / name, release=sample_release())

    table = pq.read_table(tmp_path / "scores.parquet")

    assert [str(value) for value in table["low"].to_pylist()] == [
        row["low"] for row in read_rows(tmp_path / "scores.csv")
    ]
    assert table.schema.equals(SCORES.columns)


@pytest.mark.parametrize("excel", [True, False])
def test_only_a_file_for_excel_begins_with_a_byte_order_mark(tmp_path, excel):
    write_export(SCORES, tmp_path / "scores.csv", release=sample_release(), excel=excel)

    assert (tmp_path / "scores.csv").read_bytes().startswith(b"\xef\xbb\xbf") == excel


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    assert not str(csv_cell(text)).startswith(FORMULA_STARTS)
    assert str(csv_cell(text)).endswith(text)


def test_a_formula_in_a_reason_is_escaped(tmp_path):
    release = sample_release()
    assert release.churn is not None
    evil = Reason(
        code="x", direction="up", weight=1.0, value=None, usual_value=None, en='=HYPERLINK("http://evil")', ja="＝"
    )
    release = replace(release, churn=replace(release.churn, reasons=PackedJson.of([[evil]] * 3)))

    write_export(SCORES, tmp_path / "scores.csv", release=release)

    assert read_rows(tmp_path / "scores.csv")[0]["reasons_en"] == '\'=HYPERLINK("http://evil")'


@pytest.mark.parametrize("k", [1, 2, 3])
def test_every_customer_gets_k_items_in_order_precomputed_or_not(tmp_path, k):
    options = ExportOptions(k=k)
    write_export(RECOMMENDATIONS, tmp_path / "recs.csv", release=sample_release(), options=options)

    rows = [row for row in read_rows(tmp_path / "recs.csv") if row["customer_id"] == "bo"]

    assert [(row["rank"], row["item_id"]) for row in rows] == [("1", "tea"), ("2", "cup"), ("3", "pot")][:k]
    assert rows[0]["title"] == "Tea"


def test_customers_who_opted_out_of_recommendations_or_contact_are_excluded_and_counted(tmp_path):
    release = replace(sample_release(), recommender=recommender_part(profiles=PROFILES))

    write_export(RECOMMENDATIONS, tmp_path / "recs.csv", release=release, options=ExportOptions(k=1))

    assert [row["customer_id"] for row in read_rows(tmp_path / "recs.csv")] == ["ada", "dan", "eve"]
    assert RECOMMENDATIONS.n_excluded(release) == 2


def test_without_scores_in_the_release_the_error_says_why(tmp_path):
    with pytest.raises(NotFound, match="its churn is random"):
        write_export(SCORES, tmp_path / "scores.csv", release=sample_release(without=("churn",)))

    assert not list(tmp_path.iterdir())


def test_an_unknown_file_type_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"use \.csv or \.parquet"):
        write_export(SCORES, tmp_path / "scores.xlsx", release=sample_release())


def test_a_file_is_replaced_only_when_the_new_one_is_complete(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("before")

    def rows_until_interrupt(release, options):
        yield [{"customer_id": "ada"}]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_export(replace(SCORES, rows=rows_until_interrupt), path, release=sample_release())

    assert (path.read_text(), [file.name for file in tmp_path.iterdir()]) == ("before", ["scores.csv"])


def test_reasons_in_a_release_decode_to_reasons():
    churn = sample_release().churn
    assert churn is not None

    assert msgspec.json.decode(churn.reasons[0], type=list[Reason])[0].code == "recency"


def test_the_catalogue_contains_every_export():
    assert list(EXPORTS) == ["recommendations", "scores"]
    assert all(np.isin(["customer_id", "release_id"], export.columns.names).all() for export in EXPORTS.values())
