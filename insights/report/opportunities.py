"""Opportunities: how many accounts have one, and what becomes of them, by tier."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from insights.report.acquisition_data import Opportunities
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import ALL, Figure, Place
from insights.report.report_data import ReportData


def opportunity_figures(facts: ReportData) -> list[Figure]:
    """Opportunity, win and loss rates of the year, of all and by group, and by month; none without opportunities."""
    deals = facts.opportunities
    if not len(deals.account_ids):
        return []
    found: list[Figure] = []
    everybody = [(ALL, "", deals.all_accounts)]
    groups = [(g.by, name, members) for g in facts.account_groupings for name, members in g.members.items()]
    for by, group, members in everybody + groups:
        accounts = np.intersect1d(deals.all_accounts, members)
        sought = [
            one
            for span in (facts.calendar.year, *facts.calendar.each_month)
            for one in _rates(deals, accounts, span, by, group)
        ]
        found += estimate_figures(sought, accounts)
    return found


def _rates(deals: Opportunities, accounts: np.ndarray, span: Span, by: str, group: str) -> Iterator[FigureSpec]:
    rows = np.searchsorted(accounts, deals.account_ids)
    mine = np.isin(deals.account_ids, accounts)

    def each(chosen: np.ndarray, amounts: np.ndarray | None = None) -> np.ndarray:
        """By account, (accounts,): how many, or how much."""
        kept = chosen & mine
        return np.bincount(rows[kept], None if amounts is None else amounts[kept], len(accounts))

    place = Place(by, group, span.label)
    decided = span.holds(deals.closed_on) & ~np.isnan(deals.won)
    won, lost, closed = each(decided & (deals.won == 1)), each(decided & (deals.won == 0)), each(decided)
    opened = each(span.holds(deals.opened_on)) > 0
    yield FigureSpec("opportunity_rate", "share", (opened, np.ones(len(accounts))), quotient, place)
    yield FigureSpec("win_rate", "share", (won, closed), quotient, place, int(closed.sum()))
    yield FigureSpec("loss_rate", "share", (lost, closed), quotient, place, int(closed.sum()))
    yield FigureSpec("won_amount", "money", (each(decided & (deals.won == 1), deals.amounts),), plain, place)
    yield FigureSpec("lost_amount", "money", (each(decided & (deals.won == 0), deals.amounts),), plain, place)
