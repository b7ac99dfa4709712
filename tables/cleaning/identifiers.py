"""The id rule of `core.ids` in SQL, for text and for ids that a source stores as numbers."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from core.ids import BLANKS, FROM, JSON_VALUE, MAX_ID_LENGTH, ROUNDED_NUMBER, SCIENTIFIC, TO, WHOLE_NUMBER
from tables.cleaning.workbench import Workbench

TOO_LONG = "too long for an id"
LOST_DIGITS = "in scientific notation, its digits are lost"
NO_WHOLE_NUMBER = "not a whole number"
ROUNDED = "too long for a floating-point number, its digits are lost"
NO_ID = "a truth value, an object or a list"
NOT_ASCII = r"[^\x01-\x7F]"
PLAIN = "^[A-Za-z0-9_-]+$"
"Ids that are canonical as they are written."
EXACT_NUMBER = "^(-?[0-9]+)[.]0+$"
EXACT_UNTIL = 2**53
"Above it a float64 skips integers, so its digits are no longer those of the id."

Faults = tuple[tuple[ir.Value, str], ...]
"Whether a cell has a fault, and what it is called."


@ibis.udf.scalar.builtin
def nfc_normalize(text: str) -> str:  # pyright: ignore[reportReturnType] - DuckDB has the body
    """The text with composed characters."""


@ibis.udf.scalar.builtin
def normalize(text: str) -> str:  # pyright: ignore[reportReturnType] - PostgreSQL has the body
    """The text with composed characters."""


def text_id(raw: ir.Value, bench: Workbench) -> tuple[ir.Value, Faults]:
    """Ids of text, and their faults."""
    compose = normalize if bench.source.get_backend().name == "postgres" else nfc_normalize
    # Nearly every id is plain, and the rest is slow.
    is_plain = bench.step(raw.re_search(PLAIN))
    other = bench.step(ibis.ifelse(is_plain, ibis.null("string"), raw))
    wide = ibis.ifelse(other.re_search(NOT_ASCII), compose(other.translate(FROM, TO)), other)
    bare = bench.step(_strip(bench.step(wide)))
    other = bench.step(bare.re_replace(WHOLE_NUMBER, r"\1").nullif(""))
    canonical = bench.step(ibis.ifelse(is_plain, raw, other))
    return canonical, (
        (canonical.length() > MAX_ID_LENGTH, TOO_LONG),
        (other.re_search(SCIENTIFIC), LOST_DIGITS),
        (other.re_search(ROUNDED_NUMBER), ROUNDED),
        (canonical.re_search(JSON_VALUE), NO_ID),
    )


def _strip(text: ir.Value) -> ir.Value:
    blanks = "".join({"\t": r"\t", "\n": r"\n", "\r": r"\r", "\v": r"\x0B", "\f": r"\f"}.get(b, b) for b in BLANKS)
    return text.re_replace(f"^[{blanks}]+", "").re_replace(f"[{blanks}]+$", "")


def decimal_id(raw: ir.Value, bench: Workbench) -> tuple[ir.Value, Faults]:
    """Ids of exact numbers with any number of digits."""
    digits = bench.step(raw.cast("string").re_replace(EXACT_NUMBER, r"\1"))
    is_whole = digits.re_search("^-?[0-9]+$")
    return ibis.ifelse(is_whole, digits, ibis.null("string")), ((~is_whole, NO_WHOLE_NUMBER),)


def float_id(raw: ir.Value, bench: Workbench) -> tuple[ir.Value, Faults]:
    """Ids of floating-point numbers; NaN is missing."""
    number = raw.cast("float64")
    present = bench.step(ibis.ifelse(number.isnan(), ibis.null("float64"), number))
    is_whole, is_exact = present == present.floor(), present.abs() < EXACT_UNTIL
    digits = ibis.ifelse(is_whole & is_exact, present, ibis.null("float64")).cast("int64").cast("string")
    return digits, ((~is_exact, ROUNDED), (~is_whole, NO_WHOLE_NUMBER))
