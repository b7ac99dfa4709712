"""Rows whose cells are each readable but contradict each other, or lie outside a scale.

    subscription   |started ....... ended|      valid
                   |ended ... started|          impossible: excluded

Such a row is excluded like one that cannot be read, so features, labels and figures skip the same rows and
`kizuna check` counts them by reason. Every reason is known as soon as its row is: nothing in the future decides which
rows are excluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.types as ir

from core.config.data_set import Config
from tables.contract import TableContract

NPS_SCALE = (0, 10)
IN_TWO_ACCOUNTS = "account_id: of two accounts at once"

Cells = Mapping[str, ir.Value]
"The cells of a row by column."
Check = tuple[ir.Value, str]
"Whether a row fails, and the reason as 'column: reason'."


def checks_of(contract: TableContract, cells: Cells, *, config: Config) -> Iterator[Check]:
    """The checks of a table whose columns are present; the first one that a row fails is its reason.

    What the contract says of single columns comes first, then scales and accounts.
    """
    # Order of time before minima, each by column name: a row with two faults is always counted under the same one.
    columns = sorted((column for column in contract.columns if column.name in cells), key=lambda column: column.name)
    for column in columns:
        if column.not_before is not None and column.not_before in cells:
            yield cells[column.name] < cells[column.not_before], f"{column.name}: before {column.not_before}"
    for column in columns:
        if column.minimum is not None:
            below = "below zero" if column.minimum == 0 else f"below {column.minimum:g}"
            yield cells[column.name] < column.minimum, f"{column.name}: {below}"
    if contract.name == "surveys" and {"kind", "score"} <= set(cells):
        yield _is_off_scale("nps", cells, scale=NPS_SCALE), "score: no NPS of 0 to 10"
        yield _is_off_scale("csat", cells, scale=config.csat_scale), "score: not on the csat_scale"
    if contract.name == "customers" and {"customer_id", "account_id"} <= set(cells):
        yield _is_in_two_accounts(cells), IN_TWO_ACCOUNTS


def _is_off_scale(kind: str, cells: Cells, *, scale: tuple[float, float]) -> ir.BooleanValue:
    lowest, highest = scale
    return (cells["kind"].lower() == kind) & ((cells["score"] < lowest) | (cells["score"] > highest))


def _is_in_two_accounts(cells: Cells) -> ir.BooleanValue:
    """Whether another row of the same customer and moment names another account."""
    same_moment = [cells[name] for name in ("customer_id", "valid_from", "recorded_time") if name in cells]
    rows = ibis.window(group_by=same_moment)
    account = cells["account_id"]
    return account.min().over(rows) != account.max().over(rows)
