"""Files for the CRM."""

from __future__ import annotations

import csv
from dataclasses import replace

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotFound
from core.scores import Reason
from core.spreadsheet import FORMULA_STARTS
from serving.build.exports import (
    RECOMMENDATION_COLUMNS,
    SCORE_COLUMNS,
    cell,
    recommendation_rows,
    score_rows,
    write_rows,
)
from serving.release.packed import PackedJson
from tests.serving.hand_made import hand_made


def rows_of(path, encoding="utf-8"):
    """What a CSV holds, as dictionaries of text."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_every_customer_is_there_most_at_risk_first(tmp_path):
    written = write_rows(tmp_path / "scores.csv", SCORE_COLUMNS, score_rows(hand_made()))

    rows = rows_of(tmp_path / "scores.csv")
    assert written == 3
    assert [(row["customer_id"], row["churn_probability"], row["risk_level"]) for row in rows] == [
        ("cyd", "0.9", "high"),
        ("ada", "0.5", "medium"),
        ("bo", "0.1", "low"),
    ]
    assert rows[0]["reasons_ja"] == "最終購入から74日(通常21日)"


def test_parquet_holds_the_same_as_csv(tmp_path):
    for name in ("scores.csv", "scores.parquet"):
        write_rows(tmp_path / name, SCORE_COLUMNS, score_rows(hand_made()))

    table = pq.read_table(tmp_path / "scores.parquet")

    assert [str(value) for value in table["low"].to_pylist()] == [
        row["low"] for row in rows_of(tmp_path / "scores.csv")
    ]
    assert table.schema.equals(SCORE_COLUMNS)


@pytest.mark.parametrize("bom", [True, False])
def test_a_byte_order_mark_is_there_when_asked_for(tmp_path, bom):
    write_rows(tmp_path / "scores.csv", SCORE_COLUMNS, score_rows(hand_made()), bom)

    assert (tmp_path / "scores.csv").read_bytes().startswith(b"\xef\xbb\xbf") == bom


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    assert not str(cell(text)).startswith(FORMULA_STARTS)
    assert str(cell(text)).endswith(text)


def test_a_formula_in_a_reason_is_disarmed_in_the_file(tmp_path):
    release = hand_made()
    assert release.churn is not None
    evil = Reason("x", "up", 1.0, None, None, '=HYPERLINK("http://evil")', "＝")
    armed = replace(release, churn=replace(release.churn, reasons=PackedJson.of([[evil]] * 3)))

    write_rows(tmp_path / "scores.csv", SCORE_COLUMNS, score_rows(armed))

    assert rows_of(tmp_path / "scores.csv")[0]["reasons_en"] == '\'=HYPERLINK("http://evil")'


@pytest.mark.parametrize("k", [1, 2, 3])
def test_everybody_gets_k_items_in_order_worked_out_beforehand_or_not(tmp_path, k):
    write_rows(tmp_path / "recs.csv", RECOMMENDATION_COLUMNS, recommendation_rows(hand_made(), k))

    rows = [row for row in rows_of(tmp_path / "recs.csv") if row["customer_id"] == "bo"]

    assert [(row["rank"], row["item_id"]) for row in rows] == [("1", "tea"), ("2", "cup"), ("3", "pot")][:k]
    assert rows[0]["title"] == "Tea"


def test_what_was_not_released_is_said(tmp_path):
    with pytest.raises(NotFound, match="its churn is a coin toss"):
        write_rows(tmp_path / "scores.csv", SCORE_COLUMNS, score_rows(hand_made(without=("churn",))))

    assert not list(tmp_path.iterdir())


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"end in \.csv or \.parquet"):
        write_rows(tmp_path / "scores.xlsx", SCORE_COLUMNS, score_rows(hand_made()))


def test_a_file_is_replaced_only_when_it_is_complete(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("before")

    def interrupted():
        yield [{"customer_id": "ada"}]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(path, SCORE_COLUMNS, interrupted())

    assert (path.read_text(), [found.name for found in tmp_path.iterdir()]) == ("before", ["scores.csv"])


def test_reasons_in_a_release_read_back_as_reasons():
    churn = hand_made().churn
    assert churn is not None

    assert msgspec.json.decode(churn.reasons[0], type=list[Reason])[0].code == "recency"
