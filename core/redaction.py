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


LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
HANDLE = re.compile(r"(?<![\w.])@\w{2,}")
STATED_SECRET = re.compile(
    r"((?:password|passcode|passwd|api[ _-]?key|token|\bpin\b|パスワード|暗証番号)\s*(?:is|was|は|[:=:=])\s*)\S+",
    re.IGNORECASE,
)
DIGITS = re.compile(r"\+?\(?\d(?:[\s().\-‐‑–−ー/]{0,2}\d){6,}")
"Telephone, card, account and order numbers: seven digits or more, with the marks that people write between them."
DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")


def mask_personal(text: str, *own: str) -> str:
    """A customer's text without what identifies a person: addresses, links, long numbers, secrets, and the `own` ids.

    Names of people are words like any other and stay.

    >>> mask_personal("Call me on +44 20 7946 0018 or ada@example.com, since 2026-03-04 (order A-77)", "A-77")
    'Call me on [number] or [email], since 2026-03-04 (order [id])'
    """
    for identifier in sorted((one for one in own if one.strip()), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(identifier)}(?!\w)", "[id]", text, flags=re.IGNORECASE)
    for pattern, word in ((LINK, "[link]"), (EMAIL, "[email]"), (HANDLE, "[handle]")):
        text = pattern.sub(word, text)
    text = STATED_SECRET.sub(r"\1***", text)
    return DIGITS.sub(lambda match: match[0] if DATE.fullmatch(match[0]) else "[number]", text)
