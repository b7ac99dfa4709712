"""Prevents CSV injection (CWE-1236): a spreadsheet runs a cell that begins like a formula."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(text: str) -> str:
    """The text for a cell of a CSV, with an apostrophe in front if a spreadsheet would run it.

    >>> escape_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
