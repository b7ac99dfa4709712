"""Campaigns: messages sent, how many of them customers opened, clicked and followed, their cost, and their effect.

The effect compares those contacted with the control group of the same campaign. Over several campaigns, a control
customer weighs as much as the contacts that they stand for, so that a campaign counts by its size on both sides:

    campaign   sent   acted   control   acted    weight of one in the control group
    spring      900      90       100       5    900 / 100 = 9
    summer      100      30       100      20    100 / 100 = 1     effect: 120 / 1000 - (9 x 5 + 20) / 1000 = 5.5 %
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.contact_data import Contacts, merge_small_groups
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sample, Sums, View, cells_by_period
from insights.report.estimation import quotient
from insights.report.figure import Place
from insights.report.inputs import FigureInputs
from models.metrics.weighted import ratio

Terms = tuple[NDArray[np.bool_], NDArray[np.bool_]]
Addends = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class ContactRows:
    """The contacts of a span and a group; every array is (n,)."""

    contacts: Contacts
    chosen: NDArray[np.bool_]

    @property
    def is_sent(self) -> NDArray[np.bool_]:
        """Whether the row counts and its message was sent."""
        return self.chosen & self.contacts.is_sent

    def responses(self, column: str) -> Terms | None:
        """The messages with a response, and all messages; None without the column or a message."""
        responded = self.contacts.responses.get(column)
        return None if responded is None or not self.is_sent.any() else (responded & self.is_sent, self.is_sent)

    @property
    def costs(self) -> Addends | None:
        """What each message cost; None without costs or a message."""
        costs = self.contacts.costs
        return None if costs is None or not self.is_sent.any() else (costs * self.is_sent, self.is_sent)

    @property
    def cost_of_conversions(self) -> Addends | None:
        """What each message cost, and whether it led to a conversion; None where there is none."""
        costs, converted = self.costs, self.responses("converted_at")
        return None if costs is None or converted is None or not converted[0].any() else (costs[0], converted[0])

    @property
    def comparison(self) -> Addends | None:
        """Acted after a message, messages, and the same of the control group as weighted above; None without one."""
        acted, can_compare = self.contacts.acted, self.contacts.can_compare
        if acted is None or can_compare is None:
            return None
        rows = self.chosen & can_compare
        sent, weights = rows & self.contacts.is_sent, self._weigh(rows)
        sent = sent & np.isin(self._campaigns, self._campaigns[weights > 0])
        return (sent & acted, sent, weights * acted, weights) if sent.any() else None

    def _weigh(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The weight of each row of the control group, (n,); 0 for any other row."""
        _, codes = np.unique(self._campaigns, return_inverse=True)
        is_control = rows & ~self.contacts.is_sent
        n_campaigns = int(codes.max()) + 1
        n_sent = np.bincount(codes[rows & self.contacts.is_sent], minlength=n_campaigns)
        n_control = np.bincount(codes[is_control], minlength=n_campaigns)
        return np.where(is_control, (n_sent / np.maximum(n_control, 1))[codes], 0.0)

    @property
    def _campaigns(self) -> NDArray[np.str_]:
        return self.contacts.groups["campaign"]


def _cost_of_one(_: ContactRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Infinite in a sample of customers without a conversion: otherwise few conversions would seem certain to come."""
    cost, n_converted = sums
    return np.where(cost > 0, ratio(cost, n_converted, otherwise=np.inf), quotient(cost, n_converted))


def _subtract_control(rows: ContactRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    del rows
    acted, sent, acted_in_control, control = sums
    return quotient(acted, sent) - quotient(acted_in_control, control)


def _scale_to_messages(rows: ContactRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return _subtract_control(rows, *sums) * sums[1]


def _n_compared(rows: ContactRows) -> int:
    addends = rows.comparison
    return 0 if addends is None else int(((addends[1] > 0) | (addends[3] > 0)).sum())


def contacts(inputs: FigureInputs) -> Iterator[Sample[ContactRows]]:
    """All contacts, and of the year those of each campaign and channel; nothing without contacts in the year."""
    all_contacts = inputs.data.contacts
    year = inputs.data.calendar.year
    in_year = year.contains(all_contacts.days)
    if not in_year.any():
        return
    everything = np.ones(len(in_year), bool)
    masks = [(Place(), everything)]
    for by, groups in all_contacts.groups.items():
        merged = merge_small_groups(np.where(in_year, groups, ""))
        masks += [(Place(by, str(group)), merged == group) for group in np.unique(merged[merged != ""])]

    def rows_of(mask: NDArray[np.bool_], span: Span) -> ContactRows:
        return ContactRows(all_contacts, mask & span.contains(all_contacts.days))

    yield Sample(all_contacts.customer_ids, cells_by_period(inputs.data.calendar, masks, rows_of=rows_of))


_SPANS: tuple[Period, ...] = ("year", "month")
_VIEWS: tuple[View, ...] = ("row", "month_chart", "own_group_column")
_TABLES: tuple[View, ...] = ("row", "own_group_column")

SECTION = FigureSection(
    position=75,
    groupings=("campaign", "contact_channel"),
    figures=(
        FigureDefinition(
            "messages_sent",
            "count",
            adds_up=True,
            sums=Sums(contacts, _SPANS, lambda rows: (rows.is_sent,), lambda _, sent: sent),
            views=_VIEWS,
            is_exact=True,
        ),
        FigureDefinition(
            "open_rate",
            "share",
            sums=Sums(contacts, _SPANS, lambda rows: rows.responses("opened_at")),
            views=_VIEWS,
        ),
        FigureDefinition(
            "click_rate",
            "share",
            sums=Sums(contacts, _SPANS, lambda rows: rows.responses("clicked_at")),
            views=_VIEWS,
        ),
        FigureDefinition(
            "conversion_rate",
            "share",
            sums=Sums(contacts, _SPANS, lambda rows: rows.responses("converted_at")),
            views=_VIEWS,
        ),
        FigureDefinition(
            "campaign_cost",
            "money",
            adds_up=True,
            sums=Sums(contacts, _SPANS, lambda rows: rows.costs, lambda _, cost, sent: cost),
            views=_TABLES,
            is_exact=True,
            better="neither",
        ),
        FigureDefinition(
            "cost_per_conversion",
            "money",
            sums=Sums(contacts, _SPANS, lambda rows: rows.cost_of_conversions, _cost_of_one),
            views=_TABLES,
            better="lower",
        ),
        FigureDefinition(
            "incremental_rate",
            "share",
            sums=Sums(contacts, ("year",), lambda rows: rows.comparison, _subtract_control, _n_compared),
            views=_TABLES,
        ),
        FigureDefinition(
            "incremental_conversions",
            "count",
            sums=Sums(contacts, ("year",), lambda rows: rows.comparison, _scale_to_messages, _n_compared),
            views=_TABLES,
        ),
    ),
)
