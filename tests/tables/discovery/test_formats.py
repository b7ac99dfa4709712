"""How dates and numbers are written, and in which encoding, with the evidence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from core.errors import DataError
from tables.discovery import columns
from tables.discovery.columns import ColumnFacts, examine_columns
from tables.discovery.dates import DateGuess, guess_dates
from tables.discovery.numbers import NumberGuess, guess_numbers
from tables.discovery.text_format import detect_format
from tables.encodings import detect_encoding
from tables.engines.databases import connect_in_memory
from tables.personal_columns import find_personal_columns
from tests.engines import engine, every_engine

TODAY = date(2026, 11, 30)


def dates(*cells: str) -> DateGuess | None:
    return guess_dates([(cell, 1) for cell in cells], today=TODAY)


def numbers(*cells: str) -> NumberGuess | None:
    return guess_numbers([(cell, 1) for cell in cells])


@pytest.mark.parametrize(
    ("cells", "date_format"),
    [
        (["2026-04-01", "2026/4/2 9:30"], None),
        (["2026年4月1日 9時30分"], None),
        (["令和8年4月1日(水)", "令和元年12月1日(日)"], None),
        (["R8.04.01", "H30.1.2"], None),
        (["13/04/2026 9h30"], "%d/%m/%Y %Hh%M"),
        (["20260401"], None),
        (["2026-03"], None),
        (["2026-04-01T09:30:00.000+09:00"], None),
        (["13/04/2026", "01/02/2026"], "day_first"),
        (["13.04.26 9:30"], "day_first"),
        (["04/13/2026"], "month_first"),
        (["4/13/2026 9:30 PM"], "%m/%d/%Y %I:%M %p"),
        (["1 Apr 2026"], "%d %b %Y"),
        (["Apr 1, 2026"], "%b %d, %Y"),
        (["1767225600"], "epoch_seconds"),
        (["1767225600000"], "epoch_milliseconds"),
    ],
)
def test_the_order_of_days_and_months_follows_from_the_dates(cells: list[str], date_format: str | None):
    guess = dates(*cells)

    assert guess is not None
    assert (guess.date_format, guess.is_ambiguous) == (date_format, False)


def test_the_evidence_counts_the_dates():
    guess = dates("13/04/2026", "01/02/2026", "02/02/2026")

    assert guess is not None
    assert guess.evidence == "day first: 1 of 3 dates have a first number above 12"


def test_dates_without_a_number_above_12_fit_two_readings():
    guess = dates("10/01/2025", "11/02/2025")

    assert guess is not None
    assert guess.is_ambiguous


def test_a_reading_that_puts_dates_into_the_future_is_not_possible():
    guess = dates("10/12/2026", "05/03/2026")

    assert guess is not None
    assert (guess.date_format, guess.is_ambiguous) == ("month_first", False)


@pytest.mark.parametrize("cell", ["12345678", "2024.5", "17850", "abc", "12:30", "1.78E+04", "192.168.0.1"])
def test_other_values_are_no_dates(cell: str):
    assert dates(cell) is None


def test_numbers_are_days_of_a_spreadsheet_only_under_the_name_of_a_time():
    texts, floats = ["45717.5", "45718"], [45717.5, 45718.0]
    rows = pa.table({"Order Date": texts, "Amount": texts, "注文日": floats, "price": floats, "date": ["45717.5", "x"]})

    facts = examine_columns(connect_in_memory().create_table("rows", rows), today=TODAY)

    assert {name: one.is_date for name, one in facts.items()} == {
        "Order Date": True, "Amount": False, "注文日": True, "price": False, "date": False
    }  # fmt: skip
    shown = facts["Order Date"].dates
    assert shown is not None
    assert (shown.date_format, shown.first, shown.last) == ("spreadsheet_days", date(2025, 3, 1), date(2025, 3, 2))


@pytest.mark.parametrize(
    ("cells", "decimal", "thousands"),
    [
        (["1,234.50", "3"], ".", ","),
        (["1.234,50", "12,5"], ",", "."),
        (["12,50 €", "980"], ",", "."),
        (["1 234,50"], ",", " "),
        (["1'234.50"], ".", "'"),
        (["1.000.000", "5"], ",", "."),
        (["￥１，２３４", "△500"], ".", ","),
        (["(3.5)", "-2", "12.5%"], ".", ","),
        (["0.125", "0.250"], ".", ","),
    ],
)
def test_the_marks_of_numbers_follow_from_the_numbers(cells: list[str], decimal: str, thousands: str):
    guess = numbers(*cells)

    assert guess is not None
    assert (guess.decimal, guess.thousands, guess.is_ambiguous) == (decimal, thousands, False)


def test_dots_that_three_digits_always_follow_fit_two_readings():
    guess = numbers("1.250", "980", "12.500")

    assert guess is not None
    assert guess.is_ambiguous
    assert guess.evidence.startswith("every dot in 2 of 3 numbers is followed by exactly three digits")


@pytest.mark.parametrize(
    ("cell", "currency"),
    [("KWD 1,234.500", "KWD"), ("R$ 12,50", "BRL"), ("US$12.50", "USD"), ("12 ₽", "RUB"), ("\\1,234", "JPY")],
)
def test_amounts_name_every_currency_whose_code_or_sign_is_read(cell: str, currency: str):
    guess = guess_numbers([(cell, 1)])

    assert guess is not None
    assert dict(guess.currencies) == {currency: 1}


def test_a_sign_of_several_currencies_names_none():
    guess = guess_numbers([("12 kr", 1)])

    assert guess is not None
    assert not guess.currencies


def test_currency_signs_are_counted():
    guess = numbers("$10.00", "EUR 10.00", "€ 5", "7")

    assert guess is not None
    assert dict(guess.currencies) == {"EUR": 2, "USD": 1}


@pytest.mark.parametrize("cells", [["abc"], ["A-1"], ["12 pieces"], ["1.2.3.4.a"]])
def test_words_are_no_numbers(cells: list[str]):
    assert numbers(*cells) is None


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,name\n1,Müller\n", "utf-8"),
        ("id,name\n1,plain\n", "utf-8"),
        ("Kundennummer;Größe;Preis\n1;süß;2,50 €\n2;Weiß;3,00 €\n", "cp1252"),
        ("Prénom;Désignation\nHélène;Crème brûlée\n", "cp1252"),
        ("item;price\nTea;£2.50\n", "cp1252"),
        ("Číslo;Zákazník\n1;Dvořák\n2;Říha šest\n", "cp1250"),
        ("Nr;Ilość;Cena\n1;2;19,90 zł\n", "cp1250"),
        ("Nr;Wartość\n1;5\n", "cp1250"),
        ("No;Article\n1;Cœur en chocolat, 5 m³\n2;bœuf séché\n", "cp1252"),
        ("Клиент;Сумма\n1;Иванов привет\n", "cp1251"),
        ("顧客ID,購入日,商品名\n1,2024/01/02,りんご①\n2,2024/01/03,ｱｲｽ\n", "cp932"),
        ("顧客番号,表示\n1,ソニー\n", "cp932"),
        ("顧客ID,商品名\n1,みかん\n", "euc_jp"),
        ("客户,金额\n张三,100\n李四,200\n", "gb18030"),
        ("고객,금액\n김철수,100\n", "cp949"),
        ("รหัสลูกค้า,วันที่สั่งซื้อ,จำนวน\n1,2,3\n", "cp874"),
        ("رقم العميل,تاريخ الطلب,المبلغ\n1,2,3\n", "cp1256"),
        ("Κωδικός πελάτη;Ημερομηνία;Ποσό\n1;2;3\n", "cp1253"),
        ("מספר לקוח,תאריך הזמנה,סכום,כמות\n1,2,3,4\n", "cp1255"),
        ("Müşteri No;Sipariş Tarihi;Tutar\n1;2;İptal\n", "cp1254"),
        ("Viðskiptavinur;Upphæð\n1;þrír\n", "cp1252"),
        ("id,name\n1,Ünal\n", "utf-16"),
    ],
)
def test_the_encoding_follows_from_the_bytes(tmp_path: Path, text: str, encoding: str):
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))

    assert detect_encoding(path).name == encoding


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_splits_lines_evenly_whatever_the_cells_contain(tmp_path: Path, delimiter: str):
    path = tmp_path / "file.csv"
    rows = [["id", "text", "price"], ["1", '"a, b; c | d"', '"2,5"'], ["2", '"x"', '"1.000,5"'], ["3", "", ""]]
    path.write_text("\n".join(delimiter.join(row) for row in rows) + "\n", encoding="utf-8")

    assert detect_format(path).delimiter == delimiter
    assert detect_format(path).header == ("id", "text", "price")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("This is a letter.\nIt has lines, but no cells.\nAnd one more.\n", "is no table"),
        ("", "is empty"),
        ("17,2026-01-01,5.00\n18,2026-01-02,6.00\n", "has no header"),
        ('[\n{"a": 1}\n]\n', r"it has JSON; rename it to file\.jsonl"),
    ],
)
def test_a_text_that_is_no_table_is_refused(tmp_path: Path, text: str, reason: str):
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=reason):
        detect_format(path)


ABOVE = "Umsatzbericht 2025;;\nerstellt am 01.02.2026\n\n"
ROWS = 'Datum;Kunde;Betrag\n01.02.2025;"ada\nlovelace";1,50\n02.02.2025;bo;2,50\n'


@pytest.mark.parametrize(
    ("text", "encoding", "header_line", "footer_lines"),
    [
        (ROWS, "utf-8", 1, 0),
        (ROWS, "utf-8-sig", 1, 0),
        ("sep=;\n" + ROWS, "utf-8-sig", 2, 0),
        (ABOVE + ROWS, "utf-8", 4, 0),
        ("売上明細\n期間,2025年\n\n" + ROWS + "合計;;4,00\n", "cp932", 4, 1),
        (ROWS + "\n;;\nSumme:;;4,00\n2 Zeilen exportiert\n\n", "utf-8", 1, 2),
        (ROWS, "utf-16", 1, 0),
        (ROWS, "utf-16-le", 1, 0),
        (ROWS, "utf-16-be", 1, 0),
    ],
)
def test_the_header_is_found_below_titles_and_the_last_row_above_totals(
    tmp_path: Path, text: str, encoding: str, header_line: int, footer_lines: int
):
    (tmp_path / "t.csv").write_text(text, encoding=encoding)

    text_format = detect_format(tmp_path / "t.csv")

    assert (text_format.header, text_format.delimiter) == (("Datum", "Kunde", "Betrag"), ";")
    assert (text_format.header_line, text_format.footer_lines) == (header_line, footer_lines)


def test_a_file_that_is_cut_off_has_no_footer(tmp_path: Path):
    (tmp_path / "t.csv").write_text(ROWS + "03.02")

    assert detect_format(tmp_path / "t.csv").footer_lines == 0


def test_a_column_without_a_name_gets_its_number(tmp_path: Path):
    (tmp_path / "t.csv").write_text(",day,amount,\n0,2025-01-01,5,\n1,2025-01-02,6,\n")

    assert detect_format(tmp_path / "t.csv").header == ("column_1", "day", "amount", "column_4")


@pytest.mark.parametrize(
    ("name", "is_personal"),
    [("Phone", True), ("mobile phone number", True), ("Phone Service", False), ("氏名", True), ("E-Mail", True),
     ("Full Name", True), ("product name", True), ("plan", False), ("メールアドレス", True)],
)  # fmt: skip
def test_a_name_tells_personal_columns(name: str, is_personal: bool):
    facts = ColumnFacts(name=name, kind="text", is_text=True, n_rows=9, n_filled=9, n_distinct=3)

    assert facts.is_personal is is_personal


@every_engine
def test_long_numbers_in_a_column_called_phone_are_telephone_numbers(engine_name: str):
    rows = pa.table({"phone": [9012340000 + n for n in range(20)], "mobile": [n % 3 for n in range(20)]})
    table = engine(engine_name).create_table(ibis.util.gen_name("people"), rows, temp=True)

    (column,) = find_personal_columns("people", table, columns=rows.column_names)

    assert (column.column, column.looks_like) == ("phone", "phone numbers")


def test_a_column_shows_the_same_among_hundreds_of_others(monkeypatch):
    rows = pa.table({f"column {n}": [f"{n % 7},{row}0" for row in range(12)] for n in range(12)})
    table = connect_in_memory().create_table("rows", rows)
    alone = examine_columns(table, today=TODAY)

    monkeypatch.setattr(columns, "FEW_COLUMNS", 5)
    assert examine_columns(table, today=TODAY) == alone
    assert list(alone) == rows.column_names
