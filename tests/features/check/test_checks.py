"""`kizuna check` reports what was read, what was excluded and what cannot be used."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.config.money import MoneySettings, ReportSettings
from core.config.training import ChurnDefinition, Cutoffs
from features.check.checks import check_history, check_tables
from features.check.report import missing_notes, table_notes
from features.labels.labelling import label_outcomes
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import cohort, features_at
from tests.tables.cleaning.test_conform import OLD, span, world
from tests.worlds import config, frame, shop


def test_the_check_counts_what_was_read_and_names_what_is_missing():
    data = check_tables(
        shop("ada 2024-03-01 5 item_id=tea", "ada 2024-03-01 5 item_id=tea", "bo 2024-03-02", "- 2024-03-03")
    )
    purchases = data.tables[0]

    assert (data.n_customers, data.n_items, purchases.duplicate_rows) == (2, 1, 1)
    assert purchases.watermark == date(2024, 3, 3)
    assert {"quantity", "channel"} <= set(purchases.missing)
    assert "usage" in data.absent


def test_a_customer_with_several_aliases_counts_once():
    identities = frame(
        {"alias_id": "card", "customer_id": "ada"},
        {"alias_id": "x", "customer_id": "y"},
        {"alias_id": "y", "customer_id": "x"},
    )
    data = check_tables(shop("ada 2024-03-01", "card 2024-03-02", identities=identities))

    assert (data.n_customers, data.n_circular_aliases) == (1, 2)
    assert "2 aliases point to each other in a circle" in missing_notes(data)[0]


def test_each_channel_has_its_own_range():
    lines = ("ada 2024-03-01 channel=web", "bo 2024-03-05 channel=web", "cy 2024-03-02 channel=shop")
    channels = check_tables(shop(*lines)).tables[0].channels

    assert [(r.channel, r.rows, r.first, r.last) for r in channels] == [
        ("web", 2, date(2024, 3, 1), date(2024, 3, 5)),
        ("shop", 1, date(2024, 3, 2), date(2024, 3, 2)),
    ]


def test_only_the_largest_channels_are_listed_one_by_one():
    data = check_tables(shop(*(f"ada 2024-03-01 channel=c{number}" for number in range(10))))

    notes = table_notes(data, data.tables[0])

    assert len([note for note in notes if note.startswith("channel c")]) == 8
    assert notes[-1] == "and 2 more channels"


PEOPLE = [
    {
        "customer_id": f"c{number}",
        "Email": f"p{number}@example.org",
        "tel": f"090-1234-{number:04}",
        "who": f"Ada Love{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{'lace' if number > 25 else ''}",
        "last_name": "L",
        "card": f"K{number}",
        "country": ["United Kingdom", "New Zealand"][number % 2],
        "age_band": "30s",
    }
    for number in range(50)
]


@pytest.mark.parametrize("listed", [(), ("Email", "tel", "who", "last_name", "card", "country", "age_band")])
def test_columns_that_look_personal_are_named(listed: tuple[str, ...]):
    settings = config(attributes={"customers": listed})
    customers = check_tables(shop("ada 2024-03-01", settings=settings, customers=frame(*PEOPLE))).tables[1]

    assert {suspicion.column: suspicion.looks_like for suspicion in customers.personal} == {
        "Email": "mail addresses",
        "tel": "phone numbers",
        "who": "names",
        "last_name": "names",
        "card": "near-unique ids",
    }


def test_columns_that_features_cannot_use_because_they_are_undated_are_named():
    items = frame({"item_id": "tea", "category": "drinks", "price": 3.0})
    settings = config(as_of_today=("items.price",))

    tables = check_tables(shop("ada 2024-03-01", settings=settings, items=items)).tables

    assert tables[1].columns_without_date == ("category",)


def ada(tables: Tables, cutoff: str = "2024-03-08") -> dict[str, float]:
    row = features_at(tables, "ada", cutoff=cutoff)
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


@every_engine
def test_a_span_that_overlaps_the_next_counts_until_that_begins(engine_name):
    tables = world(
        engine_name, subscriptions=frame(span("2024-01-01", "2024-06-01"), span("2024-03-01", None, 15.0, plan="max"))
    )

    before, after = ada(tables, "2024-02-01"), ada(tables, "2024-03-08")

    assert (before["mrr_now"], before["subscriptions_running"]) == (10, 1)
    assert (after["mrr_now"], after["subscriptions_running"], after["upgrades_total"]) == (15, 1, 1)
    issue = check_tables(tables).cross_row_issues[0]
    assert (issue.table, issue.rows, issue.example) == ("subscriptions", 1, "s1")


@every_engine
def test_a_span_inside_an_older_one_counts_until_it_is_known_to_end_first(engine_name):
    tables = world(
        engine_name, subscriptions=frame(span("2023-01-01", "2024-06-01", 10.0), span("2024-01-01", "2024-02-01", 15.0))
    )

    assert [ada(tables, day)["mrr_now"] for day in ("2023-12-01", "2024-01-15", "2024-03-08")] == [10, 15, 10]


def test_of_spans_that_begin_together_the_most_expensive_counts():
    tables = world(subscriptions=frame(span("2024-01-01", None, 15.0), span("2024-01-01", None, 10.0)))

    assert (ada(tables)["mrr_now"], ada(tables)["subscriptions_running"]) == (15, 1)


def test_spans_of_different_subscriptions_may_overlap():
    tables = world(subscriptions=frame(span("2024-01-01", None), span("2024-02-01", None, 5.0, subscription_id="s2")))

    assert ada(tables)["mrr_now"] == 15
    assert [issue for issue in check_tables(tables).cross_row_issues if issue.table == "subscriptions"] == []


@every_engine
def test_an_overlap_is_no_churn(engine_name):
    ended = ChurnDefinition(definition="subscription_ended", horizon_days=30, grace_days=5)
    tables = world(
        engine_name, config(churn=ended, watermark=date(2024, 12, 1)),
        subscriptions=frame(
            span("2024-01-01", "2024-03-20"), span("2024-03-01", None),
            span("2024-01-01", "2024-03-10", customer_id="bo"), span("2024-03-01", "2024-03-20", customer_id="bo"),
        ),
    )  # fmt: skip

    assert label_outcomes(tables, cohort("ada", "bo")).churned.tolist() == [False, True]


@every_engine
def test_usage_outside_any_subscription_is_counted_and_still_usage(engine_name):
    events = [{**OLD, "customer_id": "ada", "event_time": day} for day in ("2023-12-31", "2024-01-01", "2024-03-01")]
    tables = world(engine_name, usage=frame(*events), subscriptions=frame(span("2024-01-01", "2024-02-01")))

    issues = check_tables(tables).cross_row_issues
    assert [(issue.table, issue.rows, issue.example) for issue in issues] == [("usage", 2, "ada")]
    assert ada(tables)["usage_events_30d"] == 1


@every_engine
def test_mrr_without_a_rate_is_counted_and_missing_from_sums(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2024-01,USD,150\n2024-03,USD,999\n")
    spans = [
        span("2024-01-01", None, 2.0, subscription_id=name, currency=name) for name in ("USD", "JPY", "EUR", "usd")
    ]
    tables = world(engine_name, config(money=MoneySettings(rates=str(rates))), subscriptions=frame(*spans))

    assert ada(tables)["mrr_now"] == 602
    assert ada(tables)["subscriptions_running"] == 4
    issue = check_tables(tables).cross_row_issues[0]
    assert (issue.rows, issue.example) == (1, "EUR")
    assert "no rate to JPY" in issue.reason


@every_engine
def test_a_month_without_a_rate_is_reported_for_subscriptions_that_ran_in_it(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n" + "".join(f"2024-0{n},USD,150\n" for n in (1, 2, 4, 5)))
    spans = [
        span("2024-01-01", end, 2.0, subscription_id=name, currency="usd")
        for name, end in (("before", "2024-03-01"), ("through", None), ("yen", None))
    ]
    spans[-1]["currency"] = "JPY"
    settings = config(
        money=MoneySettings(rates=str(rates)), report=ReportSettings(months=5), watermark=date(2024, 6, 1)
    )

    issue = check_tables(world(engine_name, settings, subscriptions=frame(*spans))).cross_row_issues[0]

    assert (issue.rows, issue.example) == (1, "through")
    assert issue.reason.startswith("USD has no rate to JPY for 2024-03, when they ran")


@every_engine
def test_purchases_are_summed_in_the_base_currency(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2024-01,USD,150\n2024-02,USD,100\n")
    tables = shop(
        "old 2020-01-01 1", "ada 2024-01-10 10 currency=JPY", "ada 2024-02-10 2 currency=usd",
        "ada 2024-03-01 3 currency=USD", "ada 2024-02-02 5 currency=EUR", "bo 2024-03-09 4 currency=USD",
        "bo 2024-04-02 4 currency=USD",
        settings=config(money=MoneySettings(rates=str(rates))), backend=engine(engine_name),
    )  # fmt: skip

    assert ada(tables)["net_spend_total"] == 10 + 5 * 100
    issues = check_tables(tables).cross_row_issues
    assert [(issue.rows, issue.example) for issue in issues] == [(1, "ada"), (2, "ada")]
    assert issues[1].reason == "USD has no rate to JPY for 2024-03: `kizuna report` stops"


def problems(*days: str, **changes: Any) -> tuple[str, ...]:
    settings = config(churn=ChurnDefinition(horizon_days=30), active_days=20, **changes)
    return check_history(shop(*(f"ada {day}" for day in days), settings=settings)).problems


def test_a_history_of_two_labels_and_the_active_days_before_them_is_long_enough():
    assert problems("2024-01-01", "2024-03-21") == ()
    assert (
        "50 days before it are needed (active_days and 30 of a label), there are 49"
        in (problems("2024-01-01", "2024-03-20")[0])
    )


def test_stated_training_cutoffs_need_a_record_before_them():
    early_cutoffs = Cutoffs(train=(date(2024, 1, 1), date(2024, 2, 1)), test=date(2024, 3, 10))

    (early,) = problems("2024-01-01", "2024-04-15", cutoffs=early_cutoffs)

    assert "nothing was recorded before the training cutoffs 2024-01-01" in early


def test_the_test_cutoff_must_be_mature_and_training_labels_must_end_before_it():
    late = Cutoffs(train=(date(2024, 3, 1), date(2024, 3, 20)), test=date(2024, 4, 1))

    immature, crossing = problems("2024-01-01", "2024-04-15", cutoffs=late)

    assert "ends 2024-05-01, but labels are certain only until 2024-04-15; set a test cutoff of 2024-03-16" in immature
    assert "2024-03-20 cross the test cutoff 2024-04-01" in crossing
    assert "2024-03-01," not in crossing


def test_a_definition_without_its_table_names_the_table_it_needs():
    ended = ChurnDefinition(definition="subscription_ended")
    history = check_history(shop("ada 2024-03-01", settings=config(churn=ended)))

    assert not history.is_sufficient
    assert "needs the table subscriptions" in history.problems[0]
