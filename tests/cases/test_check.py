"""`kizuna check` says of small inputs what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cases.conftest import Case


def findings(case: Case) -> dict[str, dict[str, Any]]:
    """The findings by kind and table, as 'kind table'."""
    document = json.loads(case.run("check", "--format", "json").output)
    return {" ".join(filter(None, (one["kind"], one["table"]))): one for one in document["findings"]}


@pytest.mark.case("consent_other_purpose")
def test_consents_for_purposes_that_nothing_asks_for_are_counted(case: Case):
    unknown = findings(case)["unknown_purposes consents"]

    assert (unknown["count"], unknown["of"]) == (3, 5)
    assert unknown["values"]["words"] == ["all", "email", "marketing"]
    assert unknown["severity"] == "error"


@pytest.mark.case("ids_for_nobody")
def test_lines_without_a_customer_and_words_that_stand_for_none_are_counted(case: Case):
    by_kind = findings(case)

    assert by_kind["no_customer_words purchases"]["count"] == 499
    assert set(by_kind["no_customer_words purchases"]["values"]["words"]) == {"NULL", "nan", "N/A", "-"}
    words = by_kind["null_words purchases"]
    assert {"Guest", "0"} <= set(words["values"]["words"])
    assert 'null_values = ["Guest", "0"' in words["setting"]


@pytest.mark.case("leading_zero_join")
def test_ids_that_differ_by_leading_zeros_from_those_of_another_table_are_named(case: Case):
    differing = findings(case)["differing_ids customers"]

    assert (differing["values"]["n_common"], differing["count"], differing["of"]) == (0, 5, 5)
    assert differing["values"]["spellings"] == ["leading_zeros"]
    assert "0 of 5 ids occur in purchases" in differing["message"]


@pytest.mark.case("guest_null")
def test_guests_are_no_customer_and_counted(case: Case):
    guests = findings(case)["no_customer_words purchases"]

    assert (guests["count"], guests["of"], guests["values"]["words"]) == (10, 40, ["NULL"])


@pytest.mark.case("subscription_corrected")
def test_of_two_rows_of_one_subscription_the_newest_counts(case: Case):
    overlapping = findings(case)["overlapping_spans subscriptions"]

    assert (overlapping["count"], overlapping["of"]) == (10, 20)
    assert "the newest counts" in overlapping["message"]


@pytest.mark.case("future_typo")
def test_a_row_of_the_future_is_counted_with_its_row_and_moves_no_watermark(case: Case):
    document = json.loads(case.run("check", "--format", "json").output)
    (ahead,) = [one for one in document["findings"] if one["kind"] == "rows_ahead"]

    assert (ahead["count"], ahead["of"], ahead["row"]) == (1, 41, 41)
    assert document["tables"][0]["watermark"] < "2027"


@pytest.mark.case("three_dates_ahead")
def test_rows_ahead_of_today_or_of_all_others_are_counted_with_an_example(case: Case):
    document = json.loads(case.run("check", "--format", "json").output)
    ahead = [one for one in document["findings"] if one["kind"] == "rows_ahead"]

    assert sum(one["count"] for one in ahead) == 3
    assert document["tables"][0]["watermark"] < "2026-06"


@pytest.mark.case("sci_ids")
def test_ids_that_lost_their_digits_are_refused_with_an_example(case: Case):
    outcome = case.run("check")

    assert outcome.exit_code == 2
    assert "purchases.customer_id: 20 of 40 values are in scientific notation" in outcome.error
    assert "'1.78E+04' (row 2)" in outcome.error


@pytest.mark.case("wide_ids")
def test_full_width_ids_are_counted_and_are_the_same_customers(case: Case):
    by_kind = findings(case)

    assert by_kind["wide_ids purchases"]["count"] == 141
    assert "similar_ids purchases" not in by_kind


@pytest.mark.case("space_join")
def test_ids_with_blanks_around_them_meet_those_without(case: Case):
    document = json.loads(case.run("check", "--format", "json").output)

    assert {(one["n_common"], one["n_ids"]) for one in document["links"]} == {(5, 5)}


@pytest.mark.case("dayfirst")
def test_dates_that_could_be_two_are_refused_with_both_settings(case: Case):
    outcome = case.run("check")

    assert outcome.exit_code == 2
    assert "'10/01/2026 10:00' (row 1)" in outcome.error
    assert 'set date_format = "day_first" or "month_first"' in outcome.error


@pytest.mark.case("na_in_numbers")
def test_numbers_with_a_few_na_are_numbers_with_some_missing(case: Case):
    document = json.loads(case.run("check", "--format", "json").output)

    (table,) = document["tables"]
    assert sorted(n for n in table["columns"].values() if n) == [1, 8]
    assert not [one for one in document["findings"] if one["kind"] in ("mostly_numbers", "numbers_as_words")]
