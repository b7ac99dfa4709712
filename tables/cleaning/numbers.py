"""Reads numbers in text, the same on every engine.

１２,３４５   ¥1,234   (1,234)   △500   12.5%   1 234.50   1'234.50   12,34,567
1.234,50 with decimal = ","
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from tables.cleaning.characters import narrow
from tables.cleaning.workbench import Workbench

MONEY_SIGNS = r"[¥￥\\$€£円]|JPY|USD|EUR|GBP"
HAS_DIGIT = r"^[^eE]*[0-9]"
GROUPS = (",", ".", " ", "'")
"Marks between groups of three digits."


@dataclass(frozen=True)
class Notation:
    """How numbers are written."""

    decimal: str = "."
    thousands: str | None = None
    "None: any mark but the decimal one; '': none."

    @property
    def group_marks(self) -> tuple[str, ...]:
        """The marks that may separate groups of digits."""
        if self.thousands is None:
            return tuple(mark for mark in GROUPS if mark not in (self.decimal, "." if self.decimal == "." else ""))
        return (self.thousands,) if self.thousands else ()

    @property
    def regex(self) -> str:
        """The whole of a number, without currency marks."""
        groups = [f"[0-9]{{1,3}}({_literal(mark)}[0-9]{{3}}){{1,12}}" for mark in self.group_marks]
        groups += ["[0-9]{1,2}(,[0-9]{2}){1,12},[0-9]{3}"] if "," in self.group_marks else []
        whole = "|".join(["[0-9]{1,40}", *groups])
        return f"^[+-]?({whole})?({_literal(self.decimal)}[0-9]{{0,40}})?([eE][+-]?[0-9]{{1,2}})?$"


def _literal(mark: str) -> str:
    return f"[{mark}]"


def number_in(text: ir.Value, bench: Workbench, *, notation: Notation) -> ir.Value:
    """The number in a text, NULL where there is none. Brackets and △ are a minus sign, % divides by 100."""
    # Each step is one column: the query would otherwise repeat every inner expression.
    bare = bench.step(narrow(narrow(text).re_replace(MONEY_SIGNS, "")).re_replace("^([+-]) +", r"\1"))
    bracketed = bench.step(bare.re_search(r"^[(][^()+-]*[)]$"))
    digits = bench.step(ibis.ifelse(bracketed, bare.re_replace("[()]", "").strip(), bare))
    percent = bench.step(digits.endswith("%"))
    plain = bench.step(ibis.ifelse(percent, digits.re_replace("%$", "").strip(), digits))
    readable = plain.re_search(notation.regex) & plain.re_search(HAS_DIGIT)
    for mark in notation.group_marks:
        plain = plain.replace(mark, "")
    if notation.decimal != ".":
        plain = plain.replace(notation.decimal, ".")
    number = ibis.ifelse(readable, plain, ibis.null("string")).cast("float64")
    return bench.step(number * ibis.ifelse(bracketed, -1.0, 1.0) / ibis.ifelse(percent, 100.0, 1.0))
