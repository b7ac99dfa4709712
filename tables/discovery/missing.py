"""Cells of a text column that are a word for missing, in the languages of the vocabulary.

unknown, k.A., 不明, sin dato, не указано            missing in every column
none, keine, 無, ninguno, нет                        missing among ids, numbers and times; a value among words
"""

from __future__ import annotations

from collections.abc import Sequence

from tables.contract import CONTRACT
from tables.discovery.vocabulary import load_vocabulary, missing_words, plain_word

Cell = tuple[str, int]
"A text and its number of rows."
MAX_LETTERS = 32
"Longer cells are no words for missing."
MIN_LETTERS = 3
"Shorter Latin words are missing only where the others have digits: NO is a country as well."
MOSTLY = 0.8
"Share of the other cells that have a digit in a column of ids, numbers or times."


def find_missing(name: str, cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a column that mean missing, unless they are all that it has."""
    words = [(cell, plain_word(cell[0])) for cell in cells if _may_be_word(cell[0])]
    certain = [cell for cell, word in words if word in missing_words("words")]
    if len(certain) == len(cells):
        return []
    doubtful = [(cell, word) for cell, word in words if word in missing_words("none") and cell not in certain]
    others = len(cells) - len(certain) - len(doubtful)
    if not doubtful or not others:
        return certain
    left_out = {cell for cell, _ in doubtful} | set(certain)
    n_digits = sum(_has_digit(cell[0]) for cell in cells if cell not in left_out)
    if n_digits < MOSTLY * others:
        doubtful = [
            one for one in doubtful if _is_known_id(name) and (len(one[1]) >= MIN_LETTERS or not one[1].isascii())
        ]
    all_missing = {*certain, *(cell for cell, _ in doubtful)}
    return [cell for cell in cells if cell in all_missing]


def _may_be_word(text: str) -> bool:
    return len(text) <= MAX_LETTERS and (not _has_digit(text[:1]) or text.startswith("0000-"))


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def _is_known_id(name: str) -> bool:
    """Whether a name is that of customers, items or orders, and not only of some code."""
    rank_of = load_vocabulary().rank_of
    ids = [(table.name, one.name) for table in CONTRACT.values() for one in table.columns if one.kind == "id"]
    return any(rank_of(name, table=table, column=column) is not None for table, column in ids)
