"""The figures reconcile to the last unit, and are what a hand would work out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, SubscriptionSpans, months_between
from insights.finance.retention import movements_of, retention

MONTHS = months_between(np.datetime64("2026-01"), np.datetime64("2026-06"))
YEN = Money("JPY")


def spans(*lines: str) -> SubscriptionSpans:
    """Spans from lines such as "ada basic 2026-01-10 2026-03-01 100 USD"; '-' runs on."""
    cells = [line.split() for line in lines]
    column = [list(parts) for parts in zip(*([*cell, ""][:6] for cell in cells), strict=True)]
    return SubscriptionSpans(
        np.array(column[0]),
        np.array(column[1]),
        np.array(column[2], "datetime64[D]"),
        np.array([np.datetime64("NaT") if day == "-" else day for day in column[3]], "datetime64[D]"),
        np.array(column[4], float),
        np.array(column[5]),
    )


def sums(movements: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Each movement over all customers."""
    return {name: int(parts.sum()) for name, parts in movements.items()}


def reconciles(month: Mapping[str, int]) -> bool:
    """Whether the movements lead from the opening to the closing, to the last unit."""
    gains = ("opening", "fx", "new", "reactivation", "expansion", "moved_in")
    losses = ("contraction", "churn", "moved_out")
    return sum(month.get(line, 0) for line in gains) - sum(month.get(line, 0) for line in losses) == month["closing"]


def test_each_movement_is_told_by_what_became_of_the_customer():
    book = MrrTable.of(
        spans(
            "new b 2026-02-10 - 50", "left b 2025-01-01 2026-02-20 70", "more b 2025-01-01 2026-02-15 100",
            "more p 2026-02-15 - 130", "less p 2025-01-01 2026-02-15 100", "less b 2026-02-15 - 60",
            "back b 2025-01-01 2026-01-15 40", "back b 2026-02-20 - 45",
        ),
        MONTHS, YEN,
    )  # fmt: skip

    february = sums(movements_of(book, 1))

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
    start, never = np.datetime64("2025-12-01", "D"), np.datetime64("NaT")
    book = MrrTable.of(
        SubscriptionSpans(
            np.array([who for who, *_ in drawn], str),
            np.array(["p"] * len(drawn), str),
            np.array([start + began for _, began, *_ in drawn], "datetime64[D]"),
            np.array([never if end is None else start + end for _, _, end, *_ in drawn], "datetime64[D]"),
            np.array([mrr for *_, mrr, _ in drawn], float),
            np.array([currency for *_, currency in drawn], str),
        ),
        MONTHS, Money("JPY", RATES),
    )  # fmt: skip

    months = [sums(movements_of(book, column)) for column in range(len(MONTHS) - 1)]

    assert all(reconciles(month) for month in months)
    assert [month["closing"] for month in months[:-1]] == [month["opening"] for month in months[1:]]


def test_a_moving_rate_is_a_line_of_its_own_and_no_expansion():
    rates = {
        "USD": dict.fromkeys(months_between(MONTHS[0] - 1, MONTHS[1] - 1), 100.0) | dict.fromkeys(MONTHS[1:3], 110.0)
    }
    book = MrrTable.of(
        spans("ada b 2025-01-01 - 10 USD"), MONTHS[:3], Money("JPY", rates | {"USD": rates["USD"] | {MONTHS[2]: 110.0}})
    )

    february = sums(movements_of(book, 1))

    assert [february[line] for line in ("opening", "fx", "expansion", "closing")] == [1000, 100, 0, 1100]


@settings(deadline=None)
@given(st.lists(st.floats(50, 200), min_size=8, max_size=8), st.integers(0, 4), st.integers(1, 4))
def test_no_rate_moves_what_was_kept_of_a_year(rates: list[float], start: int, length: int):
    """Everybody goes on paying the same in their own money."""
    told = dict(zip(months_between(MONTHS[0] - 1, MONTHS[-1]), rates, strict=False))
    book = MrrTable.of(
        spans("ada b 2025-01-01 - 10 USD", "bo b 2025-01-01 - 1000", "cyd b 2026-06-10 - 5 USD"),
        MONTHS, Money("JPY", {"USD": told}),
    ).take(np.array([0, 1, 1, 2]))  # fmt: skip
    end = min(start + length, len(MONTHS) - 1)

    found = retention(book, start, end)

    assert (found["nrr"].value, found["grr"].value) == (1, 1)


def test_a_currency_without_a_rate_is_an_error_that_names_it():
    with pytest.raises(DataError, match=r"no rate of EUR to JPY for 2025-12"):
        MrrTable.of(spans("ada b 2025-01-01 - 10 EUR"), MONTHS, YEN)


def test_a_book_that_goes_to_124_percent_shows_exactly_that():
    book = MrrTable.of(
        spans(
            "ada b 2025-01-01 2026-02-15 100", "ada p 2026-02-15 - 148", "bo b 2025-01-01 - 100",
            "cyd b 2026-02-15 - 500",
        ),
        MONTHS, YEN,
    )  # fmt: skip

    assert retention(book, 0, 5)["nrr"].value == pytest.approx(1.24)
    assert retention(book, 0, 5)["grr"].value == 1.0


def test_who_leaves_takes_logos_and_revenue_along():
    book = MrrTable.of(spans("ada b 2025-01-01 2026-02-15 300", "bo b 2025-01-01 - 100"), MONTHS, YEN)

    found = retention(book, 0, 5)

    assert (found["logo_churn"].value, found["revenue_churn"].value, found["grr"].value) == (0.5, 0.75, 0.25)


def test_the_parts_of_the_customers_add_up_to_the_whole():
    book = MrrTable.of(spans("ada b 2025-01-01 - 300", "bo b 2026-01-20 - 100"), MONTHS, YEN)

    parts = movements_of(book, 0)

    assert parts["new"].tolist() == [0, 100]
    assert sums(parts)["closing"] == int(book.units[:, 1].sum())


def test_without_anybody_at_the_start_there_is_no_retention():
    assert np.isnan(retention(MrrTable.of(spans("ada b 2026-05-01 - 3"), MONTHS, YEN), 0, 5)["nrr"].value)


def test_currencies_have_their_own_smallest_unit():
    assert Money("GBP").units(np.array([12.345, 0.1 + 0.2])).tolist() == [1234, 30]
    assert Money("JPY").units(np.array([1234.5, 1235.5])).tolist() == [1234, 1236]
