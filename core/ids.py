"""The id rule, and short digests of values.

An id is text of 1 to 128 characters. Characters are Unicode code points. One thing has one id, however it is written:

    'c1 '      c1        blanks around it do not count
    'ｃ００1'   c001      full-width letters and digits are plain ones; accents are composed
    '17850.0'  17850     a whole number that was exported with a fraction
    '00001'    00001     leading zeros stay
    '1.78E+04' no id     digits are lost
    '9007199254740993.0' no id     a floating-point number of this length has lost digits as well
    'true'     no id     nor is an object or a list of JSON

`tables/cleaning/identifiers.py` applies the same rule in SQL; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Annotated, Any

import msgspec

MIN_ID_LENGTH = 1
MAX_ID_LENGTH = 128

Id = Annotated[str, msgspec.Meta(min_length=MIN_ID_LENGTH, max_length=MAX_ID_LENGTH)]
"An id in a message: msgspec refuses any other text."

BLANKS = " \t\n\r\v\f"
OTHER_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = "\ufeff\u200b"
WIDE = "".join(chr(code) for code in (*range(0xFF01, 0xFF5F), *range(0xFF61, 0xFFA0)))
"Full-width forms of ASCII, and half-width katakana."
FROM = WIDE + OTHER_BLANKS + INVISIBLE
TO = "".join(unicodedata.normalize("NFKC", character) for character in WIDE) + " " * len(OTHER_BLANKS)
"Characters of `FROM` become those of `TO`; the last ones have none and vanish."

WHOLE_NUMBER = "^(-?[0-8]?[0-9]{1,15})[.]0+$"
"A floating-point number below 2 ** 53 has all digits of a whole one."
ROUNDED_NUMBER = "^-?[0-9]{16,}[.]0+$"
"A longer one, which programs round: 9007199254740993 becomes 9007199254740992.0."
JSON_VALUE = r"^(true|false|\{\".*\}|\[.*\])$"
"What is not a text or a number in JSON."
SCIENTIFIC = "^-?[0-9]([.][0-9]+)?[eE][+][0-9]{1,3}$|^-?[0-9][.][0-9]+[eE][0-9]{1,3}$"
"A number as spreadsheets and programs show long ones. 1e5 without a plus sign or a fraction may be a code."

_TRANSLATION = str.maketrans(FROM[: len(TO)], TO, INVISIBLE)


def canonical_id(text: str) -> str:
    """The id that a text stands for; it need not be a valid one."""
    plain = unicodedata.normalize("NFC", text.translate(_TRANSLATION)).strip(BLANKS)
    return re.sub(WHOLE_NUMBER, r"\1", plain)


def is_id(canonical: str) -> bool:
    """Whether a canonical text is an id."""
    no_ids = (SCIENTIFIC, ROUNDED_NUMBER, JSON_VALUE)
    return MIN_ID_LENGTH <= len(canonical) <= MAX_ID_LENGTH and not any(re.match(one, canonical) for one in no_ids)


def digest_of(value: Any) -> str:
    """The first 16 hex digits of the SHA-256 of the value's canonical JSON, in which keys are sorted.

    Notices that something changed.
    """
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]
