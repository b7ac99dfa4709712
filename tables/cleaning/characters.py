"""Full-width characters, digits of other scripts, blanks and the usual words for a missing value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import ibis
import ibis.expr.types as ir

OTHER_DIGITS = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯๐๑๒๓๔๕๖๗๘๙"
"Arabic, Persian, Devanagari, Bengali and Thai ones, each script from 0 to 9."
PLAIN = (
    dict(zip(OTHER_DIGITS, "0123456789" * 5, strict=True))
    | {"٫": ".", "٬": ",", "٪": "%"}
    | dict(zip("０１２３４５６７８９．，－（）％＋／：", "0123456789.,-()%+/:", strict=True))
    | dict.fromkeys("\u3000\u00a0\u2009\u202f", " ")
    | dict.fromkeys("−–△▲", "-")
    | {"’": "'"}
)
"Digits, signs and blanks as they are written, and what they mean."
PLAIN_CHARACTERS = str.maketrans(PLAIN)
"The same for texts of Python."

BLANKS = " \t\n\r\v\f"
NULL_WORDS = (
    "na", "n/a", "n.a.", "#n/a", "#na", "null", "(null)", "none", "nan", "-nan", "nil", "nat", "<na>", "\\n", "-", "--",
    "undefined", "?", "欠損", "欠測", "不明", "該当なし", "未設定",
)  # fmt: skip
"Words that mean missing in an id, a number, a time or a boolean, in lower case. A word such as 'NA' may be a country."


def narrow(text: ir.Value) -> ir.Value:
    """The text with plain digits, signs and blanks, without blanks around it."""
    return text.translate("".join(PLAIN), "".join(PLAIN.values())).strip()


def is_one_of(text: ir.Value, words: Iterable[str]) -> ir.BooleanValue:
    """Whether a text is one of many words.

    DuckDB turns a long IN list into a join that every query on the table executes, whatever its columns.
    """
    return text.re_search(f"^({'|'.join(map(re.escape, words))})$")


def is_usual_null_word(text: ir.Value) -> ir.BooleanValue:
    """Whether a text is one of NULL_WORDS, in any case and with blanks around it."""
    # No such word has a digit, and nearly every id, number and time does: the rest is slow.
    return ibis.ifelse(text.re_search("[0-9]"), False, is_one_of(text.strip().lower(), NULL_WORDS))


def is_null_word(
    text: ir.Value, *, words: Sequence[str], prefixes: Sequence[str], has_usual_words: bool
) -> ir.BooleanValue | None:
    """Whether a text means missing: one of the usual words in any case, or a word or prefix of the TOML as written.

    A word in plain characters is one in full width, too. None if nothing means missing.
    """
    spellings = (text, text.strip(), narrow(text)) if words else ()
    conditions: list[ir.BooleanValue] = [spelling.isin(words) for spelling in spellings]
    conditions += [text.startswith(prefix) for prefix in prefixes]
    if has_usual_words:
        conditions.append(is_usual_null_word(text))
    return ibis.or_(*conditions) if conditions else None
