"""`kizuna decide`, as it is typed, on a small release written by hand."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core.control_group import PermanentControlGroup
from kizuna.main import run
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from serving.release.offer_part import OfferPart
from serving.release.refusals import Refusals
from tests.serving.sample_release import offer_part, publish, sample_release


@pytest.fixture(autouse=True)
def release(home: Path) -> None:
    """The active release."""
    publish(home / "var/shop/releases", sample_release())


def decide(capfd: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["decide", "--format", "json", *options]) == 0
    return json.loads(capfd.readouterr().out)


def test_a_second_run_on_a_day_writes_the_same_contacts_and_stores_nothing_twice(home, capfd):
    dry = decide(capfd, "--out", "dry.csv", "--dry-run")
    first, again = (decide(capfd, "--out", name, "--layout", "mail") for name in ("first.csv", "again.csv"))

    assert (dry["stored"], first["stored"], again["stored"]) == (0, 1, 0)
    assert first["offers"] == again["offers"] == {"voucher": 1}
    rows = list(csv.DictReader((home / "first.csv").read_text().splitlines()))
    assert [(row["external_id"], row["offer_id"]) for row in rows] == [("cyd", "voucher")]
    assert (home / "again.csv").read_text() == (home / "first.csv").read_text()


def test_a_business_with_few_customers_hears_what_its_control_group_could_have_shown(home, capfd):
    part = offer_part()
    control = PermanentControlGroup(share=0.05, salt="shop", n_contactable=900)
    part = replace(part, terms=msgspec.structs.replace(part.terms, control=control))
    publish(home / "other", replace(sample_release(), offers=part))
    (home / "var/shop/releases").rename(home / "before")
    (home / "other").rename(home / "var/shop/releases")

    reason = decide(capfd, "--out", "x.csv", "--dry-run")["no_control_group_because"]

    assert reason.startswith("no control group: 900 customers may be contacted, and a group of 5% could show an effect")


def test_what_contacts_cost_is_the_sum_of_the_file_where_control_customers_cost_nothing(home, capfd):
    (home / "var/shop/releases").rename(home / "before")
    publish(home / "var/shop/releases", replace(sample_release(), offers=offer_part(control_share=0.999)))

    decided = decide(capfd, "--out", "x.csv")

    rows = list(csv.DictReader((home / "x.csv").read_text().splitlines()))
    costs = {row["customer_id"]: row["cost"] for row in rows if row["no_contact"] == "control_group"}
    assert costs == {"cyd": "0"}
    assert decided["cost"] == 0


def publish_rules(home: Path, *rules: str) -> None:
    """Replace the active release by one whose offers have these rules."""
    (home / "var/shop/releases").rename(home / "before")
    part = offer_part()
    offers = tuple(
        msgspec.structs.replace(part.terms.book.offers[0], offer_id=f"offer{n}", rule=rule)
        for n, rule in enumerate(rules)
    )
    book = msgspec.structs.replace(part.terms.book, offers=offers)
    rates = AcceptanceEstimates.of_rates(estimate_acceptance(book, part.terms.assumptions), n_customers=3)
    customers, terms = replace(part.all_customers(), acceptance=rates), msgspec.structs.replace(part.terms, book=book)
    offers_part = OfferPart.of(terms, customers, refusals=Refusals.of(np.array([], dtype=str), {}))
    publish(home / "var/shop/releases", replace(sample_release(), offers=offers_part))


def test_an_offer_that_no_customer_is_eligible_for_is_named_with_the_clause_that_excludes_most(home, capfd):
    publish_rules(home, "churn_probability > 0.4", "churn_probability < 0.2 and churn_probability > 0.4")

    (problem,) = decide(capfd, "--out", "x.csv", "--dry-run")["offers_without_customers"]

    assert problem.startswith("No customer is eligible for offer 'offer1': of the rule 'churn_probability < 0.2 and")
    assert "the clause 'churn_probability < 0.2' excludes most, 2 of 3" in problem


def test_of_many_offers_without_an_eligible_customer_three_are_printed(home, capfd):
    publish_rules(home, *(f"churn_probability > {n}" for n in range(1, 7)))

    assert run(["decide", "--out", "x.csv", "--dry-run"]) == 0

    printed = capfd.readouterr().out
    assert printed.count("No customer is eligible for offer") == 3
    assert "3 more offers have no eligible customer" in printed


def test_what_was_decided_is_said_in_japanese(home, capfd):
    assert run(["decide", "--out", "x.csv", "--lang", "ja"]) == 0

    printed = capfd.readouterr().out
    assert "x.csv:顧客3人中1人に連絡します。" in printed
    assert set(re.findall(r"[A-Za-z]+", printed)) <= {"x", "csv", "voucher"}


def test_a_release_without_offers_says_why(home, capfd):
    (home / "var/shop/releases").rename(home / "before")
    publish(home / "var/shop/releases", sample_release(without=("offers",)))

    assert run(["decide", "--out", "x.csv"]) == 2
    assert "has no offers: " in capfd.readouterr().err


def test_contacts_whose_file_cannot_be_written_are_written_by_the_next_run(home, capfd):
    assert run(["decide", "--out", "kizuna.toml/x.csv"]) == 2
    assert capfd.readouterr().err.count("\n") == 1

    assert decide(capfd, "--out", "x.csv", "--layout", "mail")["offers"] == {"voucher": 1}
    assert "cyd,voucher" in (home / "x.csv").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layout", "mailchimp"], "no 'mailchimp' in layouts; there are: kizuna, mail"),
        (["--budget", "0.5"], "does not pay for the cheapest contact, which costs 1.00; raise --budget"),
        (["--out", "x.xls"], "x.xls: unknown file type; use .csv or .parquet"),
    ],
)
def test_bad_input_is_one_line_and_stores_nothing(home, capfd, options, message):
    assert run(["decide", "--out", "x.csv", *options]) == 2

    errors = capfd.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert not (home / "var/shop/decisions.db").exists()
