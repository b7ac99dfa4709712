"""Who may get a letter: customers who have not left, and who have not refused to be contacted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from features.cohort import describe_cohort, select_cohort
from tables.consents import customers_refusing
from tables.engines.arrays import days, texts
from tables.episodes import running_at
from tables.tables import Tables

ENDS = "subscription_ended"
"The churn definition by which a customer has left when no subscription runs any more."


@dataclass(frozen=True)
class Recipients:
    """The customers of one day, as far as letters are concerned."""

    day: date
    cohort: NDArray[np.str_]
    "Sorted ids of the customers at the day."
    cohort_in_words: str
    ended_on: dict[str, date]
    "By customer whose subscriptions have all ended: the last end. Empty unless churn is the end of a subscription."
    refusing: NDArray[np.str_]
    "Sorted ids of customers who refuse to be contacted."

    @classmethod
    def of(cls, tables: Tables, day: date) -> Recipients:
        """Look them up, as known before midnight of the day."""
        cohort = describe_cohort(tables)
        return cls(
            day=day,
            cohort=select_cohort(tables, [day]).customer_ids if cohort else _ids_in_touch(tables, day),
            cohort_in_words=cohort or "a ticket or survey before it",
            ended_on=_find_ends(tables.at(day), day) if tables.config.churn.definition == ENDS else {},
            refusing=customers_refusing(tables, "contact", cutoff=day),
        )

    def explain_refusal(self, customer_id: str) -> str:
        """Why a customer must not get a letter even in an archive: they refuse contact. '' if they may."""
        is_refusing = customer_id in self.refusing
        return f"'{customer_id}' has refused to be contacted (see consents)" if is_refusing else ""

    def explain_departure(self, customer_id: str) -> str:
        """Why a customer counts as having left; '' if they have not."""
        if customer_id in self.ended_on:
            return f"'{customer_id}' has left: the last subscription ended on {self.ended_on[customer_id]}"
        if customer_id not in self.cohort:
            return f"'{customer_id}' has left: on {self.day} there was no {self.cohort_in_words.removeprefix('a ')}"
        return ""


def _ids_in_touch(tables: Tables, day: date) -> NDArray[np.str_]:
    """The customers of tickets and surveys, sorted; all of them, where no table says who is a customer now."""
    then = tables.at(day)
    ids = [then[name].select("customer_id") for name in ("tickets", "surveys") if name in then]
    members = ibis.union(*ids, distinct=True) if len(ids) > 1 else ids[0].distinct()
    return np.sort(texts(members.filter(members.customer_id.notnull()).to_pyarrow()["customer_id"]))


def _find_ends(tables_then: Tables, day: date) -> dict[str, date]:
    """The last end of each customer whose subscriptions have all ended."""
    if "subscriptions" not in tables_then or "ended_at" not in tables_then["subscriptions"].columns:
        return {}
    spans: ir.Table = tables_then["subscriptions"]
    by_customer = spans.mutate(runs=running_at(spans, day)).group_by("customer_id")
    last = by_customer.aggregate(runs=ibis._.runs.any(), ended=ibis._.ended_at.max())
    rows = last.filter(~last.runs & last.ended.notnull()).select("customer_id", "ended").to_pyarrow()
    ended = days(rows["ended"]).astype(object).tolist()
    return dict(zip(texts(rows["customer_id"]).tolist(), ended, strict=True))
