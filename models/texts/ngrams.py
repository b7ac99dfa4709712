"""What a text is made of: pieces of its words and whole words, which works for Japanese as it does for English.

    "Too slow"   characters   " ", "t", "o", ..., " to", "too", "oo ", ..., "slow "   1 to 5 letters, inside of words
                 words        "too", "slow", "too slow"                               1 or 2 words

Japanese writes no spaces, so there a phrase is one word and its pieces do the work; no dictionary is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_PIECE = 5
LONGEST_PHRASE = 2
LONGEST_TEXT = 5_000
"Characters; what a customer writes beyond them is not read."

WORD = re.compile(r"\b\w+\b")
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def normalised(text: str) -> str:
    """The text in one width and one case: ＡＢＣ and abc are the same, as are ｶﾅ and カナ."""
    return unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold()


def character_pieces(text: str) -> Iterator[str]:
    """Every run of 1 to `LONGEST_PIECE` characters within the words of a normalised text, their edges marked by spaces.

    As scikit-learn's analyzer 'char_wb', but without the space by itself, which every text knows: a word that is
    shorter than a run counts once.
    """
    for word in text.split():
        edged = f" {word} "
        for length in range(1, LONGEST_PIECE + 1):
            for start in range(max(1, len(edged) - length + 1)):
                piece = edged[start : start + length]
                if piece != " ":
                    yield piece
            if length >= len(edged):
                break


def phrases(text: str) -> Iterator[str]:
    """Every word and every two neighbouring words of a normalised text."""
    words = WORD.findall(text)
    for length in range(1, LONGEST_PHRASE + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def is_japanese(text: str) -> bool:
    """Whether a text holds Japanese letters: kana, or the characters shared with Chinese."""
    return bool(JAPANESE.search(text))
