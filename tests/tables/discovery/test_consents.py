"""Consents that an export keeps as a yes or no of each customer: what `kizuna init` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tables.consent_columns import channel_of, meaning_of
from tables.discovery.vocabulary import normalise
from tests.tables.discovery.test_proposals import day, proposal_of, tables_of

ORDERS = ["customer_id,order_date,amount", *(f"c{n % 30},{day(n)},{n % 9}.50" for n in range(120))]


def customers(header: str, *answers: str, more: str = "") -> list[str]:
    return [f"customer_id,city,{header}", *(f"c{n},town {n % 3},{answers[n % len(answers)]}{more}" for n in range(30))]


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("newsletter", "permits"),
        ("Accepts Email Marketing", "permits"),
        ("accepts_marketing", "permits"),
        ("email_opt_in", "permits"),
        ("emailOptIn", "permits"),
        ("Marketing Consent", "permits"),
        ("メール配信", "permits"),
        ("メルマガ", "permits"),
        ("Unsubscribed from all email", "refuses"),
        ("HasOptedOutOfEmail", "refuses"),
        ("do_not_contact", "refuses"),
        ("メール配信停止", "refuses"),
        ("email", None),
        ("market", None),
        ("option", None),
        ("Newsletter clicks", None),
        ("marketing channel", None),
        ("terms accepted", None),
    ],
)
def test_a_name_says_what_yes_means(name: str, meaning: str | None):
    assert meaning_of(normalise(name)) == meaning


@pytest.mark.parametrize(
    ("name", "answers", "granted"),
    [
        ("newsletter", ("yes", "no"), "newsletter"),
        ("email_opt_in", ("1", "0"), "email_opt_in"),
        ("メール配信", ("希望する", "希望しない"), "メール配信"),
        ("Email Marketing Consent", ("SUBSCRIBED", "NEVER_SUBSCRIBED"), "Email Marketing Consent"),
        ("opted_out", ("false", "true"), {"column": "opted_out", "negated": True}),
    ],
)
def test_a_yes_or_no_of_customers_is_a_consent_to_contacts_and_no_attribute(
    tmp_path: Path, name: str, answers: tuple[str, str], granted: object
):
    proposal = proposal_of(tmp_path, {"customers.csv": customers(name, *answers), "orders.csv": ORDERS})

    consents = next(table for table in proposal.tables if table.name == "consents")
    assert {one.key: one.value for one in consents.columns} == {
        "customer_id": "customer_id",
        "purpose": {"constant": "contact"},
        "granted": granted,
        "event_time": {"constant": "1970-01-01"},
    }
    assert "as of today" in consents.columns[-1].evidence
    assert proposal.attributes["customers"] == ("city",)


@pytest.mark.parametrize(("more", "event_time"), [(",2025-01-03", "consent date"), (",", {"constant": "1970-01-01"})])
def test_a_consent_has_its_own_time_where_every_one_does(tmp_path: Path, more: str, event_time: object):
    lines = customers("newsletter,consent date", "yes,2025-02-01", f"no{more}")

    tables = tables_of(tmp_path, {"customers.csv": lines, "orders.csv": ORDERS})

    assert tables["consents"]["event_time"] == event_time


def test_customers_without_an_answer_are_left_out_of_the_consents(tmp_path: Path):
    proposal = proposal_of(tmp_path, {"customers.csv": customers("newsletter", "yes", "no", ""), "orders.csv": ORDERS})

    consents = next(table for table in proposal.tables if table.name == "consents")
    assert consents.settings[-1].value == [{"column": "newsletter", "none_of": ("",)}]


def test_every_one_of_several_consents_is_read_for_its_channel(tmp_path: Path):
    lines = customers("sms_opt_in,email_opt_out,marketing_consent,consent date", "1,1,0,2025-01-03", "0,,1,2025-01-04")

    proposal = proposal_of(tmp_path, {"customers.csv": lines, "orders.csv": ORDERS})

    consents = next(table for table in proposal.tables if table.name == "consents")
    assert {one.key: one.value for one in consents.settings}["answers"] == [
        {"column": "sms_opt_in", "purpose": "contact:sms"},
        {"column": "email_opt_out", "purpose": "contact:mail", "negated": True},
        {"column": "marketing_consent", "purpose": "contact"},
    ]
    assert {one.key: one.value for one in consents.columns} == {
        "customer_id": "customer_id",
        "event_time": "consent date",
    }


def test_where_no_consent_is_for_all_channels_the_most_usual_one_counts_for_contacts_without_a_channel(tmp_path: Path):
    lines = customers("phone_opt_in,newsletter,newsletter consent date", "1,1,2025-01-03", "0,1,2025-01-04")

    proposal = proposal_of(tmp_path, {"customers.csv": lines, "orders.csv": ORDERS})

    consents = next(table for table in proposal.tables if table.name == "consents")
    answers = next(one for one in consents.settings if one.key == "answers")
    assert answers.value == [
        {"column": "phone_opt_in", "purpose": "contact:phone"},
        {"column": "newsletter", "purpose": "contact"},
    ]
    assert "no column is for all channels: newsletter counts for every contact" in answers.evidence
    assert consents.columns[-1].value == {"constant": "1970-01-01"}  # the date is that of newsletters alone


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("email_opt_in", "mail"),
        ("newsletter", "mail"),
        ("Accepts SMS Marketing", "sms"),
        ("phone_consent", "phone"),
        ("telefonEinwilligung", "phone"),
        ("postal permission", "post"),
        ("direct mail opt out", "post"),
        ("LINE配信", "line"),
        ("DM可否", "post"),
        ("メルマガ", "mail"),
        ("marketing_consent", None),
        ("sms and email opt in", None),
        ("online consent", None),
    ],
)
def test_a_name_says_for_which_channel_a_consent_is(name: str, channel: str | None):
    assert channel_of(normalise(name)) == channel
    assert channel is None or meaning_of(normalise(name)) is not None


def test_the_consents_of_orders_are_of_the_time_of_each_order(tmp_path: Path):
    lines = ["customer_id,order_date,amount,accepts_marketing"]
    lines += [f"c{n % 30},{day(n)},{n % 9}.50,{'yes' if n % 2 else 'no'}" for n in range(120)]

    consents = tables_of(tmp_path, {"orders.csv": lines})["consents"]

    assert (consents["granted"], consents["event_time"]) == ("accepts_marketing", "order_date")


def test_the_consents_of_a_profile_use_its_customers(tmp_path: Path):
    header = "First Name,Last Name,Email,Accepts Email Marketing,Total Spent,Total Orders"
    people = [header, *(f"A,B,c{n}@x.example,{'yes' if n % 3 else 'no'},5.00,1" for n in range(30))]
    orders = ["email,order_date,amount", *(f"c{n % 30}@x.example,{day(n)},{n % 9}.50" for n in range(120))]

    proposal = proposal_of(tmp_path, {"customers.csv": people, "orders.csv": orders})

    consents = next(table for table in proposal.tables if table.name == "consents")
    assert {one.key: one.value for one in consents.columns}["customer_id"] == "Email"
    assert "profile" not in {one.key for one in consents.settings}


def test_a_box_that_is_ticked_or_empty_is_named_because_nothing_says_no(tmp_path: Path):
    proposal = proposal_of(tmp_path, {"customers.csv": customers("newsletter", "x", ""), "orders.csv": ORDERS})

    assert any(
        "newsletter says 'x' or nothing, and who says nothing has not refused" in note for note in proposal.notes
    )
    assert "consents" not in {table.name for table in proposal.tables}
