"""The parts of the subscription book for which the report has figures: all customers, each group, each plan.

A group keeps its customers. The customers of a plan change: a customer belongs to the plan with which they begin a
month for the whole month, whatever they pay for at its end, so that an upgrade is no churn of the smaller plan.

The MRR movements of the plans add up to those of all customers. What a customer moves from one plan to another is
neither churn of the first plan nor new MRR of the second:

    ada  basic 100 -> pro 130     basic  moved out 100      pro  moved in 100, expansion 30
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from insights.finance.money import Money
from insights.finance.mrr import MrrTable, SubscriptionSpans, movements_of
from insights.report.attribute_groups import MAX_GROUPS, OTHERS, Grouping
from insights.report.figure import Place
from insights.report.report_data import ReportData

SOURCE = "acquisition_source"
"The name of the grouping by acquisition channel."
Movements = dict[str, NDArray[np.int64]]
"The amount of each customer in each MRR movement of one month, (n,) by movement."


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of the customers and their MRR."""

    by: str
    group: str
    book: MrrTable
    "Of all customers who ever belong to the part: all of their MRR."
    own: MrrTable
    "The MRR that counts for the part: for a plan, what customers pay for the plan."
    belongs: NDArray[np.bool_]
    "(n, months + 1): whether a customer belongs to the part at each month's beginning."
    movements: tuple[Movements, ...]
    "Of each month."

    def place(self, period: str = "") -> Place:
        """The place of a figure of this part."""
        return Place(self.by, self.group, period)

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """(n,) sorted."""
        return self.book.customer_ids


def split_book(data: ReportData) -> Iterator[Part]:
    """All customers, then each group of each grouping, then each plan; nothing without subscriptions."""
    if not data.has_subscriptions:
        return
    book = data.book
    movements = _monthly_movements(data)
    yield _select_part(Place(), book, movements=movements, rows=np.ones(len(book.customer_ids), bool))
    for grouping in data.groupings:
        for name, rows in grouping.masks(book.customer_ids):
            yield _select_part(Place(grouping.by, name), book, movements=movements, rows=rows)
    yield from _split_by_plan(data)


def split_book_by_source(data: ReportData) -> Iterator[Part]:
    """The customers of each acquisition channel with spend, highest spend first."""
    if not data.has_subscriptions:
        return
    movements = _monthly_movements(data)
    for name, rows in Grouping(SOURCE, data.acquisition.customers_by_channel).masks(data.book.customer_ids):
        yield _select_part(Place(SOURCE, name), data.book, movements=movements, rows=rows)


def _monthly_movements(data: ReportData) -> list[Movements]:
    return [movements_of(data.book, column) for column in range(len(data.calendar.months))]


def _select_part(place: Place, book: MrrTable, *, movements: list[Movements], rows: NDArray[np.bool_]) -> Part:
    """A part with the same customers in all months."""
    own = book.take(rows)
    belongs = np.ones(own.units.shape, bool)
    return Part(
        by=place.by, group=place.group, book=own, own=own, belongs=belongs, movements=_take_rows(movements, rows)
    )


def _take_rows(movements: list[Movements], rows: NDArray[np.bool_]) -> tuple[Movements, ...]:
    return tuple({name: amounts[rows] for name, amounts in month.items()} for month in movements)


def _split_by_plan(data: ReportData) -> Iterator[Part]:
    book, n_months = data.book, len(data.calendar.months)
    spans = merge_small_plans(data.spans).shift_by_one_day()
    books = split_by_plan(spans, book=book, money=data.money)
    largest_first = sorted(books, key=lambda plan: -int(books[plan].units[:, -1].sum()))
    by_month = [plan_movements(list(books.values()), column) for column in range(n_months)]
    paid = np.stack([np.maximum(own.units, own.revalued) for own in books.values()])
    # Someone with several plans at once belongs to the one they pay most for.
    main_plan = np.where(paid.any(axis=0), paid.argmax(axis=0), -1)
    places = {plan: place for place, plan in enumerate(books)}
    for plan in largest_first:
        place, own = places[plan], books[plan]
        rows = (paid[place] > 0).any(axis=1)
        if not rows.any():
            # A trial, or a pass that ends within its month: no customer pays for it at a month's end, so its MRR is 0.
            rows = np.isin(book.customer_ids, spans.customer_ids[spans.plans == plan])
        yield Part(
            by="plan",
            group=plan,
            book=book.take(rows),
            own=own.take(rows),
            belongs=(main_plan == place)[rows],
            movements=_take_rows([month[place] for month in by_month], rows),
        )


