"""Every column of a cross-section is a feature, but for ids, labels, what is excluded, and what identifies a person."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import ConfigError, DataError
from features.check.overview import check_cross_section
from tables.cross_section import open_cross_section
from tables.personal_columns import NUMBERS_AND_WORDS
from tests.cross_section_worlds import leavers, people

N = 60
LEFT = leavers(N, 20)


def open_people(folder, columns, **settings):
    return open_cross_section(people(folder, {"left": LEFT, **columns}, **settings))


def findings_of(data):
    return {(one.kind, one.column): one.values for one in check_cross_section(data).findings}


def test_kinds_are_found_from_the_values(tmp_path):
    data = open_people(
        tmp_path,
        {
            "fee": ["NA", "980.5", "1e3"] * 20,
            "price": ["1.250,50", "980,00", "n/a"] * 20,
            "ratio": ["inf", "0.5", "#DIV/0!"] * 20,
            "opt_in": ["Yes", "No", None] * 20,
            "flag": ["0", "1", "1"] * 20,
            "since": ["2026-01-31", "2025-12-31", ""] * 20,
            "seen": ["31/12/2025", "01/02/2026", "NA"] * 20,
            "zip": ["00501", "10115", "80331"] * 20,
        },
    )
    first = {name: data.features.column(name)[:3].tolist() for name in data.features.names}

    assert first["fee"] == pytest.approx([np.nan, 980.5, 1000.0], nan_ok=True)
    assert first["price"] == pytest.approx([1250.5, 980.0, np.nan], nan_ok=True)
    assert first["ratio"] == pytest.approx([np.nan, 0.5, np.nan], nan_ok=True)
    assert first["flag"] == [0.0, 1.0, 1.0]
    assert first["days_since_since"][0] - first["days_since_since"][1] == -31
    assert first["days_since_seen"][0] - first["days_since_seen"][1] == 32
    assert data.features.vocabularies == {"opt_in": ("No", "Yes"), "zip": ("00501", "10115", "80331")}
    assert ("no_finite_number", "ratio") in findings_of(data)


def test_columns_that_identify_a_person_are_left_out_and_named(tmp_path):
    data = open_people(
        tmp_path,
        {
            "email": [f"p{row}@example.org" for row in range(N)],
            "phone": [f"090-1234-{row:04}" for row in range(N)],
            "account_no": [str(7_000_000 + row) for row in range(N)],
            "remark": [f"she said {row} times that it is dear" for row in range(N)],
            "comment": [f"{row}回目の電話で値段が高いとのこと" for row in range(N)],
            "email_opt_in": ["Yes", "No"] * 30,
            "phone_service": ["1", "0"] * 30,
            "phone_minutes": [f"{row * 1.37:.2f}" for row in range(N)],
            "revenue": [f"{20 + row * 0.61:.2f}" for row in range(N)],
        },
    )
    personal = {
        column: values["content"] for (kind, column), values in findings_of(data).items() if kind == "personal_column"
    }

    assert data.features.names == ("email_opt_in", "phone_service", "phone_minutes", "revenue")
    assert personal == {
        "email": "mail addresses",
        "phone": "phone numbers",
        "account_no": "near-unique ids",
        "remark": "free text",
        "comment": "free text",
    }


def test_listed_columns_stay_the_only_ones_unless_all_are_asked_for(tmp_path):
    columns = {"a": ["1", "2"] * 30, "b": ["3", "4"] * 30, "c": ["5", "6"] * 30}
    listed = 'columns = { a = { column = "a", null_values = ["2"] } }'

    assert open_people(tmp_path, columns, table=listed).features.names == ("a",)
    assert open_people(tmp_path, columns, table='exclude = ["b"]').features.names == ("a", "c")
    more = open_people(tmp_path, columns, table=f'all_columns = true\nexclude = ["b"]\n{listed}').features
    assert more.names == ("a", "c")
    assert np.isnan(more.column("a")).sum() == 30
    with pytest.raises(DataError, match=r"exclude: the file has no column 'bb'; did you mean 'b'\?"):
        open_people(tmp_path, columns, table='exclude = ["bb"]')
    with pytest.raises(ConfigError, match="set all_columns = true"):
        open_people(tmp_path, columns, table=f'exclude = ["b"]\n{listed}')


def test_columns_without_information_are_named(tmp_path):
    data = open_people(
        tmp_path, {"a": ["1", "2"] * 30, "same": ["x"] * N, "empty": [None] * N, "b": ["1.0", "2.0"] * 30}
    )
    findings = findings_of(data)

    assert {column for kind, column in findings if kind == "constant_column"} == {"same", "empty"}
    assert findings["equal_columns", "b"] == {"other": "a"}


def test_more_than_200_words_are_kept_and_said(tmp_path):
    areas = [f"A{row % 250}" for row in range(750)]
    data = open_cross_section(people(tmp_path, {"left": leavers(750, 300), "area": areas}))

    assert len(data.features.vocabularies["area"]) == 250
    assert not np.isnan(data.features.column("area")).any()
    assert findings_of(data)["many_words", "area"] == {"n_words": 250}


def test_free_text_that_is_listed_is_said_to_be_of_no_use(tmp_path):
    texts = [f"remark {row}" for row in range(300)]
    settings = people(tmp_path, {"left": leavers(300, 99), "remark": texts}, table='columns = { remark = "remark" }')
    data = open_cross_section(settings)

    assert np.isnan(data.features.values).all()
    assert ("free_text", "remark") in findings_of(data)


def test_a_customer_without_a_label_is_not_taken_for_one_who_stayed(tmp_path):
    data = open_people(tmp_path, {"left": ["yes", "no", None] * 20, "a": ["1", "2"] * 30})

    assert data.outcomes.churned.tolist() == [True, False] * 20
    assert check_cross_section(data).tables[0].excluded == {"left: missing": 20}
    assert open_people(tmp_path, {"left": ["yes", None] * 30, "a": ["1", "2"] * 30}).outcomes.churned.sum() == 30


def test_a_label_of_numbers_is_compared_as_it_is_read(tmp_path):
    settings = people(tmp_path, {"left": [1.0, 0.0] * 30, "a": ["1", "2"] * 30})
    pq.write_table(
        pa.table({"id": [f"c{row}" for row in range(4)], "left": [1.0, 0.0, None, 0.0]}), tmp_path / "p.parquet"
    )
    source = settings.cross_section
    assert source is not None
    label = msgspec.structs.replace(source.label, equals="1")
    table = msgspec.structs.replace(source.tables["people"], path=str(tmp_path / "p.parquet"))
    source = msgspec.structs.replace(source, label=label, tables={"people": table})

    data = open_cross_section(msgspec.structs.replace(settings, cross_section=source))

    assert data.outcomes.churned.tolist() == [True, False, False]
    assert data.features.values.shape == (3, 0)


def test_a_column_of_two_files_has_the_name_of_its_file(tmp_path):
    (tmp_path / "more.csv").write_text("id,a,customer_id\n" + "".join(f"c{row:05d},{row},k\n" for row in range(N)))
    more = '[cross_section.tables.more]\npath = "more.csv"\ncustomer_id = "id"'
    data = open_people(tmp_path, {"A": ["1", "2"] * 30}, table=more)

    assert data.features.names == ("A", "more_a", "more_customer_id")


def test_thousands_of_columns_are_read_within_the_limits_of_queries(tmp_path):
    columns = {f"n{place}": [str(place), None] for place in range(1500)}
    data = open_cross_section(people(tmp_path, {"left": ["yes", "no"], **columns}))

    assert data.features.values[0].tolist() == list(range(1500))
    assert len(data.digest) > 0


def test_checking_many_columns_of_words_takes_no_query_for_each(tmp_path, monkeypatch):
    queries: list[object] = []
    run = DuckDB.to_pyarrow
    monkeypatch.setattr(DuckDB, "to_pyarrow", lambda *given, **more: queries.append(given) or run(*given, **more))
    words = {f"w{place}": [f"{word}{place}" for word in ("red", "green", "blue")] * 20 for place in range(40)}
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()

    check_cross_section(open_people(few, {"w0": words["w0"]}))
    n_queries = len(queries)
    check_cross_section(open_people(many, words))

    assert len(queries) == 2 * n_queries


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([str(100 + row) for row in range(N - 3)] + ["unclear"] * 3, "personal_column"),
        ([str(row % 30) for row in range(N - 3)] + ["unclear"] * 3, "mostly_numbers"),
    ],
    ids=["all different", "repeated"],
)
def test_numbers_with_words_among_them_are_named_with_the_setting_that_makes_them_numbers(tmp_path, cells, kind):
    data = open_people(tmp_path, {"fee": cells})
    (finding,) = [one for one in check_cross_section(data).findings if one.column == "fee"]

    assert (finding.kind, finding.example, finding.setting) == (kind, "unclear", 'null_values = ["unclear"]')
    assert finding.values.get("content", NUMBERS_AND_WORDS) == NUMBERS_AND_WORDS


def test_large_numbers_and_days_of_a_parquet_file_are_read(tmp_path):
    settings = people(tmp_path, {"left": ["yes", "no"], "a": ["1e999", "2"]})
    assert open_cross_section(settings).features.column("a").tolist() == pytest.approx([np.nan, 2.0], nan_ok=True)
    rows = {
        "id": ["a", "b"], "left": ["yes", "no"], "since": [date(2026, 1, 31), date(2025, 12, 31)],
        "rate": [float("inf"), 0.5], "paid": [True, False],
    }  # fmt: skip
    pq.write_table(pa.table(rows), tmp_path / "p.parquet")
    source = settings.cross_section
    assert source is not None
    table = msgspec.structs.replace(source.tables["people"], path=str(tmp_path / "p.parquet"))
    source = msgspec.structs.replace(source, tables={"people": table})

    features = open_cross_section(msgspec.structs.replace(settings, cross_section=source)).features

    assert features.names == ("days_since_since", "rate", "paid")
    assert features.column("days_since_since")[0] - features.column("days_since_since")[1] == -31
    assert features.column("rate").tolist() == pytest.approx([np.nan, 0.5], nan_ok=True)
    assert features.column("paid").tolist() == [1.0, 0.0]


def test_a_label_of_few_customers_is_named_with_the_setting_that_a_cross_section_has(tmp_path):
    fees = ["1", "2", "3"] * 20
    few = check_cross_section(open_cross_section(people(tmp_path, {"left": leavers(N, 3), "fee": fees}))).findings
    most = check_cross_section(open_cross_section(people(tmp_path, {"left": leavers(N, 57), "fee": fees}))).findings

    assert [(one.kind, one.severity, one.setting) for one in few] == [("few_labelled", "error", "equals")]
    assert {(one.kind, one.severity) for one in most} == {("few_labelled", "error"), ("label_share", "warning")}
