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

    assert by_kind["no_customer purchases"]["count"] >= 499
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
    guests = findings(case)["no_customer purchases"]

    assert (guests["count"], guests["of"]) == (10, 40)


@pytest.mark.case("subscription_corrected")
def test_of_two_rows_of_one_subscription_the_newest_counts(case: Case):
    overlapping = findings(case)["overlapping_spans subscriptions"]

    assert (overlapping["count"], overlapping["of"]) == (10, 20)
    assert "the newest counts" in overlapping["message"]
