"""Referrals and community: customers who bring or help others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.community_data import Participation, Referrals
from insights.report.definitions import FigureDefinition, FigureSection, Sample, Sums, cells_by_period
from insights.report.figure import ALL_CUSTOMERS
from insights.report.inputs import FigureInputs
from insights.report.referred_customers import difference_of_means, first_revenue, retention


@dataclass(frozen=True)
class ReferralRows:
    """All customers; those who joined in a span are new. Every array is (n,)."""

    referrals: Referrals
    span: Span

    @property
    def has_joined(self) -> NDArray[np.bool_]:
        """Whether a customer had joined by the end of the span; an unknown day counts."""
        return np.isnat(self.referrals.joined_on) | (self.referrals.joined_on < self.span.end)

    @property
    def is_referred(self) -> NDArray[np.bool_]:
        """Whether a customer had come through another by then."""
        return (self.referrals.referrers != "") & self.has_joined

    @property
    def n_referred(self) -> NDArray[np.float64]:
        """How many customers each has brought."""
        referrers, counts = np.unique(self.referrals.referrers[self.is_referred], return_counts=True)
        brought = dict(zip(referrers.tolist(), counts.tolist(), strict=True))
        return np.array([brought.get(name, 0) for name in self.referrals.customer_ids.tolist()], dtype=np.float64)

    def among_new(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Referred new customers, and all new customers; None where there is no new customer."""
        is_new = self.span.contains(self.referrals.joined_on) & ~np.isnat(self.referrals.joined_on)
        return (self.is_referred & is_new, is_new) if is_new.any() else None


def referrals(inputs: FigureInputs) -> Iterator[Sample[ReferralRows]]:
    """All customers; nothing where no customer was referred."""
    data = inputs.data.referrals
    if not (data.referrers != "").any():
        return
    cells = cells_by_period(inputs.data.calendar, [(ALL_CUSTOMERS, data)], rows_of=ReferralRows)
    cells["today"] = [(ALL_CUSTOMERS, ReferralRows(data, inputs.data.calendar.year))]
    yield Sample(data.customer_ids, cells)


@dataclass(frozen=True)
class ParticipationRows:
    """The users of a span; every array is (customers,)."""

    active: NDArray[np.bool_]
    takes_part: NDArray[np.bool_]


def participation(inputs: FigureInputs) -> Iterator[Sample[ParticipationRows]]:
    """All users; nothing without community events."""
    data = inputs.data.participation
    if not data.takes_part.any():
        return
    ids, owners = np.unique(data.customer_ids, return_inverse=True)

    def rows_of(data: Participation, span: Span) -> ParticipationRows:
        return _participation_over(data, owners, span=span)

    yield Sample(ids, cells_by_period(inputs.data.calendar, [(ALL_CUSTOMERS, data)], rows_of=rows_of))


def _participation_over(data: Participation, owners: NDArray[np.int64], *, span: Span) -> ParticipationRows:
    n_customers = int(owners.max()) + 1
    rows = span.contains(data.months)
    n_active, n_parts = (np.bincount(owners[kept], minlength=n_customers) for kept in (rows, rows & data.takes_part))
    return ParticipationRows(n_active > 0, n_parts > 0)


SECTION = FigureSection(
    position=78,
    figures=(
        FigureDefinition(
            "referred_customers",
            "customers",
            sums=Sums(referrals, ("today",), lambda rows: (rows.is_referred,), lambda _, n: n),
            is_exact=True,
        ),
        FigureDefinition(
            "referred_share",
            "share",
            sums=Sums(referrals, ("year", "month"), ReferralRows.among_new),
            views=("row", "month_chart"),
        ),
        FigureDefinition(
            "referring_share",
            "share",
            sums=Sums(referrals, ("today",), lambda rows: (rows.n_referred > 0, rows.has_joined)),
        ),
        FigureDefinition(
            "referrals_a_referrer",
            "count",
            sums=Sums(referrals, ("today",), lambda rows: (rows.n_referred, rows.n_referred > 0)),
        ),
        FigureDefinition(
            "referred_value", "money", sums=Sums(first_revenue, ("today",), lambda rows: rows.terms_of_referred)
        ),
        FigureDefinition(
            "other_value", "money", sums=Sums(first_revenue, ("today",), lambda rows: rows.terms_of_others)
        ),
        FigureDefinition(
            "referred_value_difference",
            "money",
            sums=Sums(first_revenue, ("today",), lambda rows: rows.terms_of_both, difference_of_means),
        ),
        FigureDefinition(
            "referred_retention", "share", sums=Sums(retention, ("today",), lambda rows: rows.terms_of_referred)
        ),
        FigureDefinition(
            "other_retention", "share", sums=Sums(retention, ("today",), lambda rows: rows.terms_of_others)
        ),
        FigureDefinition(
            "referred_retention_difference",
            "share",
            sums=Sums(retention, ("today",), lambda rows: rows.terms_of_both, difference_of_means),
        ),
        FigureDefinition(
            "community_share",
            "share",
            sums=Sums(participation, ("year", "month"), lambda rows: (rows.takes_part, rows.active)),
            views=("row", "month_chart"),
        ),
    ),
)
