"""Makes text safe to pass on: logs without passwords, CSV files without formulas."""

from __future__ import annotations

import re
from typing import Any, cast

SECRET = r"password|passwd|secret|token|api_?key"
SECRET_KEY = re.compile(SECRET, re.IGNORECASE)
URL_PASSWORD = re.compile(r"(://[^:/@\s]*):\S*@")
"Up to the last @, because a password may contain one."
URL_PARAMETER = re.compile(rf"([?&;\s](?:\w*(?:{SECRET}))=)[^&;\s]*", re.IGNORECASE)


def redact(value: Any) -> Any:
    """A copy without passwords: in URLs, and under keys that are named like secrets."""
    if isinstance(value, dict):
        return {key: _redact_key(key, inner) for key, inner in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [redact(inner) for inner in cast(list[Any], value)]
    if isinstance(value, str):
        return URL_PARAMETER.sub(r"\1***", URL_PASSWORD.sub(r"\1:***@", value))
    return value


def _redact_key(key: str, value: Any) -> Any:
    is_secret = SECRET_KEY.search(key) and not isinstance(value, dict)
    return "***" if is_secret else redact(value)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"A spreadsheet runs a cell that begins like this (CSV injection, CWE-1236)."


def escape_formula(text: str) -> str:
    """The text for a cell of a CSV, with an apostrophe in front if a spreadsheet would run it.

    >>> escape_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
