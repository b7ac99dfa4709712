"""Text that a spreadsheet opens as text: cells that it would run as formulas are disarmed (CWE-1236)."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"A spreadsheet would run a cell that begins so."


def escape_formula(text: str) -> str:
    """The text as it may stand in a CSV: where a spreadsheet would run it, behind an apostrophe.

    >>> disarmed("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
