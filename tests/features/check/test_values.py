"""Checks of values: amounts, scores, consents, words that are numbers, and cells without a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.config.decisions import ChannelSettings, DecisionSettings
from core.config.money import MoneySettings
from core.config.sources import ColumnSource, TableSource
from features.check.checks.currency_marks import is_foreign
from features.check.finding import Severity
from tables.building import tables_from_frames
from tables.currencies import convert_to_base_currency
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.features.check.checked import find, find_kind, is_found, kinds
from tests.worlds import config, frame, shop


def files(folder: Path, settings: dict[str, Any] | None = None, **texts: str) -> Tables:
    """Tables of CSV files."""
    sources = {}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        sources[name] = TableSource(path=str(folder / f"{name}.csv"))
    return open_tables(config(tables=sources, **(settings or {})))


@pytest.mark.parametrize(
    ("mark", "currency", "is_other"),
    [
        ("$", "USD", False), ("$", "CAD", False), ("$", "GBP", True), ("€", "EUR", False), ("eur", "EUR", False),
        ("eur", "GBP", True), ("¥", "CNY", False), ("¥", "USD", True), ("kr", "NOK", False), ("pcs", "EUR", False),
        ("円", "JPY", False), ("fr.", "CHF", False),
    ],
)  # fmt: skip
def test_a_mark_is_foreign_if_only_other_currencies_use_it(mark: str, currency: str, is_other: bool):
    assert is_foreign(mark, currency) is is_other


def test_consents_for_unknown_purposes_are_worse_where_they_refuse():
    def consents(*words: tuple[str, bool]) -> pa.Table:
        return frame(
            *({"customer_id": "ada", "purpose": w, "granted": g, "event_time": "2024-01-01"} for w, g in words)
        )

    refused = find_kind(
        shop("ada 2024-03-01", consents=consents(("email", False), ("Contact", False))), "unknown_purposes"
    )

    assert (refused.count, refused.of, refused.values["words"]) == (1, 2, ("email",))
    assert (refused.severity, refused.values["n_refusals"]) == (Severity.ERROR, 1)
    channels = config(decisions=DecisionSettings(channels={"mail": ChannelSettings()}))
    of_channels = consents(("contact:Mail", False), ("contact:fax", False))
    unknown = find_kind(shop("ada 2024-03-01", consents=of_channels, settings=channels), "unknown_purposes")
    assert unknown.values["words"] == ("contact:fax",)
    assert unknown.values["purposes"] == ("recommend", "contact", "score", "contact:mail")
    granted = find_kind(shop("ada 2024-03-01", consents=consents(("all", True))), "unknown_purposes")
    assert granted.severity is Severity.WARNING
    assert not is_found(shop("ada 2024-03-01", consents=consents((" score ", False))), "unknown_purposes")
    # No offer has a channel, so that a refusal of one stops nothing that is done.
    assert not is_found(shop("ada 2024-03-01", consents=consents(("contact:sms", False))), "unknown_purposes")


def answers(kind: str, *scores: float | None) -> pa.Table:
    return frame(
        *({"customer_id": "ada", "kind": kind, "score": s, "event_time": "2024-01-01"} for s in (*scores, 3.0))
    )


@every_engine
def test_scores_outside_their_scale_suggest_the_scale_that_they_have(engine_name: str):
    tables = shop("ada 2024-03-01", surveys=answers("CSAT", 10.0, 7.0, 1.0), backend=engine(engine_name))

    finding = find_kind(tables, "scores_off_scale")

    assert (finding.count, finding.of, finding.example, finding.severity) == (2, 4, "10", Severity.ERROR)
    assert finding.setting == "csat_scale = [1, 10]"
    assert not is_found(tables, "excluded_rows")


@pytest.mark.parametrize(
    ("kind", "scores", "setting"),
    [
        ("csat", (0.0, 90.0), "csat_scale = [0, 100]"),
        ("csat", (-1.0, 4.0, 5.0), 'score = { column = "score", null_values = ["-1"] }'),
        ("nps", (100.0, 70.0, 90.0), 'score = { column = "score", scale = 0.1 }'),
        ("csat", (-7.0, 400.0), None),
        ("csat", (-100.0, 100.0, 50.0), "csat_scale = [-100, 100]"),
        ("nps", (-100.0, 100.0, 50.0), None),
    ],
)
def test_scores_of_another_scale_name_the_setting_that_reads_them(
    kind: str, scores: tuple[float, ...], setting: str | None
):
    assert find_kind(shop("ada 2024-03-01", surveys=answers(kind, *scores)), "scores_off_scale").setting == setting


def test_amounts_with_foreign_marks_are_read_with_the_setting_that_the_check_names(tmp_path: Path):
    lines = "customer_id,event_time,total\nada,2024-03-01,$12.00\nbo,2024-03-01,¥900\ncy,2024-03-02,5\n" + (
        "dee,2024-03-02,7\n" * 40
    )
    (tmp_path / "p.csv").write_text(lines, encoding="utf-8")
    (tmp_path / "rates.csv").write_text("month,currency,rate\n2024-02,USD,150\n", encoding="utf-8")

    def read(**columns: Any) -> Tables:
        source = TableSource(path=str(tmp_path / "p.csv"), columns={"amount": "total", **columns})
        money = MoneySettings(rates=str(tmp_path / "rates.csv"))
        return open_tables(config(tables={"purchases": source}, money=money))

    finding = find_kind(read(), "foreign_marks")
    assert (finding.count, finding.example, finding.row) == (1, "$12.00", 1)
    assert finding.setting == 'currency = { marks_of = "total" }'

    tables = read(currency=ColumnSource(marks_of="total"))
    rows = convert_to_base_currency(tables["purchases"], "amount", tables=tables).to_pyarrow().to_pylist()
    assert [(row["currency"], row["amount"]) for row in rows[:3]] == [("USD", 1800.0), ("JPY", 900.0), (None, 5.0)]
    assert not is_found(tables, "foreign_marks")


def test_scores_that_never_use_the_upper_half_of_their_scale_may_have_another_one():
    scores = [float(n % 5 + 1) for n in range(40)]

    assert find_kind(shop("ada 2024-03-01", surveys=answers("nps", *scores)), "scores_below_scale").values[
        "scores"
    ] == ("1-5")
    assert not is_found(shop("ada 2024-03-01", surveys=answers("csat", *scores)), "scores_below_scale")


def test_surveys_without_a_score_and_of_unknown_kinds_are_counted():
    assert find_kind(shop("ada 2024-03-01", surveys=answers("nps", None, None)), "empty_scores").count == 2
    assert find_kind(shop("ada 2024-03-01", surveys=answers("effort", 1.0)), "unknown_surveys").count == 2


def test_amounts_that_are_mostly_negative_are_probably_sales():
    mostly = find_kind(shop("ada 2024-03-01 -5", "bo 2024-03-02 -7", "cy 2024-03-03 2"), "mostly_negative")

    assert (mostly.count, mostly.of, mostly.severity) == (2, 3, Severity.ERROR)


@every_engine
def test_negative_invoices_and_customers_are_counted_and_returns_are_fine(engine_name: str):
    lines = (
        "ada 2024-03-01 50 order_id=o1 quantity=1", "ada 2024-03-02 -50 order_id=o2 quantity=-1",
        "bo 2024-03-01 5 order_id=o3 quantity=1", "bo 2024-03-02 -9 order_id=o4 quantity=1",
        "cy 2024-03-01 9 order_id=o5 quantity=1",
    )  # fmt: skip
    findings = {f.kind: f for f in find(shop(*lines, backend=engine(engine_name)))}

    assert (findings["negative_invoices"].count, findings["negative_invoices"].of) == (2, 5)
    assert (findings["negative_customers"].count, findings["negative_customers"].example) == (1, "bo")
    assert findings["opposite_signs"].count == 1
    assert "mostly_negative" not in findings


def test_a_column_without_any_value_is_named_and_one_with_some_is_not():
    lines = frame(
        {"customer_id": "ada", "event_time": "2024-03-01", "amount": 1.0, "channel": None, "store_id": "s1"},
        {"customer_id": "bo", "event_time": "2024-03-02", "amount": 1.0, "channel": None, "store_id": None},
    )

    columns = [f.column for f in find(tables_from_frames(config(), {"purchases": lines})) if f.kind == "empty_column"]

    assert columns == ["channel"]


def test_numbers_that_a_few_words_turn_into_words_are_named_with_the_word(tmp_path: Path):
    people = "customer_id,age,valid_from\n" + "".join(f"c{n},{20 + n},2024-01-01\n" for n in range(50))
    tables = files(
        tmp_path,
        {"attributes": {"customers": ("age",)}},
        purchases="customer_id,event_time,amount\nc1,2024-03-01,5\n",
        customers=people + "c50,over 70,2024-01-01\n",
    )

    finding = find_kind(tables, "mostly_numbers")

    assert (finding.table, finding.column, finding.count, finding.of) == ("customers", "age", 50, 51)
    assert (finding.example, finding.row, finding.setting) == ("over 70", 51, 'null_values = ["over 70"]')


def test_words_with_a_few_numbers_codes_with_a_letter_and_classes_written_as_digits_are_words(tmp_path: Path):
    rows = [f"c{n},{n % 5 + 1},{'street' if n % 2 else n},P{n},2024-01-01" for n in range(50)]
    tables = files(
        tmp_path,
        {"attributes": {"customers": ("grade", "place", "plan")}},
        purchases="customer_id,event_time,amount\nc1,2024-03-01,5\n",
        customers="customer_id,grade,place,plan,valid_from\n" + "\n".join([*rows, "c50,best,x,P1,2024-01-01"]) + "\n",
    )

    assert not kinds(tables) & {"mostly_numbers", "numbers_as_words"}


@pytest.mark.parametrize(
    ("scores", "setting"),
    [
        ("1 2 3 4 5", 'kind = { constant = "csat" }'),
        ("1 2 3 4 5 6 7 7", None),  # as an NPS without its highest scores has
        ("-100 0 50 100", 'kind = { constant = "csat" } and csat_scale = [-100, 100]'),
        ("0 30 70 100", 'score = { column = "score", scale = 0.1 }'),
    ],
)
def test_answers_that_are_no_nps_name_the_kind_that_reads_them(tmp_path: Path, scores: str, setting: str | None):
    lines = ["customer_id,event_time,score", *(f"c{n},2024-01-01,{s}" for n, s in enumerate(scores.split() * 10))]
    (tmp_path / "surveys.csv").write_text("\n".join(lines))
    (tmp_path / "purchases.csv").write_text("customer_id,event_time,amount\nada,2024-03-01,5\n")
    columns: dict[str, str | ColumnSource] = {"kind": ColumnSource(constant="nps")}
    surveys = TableSource(path=str(tmp_path / "surveys.csv"), columns=columns)
    purchases = TableSource(path=str(tmp_path / "purchases.csv"))

    findings = find(open_tables(config(tables={"surveys": surveys, "purchases": purchases})))

    assert [one.setting for one in findings if one.kind.startswith("scores_")] == ([setting] if setting else [])


@pytest.mark.parametrize(("name", "n_refusals"), [("newsletter", 2), ("opted_out", 1)])
def test_a_consent_that_is_read_as_an_attribute_is_named_with_its_refusals(tmp_path: Path, name: str, n_refusals: int):
    customers = f"customer_id,{name}\nada,yes\nbo,no\ncy,no\ndi,\n"
    purchases = "customer_id,event_time,amount\nada,2024-03-01,5\n"
    settings = {"attributes": {"customers": (name,)}}

    finding = find_kind(files(tmp_path, settings, customers=customers, purchases=purchases), "unread_consents")

    assert (finding.column, finding.count, finding.of) == (name, n_refusals, 3)
    assert "[tables.consents.columns] granted = " in str(finding.setting)


def test_a_consent_that_the_table_of_consents_reads_and_other_columns_are_no_finding(tmp_path: Path):
    customers = "customer_id,newsletter,sms_opt_in,newsletter_clicks\nada,yes,no,1\nbo,no,no,0\n"
    (tmp_path / "purchases.csv").write_text("customer_id,event_time,amount\nada,2024-03-01,5\n")
    (tmp_path / "customers.csv").write_text(customers)
    columns: dict[str, str | ColumnSource] = {
        "purpose": ColumnSource(constant="contact"),
        "granted": "newsletter",
        "event_time": ColumnSource(constant="1970-01-01"),
    }
    sources = {name: TableSource(path=str(tmp_path / f"{name}.csv")) for name in ("purchases", "customers")}
    sources["consents"] = TableSource(path=str(tmp_path / "customers.csv"), columns=columns)

    names = kinds(open_tables(config(tables=sources)))

    assert {"unread_consents", "times_near_1970"} & set(names) == set()
