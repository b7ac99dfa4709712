"""Which script the letters of a file are in, where each is one byte: Thai, Arabic, Greek, Hebrew or Turkish.

Such bytes are letters of Western Europe, of Cyrillic or of Japanese as well, but not in an order that makes words.
"""

from __future__ import annotations

import re

NAMES = {
    "cp874": "Thai (Windows)",
    "cp1256": "Arabic (Windows)",
    "cp1253": "Greek (Windows)",
    "cp1255": "Hebrew (Windows)",
    "cp1254": "Turkish (Windows)",
}
HIGH = re.compile(rb"[\x80-\xff]")
RUN = re.compile(rb"[\xc0-\xff]{3,}")
MIN_LETTERS = 6
"Fewer letters say too little."

THAI_BYTES = re.compile(rb"[\xa1-\xda\xdf-\xfb\xa0\x85\x91-\x97]")
CONSONANT, MARK = rb"[\xa1-\xce]", rb"[\xd1\xd4-\xda\xe7-\xee]"
THAI_LEADING = re.compile(rb"[\xe0-\xe4]")
ONLY_THAI = re.compile(rb"[\xe0-\xe4\xe7-\xec]")
"Leading vowels and tone marks, whose bytes are no narrow katakana."
THAI_MARKS = re.compile(MARK)
THAI_ORDER = re.compile(rb"[\xe0-\xe4](?=" + CONSONANT + rb")|(?<=[\xa1-\xce\xd1\xd4-\xda])" + MARK)
"A vowel before its consonant, and a mark above or below one, or on another mark."
ARTICLE = re.compile(rb"(?<![\xc0-\xff])\xc7\xe1[\xc0-\xff]")
"The Arabic article at the beginning of a word."
ARABIC_WORDS = re.compile(
    rb"(?<![\xc0-\xff])(?:\xd1\xde\xe3|\xca\xc7\xd1\xed\xce|\xe3\xc8\xe1\xdb|\xdf\xe3\xed\xc9)(?![\xc0-\xff])"
)
"Number, date, amount and quantity."
GREEK = re.compile(rb"[\xe1-\xfe][\xdc-\xdf]")
"A vowel with an accent behind another letter in lower case; its byte is a Cyrillic capital."
HEBREW_ONLY, NO_HEBREW = re.compile(rb"[\xe0-\xfa]"), re.compile(rb"[\xc0-\xdf\xfb-\xff]")
TURKISH = re.compile(rb"[A-Za-z\xc7\xe7\xd6\xf6\xdc\xfc][\xfd\xfe\xf0]|[\xfd\xfe\xf0][A-Za-z]|[\xdd\xde](?=[A-Za-z])")
ICELANDIC = re.compile(rb"[\xe1\xe9\xed\xf3\xfa\xe6\xc1\xc9\xcd\xd3\xda\xc6]")
"Vowels of Icelandic, which uses the same bytes; Turkish does not have them."


def guess_script(sample: bytes) -> str | None:
    """The encoding of a sample of unusual lines, if its letters are in one of these scripts."""
    n_high = len(HIGH.findall(sample))
    if (
        n_high
        and not ICELANDIC.search(sample)
        and len(TURKISH.findall(sample)) * 10 >= n_high
        and not RUN.search(sample)
    ):
        return "cp1254"
    if n_high < MIN_LETTERS:
        return None
    if _is_thai(sample, n_high):
        return "cp874"
    letters = sum(map(len, RUN.findall(sample)))
    if letters * 2 < n_high:
        return None
    if (len(ARTICLE.findall(sample)) + len(ARABIC_WORDS.findall(sample))) * 25 >= n_high:
        return "cp1256"
    if len(GREEK.findall(sample)) * 25 >= n_high:
        return "cp1253"
    n_hebrew, n_others = (len(pattern.findall(sample)) for pattern in (HEBREW_ONLY, NO_HEBREW))
    return "cp1255" if n_hebrew >= 4 * MIN_LETTERS and not n_others else None


def _is_thai(sample: bytes, n_high: int) -> bool:
    """Whether nearly all vowels and tone marks are where Thai has them."""
    if len(THAI_BYTES.findall(sample)) < n_high:
        return False
    n_signs = len(THAI_LEADING.findall(sample)) + len(THAI_MARKS.findall(sample))
    return (
        ONLY_THAI.search(sample) is not None
        and n_signs * 10 >= n_high
        and len(THAI_ORDER.findall(sample)) >= 0.97 * n_signs
    )
