"""Which customers get at most how many contacts in 30 days: by their segment, or by all customers.

    segment       one more contact was shown to lose money           its limit
                  one more contact was shown to pay there            none
    otherwise     all customers, where it was shown to lose money    their limit
                  otherwise                                          none; the caps of [contact_policy] hold

The limit is no part of the value of a contact, in which fatigue counts once. It leaves out contacts that were shown to
lose money on average, whatever is predicted for one customer. Where even the first contact loses money there is no
limit: which customers are worth one is what values decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.policies.customer_segments import number_segments
from models.policies.frequency import FrequencyLimit, FrequencySource
from models.policies.habits import COMMON

UNLIMITED = -1
"Place of customers without a limit."
NO_LIMIT = np.iinfo(np.int64).max


class MonthlyLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was measured."""

    source: str
    "'segment: gold' or 'all customers'."
    max_contacts: int
    "In 30 days."

    def __str__(self) -> str:
        return f"at most {self.max_contacts} in 30 days, measured; {self.source}"


def limit_by_segment(
    measure: Callable[[NDArray[np.bool_]], FrequencyLimit],
    contacted: NDArray[np.str_],
    *,
    segments: Mapping[str, NDArray[np.str_]],
) -> tuple[tuple[MonthlyLimit, ...], dict[str, MonthlyLimit | None]]:
    """The limits that were measured, and that of each segment with evidence of its own.

    `measure` finds the limit of the contacts that a mask, (k,), selects; `contacted`, (k,), are their customers.
    """
    overall = measure(np.ones(len(contacted), np.bool_))
    limits: list[MonthlyLimit] = []
    if overall.source == FrequencySource.MEASURED:
        limits.append(MonthlyLimit(source=COMMON, max_contacts=overall.contacts_per_month))
    by_segment = dict[str, MonthlyLimit | None]()
    numbers = number_segments(contacted, segments)
    for number, name in enumerate(segments):
        own = measure(numbers == number)
        if own.source == FrequencySource.MEASURED:
            by_segment[name] = MonthlyLimit(source=f"segment: {name}", max_contacts=own.contacts_per_month)
        elif any(step.contacts_before >= overall.contacts_per_month and step.net_value.low > 0 for step in own.steps):
            by_segment[name] = None
    return (*limits, *(one for one in by_segment.values() if one is not None)), by_segment


def place_customers(
    customer_ids: NDArray[np.str_],
    limits: tuple[MonthlyLimit, ...],
    *,
    by_segment: Mapping[str, MonthlyLimit | None],
    segments: Mapping[str, NDArray[np.str_]],
) -> NDArray[np.int64]:
    """The place of each customer's limit, (n,); UNLIMITED for none."""
    common = int(find_common_place(limits)[0])
    places = [
        (UNLIMITED if (own := by_segment[name]) is None else limits.index(own)) if name in by_segment else common
        for name in segments
    ]
    return np.array([*places, common])[number_segments(customer_ids, segments)]


def find_common_place(limits: tuple[MonthlyLimit, ...]) -> NDArray[np.int64]:
    """The place of the limit of all customers, (1,): that of a customer without a record."""
    return np.array([next((place for place, one in enumerate(limits) if one.source == COMMON), UNLIMITED)])


def limits_at(places: NDArray[np.int64], limits: tuple[MonthlyLimit, ...]) -> NDArray[np.int64] | None:
    """The limit of each customer, (n,), NO_LIMIT for none; None where no limit was measured."""
    return np.array([*(one.max_contacts for one in limits), NO_LIMIT])[places] if limits else None