def merge_small_plans(spans: SubscriptionSpans) -> SubscriptionSpans:
    """The spans, with all but the most frequent plans renamed to `OTHERS`."""
    plans, counts = np.unique(spans.plans, return_counts=True)
    if len(plans) <= MAX_GROUPS:
        return spans
    kept = plans[np.argsort(-counts, kind="stable")][: MAX_GROUPS - 1]
    return replace(spans, plans=np.where(np.isin(spans.plans, kept), spans.plans, OTHERS))


def split_by_plan(spans: SubscriptionSpans, *, book: MrrTable, money: Money) -> dict[str, MrrTable]:
    """The MRR of each plan, with the customers of the whole book in its order. The plans add up to the book.

    A discount is taken off the plan for which the customer pays most, then off the next one.
    """
    prices = spans.take(spans.mrr >= 0)
    plans = np.unique(prices.plans)
    own = [MrrTable.of(prices.take(prices.plans == plan), book.months, money=money) for plan in plans]
    if not own:
        return {}
    units, revalued = (
        _take_off_discounts(np.stack([_cells_of(book, table, name=name) for table in own]), getattr(book, name))
        for name in ("units", "revalued")
    )
    return {
        str(plan): replace(book, units=units[place], revalued=revalued[place], constant_rate_units=None)
        for place, plan in enumerate(plans)
    }


def _cells_of(book: MrrTable, own: MrrTable, *, name: str) -> NDArray[np.int64]:
    """An array of a plan's table with a row for each customer of the book."""
    cells = np.zeros_like(book.units)
    cells[np.searchsorted(book.customer_ids, own.customer_ids)] = getattr(own, name)
    return cells


def _take_off_discounts(prices: NDArray[np.int64], paid: NDArray[np.int64]) -> NDArray[np.int64]:
    """What is paid for each plan, from its price, (plans, n, months) both, and what is paid for all, (n, months)."""
    discount = prices.sum(axis=0) - paid
    if not discount.any():
        return prices
    dearest_first = np.argsort(-prices, axis=0, kind="stable")
    ordered = np.take_along_axis(prices, dearest_first, axis=0)
    left = ordered - _allocate(ordered, discount)
    paid_for = np.empty_like(prices)
    np.put_along_axis(paid_for, dearest_first, left, axis=0)
    return paid_for


def plan_movements(books: Sequence[MrrTable], column: int) -> list[Movements]:
    """The MRR movements of one month, plan by plan."""
    opening, valued, closing = (np.stack(cells) for cells in zip(*(_cells(b, column) for b in books), strict=True))
    # Whether a customer is new, kept or churned depends on all plans together.
    before, after = valued.sum(axis=0), closing.sum(axis=0)
    is_new, has_churned, is_kept = (before == 0) & (after > 0), (before > 0) & (after == 0), (before > 0) & (after > 0)
    paid_before = np.any([book.has_paid_before()[:, column] for book in books], axis=0) | (opening.sum(axis=0) > 0)
    gained = np.where(is_kept, np.maximum(closing - valued, 0), 0)
    lost = np.where(is_kept, np.maximum(valued - closing, 0), 0)
    # A loss on one plan and a gain on another is a move, up to the smaller of both; the rest expands or contracts.
    moved = np.minimum(gained.sum(axis=0), lost.sum(axis=0))
    moved_in, moved_out = _allocate(gained, moved), _allocate(lost, moved)
    movements = {
        "opening": opening,
        "fx": valued - opening,
        "new": closing * (is_new & ~paid_before),
        "reactivation": closing * (is_new & paid_before),
        "expansion": gained - moved_in,
        "moved_in": moved_in,
        "contraction": lost - moved_out,
        "moved_out": moved_out,
        "churn": valued * has_churned,
        "closing": closing,
    }
    return [{name: amounts[place] for name, amounts in movements.items()} for place in range(len(books))]


def _cells(book: MrrTable, column: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    return book.units[:, column], book.revalued[:, column], book.units[:, column + 1]


def _allocate(amounts: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take amounts, (plans, ...), plan after plan until they reach the total of each cell, (...)."""
    reached = np.cumsum(amounts, axis=0)
    return np.clip(total - (reached - amounts), 0, amounts)
