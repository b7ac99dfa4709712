"""What a definition of churn is: the protocol of the files in `features/labels/`, with its query and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.config.training import ChurnDefinition
from core.interactions import codes_of
from core.window import Window
from tables.engines.arrays import texts
from tables.tables import Tables

Cell = TypeVar("Cell", bound=np.generic)

NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class LabelQuery:
    """The customers to label at one cutoff, under one definition of churn."""

    customer_ids: NDArray[np.str_]
    "(n,) sorted, each once."
    cutoff: date
    churn: ChurnDefinition

    @property
    def window(self) -> Window:
        """The days that decide: [cutoff + gap, cutoff + gap + horizon)."""
        return Window.horizon(self.cutoff, self.churn.horizon_days, gap_days=self.churn.gap_days)

    def over(self, horizon_days: int) -> LabelQuery:
        """The same query with another horizon."""
        return replace(self, churn=msgspec.structs.replace(self.churn, horizon_days=horizon_days))

    def align(self, rows: pa.Table, values: NDArray[Cell], *, missing: float | np.datetime64 | str) -> NDArray[Cell]:
        """Put the values of rows (one per customer_id) into the order of `customer_ids`: (n,)."""
        places = codes_of(texts(rows["customer_id"]), self.customer_ids)
        aligned = np.full(len(self.customer_ids), missing, dtype=values.dtype)
        aligned[places[places >= 0]] = values[places >= 0]
        return aligned


@dataclass(frozen=True, kw_only=True)
class LabelResult:
    """The labels of a query's customers; every array is (n,), in the order of its `customer_ids`."""

    churned: NDArray[np.bool_]
    churned_at: NDArray[np.datetime64]
    "datetime64[D]; NaT where the customer stayed."
    cause: NDArray[np.str_]
    "The stated cause; '' without one."
    applies: NDArray[np.bool_]
    "False where the definition does not apply, e.g. to a customer without a subscription."

    def take(self, rows: NDArray[np.int64]) -> LabelResult:
        """The rows that an index array picks."""
        return LabelResult(
            churned=self.churned[rows],
            churned_at=self.churned_at[rows],
            cause=self.cause[rows],
            applies=self.applies[rows],
        )

    @classmethod
    def concatenate(cls, parts: Sequence[LabelResult]) -> LabelResult:
        """The rows of several results, one result after the other."""
        return cls(
            churned=np.concatenate([np.empty(0, bool), *(part.churned for part in parts)]),
            churned_at=np.concatenate([np.empty(0, "datetime64[D]"), *(part.churned_at for part in parts)]),
            cause=np.concatenate([np.empty(0, "U1"), *(part.cause for part in parts)]),
            applies=np.concatenate([np.empty(0, bool), *(part.applies for part in parts)]),
        )


class Label(Protocol):
    """A definition of churn. A file in `features/labels/` defines one as `LABEL`.

    A label reads facts within the query's window and nothing after it. Of the past it may use only what it says.
    """

    table: str
    "The table that it reads, whose watermark says how far labels are known."
    waits_for_renewal: bool
    "Whether churn is certain only after the grace period, because a renewal may still come."

    is_daily: bool
    """Whether who churned is known day by day, and rarely enough in a horizon that rows which are observed in part say
    something. Of an inactivity, only those who stay are known early, which says more of the frequent buyers."""

    def describe(self, churn: ChurnDefinition) -> str:
        """The definition in words, e.g. 'no purchase within 90 days'."""
        ...

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label who churned within the query's window."""
        ...

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label who churned within `follow_days` from the start of the horizon, and on which day.

        `query` keeps the horizon of the business, which decides how long an inactivity is churn.
        """
        ...
