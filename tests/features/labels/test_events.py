"""Events of [predict.<name>], on small worlds with known answers."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import numpy as np
import pytest

from core.config.training import PredictedEvent
from core.errors import DataError, RuleError
from core.window import Cohort
from features.cohort import describe_cohort, select_cohort
from features.event_history import add_event_history
from features.labels.events import ask_for_event
from features.labels.labelling import label_outcomes
from tables.plan_changes import mark_changes
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 1)
TEA = PredictedEvent(table="purchases", where="category == 'tea'", horizon_days=30)
ITEMS = frame({"item_id": "sencha", "category": "tea"}, {"item_id": "cup", "category": "ware"})


def tables_with(*purchases: str, event: PredictedEvent, **tables: Any) -> Tables:
    settings = config(predict={"it": event}, watermark=date(2025, 1, 1), **tables.pop("settings", {}))
    return ask_for_event(shop(*purchases, settings=settings, **tables), "it")


def who_has_the_event(tables: Tables, *customer_ids: str) -> list[str]:
    cohort = Cohort(np.array(customer_ids), np.full(len(customer_ids), CUTOFF, "datetime64[D]"))
    labels = label_outcomes(tables, cohort)
    assert labels.is_mature.all()
    return labels.customer_ids[labels.churned].tolist()


def test_a_purchase_from_the_category_within_the_horizon_is_the_event():
    tables = tables_with(
        "ada 2024-03-02 item_id=sencha",
        "bo 2024-03-02 item_id=cup",
        "cyd 2024-02-29 item_id=sencha",
        "dan 2024-03-31 item_id=sencha",
        "eve 2024-03-30 item_id=sencha",
        event=TEA,
        items=ITEMS,
    )

    assert who_has_the_event(tables, "ada", "bo", "cyd", "dan", "eve") == ["ada", "eve"]


def test_a_return_is_no_event():
    tables = tables_with("ada 2024-03-02 -5", "bo 2024-03-02 5", event=PredictedEvent(table="purchases"))

    assert who_has_the_event(tables, "ada", "bo") == ["bo"]


def span(who: str, started: str, ended: str | None, mrr: float) -> dict[str, object]:
    times = {"started_at": started, "ended_at": ended}
    return {"customer_id": who, "subscription_id": f"{who} {started}", "plan": "basic", "mrr": mrr, **times}


CHANGES = {
    "upgrade": [span("ada", "2023-01-01", "2024-03-10", 10.0), span("ada", "2024-03-10", None, 20.0)],
    "downgrade": [span("ada", "2023-01-01", "2024-03-10", 10.0), span("ada", "2024-03-10", None, 5.0)],
    "renewal": [span("ada", "2023-01-01", "2024-03-10", 10.0), span("ada", "2024-03-10", None, 10.0)],
    "return": [span("ada", "2023-01-01", "2023-06-01", 10.0), span("ada", "2024-03-10", None, 10.0)],
    "new": [span("ada", "2024-03-10", None, 10.0)],
}
LATE_RENEWAL = [span("ada", "2023-01-01", "2024-03-01", 10.0), span("ada", "2024-03-10", None, 10.0)]
ADD_ON = [span("ada", "2023-01-01", None, 10.0), span("ada", "2024-03-10", None, 1.0)]


def change_of_the_last_span(*spans: dict[str, object]) -> str:
    rows = mark_changes(shop(subscriptions=frame(*spans)).latest()["subscriptions"], grace_days=30)
    return rows.order_by("started_at").to_pyarrow()["change"].to_pylist()[-1]


def test_a_free_plan_beside_a_paid_one_is_no_change():
    assert change_of_the_last_span(span("ada", "2023-01-01", None, 10.0), span("ada", "2024-03-10", None, 0.0)) == ""


def test_where_nothing_is_charged_a_first_plan_is_new():
    assert change_of_the_last_span(span("ada", "2024-03-10", None, 0.0)) == "new"


@pytest.mark.parametrize(
    ("change", "spans"), [*CHANGES.items(), ("renewal", LATE_RENEWAL), ("upgrade", ADD_ON)], ids=str
)
def test_a_start_of_a_subscription_is_one_change(change: str, spans: list[dict[str, object]]):
    happened = [
        name
        for name in CHANGES
        if who_has_the_event(
            tables_with(
                event=PredictedEvent(table="subscriptions", where=f"change == '{name}'", horizon_days=30),
                subscriptions=frame(*spans),
            ),
            "ada",
        )
    ]

    assert happened == [change]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        (("2023-03-10", "2024-03-10", "2025-03-10"), ["ada"]),
        (("2024-01-10", "2024-02-10", "2024-03-10", "2024-04-10"), []),
    ],
    ids=["terms of a year are renewed", "rows of a month are bills"],
)
def test_a_subscription_that_keeps_its_id_is_renewed_at_the_start_of_each_term(
    starts: tuple[str, ...], expected: list[str]
):
    rows = [{**span("ada", start, end, 10.0), "subscription_id": "s1"} for start, end in itertools.pairwise(starts)]
    event = PredictedEvent(table="subscriptions", where="change == 'renewal'", horizon_days=30)

    assert who_has_the_event(tables_with(event=event, subscriptions=frame(*rows)), "ada") == expected
    assert len(shop(subscriptions=frame(*rows)).latest()["subscriptions"].to_pyarrow()) == 1


@pytest.mark.parametrize(("customers", "expected"), [("active", ["ada"]), ("lapsed", ["bo"]), ("all", ["ada", "bo"])])
def test_the_cohort_is_of_active_or_lapsed_customers_or_both(customers: Any, expected: list[str]):
    event = PredictedEvent(table="purchases", customers=customers)
    tables = tables_with("ada 2024-02-20", "bo 2020-01-01", "cyd 2024-03-05", event=event)

    assert select_cohort(tables, [CUTOFF]).customer_ids.tolist() == expected
    assert ("on record" in describe_cohort(tables)) == (customers != "active")


@every_engine
def test_the_history_of_the_event_is_a_feature_that_knows_nothing_after_the_cutoff(engine_name: str):
    tables = tables_with(
        "ada 2024-02-20 item_id=sencha",
        "ada 2023-12-20 item_id=sencha",
        "ada 2024-04-05 item_id=sencha",
        "bo 2024-02-20 item_id=cup",
        event=TEA,
        items=ITEMS,
        backend=engine(engine_name),
    )

    features = add_event_history(features_at(tables, "ada", "bo"), tables)

    at = (features.cutoffs[0] - np.datetime64("2024-02-20")).astype(int)
    assert features.column("days_since_event")[0] == at
    assert np.isnan(features.column("days_since_event")[1])
    assert features.column("events_365d").tolist() == [2, 0]


def test_a_rule_with_an_unknown_name_is_refused_with_its_place():
    with pytest.raises(RuleError, match=r"\[predict.it\] .*categry"):
        tables_with("ada 2024-02-20 item_id=sencha", event=PredictedEvent(table="purchases", where="categry == 'tea'"))


def test_an_event_that_the_toml_does_not_declare_is_refused():
    with pytest.raises(DataError, match="there are: it"):
        ask_for_event(tables_with("ada 2024-02-20", event=PredictedEvent(table="purchases")), "that")


def test_churn_is_asked_for_again_on_the_tables_of_the_data_set():
    tables = shop("ada 2024-03-02", settings=config(predict={"it": TEA}, watermark=date(2025, 1, 1)))

    assert tables.event is None
    assert add_event_history(features_at(tables, "ada"), tables).names == features_at(tables, "ada").names


def test_a_table_without_dates_has_no_events():
    with pytest.raises(DataError, match=r"\[predict.it\] table items has no customer or no time"):
        tables_with("ada 2024-02-20", event=PredictedEvent(table="items"), items=ITEMS)
