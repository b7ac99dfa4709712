"""Campaigns: messages sent, and how many of them customers opened, clicked and followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.contact_data import Contacts, merge_small_groups
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sample, Sums, View
from insights.report.figure import Place
from insights.report.inputs import FigureInputs

Terms = tuple[NDArray[np.bool_], NDArray[np.bool_]]


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
    cells: dict[Period, Sequence[tuple[Place, ContactRows]]] = {
        period: [
            (
                Place(place.by, place.group, span.label),
                ContactRows(all_contacts, mask & span.contains(all_contacts.days)),
            )
            for span in spans
            for place, mask in masks
        ]
        for period, spans in inputs.data.calendar.spans.items()
    }
    yield Sample(all_contacts.customer_ids, cells)


_SPANS: tuple[Period, ...] = ("year", "month")
_VIEWS: tuple[View, ...] = ("row", "month_chart", "own_group_column")

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
    ),
)
