"""A small export of each product is recognised by its header and read to the right rows."""

# ruff: noqa: E501 - lines of an export are as long as they are

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config.profiles import apply_profiles, profile_names, read_profile
from core.config.sources import TableSource
from core.config.validation import Toml
from tables.cleaning.conform import EXCLUDED_BECAUSE, conform
from tables.contract import CONTRACT
from tables.discovery.examination import examine
from tables.discovery.inputs import find_inputs
from tables.discovery.recognition import recognise
from tables.engines.databases import connect_in_memory
from tables.sources.opening import lines_of
from tables.sources.protocol import Location, find_source
from tests.worlds import config

Row = dict[str, Any]

STRIPE_SUBSCRIPTION = {
    "id": "sub_2", "customer": "cus_2", "status": "canceled", "current_period_end": 1775001600,
    "start_date": 1767225600, "ended_at": 1775001600, "canceled_at": 1774915200, "currency": "jpy", "quantity": 2,
    "plan": {"id": "basic", "amount": 12000, "interval": "year"},
}  # fmt: skip
GA4 = {
    "event_date": "20260101", "event_name": "purchase", "event_timestamp": 1767225600000000, "user_pseudo_id": "1.2",
    "ecommerce": {"transaction_id": "T1", "purchase_revenue": 30.5, "total_item_quantity": 3},
    "traffic_source": {"medium": "email"},
}  # fmt: skip
GA4_ITEMS = [
    {"item_id": "MUG", "item_name": "Mug", "quantity": 2, "price": 12.5, "item_revenue": 25.0},
    {"item_id": "TEA", "item_name": "Tea", "quantity": 1, "price": 5.5, "item_revenue": 5.5},
]
EXPORTS: dict[str, str | list[Row]] = {
    "stripe_subscriptions": """\
id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC)
sub_1,cus_1,,a@example.com,team,3,usd,year,120.00,active,2026-01-01 03:00,2026-01-01 03:00,2026-01-01 03:00,2027-01-01 03:00,2026-01-01 03:00,2026-01-15 03:00,,
sub_2,cus_2,,b@example.com,team,1,usd,month,12.00,incomplete_expired,2026-01-02 03:00,2026-01-02 03:00,2026-01-02 03:00,2026-02-02 03:00,,,,
""",
    "stripe_subscriptions_api": [
        STRIPE_SUBSCRIPTION,
        STRIPE_SUBSCRIPTION | {"id": "sub_3", "status": "incomplete"},
    ],
    "stripe_invoices": """\
id,Amount Due,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,Amount Paid,Status
in_1,29.00,charge_automatically,true,eur,cus_1,2026-01-01 03:00,,A-0001,true,sub_1,29.00,29.00,paid
in_2,29.00,charge_automatically,true,eur,cus_2,2026-01-02 03:00,,A-0002,false,sub_2,29.00,0.00,open
""",
    "stripe_payments": """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Invoice ID
ch_1,2026-01-01 00:00:00,29.00,9.00,eur,true,Paid,cus_1,in_1
ch_2,2026-01-01 00:00:00,15.00,15.00,eur,true,Refunded,cus_2,in_2
ch_3,2026-01-01 00:00:00,29.00,0.00,eur,false,Failed,cus_3,in_3
""",
    "stripe_charges_api": [
        {"id": "ch_1", "customer": "cus_1", "currency": "usd", "amount": 2900, "amount_refunded": 900,
         "created": 1767225600, "status": "succeeded", "captured": True, "invoice": "in_1"},
        {"id": "ch_2", "customer": "cus_1", "currency": "jpy", "amount": 2900, "amount_refunded": 400,
         "created": 1767225600, "status": "succeeded", "captured": True, "invoice": None},
        {"id": "ch_3", "customer": "cus_1", "currency": "usd", "amount": 2900, "amount_refunded": 0,
         "created": 1767225600, "status": "failed", "captured": False, "invoice": "in_3"},
    ],
    "stripe_invoices_api": [
        {"id": "in_1", "customer": "cus_1", "currency": "usd", "amount_due": 2900, "amount_paid": 2900,
         "created": 1767225600, "status": "paid", "number": "A-1", "post_payment_credit_notes_amount": 900},
        {"id": "in_2", "customer": "cus_1", "currency": "jpy", "amount_due": 2900, "amount_paid": 2900,
         "created": 1767225600, "status": "paid", "number": "A-2"},
        {"id": "in_3", "customer": "cus_1", "currency": "usd", "amount_due": 2900, "amount_paid": 0,
         "created": 1767225600, "status": "void", "number": "A-3"},
    ],
    "shopify_orders": """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount,Source
#1001,a@example.com,paid,2026-01-01 10:00:00 -0500,fulfilled,USD,47.00,6.00,3.00,56.00,5.00,2026-01-01 10:00:00 -0500,2,Fern Print,16.00,FERN-1,,0.00,web
#1001,a@example.com,,,,,,,,,,2026-01-01 10:00:00 -0500,1,Tote,20.00,TOTE-1,,,
#1002,b@example.com,voided,,unfulfilled,USD,20.00,6.00,3.00,29.00,0.00,2026-01-02 10:00:00 -0500,1,Tote,20.00,TOTE-1,2026-01-02 11:00:00 -0500,0.00,web
#1002,b@example.com,,,,,,,,,,2026-01-02 10:00:00 -0500,1,Mug,8.00,MUG-1,,,
#1004,d@example.com,paid,,unfulfilled,USD,28.00,6.00,3.00,37.00,0.00,2026-01-02 10:00:00 -0500,1,Tote,20.00,TOTE-1,2026-01-02 11:00:00 -0500,0.00,web
#1004,d@example.com,,,,,,,,,,2026-01-02 10:00:00 -0500,1,Mug,8.00,MUG-1,,,
#1003,c@example.com,refunded,,unfulfilled,USD,20.00,0.00,0.00,20.00,0.00,2026-01-02 10:00:00 -0500,1,Tote,20.00,TOTE-1,,20.00,web
""",
    "shopify_customers": """\
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Default Address Country Code,Total Spent,Total Orders
'1,Ada,L,a@example.com,yes,London,GB,61.00,1
'2,Bo,B,,no,Paris,FR,0.00,0
""",
    "woocommerce_orders": """\
Order Number,Order Status,Order Date,First Name (Billing),Email (Billing),Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost
501,Completed,2026-01-01 10:00,Ada,a@example.com,30.00,MUG,1,Mug,2,12.50
,,,,,,TEA,2,Tea,1,5.00
502,Cancelled,2026-01-02 10:00,Bo,b@example.com,5.00,TEA,1,Tea,1,5.00
,,,,,,MUG,2,Mug,1,9.00
""",
    "shopify_orders_api": [
        {"id": 1, "created_at": "2026-01-01T10:00:00-05:00", "financial_status": "paid", "total_price": "61.00",
         "currency": "USD", "customer": {"id": 7}, "source_name": "web", "line_items": [
             {"id": 11, "product_id": 501, "sku": "FERN-1", "quantity": 2, "price": "16.00"},
             {"id": 12, "product_id": 502, "sku": "TOTE-1", "quantity": 1, "price": "20.00"}]},
        {"id": 2, "created_at": "2026-01-02T10:00:00-05:00", "financial_status": "voided", "total_price": "20.00",
         "currency": "USD", "customer": {"id": 8}, "line_items": [
             {"id": 21, "product_id": 502, "sku": "TOTE-1", "quantity": 1, "price": "20.00"}]},
    ],
    "stripe_subscription_items_api": [
        {"id": "sub_4", "customer": "cus_4", "status": "active", "start_date": 1767225600, "currency": "usd",
         "billing_cycle_anchor": 1767225600, "ended_at": None, "items": {"object": "list", "data": [
             {"id": "si_1", "quantity": 2, "current_period_end": 1798761600,
              "price": {"id": "price_team", "unit_amount": 12000, "recurring": {"interval": "year"}}}]}},
        {"id": "sub_5", "customer": "cus_5", "status": "incomplete", "start_date": 1767225600, "currency": "usd",
         "billing_cycle_anchor": 1767225600, "ended_at": 1775001600, "items": {"object": "list", "data": [
             {"id": "si_2", "quantity": 1, "current_period_end": 1798761600,
              "price": {"id": "price_team", "unit_amount": 12000, "recurring": {"interval": "year"}}}]}},
    ],
    "woocommerce_analytics_customers": """\
Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code
Ada L,ada,2026-02-01 10:00:00,2026-01-01 10:00:00,a@example.com,2,50.00,25.00,GB,London,,E1
Bo B,,2026-02-01 10:00:00,,,1,5.00,5.00,FR,Paris,,75001
""",
    "woocommerce_analytics_orders": """\
Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales
2026-01-01 10:00:00,501,completed,Ada L,new,2x Mug,2,,25
2026-01-03 10:00:00,501,refunded,Ada L,returning,2x Mug,-2,,-25
2026-01-02 10:00:00,502,failed,Bo B,new,1x Tea,1,,5
""",
    "hubspot_contacts": """\
Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Associated Company IDs (Primary),Job Title,Country/Region
101,Ada,L,a@example.com,2026-01-01 10:00,Customer,9001,CTO,GB
""",
    "hubspot_deals": """\
Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date,Associated Company IDs,Is Closed Won
7001,Big deal,Closed Won,12000,2026-01-01 10:00,2026-02-01 10:00,9001,true
7002,Lost deal,Closed Lost,500,2026-01-01 10:00,2026-02-01 10:00,,false
""",
    "salesforce_accounts": """\
Id,IsDeleted,Name,Type,Industry,AnnualRevenue,BillingCountry,OwnerId,CreatedDate
001A,false,Acme,Customer,Energy,1000000,JP,005X,2026-01-01T01:00:00.000+0000
001B,true,Gone,Customer,Energy,1,JP,005X,2026-01-01T01:00:00.000+0000
""",
    "salesforce_contacts": """\
Id,AccountId,LastName,FirstName,Email,Title,LeadSource,Birthdate,MailingCountry,CreatedDate
003A,001A,L,Ada,a@example.com,CTO,Web,1980-05-01,JP,2026-01-01T01:00:00.000+0000
""",
    "salesforce_opportunities": """\
Id,IsDeleted,AccountId,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CreatedDate
006A,false,001A,Renewal,Closed Won,12000.0,2026-02-01,true,true,2026-01-01T01:00:00.000+0000
006C,false,001A,Renewal,Negotiation,500.0,2026-02-01,false,false,2026-01-01T01:00:00.000+0000
006B,true,001A,Old,Closed Lost,1.0,2026-02-01,true,false,2026-01-01T01:00:00.000+0000
""",
    "zendesk_tickets": """\
Id,Requester,Requester id,Requester email,Subject,Status,Priority,Via,Ticket type,Created at,Solved at
11,Ada L,401,a@example.com,Cannot log in,Solved,High,Web form,Incident,2026-01-01 10:00,2026-01-02 10:00
12,Bo B,402,b@example.com,Spam,Deleted,,Mail,,2026-01-01 11:00,
""",
    "zendesk_tickets_api": [
        {"id": 11, "requester_id": 401, "status": "solved", "priority": "high", "type": "incident",
         "created_at": "2026-01-01T01:00:00Z", "subject": "Cannot log in", "metric_set": {"solved_at": "2026-01-02T01:00:00Z"}},
    ],
    "zendesk_tickets_json": [
        {"id": 11, "requester": {"id": 401, "name": "Ada L"}, "submitter": {"id": 401}, "status": "solved",
         "priority": "high", "type": "incident", "created_at": "2026-01-01T01:00:00Z", "subject": "Cannot log in",
         "metric_set": {"solved_at": "2026-01-02T01:00:00Z", "reopens": 0}, "comments": [{"id": 1, "body": "x"}]},
    ],
    "ga4_events": [GA4, GA4 | {"event_name": "page_view", "ecommerce": None}],
    "ga4_purchase_items": [GA4 | {"items": GA4_ITEMS}, GA4 | {"event_name": "page_view", "items": []}],
    "ga4_purchases": [GA4, GA4 | {"event_name": "page_view", "ecommerce": None}],
    "line_webhook": [
        {"type": "message", "timestamp": 1767225600000, "webhookEventId": "w1", "source": {"type": "user", "userId": "U1"}},
        {"type": "message", "timestamp": 1767225600000, "webhookEventId": "w2", "source": {"type": "group", "groupId": "G1"}},
    ],
    "line_user_ids": "line_user_id,user_id\nU1,c1\n",
}  # fmt: skip
NOON = "2026-01-01T12:00:00"
"Three in the morning of UTC in Tokyo."
ROWS: dict[str, list[Row]] = {
    "stripe_subscriptions": [
        {"subscription_id": "sub_1", "customer_id": "cus_1", "mrr": 30.0, "started_at": NOON, "trial_ends_at": "2026-01-15T12:00:00", "seats": 3, "ended_at": None}
    ],
    "stripe_subscriptions_api": [
        {"subscription_id": "sub_2", "customer_id": "cus_2", "mrr": 2000.0, "started_at": "2026-01-01T09:00:00",
         "ended_at": "2026-04-01T09:00:00", "plan": "basic", "seats": 2}
    ],
    "stripe_invoices": [{"order_id": "A-0001", "customer_id": "cus_1", "amount": 29.0, "event_time": NOON}],
    "stripe_invoices_api": [
        {"line_id": "in_1", "amount": 20.0, "event_time": "2026-01-01T09:00:00"}, {"line_id": "in_2", "amount": 2900.0}
    ],
    "stripe_payments": [
        {"line_id": "ch_1", "order_id": "in_1", "customer_id": "cus_1", "amount": 20.0, "event_time": "2026-01-01T09:00:00"},
        {"line_id": "ch_2", "customer_id": "cus_2", "amount": 0.0},
    ],
    "stripe_charges_api": [
        {"line_id": "ch_1", "amount": 20.0, "event_time": "2026-01-01T09:00:00"}, {"line_id": "ch_2", "amount": 2500.0}
    ],
    "shopify_orders": [
        {"order_id": "#1001", "customer_id": "a@example.com", "item_id": "FERN-1", "amount": 27.0,
         "event_time": "2026-01-02T00:00:00"},
        {"order_id": "#1001", "item_id": "TOTE-1", "amount": 20.0, "currency": "USD", "channel": "web"},
        {"order_id": "#1003", "item_id": "TOTE-1", "amount": 0.0},
    ],
    "shopify_orders_api": [
        {"order_id": "1", "customer_id": "7", "item_id": "501", "line_id": "11", "quantity": 2, "amount": 32.0},
        {"order_id": "1", "item_id": "502", "amount": 20.0, "event_time": "2026-01-02T00:00:00", "channel": "web"},
    ],
    "stripe_subscription_items_api": [
        {"subscription_id": "sub_4", "customer_id": "cus_4", "mrr": 20.0, "plan": "price_team", "seats": 2,
         "started_at": "2026-01-01T09:00:00", "ended_at": None}
    ],
    "woocommerce_analytics_customers": [
        {"customer_id": "a@example.com", "joined_at": "2026-01-01T10:00:00", "country": "GB"}
    ],
    "shopify_customers": [{"customer_id": "a@example.com", "country": "GB"}],
    "woocommerce_orders": [
        {"order_id": "501", "customer_id": "a@example.com", "item_id": "MUG", "amount": 25.0},
        {"order_id": "501", "customer_id": "a@example.com", "item_id": "TEA", "amount": 5.0},
    ],
    "woocommerce_analytics_orders": [{"order_id": "501", "amount": 25.0}, {"order_id": "501", "amount": -25.0, "quantity": -2}],
    "hubspot_contacts": [{"customer_id": "101", "account_id": "9001", "joined_at": "2026-01-01T10:00:00", "country": "GB"}],
    "hubspot_deals": [{"account_id": "9001", "amount": 12000.0, "won": True, "closed_at": "2026-02-01T10:00:00"}],
    "salesforce_accounts": [{"account_id": "001A", "industry": "Energy", "valid_from": "2026-01-01T10:00:00"}],
    "salesforce_contacts": [{"customer_id": "003A", "account_id": "001A", "birth_date": "1980-05-01"}],
    "salesforce_opportunities": [{"account_id": "001A", "amount": 12000.0, "won": True, "closed": True, "stage": "Closed Won"}, {"closed": False}],
    "zendesk_tickets": [{"ticket_id": "11", "customer_id": "401", "severity": "High", "closed_at": "2026-01-02T10:00:00"}],
    "zendesk_tickets_api": [{"ticket_id": "11", "opened_at": "2026-01-01T10:00:00", "closed_at": "2026-01-02T10:00:00"}],
    "zendesk_tickets_json": [{"ticket_id": "11", "customer_id": "401", "closed_at": "2026-01-02T10:00:00"}],
    "ga4_events": [{"customer_id": "1.2", "event": "page_view", "event_time": "2026-01-01T09:00:00", "channel": "email"}],
    "ga4_purchases": [{"customer_id": "1.2", "amount": 30.5, "order_id": "T1", "event_time": "2026-01-01T09:00:00"}],
    "ga4_purchase_items": [
        {"customer_id": "1.2", "order_id": "T1", "item_id": "MUG", "quantity": 2, "amount": 25.0},
        {"order_id": "T1", "item_id": "TEA", "quantity": 1, "amount": 5.5, "event_time": "2026-01-01T09:00:00"},
    ],
    "line_webhook": [{"customer_id": "U1", "event": "message", "event_time": "2026-01-01T09:00:00", "channel": "line"}],
    "line_user_ids": [{"alias_id": "U1", "customer_id": "c1", "kind": "line"}],
}  # fmt: skip
every_profile = pytest.mark.parametrize("name", profile_names())


