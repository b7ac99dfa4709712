"""MRR movements reconcile to the last unit; retention equals values computed by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import DataError
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, SubscriptionSpans, months_between, movements_of, retention_terms
from models.metrics.weighted import ratio

MONTHS = months_between(np.datetime64("2026-01"), np.datetime64("2026-06"))
YEN = Money("JPY")


def spans(*lines: str) -> SubscriptionSpans:
    """Spans from lines such as "ada basic 2026-01-10 2026-03-01 100 USD"; '-' runs on."""
    cells = [line.split() for line in lines]
    column = [list(parts) for parts in zip(*([*cell, ""][:6] for cell in cells), strict=True)]
    return SubscriptionSpans(
        customer_ids=np.array(column[0]),
        plans=np.array(column[1]),
        started_on=np.array(column[2], "datetime64[D]"),
        ended_on=np.array([np.datetime64("NaT") if day == "-" else day for day in column[3]], "datetime64[D]"),
        mrr=np.array(column[4], float),
        currencies=np.array(column[5]),
    )


def retention(table: MrrTable, start: int, end: int) -> dict[str, float]:
    """Each retention figure over all customers, from column `start` to `end`."""
    terms = retention_terms(table, start=start, end=end)
    return {name: float(ratio(above.sum(), below.sum())) for name, (above, below) in terms.items()}


def sums(movements: Mapping[str, NDArray[np.int64]]) -> dict[str, int]:
    """Each movement over all customers."""
    return {name: int(parts.sum()) for name, parts in movements.items()}


def reconciles(month: Mapping[str, int]) -> bool:
    """Whether the movements lead from the opening to the closing, to the last unit."""
    gains = ("opening", "fx", "new", "reactivation", "expansion", "moved_in")
    losses = ("contraction", "churn", "moved_out")
    return sum(month.get(line, 0) for line in gains) - sum(month.get(line, 0) for line in losses) == month["closing"]


def test_each_movement_counts_the_customers_it_is_defined_for():
    table = MrrTable.of(
        spans(
            "new b 2026-02-10 - 50", "left b 2025-01-01 2026-02-20 70", "more b 2025-01-01 2026-02-15 100",
            "more p 2026-02-15 - 130", "less p 2025-01-01 2026-02-15 100", "less b 2026-02-15 - 60",
            "back b 2025-01-01 2026-01-15 40", "back b 2026-02-20 - 45",
        ),
        MONTHS, money=YEN,
    )  # fmt: skip

    february = sums(movements_of(table, 1))

    assert february == {
        "opening": 270, "fx": 0, "new": 50, "reactivation": 45, "expansion": 30, "contraction": 40, "churn": 70,
        "closing": 285,
    }  # fmt: skip


days = st.integers(0, 200)
random_spans = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        days,
        st.none() | days,
        st.floats(0, 1e6, allow_nan=False),
        st.sampled_from(["", "USD"]),
    ),
    max_size=30,
)
RATES = {"USD": {month: 100 + 7.3 * place for place, month in enumerate(months_between(MONTHS[0] - 1, MONTHS[-1]))}}


@settings(deadline=None)
@given(random_spans)
def test_every_month_reconciles_to_the_last_unit_whatever_the_spans_and_rates(drawn):
    start, open_end = np.datetime64("2025-12-01", "D"), np.datetime64("NaT")
    table = MrrTable.of(
        SubscriptionSpans(
            customer_ids=np.array([customer for customer, *_ in drawn], str),
            plans=np.array(["p"] * len(drawn), str),
            started_on=np.array([start + began for _, began, *_ in drawn], "datetime64[D]"),
            ended_on=np.array([open_end if end is None else start + end for _, _, end, *_ in drawn], "datetime64[D]"),
            mrr=np.array([mrr for *_, mrr, _ in drawn], float),
            currencies=np.array([currency for *_, currency in drawn], str),
        ),
        MONTHS, money=Money("JPY", RATES),
    )  # fmt: skip

    months = [sums(movements_of(table, column)) for column in range(len(MONTHS) - 1)]

    assert all(reconciles(month) for month in months)
    assert [month["closing"] for month in months[:-1]] == [month["opening"] for month in months[1:]]


def test_a_change_of_rate_is_fx_and_no_expansion():
    rates = {
        "USD": dict.fromkeys(months_between(MONTHS[0] - 1, MONTHS[1] - 1), 100.0) | dict.fromkeys(MONTHS[1:3], 110.0)
    }
    table = MrrTable.of(
        spans("ada b 2025-01-01 - 10 USD"),
        MONTHS[:3],
        money=Money("JPY", rates),
    )

    february = sums(movements_of(table, 1))

    assert [february[line] for line in ("opening", "fx", "expansion", "closing")] == [1000, 100, 0, 1100]


@settings(deadline=None)
@given(st.lists(st.floats(50, 200), min_size=8, max_size=8), st.integers(0, 4), st.integers(1, 4))
def test_exchange_rates_do_not_change_retention(rates: list[float], start: int, length: int):
    """All customers keep paying the same amount in their own currency."""
    by_month = dict(zip(months_between(MONTHS[0] - 1, MONTHS[-1]), rates, strict=False))
    table = MrrTable.of(
        spans("ada b 2025-01-01 - 10 USD", "bo b 2025-01-01 - 1000", "cyd b 2026-06-10 - 5 USD"),
        MONTHS, money=Money("JPY", {"USD": by_month}),
    ).take(np.array([0, 1, 1, 2]))  # fmt: skip
    end = min(start + length, len(MONTHS) - 1)

    figures = retention(table, start, end)

    assert (figures["nrr"], figures["grr"]) == (1, 1)


def test_a_missing_rate_raises_an_error_with_the_currency_and_month():
    with pytest.raises(DataError, match=r"no rate of EUR to JPY for 2025-12"):
        MrrTable.of(spans("ada b 2025-01-01 - 10 EUR"), MONTHS, money=YEN)


def test_nrr_and_grr_of_expansion_alone():
    table = MrrTable.of(
        spans(
            "ada b 2025-01-01 2026-02-15 100", "ada p 2026-02-15 - 148", "bo b 2025-01-01 - 100",
            "cyd b 2026-02-15 - 500",
        ),
        MONTHS, money=YEN,
    )  # fmt: skip

    assert retention(table, 0, 5)["nrr"] == pytest.approx(1.24)
    assert retention(table, 0, 5)["grr"] == 1.0


def test_a_churned_customer_counts_in_logo_and_revenue_churn():
    table = MrrTable.of(spans("ada b 2025-01-01 2026-02-15 300", "bo b 2025-01-01 - 100"), MONTHS, money=YEN)

    figures = retention(table, 0, 5)

    assert (figures["logo_churn"], figures["revenue_churn"], figures["grr"]) == (0.5, 0.75, 0.25)


def test_the_parts_of_customers_add_up_to_the_movement():
    table = MrrTable.of(spans("ada b 2025-01-01 - 300", "bo b 2026-01-20 - 100"), MONTHS, money=YEN)

    parts = movements_of(table, 0)

    assert parts["new"].tolist() == [0, 100]
    assert sums(parts)["closing"] == int(table.units[:, 1].sum())


def test_retention_without_customers_at_the_start_is_nan():
    assert np.isnan(retention(MrrTable.of(spans("ada b 2026-05-01 - 3"), MONTHS, money=YEN), 0, 5)["nrr"])
