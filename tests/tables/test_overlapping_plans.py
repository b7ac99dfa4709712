"""Plans that overlap in a subscription: add-ons add up, changes of plan replace, a coupon may make a plan free."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from core.config.sources import TableSource
from features.cohort import select_cohort
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables
from tests.engines import every_engine
from tests.featured import features_at
from tests.features.check.checked import find_kind
from tests.insights.test_one_meaning_of_churn import list_churned_by_label
from tests.tables.test_subscription_spans import mrr_of, row, world

NEW_YEAR, MARCH, MAY = datetime(2024, 1, 1), datetime(2024, 3, 1), datetime(2024, 5, 1)


def mrr_in(tables: Tables, month: str, customer: str = "ada") -> int:
    """What the report counts for a customer at the end of a month."""
    table = mrr_of(tables)
    column = int(np.flatnonzero(table.months == np.datetime64(month, "M") + 1)[0])
    return int(table.units[table.customer_ids.tolist().index(customer), column])


def beside(plan: str, price: float, *, basic: float = 100.0, until: datetime | None = None) -> list[dict[str, Any]]:
    """A plan that begins in March beside ada's basic plan, which runs on."""
    return [row("ada", NEW_YEAR, None, basic, plan="basic"), row("ada", MARCH, until, price, plan=plan)]


def changes(customer: str) -> list[dict[str, Any]]:
    """A customer whose older row ends at the change of plan, and who has both plans by themselves."""
    return [
        row(customer, NEW_YEAR, MARCH, 100.0, plan="basic"), row(customer, MARCH, None, 150.0, plan="pro"),
    ]  # fmt: skip


STORAGE, PRO = beside("storage", 30.0), beside("pro", 150.0)


LATE_END = [
    row("ada", NEW_YEAR, datetime(2024, 4, 10), 100.0, plan="basic"), row("ada", MARCH, None, 30.0, plan="lite"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "mrr"),
    [
        pytest.param(STORAGE, 130, id="a cheap plan that never runs alone"),
        pytest.param(PRO, 150, id="a dearer plan"),
        pytest.param([*STORAGE, row("bo", NEW_YEAR, None, 30.0, plan="storage")], 30, id="a plan that runs alone, too"),
        pytest.param([*PRO, *changes("bo"), *changes("cyd")], 150, id="two customers whose older row ends"),
        pytest.param([*PRO, *changes("bo"), *changes("cyd"), *changes("dan")], 250, id="three of them"),
        pytest.param(LATE_END, 30, id="an older row that ends late"),
    ],
)  # fmt: skip
def test_a_plan_beside_another_one_adds_up_where_the_rows_show_it(rows: list[dict[str, Any]], mrr: int):
    tables = world(rows)

    assert features_at(tables, "ada", cutoff="2024-06-02").column("mrr_now")[0] == mrr == mrr_in(tables, "2024-05")


@every_engine
def test_add_ons_add_up_on_every_engine(engine_name: str):
    tables = world(STORAGE, engine_name)

    assert features_at(tables, "ada", cutoff="2024-06-02").column("mrr_now")[0] == 130 == mrr_in(tables, "2024-05")


@pytest.mark.parametrize(("reading", "mrr"), [("add", 250), ("replace", 150)])
def test_the_toml_says_what_overlapping_plans_mean(reading: Any, mrr: int):
    source = TableSource(path="s.csv", overlapping_plans=reading)

    assert mrr_in(world(PRO, tables={"subscriptions": source}), "2024-05") == mrr


def test_the_end_of_an_add_on_is_contraction_and_no_churn():
    tables = world([*beside("storage", 30.0, until=MAY), row("bo", NEW_YEAR, None, 9.0)])

    assert (mrr_in(tables, "2024-04"), mrr_in(tables, "2024-05")) == (130, 100)
    assert list_churned_by_label(tables, select_cohort(tables, [date(2024, 4, 20)])) == {}
    assert features_at(tables, "ada", cutoff="2024-05-02").column("subscriptions_running")[0] == 1


@pytest.mark.parametrize(
    ("rows", "kind", "setting"),
    [(STORAGE, "add_on_overlaps", '"replace"'), (PRO, "plan_change_overlaps", '"add"')],
)
def test_check_says_how_overlapping_plans_were_read(rows: list[dict[str, Any]], kind: str, setting: str):
    finding = find_kind(world(rows), kind)

    assert (finding.count, finding.of, finding.example) == (1, 2, "ada-1")
    assert finding.setting == f"[tables.subscriptions] overlapping_plans = {setting}"


@every_engine
def test_a_coupon_over_the_whole_price_makes_the_plan_free_for_label_and_report(engine_name: str):
    rows = [
        row("ada", NEW_YEAR, None, 100.0), row("ada", MARCH, MAY, -100.0, plan="coupon", refunded=5.0),
        row("bo", NEW_YEAR, None, 100.0), row("bo", MARCH, MAY, -80.0, plan="coupon"),
    ]  # fmt: skip
    tables = world(rows, engine_name)

    churned = list_churned_by_label(tables, select_cohort(tables, [date(2024, 2, 10)]))
    assert churned == {"ada": (date(2024, 3, 1), "")}
    episodes = SubscriptionEpisodes.of(tables)
    assert [str(day) for day in episodes.began_on[episodes.customer_ids == "ada"]] == ["2024-01-01", "2024-05-01"]
    assert [mrr_in(tables, month) for month in ("2024-02", "2024-03", "2024-05")] == [100, 0, 100]
    assert [mrr_in(tables, month, "bo") for month in ("2024-02", "2024-03", "2024-05")] == [100, 20, 100]
    days = ("2024-02-10", "2024-04-10", "2024-05-10")
    assert [features_at(tables, "ada", cutoff=day).column("mrr_now")[0] for day in days] == [100, 0, 100]