def write_export(name: str, folder: Path) -> Path:
    """The export of a product as a CSV, as JSON Lines or, for GA4, as Parquet."""
    content = EXPORTS[name]
    if isinstance(content, str):
        path = folder / f"{name}.csv"
        path.write_text(content, encoding="utf-8")
    elif name.startswith("ga4"):
        path = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(content), path)
    else:
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    return path


def read_with_profile(name: str, path: Path) -> list[Row]:
    """The rows that the profile makes of an export, as text where they are times."""
    profile = read_profile(name)
    toml: Toml = {"tables": {profile.table: {"path": str(path), "profile": name}}}
    apply_profiles(toml)
    source = msgspec.convert(toml["tables"][profile.table], TableSource)
    location = Location(profile.table, source)
    # An export may lack attributes that its profile knows; `kizuna init` lists those that it has.
    attributes = tuple(attribute for attribute in profile.attributes if attribute in ROWS[name][0])
    settings = config(attributes={profile.table: attributes}) if attributes else config()
    raw = lines_of(find_source(location).read(connect_in_memory(), location).rows, location)
    table = conform(raw, CONTRACT[profile.table], config=settings, source=source).rows
    return json.loads(json.dumps(table.to_pyarrow().to_pylist(), default=lambda moment: moment.isoformat()))


