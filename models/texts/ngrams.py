"""Character and word n-grams of a text, which work for Japanese as well as for English.

    "Too slow"   characters   " ", "t", "o", ..., " to", "too", "oo ", ..., "slow "   1 to 5 characters inside words
                 words        "too", "slow", "too slow"                               1 or 2 words

Japanese has no spaces between words, so there a phrase is one word and its character n-grams carry the information. No
dictionary is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_CHARACTERS = 5
MAX_WORDS = 2
MAX_TEXT_LENGTH = 5_000
"Characters; the rest of a text is ignored."

WORD = re.compile(r"\b\w+\b")
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def normalize(text: str) -> str:
    """The text in one width and one case: ＡＢＣ and abc become the same, as do ｶﾅ and カナ."""
    return unicodedata.normalize("NFKC", text[:MAX_TEXT_LENGTH]).casefold()


def character_ngrams(text: str) -> Iterator[str]:
    """Every run of 1 to `MAX_CHARACTERS` characters inside words of a normalized text, with spaces at their edges.

    As scikit-learn's analyzer 'char_wb', but without the single space, which every text has. A word that is shorter
    than a run counts once.
    """
    for word in text.split():
        padded = f" {word} "
        for length in range(1, MAX_CHARACTERS + 1):
            for start in range(max(1, len(padded) - length + 1)):
                ngram = padded[start : start + length]
                if ngram != " ":
                    yield ngram
            if length >= len(padded):
                break


def word_ngrams(text: str) -> Iterator[str]:
    """Every word and every two neighbouring words of a normalized text."""
    words = WORD.findall(text)
    for length in range(1, MAX_WORDS + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def is_japanese(text: str) -> bool:
    """Whether a text has Japanese characters: kana, or those shared with Chinese."""
    return bool(JAPANESE.search(text))
