"""All customers who were ever active, over a span of months: what the figures of purchases and of usage share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.definitions import Rows, Sample
from insights.report.figure import ALL_CUSTOMERS, Place
from insights.report.inputs import FigureInputs


@dataclass(frozen=True)
class ActivityRows(ABC):
    """All customers who were ever active, over a span; every array is (n,), sorted by customer."""

    owners: NDArray[np.int64]
    "(records,) the customer of each record of activity."
    first_months: NDArray[np.datetime64]
    span: Span

    @property
    @abstractmethod
    def active(self) -> NDArray[np.bool_]:
        """Whether the customer was active in the span."""

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """Whether the first activity of all is in the span."""
        return self.span.contains(self.first_months)

    @property
    def n_active(self) -> int:
        """The number of customers who were active in the span."""
        return int(self.active.sum())


def count_active(rows: ActivityRows) -> int:
    """The n of a figure: the customers who were active in the span."""
    return rows.n_active


def find_first_months(owners: NDArray[np.int64], months: NDArray[np.datetime64], *, n: int) -> NDArray[np.datetime64]:
    """The first month of each of n customers, (n,); the year 9999 without one."""
    first = np.full(n, np.datetime64("9999-12"))
    np.minimum.at(first, owners, months)
    return first


def sample_groups(
    inputs: FigureInputs,
    sample: Callable[[Place, NDArray[np.str_] | None], Sample[Rows]],
    *,
    year_ids: NDArray[np.str_],
) -> Iterator[Sample[Rows]]:
    """The sample of all customers, then of each group with a customer in the year; nothing without any.

    `sample` gets the place and the members, None for all customers. `year_ids` are the customers of the year's records.
    """
    if not len(year_ids):
        return
    yield sample(ALL_CUSTOMERS, None)
    for grouping in inputs.data.groupings:
        for name, _ in grouping.masks(year_ids):
            yield sample(Place(grouping.by, name), grouping.members[name])
