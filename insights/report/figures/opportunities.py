"""Sales opportunities and their outcome, by account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.report.acquisition_data import Opportunities
from insights.report.calendar import Span
from insights.report.definitions import (
    FigureDefinition,
    FigureSection,
    Period,
    Sample,
    Sums,
    View,
    cells_by_period,
    take_total,
)
from insights.report.figure import ALL, Place
from insights.report.inputs import FigureInputs


@dataclass(frozen=True)
class OpportunityRows:
    """The opportunities of some accounts in a span; every array is (accounts,)."""

    opportunities: Opportunities
    accounts: NDArray[np.str_]
    "Sorted ids."
    span: Span

    @property
    def has_opened(self) -> NDArray[np.bool_]:
        """Whether an opportunity was opened in the span."""
        return self._by_account(self.span.contains(self.opportunities.opened_on)) > 0

    @property
    def n_closed(self) -> NDArray[Any]:
        """The number of opportunities that were won or lost in the span."""
        return self._by_account(self._is_decided)

    @property
    def n_won(self) -> NDArray[Any]:
        """The number of opportunities won in the span."""
        return self._by_account(self._is_decided & (self.opportunities.won == 1))

    @property
    def n_lost(self) -> NDArray[Any]:
        """The number of opportunities lost in the span."""
        return self._by_account(self._is_decided & (self.opportunities.won == 0))

    @property
    def amount_won(self) -> NDArray[Any]:
        """The amount of the opportunities won in the span."""
        return self._by_account(self._is_decided & (self.opportunities.won == 1), self.opportunities.amounts)

    @property
    def amount_lost(self) -> NDArray[Any]:
        """The amount of the opportunities lost in the span."""
        return self._by_account(self._is_decided & (self.opportunities.won == 0), self.opportunities.amounts)

    @property
    def _is_decided(self) -> NDArray[np.bool_]:
        return self.span.contains(self.opportunities.closed_on) & ~np.isnan(self.opportunities.won)

    def _by_account(self, chosen: NDArray[np.bool_], amounts: NDArray[np.float64] | None = None) -> NDArray[Any]:
        """The number of chosen opportunities, or their amount, of each account."""
        ids = self.opportunities.account_ids
        kept = chosen & np.isin(ids, self.accounts)
        rows = np.searchsorted(self.accounts, ids[kept])
        return np.bincount(rows, None if amounts is None else amounts[kept], len(self.accounts))


def opportunities(inputs: FigureInputs) -> Iterator[Sample[OpportunityRows]]:
    """All accounts, and each group of accounts; nothing without opportunities."""
    data, deals = inputs.data, inputs.data.opportunities
    if not len(deals.account_ids):
        return
    groups = [(g.by, name, members) for g in data.account_groupings for name, members in g.members.items()]
    for by, group, members in [(ALL, "", deals.all_accounts), *groups]:
        accounts = np.intersect1d(deals.all_accounts, members)
        group_of = [(Place(by, group), accounts)]
        yield Sample(accounts, cells_by_period(data.calendar, group_of, rows_of=partial(OpportunityRows, deals)))


_SPANS: tuple[Period, ...] = ("year", "month")
_VIEWS: tuple[View, ...] = ("row", "group_column")
_CHARTED: tuple[View, ...] = (*_VIEWS, "month_chart")


def _n_closed(rows: OpportunityRows) -> int:
    return int(rows.n_closed.sum())


SECTION = FigureSection(
    position=80,
    figures=(
        FigureDefinition(
            "opportunity_rate",
            "share",
            adds_up=True,
            sums=Sums(opportunities, _SPANS, lambda rows: (rows.has_opened, np.ones(len(rows.accounts)))),
            views=_VIEWS,
        ),
        FigureDefinition(
            "win_rate",
            "share",
            sums=Sums(opportunities, _SPANS, lambda rows: (rows.n_won, rows.n_closed), n=_n_closed),
            views=_CHARTED,
            needs="opportunities",
        ),
        FigureDefinition(
            "loss_rate",
            "share",
            better="lower",
            sums=Sums(opportunities, _SPANS, lambda rows: (rows.n_lost, rows.n_closed), n=_n_closed),
            views=_VIEWS,
        ),
        FigureDefinition(
            "won_amount",
            "money",
            adds_up=True,
            sums=Sums(opportunities, _SPANS, lambda rows: (rows.amount_won,), take_total),
            views=_CHARTED,
            is_exact=True,
        ),
        FigureDefinition(
            "lost_amount",
            "money",
            adds_up=True,
            better="lower",
            sums=Sums(opportunities, _SPANS, lambda rows: (rows.amount_lost,), take_total),
            views=_CHARTED,
            is_exact=True,
        ),
    ),
)
