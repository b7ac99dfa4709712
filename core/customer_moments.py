"""Moments at which customers did something: bought, used the product, opened a message.

A moment is an hour of a day: several events of one customer in one hour are one moment. Where the record has a day
only, the moment has no hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

PURCHASE, USAGE, RESPONSE = KINDS = ("purchase", "usage event", "response")
"A response is an open, a click or a conversion after a contact."
HOURS, WEEKDAYS = 24, 7
MONDAY = 3
"1970-01-01 was a Thursday, three days after a Monday."


@dataclass(frozen=True, kw_only=True)
class CustomerMoments:
    """Moments in the order of their time; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    times: NDArray[np.datetime64]
    "datetime64[h], local time."
    has_hour: NDArray[np.bool_]
    "Whether the hour is known; only the day is otherwise."
    kinds: NDArray[np.str_]
    "One of KINDS."
    channels: NDArray[np.str_]
    "The channel of the contact before a response; '' for everything else."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def hours(self) -> NDArray[np.int64]:
        """Hour of the day, 0 to 23; -1 where it is unknown."""
        return np.where(self.has_hour, self.times.astype(np.int64) % HOURS, -1)

    @property
    def weekdays(self) -> NDArray[np.int64]:
        """0 is Monday, 6 is Sunday."""
        return weekdays_of(self.times)

    def take(self, rows: NDArray[Any]) -> CustomerMoments:
        """The moments that an index array or mask selects."""
        return replace(self, **{name: array[rows] for name, array in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class ChannelContacts:
    """Contacts that were made, in the order of their time, and whether customers responded; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    sent_at: NDArray[np.datetime64]
    "datetime64[s]"
    channels: NDArray[np.str_]
    responded: NDArray[np.bool_]
    response: str
    "What counts as a response: the most valuable one that every channel records; '' without any."

    def __len__(self) -> int:
        return len(self.customer_ids)


def weekdays_of(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """The day of the week of each time; 0 is Monday."""
    return (times.astype("datetime64[D]").astype(np.int64) + MONDAY) % WEEKDAYS
