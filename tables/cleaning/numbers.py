"""Reads numbers in text, the same on every engine.

    １２,３４５   ¥1,234   (1,234)   △500   500-   12.5%   1 234.50   1'234.50   12,34,567   12.-
    1.234,50 with decimal = ","

An amount with the mark of another currency ($10 in a shop that counts pounds) is no number of this one.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.currencies import MARKS, currency_codes, marks_of
from tables.cleaning.characters import is_one_of, narrow
from tables.cleaning.workbench import Workbench

NUMBER_CHARACTERS = "-+0-9.,'()% "
HAS_DIGIT = r"^[^eE]*[0-9]"
NO_CENTS = "([0-9])[.,]--?$"
"Behind a whole number, as in Switzerland: 12.- and 12,--."
MINUS_BEHIND = "^([0-9].*[0-9]|[0-9]) ?-$"
"A minus sign behind the number, as SAP exports it."
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
            return tuple(mark for mark in GROUPS if mark != self.decimal)
        return (self.thousands,) if self.thousands else ()

    @property
    def regex(self) -> str:
        """The whole of a number, without currency marks."""
        groups = [f"[0-9]{{1,3}}([{mark}][0-9]{{3}}){{1,12}}" for mark in self.group_marks]
        groups += ["[0-9]{1,2}(,[0-9]{2}){1,12},[0-9]{3}"] if "," in self.group_marks else []
        whole = "|".join(["[0-9]{1,40}", *groups])
        return f"^[+-]?({whole})?([{self.decimal}][0-9]{{0,40}})?([eE][+-]?[0-9]{{1,2}})?$"


@dataclass(frozen=True)
class NumberReading:
    """Numbers read from text."""

    value: ir.Value
    "NULL where there is none."
    is_foreign: ir.Value
    "Whether the text is an amount of another currency."


def number_in(text: ir.Value, bench: Workbench, *, notation: Notation) -> NumberReading:
    """The numbers in texts. Brackets and △ are a minus sign, % divides by 100."""
    # Each step is one column: the query would otherwise repeat every inner expression.
    tidy = bench.step(narrow(text))
    mark = bench.step(tidy.re_replace(f"[{NUMBER_CHARACTERS}]", "").upper())
    is_plain, is_own, is_foreign = bench.steps(mark.isin(["", "E"]), *_currency_of(mark, bench))
    unmarked = (
        tidy.re_replace("[A-Za-z]+[.]?", "").re_replace(f"[^{NUMBER_CHARACTERS}]", "").re_replace("^([-+(]*) +", r"\1")
    )
    bare = bench.step(ibis.ifelse(is_plain, tidy, narrow(unmarked)))
    bare = bench.step(bare.re_replace(NO_CENTS, r"\1").re_replace(MINUS_BEHIND, r"-\1"))
    bracketed = bench.step(bare.re_search(r"^[(][^()+-]*[)]$"))
    digits = bench.step(ibis.ifelse(bracketed, bare.re_replace("[()]", "").strip(), bare))
    percent = bench.step(digits.endswith("%"))
    plain = bench.step(ibis.ifelse(percent, digits.re_replace("%$", "").strip(), digits))
    readable = plain.re_search(notation.regex) & plain.re_search(HAS_DIGIT)
    for group_mark in notation.group_marks:
        plain = plain.replace(group_mark, "")
    if notation.decimal != ".":
        plain = plain.replace(notation.decimal, ".")
    number = bench.step(ibis.ifelse(readable & (is_plain | is_own), plain, ibis.null("string")).cast("float64"))
    value = bench.step(number * ibis.ifelse(bracketed, -1.0, 1.0) / ibis.ifelse(percent, 100.0, 1.0))
    return NumberReading(value, is_foreign & readable)


def currency_in_mark(text: ir.Value, *, base_currency: str) -> ir.Value:
    """The currency that the mark of an amount names: its own code, or the base currency where that has the mark too.

    NULL for an amount without a mark.
    """
    mark = narrow(text).re_replace(f"[{NUMBER_CHARACTERS}]", "").upper()
    codes = {name: base_currency if base_currency in codes else codes[0] for name, codes in MARKS.items()}
    is_code = is_one_of(mark, sorted(currency_codes()))
    return ibis.cases((is_code, mark), *((mark == name, code) for name, code in codes.items()))


def _currency_of(mark: ir.Value, bench: Workbench) -> tuple[ir.Value, ir.Value]:
    """Whether a mark may stand for the currency of its row, and whether it is that of another one."""
    is_mark = is_one_of(mark, (*sorted(currency_codes()), *MARKS))
    if bench.currency is None:
        return is_mark, ibis.literal(False)
    if isinstance(bench.currency, str):
        is_own = is_one_of(mark, marks_of(bench.currency))
    else:
        currencies = ibis.cases(*((mark == name, " ".join(codes)) for name, codes in MARKS.items()), else_=mark)
        is_own = currencies.contains(bench.currency)
    return is_own, is_mark & ~is_own
