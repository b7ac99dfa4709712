"""Rows that contradict each other: what is counted of them, and what `kizuna check` says about the others."""

from __future__ import annotations

from datetime import date

from core.config.money import MoneySettings, ReportSettings
from core.config.training import ChurnDefinition
from features.labels.labelling import label_outcomes
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import cohort, features_at
from tests.features.check.checked import find, find_kind, is_found
from tests.tables.cleaning.test_conform import OLD, span, world
from tests.worlds import config, frame, shop


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
    issue = find_kind(tables, "plan_change_overlaps")
    assert (issue.table, issue.count, issue.example) == ("subscriptions", 1, "s1")


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
    assert not is_found(tables, "overlapping_spans")


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

    outside = find_kind(tables, "usage_outside")
    assert (outside.table, outside.count, outside.example) == ("usage", 2, "ada")
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
    issue = find_kind(tables, "currency_without_rate")
    assert (issue.count, issue.example, issue.values["base"]) == (1, "EUR", "JPY")


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

    issue = find_kind(world(engine_name, settings, subscriptions=frame(*spans)), "month_without_rate")

    assert (issue.count, issue.example) == (1, "through")
    assert (issue.values["currency"], issue.values["months"]) == ("USD", "2024-03")


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
    issues = {issue.kind: issue for issue in find(tables) if issue.kind.endswith("without_rate")}
    assert (issues["currency_without_rate"].count, issues["currency_without_rate"].example) == (1, "ada")
    assert (issues["month_without_rate"].count, issues["month_without_rate"].values["months"]) == (2, "2024-03")


@every_engine
def test_cancelled_subscriptions_of_an_export_without_ends_are_a_warning(engine_name):
    cancelled = span("2024-01-01", None, cancel_requested_at="2024-02-01")
    other = span("2024-02-01", None, subscription_id="s2")

    issue = find_kind(world(engine_name, subscriptions=frame(cancelled, other)), "endless_subscriptions")

    assert (issue.column, issue.count, issue.of) == ("ended_at", 1, 2)
    with_end = frame({**cancelled, "ended_at": "2024-03-01"}, other)
    assert not is_found(world(engine_name, subscriptions=with_end), "endless_subscriptions")
