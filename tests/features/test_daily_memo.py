"""What is kept of a day is what would be computed again."""

from __future__ import annotations

from datetime import date
from typing import Any
from unittest.mock import patch

import numpy as np

import features.save_rows
from core.window import Cohort
from features import pipeline
from features.daily_memo import MAX_RESULTS, DailyMemo
from features.pipeline import compute_features
from features.save_rows import load_save_rows
from tests.worlds import config, frame, shop

LINES = ("ada 2024-01-03 10", "bo 2024-01-20 20", "ada 2024-02-02 30", "cyd 2024-02-25 5", "bo 2024-03-09 1")
TABLES = shop(*LINES, settings=config())


def cohort(*rows: str) -> Cohort:
    """Rows such as 'ada 2024-02-01'."""
    ids, days = zip(*(row.split() for row in rows), strict=True)
    return Cohort(np.array(ids), np.array(days, "datetime64[D]"))


def test_features_with_a_memo_are_those_without_and_known_days_are_not_computed_again():
    memo, days = DailyMemo(), list[date]()
    first, second = (
        cohort("ada 2024-02-01", "bo 2024-02-01", "ada 2024-03-01"),
        cohort("ada 2024-02-01", "bo 2024-02-01", "ada 2024-03-01", "cyd 2024-03-01"),
    )

    def compute_measures(*args: Any, cutoff: date, **more: Any):
        days.append(cutoff)
        return computed(*args, cutoff=cutoff, **more)

    computed = pipeline._compute_measures
    with patch.object(pipeline, "_compute_measures", compute_measures):
        tables = [compute_features(TABLES, one, memo=memo, vocabularies={}) for one in (first, second)]

    assert days == [date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 1)]
    for one, table in zip((first, second), tables, strict=True):
        plain = compute_features(TABLES, one, vocabularies={})
        assert (table.names, table.customer_ids.tolist()) == (plain.names, plain.customer_ids.tolist())
        np.testing.assert_array_equal(table.values, plain.values)


def test_other_features_of_the_same_day_are_computed():
    memo, rows = DailyMemo(), cohort("ada 2024-02-01")

    narrow = compute_features(TABLES, rows, memo=memo, names=["orders_total"])
    wide = compute_features(TABLES, rows, memo=memo, names=["days_since_first_purchase", "orders_total"])

    assert (narrow.column("orders_total").tolist(), wide.column("days_since_first_purchase").tolist()) == ([1], [29])


def test_labels_with_a_memo_are_those_without():
    contacts = frame(
        *(
            {"customer_id": who, "event_time": day, "offer_id": "a", "treated": who != "bo", "propensity": 0.5}
            for who in ("ada", "bo")
            for day in ("2024-01-10", "2024-01-25")
        )
    )
    lines = (*LINES, "dan 2024-12-31 5")
    tables = shop(*lines, contacts=contacts, offers=frame({"offer_id": "a", "kind": "discount"}))
    memo = DailyMemo()

    plain = load_save_rows(tables, date(2024, 12, 1))
    kept = load_save_rows(tables, date(2024, 12, 1), memo=memo)
    with patch.object(features.save_rows, "find_stayed", side_effect=AssertionError("is kept")):
        again = load_save_rows(tables, date(2024, 12, 2), memo=memo)

    assert plain is not None
    assert kept is not None
    assert again is not None
    assert len(plain.stayed) == 4
    assert plain.stayed.tolist() == kept.stayed.tolist() == again.stayed.tolist()


def test_the_oldest_result_makes_room():
    memo = DailyMemo()
    for key in range(MAX_RESULTS + 1):
        memo.recall(key, lambda key=key: key)
    memo.recall(1, lambda: -1)

    assert memo.recall(0, lambda: "again") == "again"
    assert memo.recall(1, lambda: "again") == 1
