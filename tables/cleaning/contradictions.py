"""Rows whose cells can each be read but cannot all be true: what is wrong with a row is declared here, once.

    subscription   |started ....... ended|      fits
                   |ended ... started|          cannot be: set aside

A row that contradicts itself is set aside like one that cannot be read, so features, labels and figures leave out the
same rows, and `kizuna check` counts them by cause. Each cause is known as soon as its row is, so that nothing of the
future decides what is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.config.data_set import Config
from tables.contract import TableContract
from tables.engines.expressions import Expression, ibis

NPS_SCALE = (0, 10)
IN_TWO_ACCOUNTS = "account_id: of two accounts at once"


@dataclass(frozen=True)
class Contradiction:
    """One thing that cannot be."""

    table: str
    needs: tuple[str, ...]
    "The columns without which nothing can be told."
    says: str
    "As 'column: cause'."
    holds: Callable[[Mapping[str, Expression], Config], Expression]
    "Whether a row contradicts itself, given the cells by column."


def _outside(kind: str, cells: Mapping[str, Expression], scale: tuple[float, float]) -> Expression:
    beyond = (cells["score"] < scale[0]) | (cells["score"] > scale[1])
    return (cells["kind"].lower() == kind) & beyond


def _in_two_accounts(cells: Mapping[str, Expression], config: Config) -> Expression:
    """Whether another row of the same customer and moment names another account."""
    del config
    at_once = [cells[name] for name in ("customer_id", "valid_from", "recorded_time") if name in cells]
    together = ibis.window(group_by=at_once)
    account = cells["account_id"]
    return account.min().over(together) != account.max().over(together)


CONTRADICTIONS = (
    Contradiction(
        "subscriptions", ("started_at", "ended_at"), "ended_at: before started_at",
        lambda cells, _: cells["ended_at"] < cells["started_at"],
    ),
    Contradiction("usage", ("errors",), "errors: below zero", lambda cells, _: cells["errors"] < 0),
    Contradiction("subscriptions", ("mrr",), "mrr: below zero", lambda cells, _: cells["mrr"] < 0),
    Contradiction(
        "tickets", ("opened_at", "closed_at"), "closed_at: before opened_at",
        lambda cells, _: cells["closed_at"] < cells["opened_at"],
    ),
    Contradiction(
        "tickets", ("opened_at", "first_answered_at"), "first_answered_at: before opened_at",
        lambda cells, _: cells["first_answered_at"] < cells["opened_at"],
    ),
    Contradiction(
        "surveys", ("kind", "score"), "score: no NPS of 0 to 10", lambda cells, _: _outside("nps", cells, NPS_SCALE)
    ),
    Contradiction(
        "surveys", ("kind", "score"), "score: not on the csat_scale",
        lambda cells, config: _outside("csat", cells, config.csat_scale),
    ),
    Contradiction("customers", ("customer_id", "account_id"), IN_TWO_ACCOUNTS, _in_two_accounts),
)  # fmt: skip


def contradictions_in(
    contract: TableContract, cells: Mapping[str, Expression], config: Config
) -> Iterator[tuple[Expression, str]]:
    """Where each of the table's contradictions holds, and its cause in words; those whose columns are there."""
    for found in CONTRADICTIONS:
        if found.table == contract.name and all(name in cells for name in found.needs):
            yield found.holds(cells, config), found.says