@every_profile
def test_an_export_is_recognised_by_its_header(name: str, tmp_path: Path):
    (source,) = find_inputs([str(write_export(name, tmp_path))]).sources

    guesses = recognise(examine(connect_in_memory(), source, today=date(2026, 11, 30)))

    assert name in {guess.profile for guess in guesses}


@every_profile
def test_an_export_is_read_to_the_right_rows(name: str, tmp_path: Path):
    rows = read_with_profile(name, write_export(name, tmp_path))

    assert [row[EXCLUDED_BECAUSE] for row in rows] == [None] * len(ROWS[name])
    # An engine gives the lines of an order, and the objects of a list, in any order.
    ids = [key for key in ROWS[name][0] if key.endswith("_id") and all(key in row for row in ROWS[name])]
    sorted_rows, expected_rows = (
        sorted(some, key=lambda row: [str(row[key]) for key in ids]) for some in (rows, ROWS[name])
    )
    assert [
        {key: row[key] for key in want} for row, want in zip(sorted_rows, expected_rows, strict=True)
    ] == expected_rows


def test_an_older_export_is_read_by_the_older_name_of_a_column(tmp_path: Path):
    path = write_export("woocommerce_analytics_orders", tmp_path)
    path.write_text(path.read_text().replace("Net Sales", "N. Revenue"))
    (source,) = find_inputs([str(path)]).sources

    (guess,) = recognise(examine(connect_in_memory(), source, today=date(2026, 11, 30)))

    assert "amount" in guess.columns
    assert [row["amount"] for row in read_with_profile("woocommerce_analytics_orders", path)] == [25.0, -25.0]


@every_profile
def test_a_profile_names_only_columns_of_its_table(name: str):
    profile = read_profile(name)
    columns = {*CONTRACT[profile.table].names, *profile.attributes}

    assert set(profile.source["columns"]) <= columns
