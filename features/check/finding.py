"""What a check finds, and what a check is.

One file in `features/check/checks/` is one check: it defines CHECK, and its texts are in `core/i18n/locales` under
`check.<kind>` (what is wrong) and `mend.<kind>` (what to do about it). Nothing else needs a change.

    customers.csv  c1, c2         a check looks at the tables      Finding(kind="no_common_ids", severity=ERROR,
    purchases.csv  'c1 ', 'c2 '   ------------------------------>      table="customers", count=0, of=2, ...)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from core.catalogue import Catalogue
from core.i18n.message import Message

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.check.data import CheckedData, CheckedTable


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    "Something that the data set states cannot work, or figures are certainly wrong."
    WARNING = "warning"
    "Figures or models are probably worse than they could be."
    NOTE = "note"
    "Nothing is wrong, but someone who reads the figures should know."


SEVERITIES = tuple(Severity)
"The worst first."

Value = str | int | tuple[str, ...] | Message
"A value that a text mentions; several words are listed."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is or will be wrong, counted."""

    kind: str
    "Name of its texts, e.g. 'null_words'."
    severity: Severity
    table: str | None = None
    "The table of the contract, or the table of the cross-section."
    column: str | None = None
    "Its column, as the contract or the data set calls it."
    count: int
    "How many rows, ids or customers it concerns."
    of: int
    "Out of how many."
    example: str | None = None
    "A value as it is in the source, or the id of a row."
    row: int | None = None
    "The row of the example in its source, counted from 1; None where the source has no order."
    file: str | None = None
    "The file of that row, in which it is counted, where a table has several; the runner fills it in."
    setting: str | None = None
    "What to write into the TOML, if a setting mends it."
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    "What else its texts mention."
    check: str = ""
    "The check that found it; the runner fills it in."


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Rows of one table that are counted; the marks of all checks on a table are counted in one scan."""

    kind: str
    column: str
    rows: ir.Value
    "Whether a row is marked."
    of: ir.Value | None = None
    "Whether a row counts among those that could be marked; None: every row."
    example: ir.Value | None = None
    "The value that a finding shows."
    severity: Callable[[int, int], Severity | None]
    "The severity for this many rows out of as many; None where that is fine."
    setting: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])


def always(severity: Severity) -> Callable[[int, int], Severity | None]:
    """The severity of a single row already."""
    return lambda count, of: severity if count else None


def list_texts(texts: Iterable[str]) -> str:
    """Texts as a list in TOML."""
    return json.dumps(list(texts), ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: any of its functions may be absent."""

    mark_source: Callable[[CheckedTable], Iterable[Mark]] | None = None
    "Marks on `table.source`, whose cells are as they were written."
    mark_rows: Callable[[CheckedTable], Iterable[Mark]] | None = None
    "Marks on `table.rows`, the usable rows under the contract."
    find: Callable[[CheckedData], Iterable[Finding]] | None = None
    "Findings that need more than counts of rows."


CHECKS = Catalogue[Check].of_folder("features.check.checks", attribute="CHECK")
"Every check by its name."
