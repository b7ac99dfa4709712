"""Ways in which two systems write one id differently, and the plain form that is left when all are undone.

'c1 '   'ｃ１'   'C1'          '17850.0'       '0001'
blanks  width   letter case   zero fraction   leading zeros
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import ibis
import ibis.expr.types as ir

WIDE_ASCII = "".join(map(chr, range(0xFF01, 0xFF5F)))
NARROW_ASCII = "".join(map(chr, range(0x21, 0x7F)))
BLANKS = "\u00a0\u2007\u2009\u200b\u202f\u3000\ufeff\t\r\n"
"Blanks that trimming spaces alone would keep."

HAS_WIDE = "[\uff01-\uff5e\uff61-\uff9f\u3000]"
"Full-width letters, digits and signs, and half-width katakana."


def _trim(ids: ir.Value) -> ir.Value:
    return ids.translate(BLANKS, " " * len(BLANKS)).strip()


def _narrow(ids: ir.Value) -> ir.Value:
    return ids.translate(WIDE_ASCII, NARROW_ASCII)


def _drop_zero_fraction(ids: ir.Value) -> ir.Value:
    return ids.re_replace("^([0-9]+)[.]0+$", r"\1")


def _drop_leading_zeros(ids: ir.Value) -> ir.Value:
    return ids.re_replace("^0+([0-9])", r"\1")


def _lower(ids: ir.Value) -> ir.Value:
    return ids.lower()


SPELLINGS: Mapping[str, Callable[[ir.Value], ir.Value]] = {
    "blanks": _trim,
    "width": _narrow,
    "letter_case": _lower,
    "zero_fraction": _drop_zero_fraction,
    "leading_zeros": _drop_leading_zeros,
}
"What undoes each way of writing an id; texts are `spelling.<name>`. They are undone in this order."


LETTERS_AND_DIGITS = "^[A-Za-z0-9_-]+$"
OF_LETTERS = ("letter_case", "leading_zeros")
"Ways of writing such ids."


def normalize(ids: ir.Value, *, skip: str | None = None) -> ir.Value:
    """The plain form of each id: two ids with the same one differ only in writing. One way can be left as it is."""
    # Most ids are letters and digits, which have neither blanks nor wide characters nor a fraction: the rest is slow.
    return ibis.ifelse(
        ids.re_search(LETTERS_AND_DIGITS), _undo(ids, OF_LETTERS, skip=skip), _undo(ids, SPELLINGS, skip=skip)
    )


def _undo(ids: ir.Value, names: Iterable[str], *, skip: str | None) -> ir.Value:
    for name in names:
        ids = ids if name == skip else SPELLINGS[name](ids)
    return ids
