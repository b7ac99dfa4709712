"""How the numbers of a text column are written, with the evidence.

1,234.50                      decimal point: nothing to set
1.234,50 or 12,5              decimal comma
1 234,50 or 1'234.50          other marks between thousands
1.250 beside 980              two readings fit: every dot is followed by exactly three digits
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.currencies import MARKS as MARKS_OF_CURRENCIES
from core.currencies import currency_codes
from tables.cleaning.characters import PLAIN_CHARACTERS

USUAL = ("$", "¥", "£")
"Signs of several currencies that mean the first of them unless the business says otherwise."
SIGNS = [mark for mark in MARKS_OF_CURRENCIES if not (mark.isascii() and mark.isalpha())]
SIGN = re.compile(
    "|".join(rf"(?i:{re.escape(mark)})" for mark in sorted(SIGNS, key=len, reverse=True))
    + "|"
    + "|".join(rf"\b{code}\b" for code in sorted(currency_codes()))
    + r"|kr\.?"
)
BARE = re.compile(r"-?[0-9][0-9.,]*$")
"A number without a sign of a currency, which takes twenty times as long to look for."
MARKS = ".,'’ "
NO_CENTS = re.compile(r"(?<=\d)[.,]--?$")
"Behind a whole number, as in Switzerland: 12.- and 12,--."
PLAIN = re.compile(r"^[-+△▲−]?\(?[-+△▲−]?(?P<body>\d[\d.,'’ ]*|[.,]\d+)\)?(?P<exponent>[eE][+-]?\d+)?-?%?$")
GROUPED = {mark: re.compile(rf"^\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+$") for mark in MARKS}
SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?[eE]\+?\d+$")
ENOUGH = 0.9
"Share of the cells that have to be numbers."


@dataclass(frozen=True)
class NumberGuess:
    """How a column's numbers are read."""

    share: float
    "Share of its cells that are numbers."
    decimal: str = "."
    thousands: str = ","
    evidence: str = ""
    is_ambiguous: bool = False
    "Whether every mark could separate thousands or decimals."
    currencies: tuple[tuple[str, int], ...] = ()
    "Currencies whose sign or code the cells have, with rows, the most frequent first."
    shared_sign: str = ""
    "The most frequent sign that several currencies share, such as kr; empty for none."
    is_whole: bool = False
    "Whether no number has decimals."
    n_negative: int = 0

    @property
    def is_usual(self) -> bool:
        """Whether the numbers are read without any setting."""
        return not self.is_ambiguous and self.decimal == "." and self.thousands == ","


def guess_numbers(cells: Sequence[tuple[str, int]]) -> NumberGuess | None:
    """How the cells, each with its number of rows, are read as numbers; None if they are none."""
    n_rows = sum(rows for _, rows in cells)
    if not n_rows:
        return None
    currencies: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    bodies: list[tuple[str, int]] = []
    n_negative, n_numbers = 0, n_rows
    for text, rows in cells:
        narrow = number = unicodedata.normalize("NFKC", text).translate(PLAIN_CHARACTERS).strip()
        if not BARE.match(narrow):
            for sign in {match[0] for match in SIGN.finditer(narrow)}:
                currency = currency_of(sign)
                if currency:
                    currencies[currency] += rows
                elif currencies_of(sign):
                    shared[sign] += rows
            number = NO_CENTS.sub("", SIGN.sub("", narrow).strip())
        match = PLAIN.match(number)
        if match:
            bodies.append((match["body"].strip(), rows))
            n_negative += rows if re.match(r"^[^\d]*[-(△▲−]|.*\d ?-$", narrow) else 0
            continue
        n_numbers -= rows
        if n_numbers < ENOUGH * n_rows:
            return None
    marks = _guess_marks(bodies)
    return NumberGuess(
        share=n_numbers / n_rows,
        decimal=marks.decimal,
        thousands=marks.thousands,
        evidence=marks.evidence,
        is_ambiguous=marks.is_ambiguous,
        currencies=tuple(currencies.most_common()),
        shared_sign=shared.most_common(1)[0][0] if shared else "",
        is_whole=marks.is_whole,
        n_negative=n_negative,
    )


def currency_of(sign: str) -> str | None:
    """The currency that a sign or a code of ISO 4217 names; None for a sign of several ones, such as kr."""
    currencies = currencies_of(sign)
    return currencies[0] if len(currencies) == 1 or sign in USUAL else None


def currencies_of(sign: str) -> tuple[str, ...]:
    """The currencies that a sign or a code of ISO 4217 may stand for."""
    mark = sign.upper().rstrip(".")
    return MARKS_OF_CURRENCIES.get(mark, (mark,) if mark in currency_codes() else ())


class Marks(NamedTuple):
    """The marks in numbers, and why they mean what they mean."""

    decimal: str = "."
    thousands: str = ","
    evidence: str = ""
    is_ambiguous: bool = False
    is_whole: bool = False


@dataclass
class MarkCounts:
    """Numbers by the mark that separates decimals, or thousands, or that could separate either."""

    decimal: Counter[str] = field(default_factory=Counter[str])
    grouping: Counter[str] = field(default_factory=Counter[str])
    either: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, body: str, rows: int) -> None:
        """Count a number: the decimal mark is the last one, occurs once, and is not always followed by three digits."""
        marks = [mark for mark in body if mark in MARKS]
        if not marks:
            return
        last = marks[-1]
        if len(set(marks)) > 1:
            self.decimal[last] += rows
            self.grouping[marks[0]] += rows
            self.examples.setdefault(last, body)
        elif len(marks) > 1 or (last in "'’ " and GROUPED[last].match(body)):
            self.grouping[last] += rows
        elif GROUPED[last].match(body) and not body.startswith("0"):
            self.either[last] += rows
            self.examples.setdefault(f"3{last}", body)
        elif last in ".,":
            self.decimal[last] += rows
            self.examples.setdefault(last, body)


def _guess_marks(bodies: list[tuple[str, int]]) -> Marks:
    n_numbers = sum(rows for _, rows in bodies)
    counts = MarkCounts()
    for body, rows in bodies:
        counts.add(body, rows)
    decimal, grouping, either = counts.decimal, counts.grouping, counts.either
    if decimal[","] > decimal["."] or (grouping["."] and not decimal["."]):
        thousands = next((mark for mark, _ in grouping.most_common() if mark != ","), ".")
        evidence = _count(decimal[","], n_numbers, fact="have a decimal comma", example=counts.examples.get(","))
        if not decimal[","]:
            evidence = _count(grouping["."], n_numbers, fact="have dots between thousands")
        return Marks(",", _plain(thousands), evidence)
    foreign = next((mark for mark, _ in grouping.most_common() if mark not in ",."), None)
    if foreign:
        fact = "have blanks between thousands" if foreign == " " else "have apostrophes between thousands"
        evidence = _count(grouping[foreign], n_numbers, fact=fact)
        return Marks(".", _plain(foreign), evidence, is_whole=not decimal["."])
    if either["."] and not (decimal["."] or grouping[","] or either[","]):
        evidence = f"every dot in {either['.']:,} of {n_numbers:,} numbers is followed by exactly three digits"
        return Marks(",", ".", f"{evidence}, e.g. '{counts.examples['3.']}'", is_ambiguous=True)
    return Marks(is_whole=not decimal["."])


def _plain(mark: str) -> str:
    return "'" if mark == "’" else mark


def _count(rows: int, n_numbers: int, *, fact: str, example: str | None = None) -> str:
    return f"{rows:,} of {n_numbers:,} numbers {fact}" + (f", e.g. '{example}'" if example else "")
