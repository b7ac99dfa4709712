"""Folders, files and databases that `kizuna init` was given."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import BadInput, SourceUnavailable
from tables.discovery.inputs import find_inputs, names_of_tables
from tables.engines.databases import connect
from tests.engines import engine

HEADER = "customer_id,event_time,amount\n"


def write(folder: Path, name: str, text: str = HEADER + "c1,2026-01-01,5\n") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_monthly_exports_are_one_table_that_next_month_belongs_to(tmp_path: Path):
    for month in ("2025-11", "2025-12", "2026-01"):
        write(tmp_path, f"orders_{month}.csv")

    (source,) = find_inputs([str(tmp_path)]).sources

    assert source.settings.path == str(tmp_path / "orders_*.csv")
    assert len(source.files) == 3


def test_months_may_have_names(tmp_path: Path):
    for month in ("jan", "feb"):
        write(tmp_path, f"orders-{month}.csv")

    assert [source.label for source in find_inputs([str(tmp_path)]).sources] == ["orders-*.csv"]


def test_files_of_the_same_columns_with_other_names_are_tables_of_their_own(tmp_path: Path):
    write(tmp_path, "orders.csv")
    write(tmp_path, "returns.csv")

    assert [source.label for source in find_inputs([str(tmp_path)]).sources] == ["orders.csv", "returns.csv"]


def test_a_column_that_one_month_has_more_is_optional(tmp_path: Path):
    write(tmp_path, "orders_01.csv")
    write(tmp_path, "orders_02.csv")
    write(tmp_path, "orders_03.csv", "amount,customer_id,event_time,coupon\n5,c1,2026-03-01,x\n")

    (source,) = find_inputs([str(tmp_path)]).sources

    assert (source.settings.optional_columns, source.settings.files) == (("coupon",), ())
    assert source.evidence["optional_columns"] == "orders_01.csv has no coupon; orders_02.csv has no coupon"


def test_a_column_that_one_parquet_file_has_more_is_optional(tmp_path: Path):
    row = {"customer_id": ["c1"], "event_time": ["2026-01-01"], "amount": [5]}
    pq.write_table(pa.table(row), tmp_path / "orders_01.parquet")
    pq.write_table(pa.table({**row, "coupon": ["x"]}), tmp_path / "orders_02.parquet")

    (source,) = find_inputs([str(tmp_path)]).sources

    assert source.settings.optional_columns == ("coupon",)
    assert source.evidence["optional_columns"] == "orders_01.parquet has no coupon"


def test_parquet_files_of_other_columns_are_no_part_of_the_table(tmp_path: Path):
    for number in (1, 2):
        pq.write_table(pa.table({"customer_id": ["c1"], "amount": [5]}), tmp_path / f"orders_{number}.parquet")
    pq.write_table(pa.table({"city": ["Kyoto"], "stores": [3]}), tmp_path / "orders_3.parquet")

    files = [[path.name for path in source.files] for source in find_inputs([str(tmp_path)]).sources]

    assert ["orders_3.parquet"] in files


def test_a_year_in_another_encoding_and_with_other_names_is_part_of_the_table(tmp_path: Path):
    (tmp_path / "orders_2023.csv").write_text("会員番号;購入日;金額\nc1;2023-01-01;5\n", encoding="cp932")
    (tmp_path / "orders_2024.csv").write_text("顧客ID,購入日,金額,備考\nc1,2024-01-01,5,\n")

    (source,) = find_inputs([str(tmp_path)]).sources

    assert Path(str(source.settings.path)).name == "orders_*.csv"
    (entry,) = source.settings.files
    assert (Path(entry.path).name, entry.encoding, entry.delimiter) == ("orders_2023.csv", "cp932", ";")
    assert entry.columns == {"顧客ID": "会員番号"}
    assert source.settings.optional_columns == ("備考",)


def test_files_with_few_columns_in_common_stay_tables_of_their_own(tmp_path: Path):
    write(tmp_path, "export_1.csv")
    write(tmp_path, "export_2.csv", "customer_id,country,segment\nc1,GB,a\n")

    assert [source.label for source in find_inputs([str(tmp_path)]).sources] == ["export_1.csv", "export_2.csv"]


def test_what_is_no_data_is_skipped_in_a_folder_and_refused_by_name(tmp_path: Path):
    write(tmp_path, "orders.csv")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write(tmp_path, "README.txt", "Some words about these files.\nAnd more of them, with a comma.\n")

    inputs = find_inputs([str(tmp_path)])

    assert [source.label for source in inputs.sources] == ["orders.csv"]
    assert len(inputs.skipped) == 2
    with pytest.raises(BadInput, match=r"logo\.png is an image"):
        find_inputs([str(tmp_path / "logo.png")])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("shop.db", b"SQLite format 3", r"is a database; name it as sqlite:///\S*/shop\.db"),
        ("shop.duckdb", b"\0" * 8 + b"DUCK", r"is a database; name it as duckdb:///\S*/shop\.duckdb"),
        ("orders.xlsx", b"PK\x03\x04....", "Excel workbook"),
        ("orders.csv", b"PK\x03\x04....", "Excel workbook"),
        ("orders.csv.gz", b"\x1f\x8b....", "is compressed"),
        ("orders.csv", b"a\x00b\x00\x01\x02", "is no text"),
        ("orders.csv", b"", "is empty"),
        ("orders.pdf", b"%PDF-1.7", "is a PDF"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, reason: str):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadInput, match=reason) as error:
        find_inputs([str(tmp_path / name)])

    assert "\n" not in str(error.value)


def test_a_web_address_is_refused():
    with pytest.raises(BadInput, match="is a web address; download the file"):
        find_inputs(["https://example.com/orders.csv"])


def test_a_path_that_does_not_exist_is_named():
    with pytest.raises(SourceUnavailable, match=r"there is no file or folder nowhere\.csv"):
        find_inputs(["nowhere.csv"])


def test_an_empty_folder_has_no_data(tmp_path: Path):
    with pytest.raises(BadInput, match="there is no data in"):
        find_inputs([str(tmp_path)])


def test_every_table_of_a_database_is_a_source(tmp_path: Path):
    path = tmp_path / "shop.db"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE orders AS SELECT 1 AS id")
        database.execute("CREATE SCHEMA crm")
        database.execute("CREATE TABLE crm.people AS SELECT 1 AS id")

    sources = find_inputs([f"duckdb://{path}"]).sources

    assert [source.settings.table for source in sources] == ["crm.people", "orders"]


def test_temporary_tables_of_a_database_are_no_sources():
    backend = engine("postgres")
    name = ibis.util.gen_name("own")
    backend.raw_sql(f'CREATE TEMP TABLE "{name}" AS SELECT 1 AS id')

    listed = [table for _, table in names_of_tables(backend)]

    assert name not in listed


def test_a_database_in_a_folder_is_named_with_the_url_that_reads_it(tmp_path: Path):
    (tmp_path / "shop.db").write_bytes(b"SQLite format 3\x00" + bytes(84))

    with pytest.raises(BadInput, match=f"is a database; name it as sqlite://{tmp_path}/shop.db"):
        find_inputs([str(tmp_path)])


def test_what_kizuna_has_stored_in_a_folder_is_no_data(tmp_path: Path):
    write(tmp_path, "orders.csv")
    for place in (
        "mlflow.db",
        "var/mlflow.db",
        "var/mlartifacts/1/input.json",
        "var/shop/ledger.jsonl",
        "var/shop/scores.csv",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"SQLite format 3\x00" + bytes(84))

    inputs = find_inputs([str(tmp_path)])

    assert [source.label for source in inputs.sources] == ["orders.csv"]
    assert inputs.skipped[0] == f"{tmp_path / 'var'}: not read, because Kizuna stores models and releases there"


def test_a_folder_in_which_a_part_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "orders.csv")
    (tmp_path / "old").mkdir()
    # The tests may run as root, who may read everything.
    monkeypatch.setattr("os.access", lambda path, _: path != tmp_path / "old")

    with pytest.raises(SourceUnavailable, match=rf"denied to read the folder {tmp_path / 'old'}; change its rights"):
        find_inputs([str(tmp_path)])


def test_an_sqlite_file_that_does_not_exist_is_refused_and_not_made(tmp_path: Path):
    missing = tmp_path / "shop.db"

    with pytest.raises(SourceUnavailable, match=f"there is no file {missing}"):
        connect(f"sqlite://{missing}")

    assert not missing.exists()
