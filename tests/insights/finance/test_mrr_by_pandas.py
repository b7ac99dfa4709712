"""MRR movements and retention of random companies are those that a few lines of pandas calculate from the raw rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between, movements_of, retention_terms
from tests.worlds import config, frame, shop

FIRST, LAST, CUTOFF = "2024-01", "2024-06", date(2024, 9, 1)
MONTHS = months_between(np.datetime64(FIRST), np.datetime64(LAST))
SUBSCRIPTIONS = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bo", "cyd"]), st.integers(-60, 200), st.integers(0, 120) | st.none(),
        st.sampled_from([0.0, 10.0, 25.0]), st.integers(0, 23),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
"Customer, first day since 2024-01-01, days until the end, price, hour of both."
PAID_BEFORE: list[tuple[str, int, int | None, float, int]] = [
    ("ada", -60, 40, 10.0, 9), ("ada", 70, None, 25.0, 9), ("bo", -40, None, 10.0, 0), ("bo", 100, 30, 10.0, 12),
    ("cyd", -10, 60, 25.0, 23),
]  # fmt: skip
"Ada paid before the first month, left, and comes back in March."


def rows_of(subscriptions: list[tuple[str, int, int | None, float, int]]) -> list[dict[str, Any]]:
    """One row for each subscription."""
    rows: list[dict[str, Any]] = []
    for number, (customer, first, length, mrr, hour) in enumerate(subscriptions):
        began = datetime(2024, 1, 1, hour) + timedelta(days=first)
        ended = None if length is None else began + timedelta(days=length)
        key = {"customer_id": customer, "subscription_id": f"s{number}", "plan": "pro", "mrr": mrr}
        rows.append({**key, "started_at": began, "ended_at": ended})
    return rows


def paid_before(rows: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """What each customer pays on the day before; a subscription that ends on a day is not paid for on it."""
    began, ended = rows.started_at.dt.normalize(), rows.ended_at.dt.normalize()
    return rows[(began < day) & ~(ended < day)].groupby("customer_id").mrr.sum()


def movements_by_pandas(rows: pd.DataFrame, month: np.datetime64) -> dict[str, float]:
    start = pd.Timestamp(month)
    opening, closing = (paid_before(rows, day) for day in (start, start + pd.DateOffset(months=1)))
    both = pd.DataFrame({"opening": opening, "closing": closing}).fillna(0.0)
    earlier = [paid_before(rows, start - pd.DateOffset(months=back)) for back in range(6 + 4)]
    payers = {customer for paid in earlier for customer in paid[paid > 0].index}
    arrived, change = both[(both.opening == 0) & (both.closing > 0)], both.closing - both.opening
    is_return = arrived.index.isin(list(payers))
    stays = (both.opening > 0) & (both.closing > 0)
    return {
        "opening": both.opening.sum(), "new": arrived.closing[~is_return].sum(),
        "reactivation": arrived.closing[is_return].sum(), "expansion": change[stays & (change > 0)].sum(),
        "contraction": -change[stays & (change < 0)].sum(), "churn": both.opening[both.closing == 0].sum(),
        "closing": both.closing.sum(),
    }  # fmt: skip


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(subscriptions=SUBSCRIPTIONS, seed=st.integers(0, 99))
@example(subscriptions=PAID_BEFORE, seed=1)
def test_movements_and_retention_are_those_of_pandas_in_any_order_of_rows(
    subscriptions: list[tuple[str, int, int | None, float, int]], seed: int
):
    rows = rows_of(subscriptions)
    shuffled = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
    spans = load_spans(shop(settings=config(), subscriptions=frame(*shuffled)), ExcludedRows(), cutoff=CUTOFF)
    table = MrrTable.of(spans.shift_by_one_day(), np.append(MONTHS, MONTHS[-1] + 1), money=Money("JPY"))
    by_hand = pd.DataFrame(rows).astype({"started_at": "datetime64[us]", "ended_at": "datetime64[us]"})

    for column, month in enumerate(MONTHS):
        moved = {name: int(units.sum()) for name, units in movements_of(table, column).items()}
        assert moved.pop("fx") == 0
        assert moved == movements_by_pandas(by_hand, month)
    opening, closing = (paid_before(by_hand, pd.Timestamp(day)) for day in ("2024-01-01", "2024-07-01"))
    opening = opening[opening > 0]
    kept = closing.reindex(opening.index, fill_value=0.0)
    terms = retention_terms(table, start=0, end=len(MONTHS))
    sums = {name: (top.sum(), bottom.sum()) for name, (top, bottom) in terms.items()}
    assert sums["nrr"] == (kept.sum(), opening.sum())
    assert sums["grr"] == (np.minimum(kept, opening).sum(), opening.sum())
    assert sums["logo_churn"] == ((kept == 0).sum(), len(opening))
    assert sums["revenue_churn"] == (pytest.approx(opening[kept == 0].sum()), opening.sum())
