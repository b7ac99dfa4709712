"""Names by which tables and columns are recognised; `vocabulary.toml` has the words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WORDS = Path(__file__).with_name("vocabulary.toml")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
BRACKETS = re.compile(r"[(\[{（【［][^)\]}）】］]*[)\]}）】］]")
UNITS = re.compile(r" (in )?(eur|euro|usd|gbp|jpy|chf|yen|円|utc|gmt|jst|local time)$")
NO_LETTER = re.compile(r"[^\w]+|_+")
EAST_ASIAN = re.compile("[ぁ-ヿ㐀-鿿가-힣]")


@cache
def normalise(name: str) -> str:
    """A name in lower case with single blanks between its words; width, accents, brackets and units dropped."""
    wide = unicodedata.normalize("NFKC", BRACKETS.sub(" ", unicodedata.normalize("NFKC", name)) or name)
    # Only Latin letters lose their accents: ブ without its mark would be フ.
    bare = "".join(part for part in unicodedata.normalize("NFD", wide) if not "\u0300" <= part <= "\u036f")
    bare = unicodedata.normalize("NFC", bare).replace("ß", "ss")
    words = NO_LETTER.sub(" ", CAMEL.sub(" ", bare)).strip().casefold()
    if EAST_ASIAN.search(words):
        words = words.replace(" ", "")
    return UNITS.sub("", " ".join(words.split()))


def compact(name: str) -> str:
    """A normalised name without blanks: "Order Date" and "orderdate" are one name."""
    return normalise(name).replace(" ", "")


@dataclass(frozen=True)
class NameVocabulary:
    """Words of `vocabulary.toml`, normalised."""

    tables: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    "By table and column of the contract; shared names are part of every table."
    attributes: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, tuple[str, ...]]
    "By section and key, such as `missing.words`."

    def rank_of(self, name: str, *, table: str, column: str) -> int | None:
        """The place of a source column's name among the names of a column of the contract; None if it is none."""
        return _rank(name, self.columns.get(table, {}).get(column, ()))

    def table_rank(self, name: str, table: str) -> int | None:
        """The place of a file's name among the names of a table; None if it is none."""
        bare = re.sub(r"[\d*]+", " ", name)
        return _rank(bare, (table, *self.tables.get(table, ())))

    def is_attribute(self, name: str, table: str) -> bool:
        """Whether a column is a known attribute of customers, accounts or items."""
        return _rank(name, self.attributes.get(table, ())) is not None

    def words(self, place: str) -> tuple[str, ...]:
        """Words of a list, such as `status.returned`."""
        return self.lists[place]

    def has_name(self, name: str, place: str) -> bool:
        """Whether a name is in a list of names, such as `status.names`."""
        return _rank(name, self.lists[place]) is not None


def _rank(name: str, names: tuple[str, ...]) -> int | None:
    return next((place for place, entry in enumerate(names) if compact(entry) == compact(name)), None)


@cache
def load_vocabulary() -> NameVocabulary:
    """The vocabulary."""
    toml: dict[str, Any] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    shared = toml["shared"]
    columns = {
        table: {column: (*own.get(column, ()), column, *shared.get(column, ())) for column in {**own, **shared}}
        for table, own in toml["columns"].items()
    }
    lists = {
        f"{section}.{key}": tuple(words)
        for section in ("churn_label", "status", "missing", "totals")
        for key, words in toml[section].items()
    }
    return NameVocabulary(toml["tables"], columns, toml["attributes"], lists)


def match_words(values: Iterable[str], words: Iterable[str]) -> list[str]:
    """The values that are one of the words, whatever their case, width and accents."""
    listed = {compact(word) for word in words}
    return [value for value in values if compact(value) in listed]
