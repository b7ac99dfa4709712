"""Checks of ids: which ones meet, which ones differ only in writing, and which ones have lost their digits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from core.config.sources import TableSource
from features.check.finding import Severity
from tables.building import tables_from_frames
from tables.sources.opening import open_tables
from tests.engines import engine, every_engine
from tests.features.check.checked import find, find_kind, is_found, kinds
from tests.worlds import config, frame, shop


def customers(*ids: str) -> pa.Table:
    return frame(*({"customer_id": one, "country": "FR", "valid_from": "2024-01-01"} for one in ids))


@every_engine
@pytest.mark.parametrize(
    ("bought", "listed", "way"),
    [
        ("0001", "1", "leading_zeros"),
        ("C1", "c1", "letter_case"),
    ],
)
def test_ids_that_differ_only_in_writing_say_in_which_way(engine_name: str, bought: str, listed: str, way: str):
    tables = shop(f"{bought} 2024-03-01", customers=customers(listed), backend=engine(engine_name))

    lookups = [finding for finding in find(tables) if finding.kind == "differing_ids"]

    assert [(f.table, f.count, f.of, f.values["n_common"]) for f in lookups] == [
        ("customers", 1, 1, 0),
        ("purchases", 1, 1, 0),
    ]
    assert {f.values["spellings"] for f in lookups} == {(way,)}
    assert {(f.example, f.values["other_example"]) for f in lookups} == {(listed, bought), (bought, listed)}
    assert {f.severity for f in lookups} == {Severity.ERROR}


def test_ids_that_lost_their_zeros_name_the_setting_that_fills_them_in():
    tables = shop("0000 2024-03-01", "0020 2024-03-01", customers=customers("0", "20"))

    settings = {one.table: one.setting for one in find(tables) if one.kind == "differing_ids"}

    assert settings == {"customers": 'customer_id = { column = "customer_id", id_width = 4 }', "purchases": None}


def test_ids_that_have_nothing_in_common_are_an_error_with_an_example_of_both():
    tables = shop("ada 2024-03-01", customers=customers("CUST-1"))

    finding = next(f for f in find(tables) if f.kind == "no_common_ids" and f.table == "purchases")

    assert (finding.severity, finding.example, finding.values["other_example"]) == (Severity.ERROR, "ada", "CUST-1")


def test_ids_that_meet_are_not_mentioned():
    assert not kinds(shop("ada 2024-03-01", "bo 2024-03-02", customers=customers("ada", "bo", "cy"))) & {
        "differing_ids",
        "no_common_ids",
        "few_common_ids",
        "similar_ids",
    }


def test_with_accounts_as_customers_a_row_may_name_a_person_or_an_account():
    people = frame({"customer_id": "p1", "account_id": "acme", "valid_from": "2024-01-01"})
    tables = shop("acme 2024-03-01", "p1 2024-03-02", customers=people, settings=config(customer="account"))

    assert not kinds(tables) & {"no_common_ids", "few_common_ids"}


def test_with_accounts_as_customers_nobody_has_to_occur_in_other_tables():
    people = frame({"customer_id": "p1", "account_id": "acme", "valid_from": "2024-01-01"})
    tables = shop("acme 2024-03-01", customers=people, settings=config(customer="account"))

    assert not kinds(tables) & {"no_common_ids", "few_common_ids"}


@every_engine
def test_with_accounts_as_customers_ids_of_persons_and_of_other_accounts_should_differ(engine_name: str):
    links = [("1", "2"), ("2", "2"), ("3", "1"), ("4", "1")]
    people = frame(*({"customer_id": one, "account_id": its, "valid_from": "2024-01-01"} for one, its in links))
    settings = config(customer="account")
    tables = shop("1 2024-03-01", customers=people, settings=settings, backend=engine(engine_name))

    finding = find_kind(tables, "ambiguous_ids")

    # Person 2 is in account 2, so its rows count for it either way; 3 and 4 are no accounts.
    assert (finding.count, finding.of, finding.example) == (1, 4, "1")


def test_ids_of_persons_that_accounts_have_as_well_do_not_matter_where_persons_are_the_customers():
    people = frame({"customer_id": "1", "account_id": "2"}, {"customer_id": "2", "account_id": "1"})

    assert not is_found(shop("1 2024-03-01", customers=people), "ambiguous_ids")


def test_an_alias_meets_its_customer():
    identities = frame({"alias_id": "card-7", "customer_id": "ada"})
    tables = shop("card-7 2024-03-01", customers=customers("ada"), identities=identities)

    assert not kinds(tables) & {"no_common_ids", "few_common_ids"}


@every_engine
def test_two_ids_of_one_table_that_differ_only_in_writing_are_probably_one_customer(engine_name: str):
    finding = find_kind(
        shop("Ada 2024-03-01", "ada 2024-03-02", "bo 2024-03-03", backend=engine(engine_name)), "similar_ids"
    )

    assert (finding.table, finding.count, finding.of, finding.values["spellings"]) == (
        "purchases",
        1,
        3,
        ("letter_case",),
    )


@every_engine
@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (("1.78E+04", "1.79E+04"), "scientific_ids"),
        (("1234567890123450000", "9876543210987650000"), "rounded_ids"),
    ],
)
def test_ids_that_a_spreadsheet_has_rounded_are_an_error(engine_name: str, ids: tuple[str, ...], kind: str):
    lines = [f"{one} 2024-03-01" for one in ids]
    tables = shop(*lines, *["ada 2024-03-02"] * (kind == "scientific_ids"), backend=engine(engine_name))

    finding = find_kind(tables, kind)

    assert (finding.severity, finding.count, finding.example, finding.row) == (Severity.ERROR, 2, ids[0], None)


@pytest.mark.parametrize("ids", [("1e5", "12e7", "ab1e9"), ("1234567890123450000", "1234567890123456789"), ("7", "8")])
def test_codes_with_an_e_and_long_exact_numbers_have_kept_their_digits(ids: tuple[str, ...]):
    assert not kinds(shop(*(f"{one} 2024-03-01" for one in ids))) & {"scientific_ids", "rounded_ids"}


def test_floats_above_2_53_have_lost_digits_and_smaller_ones_have_not():
    lines = pa.table({"customer_id": [2.0**60, 17850.0], "event_time": ["2024-03-01"] * 2, "amount": [1.0, 2.0]})

    finding = find_kind(tables_from_frames(config(), {"purchases": lines}), "float_ids")

    assert (finding.count, finding.of, finding.severity) == (1, 2, Severity.ERROR)


@every_engine
def test_full_width_ids_are_counted(engine_name: str):
    finding = find_kind(shop("１２３ 2024-03-01", "456 2024-03-02", backend=engine(engine_name)), "wide_ids")

    assert (finding.column, finding.count, finding.of, finding.example) == ("customer_id", 1, 2, "１２３")


def test_lines_without_a_customer_are_counted_and_matter_from_a_fifth_on():
    lines = [f"ada 2024-03-{day:02}" for day in range(1, 10)]

    assert find_kind(shop(*lines, "- 2024-03-12"), "no_customer").severity is Severity.NOTE
    assert find_kind(shop(*lines, "N/A 2024-03-12"), "no_customer_words").values["words"] == ("N/A",)
    many = find_kind(shop(*lines[:4], "- 2024-03-12"), "no_customer")
    assert (many.count, many.of, many.severity) == (1, 5, Severity.WARNING)


@pytest.mark.parametrize("word", ["guest", "UNKNOWN", "(not set)", "ゲスト"])
def test_a_word_that_stands_for_no_customer_is_named_with_the_setting(word: str):
    lines = pa.table({"customer_id": [word, "ada"], "event_time": ["2024-03-01"] * 2, "amount": [1.0, 2.0]})

    finding = find_kind(tables_from_frames(config(), {"purchases": lines}), "null_words")

    assert (finding.count, finding.of, finding.values["words"]) == (1, 2, (word,))
    assert finding.setting == f'null_values = ["{word}"]'


def test_an_id_of_zeros_stands_for_no_customer_only_if_it_has_far_more_rows_than_others():
    few = shop("0 2024-03-01", "1 2024-03-01", "2 2024-03-02")
    many = shop(*["0 2024-03-01"] * 60, *(f"{n} 2024-03-02" for n in range(1, 31)))

    assert not is_found(few, "null_words")
    assert find_kind(many, "null_words").values["words"] == ("0",)


def test_a_number_between_two_others_is_a_customer_however_many_rows_it_has():
    heavy = ["9999 2024-03-01"] * 60
    in_series = shop(*heavy, *(f"{n} 2024-03-02" for n in range(9980, 10010)))
    alone = shop(*heavy, *(f"{n} 2024-03-02" for n in range(1, 31)))

    assert not is_found(in_series, "null_words")
    assert find_kind(alone, "null_words").values["words"] == ("9999",)


def test_one_id_with_a_fifth_of_all_rows_of_many_customers_is_suspicious():
    others = [f"c{n} 2024-03-02" for n in range(100)]

    till = find_kind(shop(*["k9 2024-03-01"] * 50, *others), "dominant_id")

    assert (till.example, till.count, till.of) == ("k9", 50, 150)
    assert not is_found(shop(*["k9 2024-03-01"] * 9, *others), "dominant_id")


def test_ids_with_control_characters_are_named_so_that_they_can_be_seen():
    finding = find_kind(shop("ada 2024-03-01", "ad\x07a 2024-03-02"), "control_characters")

    assert (finding.count, finding.of, finding.example) == (1, 2, "ad\\x07a")


def test_a_full_width_word_for_no_customer_is_read_as_missing_with_the_setting_that_the_check_names(tmp_path: Path):
    (tmp_path / "p.csv").write_text(
        "customer_id,event_time,amount\n（空席）,2024-03-01,1\nada,2024-03-01,1\n", encoding="utf-8"
    )
    source = TableSource(path=str(tmp_path / "p.csv"), null_values=("(空席)",))

    tables = open_tables(config(tables={"purchases": source}))

    assert tables["purchases"].to_pyarrow()["customer_id"].to_pylist() == [None, "ada"]
