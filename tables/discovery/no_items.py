"""Codes in a column of items that are no items: postage, fees, discounts, manual corrections."""

from __future__ import annotations

import re

from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import TableGuess
from tables.discovery.vocabulary import load_vocabulary, match_words

MAX_CODES = 30
MAX_TITLES = 20_000
USUAL_SHARE = 0.9
"Share of the codes that have to have a digit where a code of one or two letters is no item."


def find_no_items(guess: TableGuess, facts: ColumnFacts) -> dict[str, int]:
    """The codes that are no items, by their words or the title beside them, with their rows."""
    counts = dict(facts.cells)
    vocabulary = load_vocabulary()
    codes = set(match_words(counts, vocabulary.words("no_items.words")))
    with_digits = sum(re.search(r"\d", code) is not None and len(code) > 2 for code in counts)
    if counts and with_digits >= USUAL_SHARE * len(counts):
        codes |= set(match_words(counts, vocabulary.words("no_items.short")))
    codes |= _by_title(guess, facts) & set(counts)
    if len(codes) * 2 > len(counts):
        return {}
    return {code: rows for code, rows in counts.items() if code in codes} if len(codes) <= MAX_CODES else {}


def _by_title(guess: TableGuess, facts: ColumnFacts) -> set[str]:
    """Codes all of whose titles are words for what is no item."""
    vocabulary, rows = load_vocabulary(), guess.examined.rows
    titles = [
        name
        for name in guess.examined.columns
        if name != facts.name and vocabulary.rank_of(name, table="items", column="title") is not None
    ]
    if not titles or not rows[titles[0]].type().is_string():
        return set()
    pairs = rows.select(code=rows[facts.name].cast("string").strip(), title=rows[titles[0]].strip()).distinct()
    named: dict[str, set[str]] = {}
    for pair in pairs.limit(MAX_TITLES).to_pyarrow().to_pylist():
        if pair["code"] and pair["title"]:
            named.setdefault(pair["code"], set()).add(pair["title"])
    words = vocabulary.words("no_items.words")
    return {code for code, names in named.items() if len(match_words(names, words)) == len(names)}
