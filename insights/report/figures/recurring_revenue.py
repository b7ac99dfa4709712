"""Recurring revenue: MRR and its movements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.report.book_rows import BookRows, subscribers
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sums, View
from insights.report.estimation import quotient


def _amount(book: BookRows, units: NDArray[np.float64]) -> NDArray[np.float64]:
    return book.amounts(units)


def _movement(kind: str, view: View) -> FigureDefinition:
    """A movement of each month: opening + movements = closing, to the last unit."""
    sums = Sums(subscribers, ("month",), lambda book: book.movement(kind), _amount)
    return FigureDefinition(f"mrr_{kind}", "money", sums=sums, views=(view,), is_exact=True)


_CLOSING: tuple[Period, ...] = ("month", "fiscal_year")

SECTION = FigureSection(
    position=10,
    figures=(
        FigureDefinition(
            "mrr",
            "money",
            sums=Sums(subscribers, ("today",), lambda book: (book.closing,), _amount),
            is_headline=True,
            is_exact=True,
            months_of="mrr_closing",
            needs="subscriptions",
        ),
        FigureDefinition(
            "arr",
            "money",
            sums=Sums(
                subscribers,
                ("today",),
                lambda book: (book.closing,),
                lambda book, units: book.amounts(MONTHS_PER_YEAR * units),
            ),
            is_exact=True,
        ),
        FigureDefinition(
            "paying_customers",
            "customers",
            sums=Sums(subscribers, ("today",), lambda book: (book.closing > 0,), lambda _, paying: paying),
            also_in={"retention": ("group_column",)},
            is_exact=True,
        ),
        FigureDefinition(
            "mrr_a_customer",
            "money",
            sums=Sums(
                subscribers,
                ("today",),
                lambda book: (book.closing, book.closing > 0),
                lambda book, *sums: book.amounts(quotient(*sums)),
            ),
            in_scenario=lambda outlook: outlook.economics.mrr,
            also_in={"unit_economics": ("row", "group_column")},
        ),
        _movement("opening", "movement.level"),
        _movement("fx", "movement.revaluation"),
        _movement("new", "movement.gain"),
        _movement("reactivation", "movement.gain"),
        _movement("expansion", "movement.gain"),
        _movement("moved_in", "plan_movement.gain"),
        _movement("contraction", "movement.loss"),
        _movement("moved_out", "plan_movement.loss"),
        _movement("churn", "movement.loss"),
        FigureDefinition(
            "mrr_closing",
            "money",
            sums=Sums(subscribers, _CLOSING, lambda book: (book.closing,), _amount),
            views=("movement.level",),
            also_in={"retention": ("fiscal_year_column",)},
            is_exact=True,
        ),
    ),
)
