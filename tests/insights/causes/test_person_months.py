"""Customers month by month: running at the start, churned within the month."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from core.config.training import ChurnDefinition
from core.errors import NotEnoughHistory
from insights.causes.person_months import PersonMonths, load_person_months, newest_months
from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables
from tests.insights.causes.worlds import subscriptions
from tests.worlds import config, shop


def tables(*lines: str, each_subscription: bool = False) -> Tables:
    churn = ChurnDefinition(definition="subscription_ended", grace_days=30, each_subscription=each_subscription)
    return shop(settings=config(watermark=date(2024, 9, 1), churn=churn), subscriptions=subscriptions(*lines))


def newest_two(read: Tables) -> PersonMonths:
    episodes = SubscriptionEpisodes.of(read)
    months = newest_months(episodes, 2)
    mrr = MrrTable.of(load_spans(read, ExcludedRows()), months_between(months[0], months[-1]), Money("JPY"))
    return load_person_months(episodes, mrr, months=months)


def rows_of(rows: PersonMonths) -> list[tuple[str, str, bool]]:
    return list(zip(rows.customer_ids.tolist(), rows.months.astype(str).tolist(), rows.churned.tolist(), strict=True))


def test_rows_are_customers_running_at_the_first_midnight_and_churn_is_of_the_month():
    rows = newest_two(tables("ada 2024-05-10 2024-07-15 price", "bo 2024-07-02 -"))

    assert rows_of(rows) == [("ada", "2024-06", False), ("ada", "2024-07", True)]
    assert rows.tenure_days.tolist() == [22, 52]
    assert rows.mrr_units.tolist() == [100, 100]


def test_a_customer_in_a_lapse_has_no_row():
    rows = newest_two(tables("ada 2024-01-10 2024-06-20", "ada 2024-07-10 -", "bo 2024-01-10 -"))

    assert rows_of(rows) == [("ada", "2024-06", False), ("bo", "2024-06", False), ("bo", "2024-07", False)]


def test_with_each_subscription_a_customer_has_one_row_and_churns_with_the_first_end():
    both = pa.concat_tables(
        [
            subscriptions("ada 2024-01-10 -", subscription_id="a"),
            subscriptions("ada 2024-02-10 2024-07-15", subscription_id="b"),
        ],
        promote_options="permissive",
    )
    settings = tables("ada 2024-01-10 -", each_subscription=True).config

    rows = newest_two(shop(settings=settings, subscriptions=both))

    assert rows_of(rows) == [("ada", "2024-06", False), ("ada", "2024-07", True)]


def test_without_a_whole_month_there_is_not_enough_history():
    with pytest.raises(NotEnoughHistory, match="churn is not known for any whole month"):
        newest_months(SubscriptionEpisodes.of(tables("ada 2024-07-20 -")), 12)
