"""Names that are put together from known words: "ID Utilisateur", "Cust #" and "Mitglieds-Nr." are a customer's number.

`vocabulary.toml` has the words by what they mean, and which meanings make up the name of a table or column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

PLURALS = ("s", "es", "e", "n", "en", "er", "i")
MIN_STEM = 4
"Letters of a word that may have a plural ending."
MIN_PART = 3
"Letters of a word inside a longer one; the last may have two, as in `kundennr`."
NOTHING = "of"


@dataclass(frozen=True)
class WordMeanings:
    """Meanings of single words, of which a word may have several."""

    meanings: Mapping[str, frozenset[str]]

    @classmethod
    def of_lists(cls, lists: Mapping[str, Sequence[str]]) -> WordMeanings:
        """The meanings of the words in these lists."""
        words = sorted({word for words in lists.values() for word in words})
        return cls({word: frozenset(key for key, listed in lists.items() if word in listed) for word in words})

    def consists_of(self, name: str, combination: str) -> bool:
        """Whether a name has a word for each meaning in a combination such as "order day", and no others."""
        combined = frozenset(combination.split())
        return any(
            combined <= frozenset().union(*parts) and all(part & combined or NOTHING in part for part in parts)
            for parts in self._read(name.split())
        )

    def _read(self, tokens: Sequence[str]) -> Iterator[list[frozenset[str]]]:
        """The ways to read these words; none if one of them is unknown."""
        if not tokens:
            yield []
            return
        for first in self._split(tokens[0]):
            yield from (first + rest for rest in self._read(tokens[1:]))

    def _split(self, token: str) -> Iterator[list[frozenset[str]]]:
        """The ways to read one word as known words without blanks between them."""
        if meaning := self._meaning(token):
            yield [meaning]
        for end in range(1, len(token)):
            meaning = self._meaning(token[:end]) if _may_be_part(token[:end]) else None
            rest = token[end:]
            if meaning and (_may_be_part(rest) or len(rest) > 1):
                yield from ([meaning, *parts] for parts in self._split(rest))

    def _meaning(self, token: str) -> frozenset[str] | None:
        """The meaning of a word, or of the word whose plural it is."""
        stems = (token.removesuffix(ending) for ending in PLURALS if token.endswith(ending))
        forms = (token, *(stem for stem in stems if len(stem) >= MIN_STEM))
        return next((self.meanings[form] for form in forms if form in self.meanings), None)


def _may_be_part(word: str) -> bool:
    """Whether a word may be part of a longer one: short Latin ones are part of nearly any."""
    return len(word) >= MIN_PART or not word.isascii()
