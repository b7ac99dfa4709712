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
from serving.build.exports.scores import count_left
from serving.release.account_part import AccountPart, AccountReason
from serving.release.lookup import IdIndex, PackedJson
from tests.serving.sample_release import (
    LATE,
    PROFILES,
    account_part,
    recommender_part,
    retention_part,
    sample_release,
    segment_part,
)

SCORES, RECOMMENDATIONS, MEMBERS = EXPORTS["scores"], EXPORTS["recommendations"], EXPORTS["members"]


def read_rows(path, encoding="utf-8"):
    """The rows of a CSV as dictionaries of text."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_scores_contain_every_customer_highest_risk_first(tmp_path):
    n_rows = write_export(SCORES, tmp_path / "scores.csv", release=sample_release())

    rows = read_rows(tmp_path / "scores.csv")
    assert n_rows == 3
    assert [(row["customer_id"], row["churn_probability"], row["risk_level"]) for row in rows] == [
        ("cyd", "90.00%", "high"),
        ("ada", "50.00%", "medium"),
        ("bo", "10.00%", "low"),
    ]
    assert rows[0]["reasons_ja"] == "最終購入から74日(この顧客はふだん約21日ごとに購入)"


def test_an_account_names_the_customer_of_a_reason_and_marks_one_that_lowers_the_risk():
    safe = AccountReason(
        code="usage", direction="down", weight=-0.4, customer_id="ada", en="Used it daily", ja="毎日利用"
    )
    score = msgspec.structs.replace(account_part().score(0), reasons=(safe,))
    release = replace(sample_release(), accounts=AccountPart.of([score], []))

    ((row,),) = EXPORTS["accounts"].rows(release, ExportOptions())

    assert row["reasons_en"] == "ada: Used it daily [lowers the risk]"
    assert row["reasons_ja"] == "ada: 毎日利用【リスクを下げる要因】"


def test_parquet_contains_the_same_as_csv(tmp_path):
    for name in ("scores.csv", "scores.parquet"):
        write_export(SCORES, tmp_path / name, release=sample_release())

    table = pq.read_table(tmp_path / "scores.parquet")

    assert [f"{value:.2%}" for value in table["low"].to_pylist()] == [
        row["low"] for row in read_rows(tmp_path / "scores.csv")
    ]
    assert table.schema.equals(SCORES.columns)


def test_a_score_comes_with_what_a_salesperson_needs(tmp_path):
    write_export(SCORES, tmp_path / "scores.csv", release=sample_release())

    cyd, ada, bo = read_rows(tmp_path / "scores.csv")
    assert (ada["value"], ada["expected_loss"], ada["currency"], ada["value_kind"]) == (
        "365", "365", "JPY", "predicted",
    )  # fmt: skip
    assert (ada["segment"], ada["owner"], ada["action"], ada["account_id"]) == (
        "often; key", "mori", "early access", "acme",
    )  # fmt: skip
    assert (ada["reason_codes"], ada["reason_directions"]) == ("recency", "up")
    assert (cyd["segment"], cyd["segment_action"], bo["value"], bo["expected_loss"]) == ("", "", "0", "0")
    assert (ada["top_reason_en"], bo["top_reason_ja"]) == (ada["reasons_en"], "")


def test_a_score_comes_with_the_action_that_pays_and_its_expected_net_value(tmp_path):
    """As in the worked example of `retention_part`: 0.5 x (0.2 x 720 + 10) - 12 = 65; 0.9 x 0.2 x 4000 - 1 = 719."""
    write_export(SCORES, tmp_path / "scores.csv", release=sample_release())

    columns = ("customer_id", "action", "action_kind", "no_action_because", "expected_net_value", "segment_action")
    rows = [tuple(row[name] for name in columns) for row in read_rows(tmp_path / "scores.csv")]
    assert rows == [
        ("cyd", "voucher", "offer", "", "719", ""),
        ("ada", "early access", "segment_action", "", "65", "early access"),
        ("bo", "", "none", "does_not_pay", "-11", "early access"),
    ]


def test_the_top_reason_of_a_risk_is_the_strongest_that_raises_it(tmp_path):
    release = sample_release()
    assert release.churn is not None
    late = LATE
    lowers = msgspec.structs.replace(late, direction="down", en="Used it daily", ja="毎日利用")
    churn = replace(release.churn, reasons=PackedJson.of([[lowers, late]] * 3))

    write_export(SCORES, tmp_path / "scores.csv", release=replace(release, churn=churn))

    row = read_rows(tmp_path / "scores.csv")[0]
    assert (row["top_reason_en"], row["top_reason_ja"]) == (late.en, late.ja)


def test_a_customer_who_refused_contact_gets_no_action(tmp_path):
    segments = segment_part(opted_out={"contact": np.array(["ada"])})
    release = replace(sample_release(), segments=segments, retention=retention_part(segments=segments))

    write_export(SCORES, tmp_path / "scores.csv", release=release)

    actions = {
        row["customer_id"]: (row["action"], row["contact_allowed"]) for row in read_rows(tmp_path / "scores.csv")
    }
    assert actions == {"cyd": ("voucher", "True"), "ada": ("", "False"), "bo": ("", "True")}


def export_changed(tmp_path, earlier, release=None):
    """The customers whom `--changed-since` exports."""
    options = ExportOptions(changed_since=earlier)
    write_export(SCORES, tmp_path / "scores.csv", release=release or sample_release(), options=options)
    return [row["customer_id"] for row in read_rows(tmp_path / "scores.csv")]


def test_only_customers_that_changed_since_a_release_are_exported(tmp_path):
    now = sample_release()
    churn = now.churn
    assert churn is not None
    a_little, a_lot = (
        replace(now, churn=replace(churn, probability=churn.probability + np.array([0.0, move, 0.0])))
        for move in (0.004, 0.02)
    )
    other_reasons = replace(now, churn=replace(churn, reasons=PackedJson.of([[]] * 3)))
    new_customer = replace(now, churn=replace(churn, index=IdIndex(np.array([b"ada", b"bo", b"cya"]))))

    assert export_changed(tmp_path, now) == []
    assert export_changed(tmp_path, a_little) == []
    assert export_changed(tmp_path, a_lot) == ["bo"]
    assert export_changed(tmp_path, other_reasons) == ["cyd", "ada"]
    assert export_changed(tmp_path, new_customer) == ["cyd"]
    assert (count_left(now, new_customer), count_left(now, now)) == (1, 0)


def test_the_list_of_a_segment_leaves_out_who_refused_contact(tmp_path):
    release = replace(sample_release(), segments=segment_part(opted_out={"contact": np.array(["bo"])}))
    options = ExportOptions(segment="often")

    n_rows = write_export(MEMBERS, tmp_path / "often.csv", release=release, options=options)

    (ada,) = read_rows(tmp_path / "often.csv")
    assert (n_rows, MEMBERS.n_excluded(release, options)) == (1, 1)
    assert (ada["customer_id"], ada["segment"], ada["action"], ada["churn_probability"], ada["owner"]) == (
        "ada", "often", "early access", "50.00%", "mori",
    )  # fmt: skip


def test_a_customer_tier_is_a_list_too_and_an_unknown_one_is_refused(tmp_path):
    write_export(MEMBERS, tmp_path / "gold.csv", release=sample_release(), options=ExportOptions(segment="gold"))

    assert [row["customer_id"] for row in read_rows(tmp_path / "gold.csv")] == ["ada"]
    with pytest.raises(NotFound, match=r"no segment 'oftn'.*'often'"):
        write_export(MEMBERS, tmp_path / "x.csv", release=sample_release(), options=ExportOptions(segment="oftn"))


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
    assert RECOMMENDATIONS.n_excluded(release, ExportOptions()) == 2


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
    assert list(EXPORTS) == ["accounts", "members", "predictions", "recommendations", "scores"]
    assert all("release_id" in export.columns.names for export in EXPORTS.values())
    assert all(set(export.columns.names) & {"customer_id", "account_id"} for export in EXPORTS.values())
