"""Names by which tables and columns are recognised; `vocabulary.toml` has the words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tables.discovery.composed_names import WordMeanings

WORDS = Path(__file__).with_name("vocabulary.toml")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
BRACKETS = re.compile(r"[(\[{（【［][^)\]}）】］]*[)\]}）】］]")
UNITS = re.compile(
    " (in )?(eur|euro|usd|gbp|jpy|chf|dkk|sek|nok|pln|czk|huf|cad|aud|nzd|inr|krw|cny|brl|mxn|yen|円|"
    "utc|gmt|jst|local time)$"
)
NUMBER_SIGN = re.compile(r"(?<=\w)\s*(?:#|\bn[°º])\s*$")
"Behind a name: Cust #. Before one it is a count or a number."
ACCENT = re.compile("[\u0300-\u036f\u064b-\u0655]")
"Of Latin, Greek and Cyrillic letters; vowel signs and hamzas of Arabic ones."
NO_LETTER = re.compile(r"[^\w\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f]+|_+")
"Vowel signs of Indic scripts, Thai, Lao and Burmese are no letters to `re`."
_TAX = "(?:sales )?(?:tax|taxes|vat|mwst|ust|iva|tva|gst|btw)"
TAX_INCLUDED = re.compile(
    f" (?:incl?|inkl|including|with|inclusive) (?:of )?{_TAX} | {_TAX} incl[a-z]* | brutto | ttc |税込|内税"
)
TAX_EXCLUDED = re.compile(
    f" (?:excl?|exkl|excluding|without|ohne|zzgl|before) {_TAX} | {_TAX} excl[a-z]* | netto | ht |税抜|税別|外税"
)
TAXED = re.compile(
    f"\\b(?:incl?|inkl|including|with|inclusive|excl?|exkl|excluding|without|ohne|zzgl|before) (?:of )?{_TAX}\\b"
    rf"|\b{_TAX} (?:in|ex)cl[a-z]*\b|\b(?:brutto|netto|ttc|ht)\b|税込み?|税抜き?|税別|内税|外税"
)
MINOR = re.compile(r"\b(?:in )?(?:cents?|pence|minor(?: units?)?|centimes|centavos)\b")
ID_ENDING = re.compile(r"(?<=\w)(?:nummer|nr|番号|コード|ナンバー|(?<=[ぁ-ヿ㐀-鿿])(?:id|no|番))$")
ID_WORDS = (
    *("id", "no", "nr", "num", "number", "nummer", "numero", "n", "code", "key", "kode", "codigo", "codice"),
    *("de", "of", "du"),
)
WITHOUT_STROKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ی": "ي", "ک": "ك", "ى": "ي", "ـ": ""}
)
"Latin letters with a stroke or of two parts: Unicode takes no accent off them. Persian forms of Arabic letters."
EAST_ASIAN = re.compile("[ぁ-ヿ㐀-鿿가-힣]")


@cache
def normalise(name: str) -> str:
    """A name in lower case with single blanks between its words; width, accents, brackets and units dropped."""
    wide = unicodedata.normalize("NFKC", BRACKETS.sub(" ", unicodedata.normalize("NFKC", name)) or name)
    # Kana keep their marks: ブ without its mark would be フ.
    bare = "".join(part for part in unicodedata.normalize("NFD", wide) if not ACCENT.match(part))
    bare = unicodedata.normalize("NFC", bare).replace("ß", "ss")
    bare = NUMBER_SIGN.sub(" no ", bare)
    words = NO_LETTER.sub(" ", CAMEL.sub(" ", bare)).strip().casefold().translate(WITHOUT_STROKE)
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
    meanings: WordMeanings
    composed: Mapping[str, Mapping[str, tuple[str, ...]]]
    "Meanings of words that make up a name, by table and column; `tables` has those of tables."

    def rank_of(self, name: str, *, table: str, column: str) -> int | None:
        """The place of a source column's name among the names of a column of the contract; None if it is none."""
        place = _rank(name, self.columns.get(table, {}).get(column, ()))
        own = self.composed.get(table, {}).get(column, ())
        return self._find_combination(name, own or self.composed["shared"].get(column, ())) if place is None else place

    def table_rank(self, name: str, table: str) -> int | None:
        """The place of a file's name among the names of a table, as it is or within `dim_...` or `..._dataset`."""
        bare = re.sub(r"[\d*]+", " ", name)
        names = (table, *self.tables.get(table, ()))
        place = _rank(bare, names)
        if place is None:
            place = self._find_combination(bare, self.composed["tables"].get(table, ()))
        return _rank(_without_layer(bare), names) if place is None else place

    def _find_combination(self, name: str, combinations: tuple[str, ...]) -> int | None:
        """The place of the first combination of meanings that a name consists of, behind all listed names."""
        plain = normalise(name)
        place = next((at for at, one in enumerate(combinations) if self.meanings.consists_of(plain, one)), None)
        return None if place is None else COMPOSED + place

    def is_attribute(self, name: str, table: str) -> bool:
        """Whether a column is a known attribute of customers, accounts or items."""
        return _rank(name, self.attributes.get(table, ())) is not None

    def words(self, place: str) -> tuple[str, ...]:
        """Words of a list, such as `status.returned`."""
        return self.lists[place]

    def has_name(self, name: str, place: str) -> bool:
        """Whether a name is in a list of names, such as `status.names`."""
        return _rank(name, self.lists[place]) is not None


BEFORE = frozenset(
    ("dim", "fact", "fct", "stg", "stage", "staging", "raw", "src", "tbl", "view", "ods", "dwh", "crm", "erp", "shop")
)
BEHIND = frozenset(
    ("dataset", "data", "table", "tbl", "final", "clean", "cleaned", "raw", "backup", "export", "extract", "full", "v")
)
"Words of warehouses and of those who export, which say nothing about what is in a table."


def _without_layer(name: str) -> str:
    """The name of a table without such words: "customers" of "dim_customers", "T_CUSTOMERS" and "customers_final"."""
    words = normalise(name).split()
    if len(words) > 1 and (words[0] in BEFORE or len(words[0]) <= 2):
        words = words[1:]
    while len(words) > 1 and words[-1] in BEHIND:
        words.pop()
    return " ".join(words)


FALLBACK = 1000
"Added to the rank of a name that is only known without what it says about tax, cents or being a number."


COMPOSED = 10 * FALLBACK
"Added to the rank of a name that is only known word by word."


def _rank(name: str, names: tuple[str, ...]) -> int | None:
    """The place of a name among others; first as it is, then by its parts, which count less."""
    for number, form in enumerate((compact, plain_form, last_form, id_form)):
        own = form(name)
        place = next((place for place, entry in enumerate(names) if own and own == _form_of(entry, form)), None)
        if place is not None:
            return place + number * FALLBACK
    return None


def _form_of(entry: str, form: Callable[[str], str]) -> str:
    return id_form(entry) if form is id_form else compact(entry)


def plain_form(name: str) -> str:
    """A compact name without what it says about tax and cents: "amount_cents" and "Amount (incl. VAT)" are amounts."""
    return MINOR.sub("", TAXED.sub("", normalise(name))).replace(" ", "")


def last_form(name: str) -> str:
    """The field in a name such as `line_items.sku`; empty for others."""
    return compact(name.rpartition(".")[2]) if "." in name else ""


def id_form(name: str) -> str:
    """What a number or code belongs to: "kunden" of "Kunden-Nr.", "Kundennummer" and "kunden id"; empty for others."""
    words = ID_ENDING.sub(" id", normalise(name)).split()
    stem = "".join(word for word in words if word not in ID_WORDS)
    return stem if stem != "".join(words) else ""


def tax_of(name: str) -> Literal["included", "excluded"] | None:
    """Whether a name says that amounts include tax, or that they do not."""
    wide = f" {NO_LETTER.sub(' ', unicodedata.normalize('NFKC', name)).casefold()} "
    if TAX_EXCLUDED.search(wide):
        return "excluded"
    return "included" if TAX_INCLUDED.search(wide) else None


def is_minor(name: str) -> bool:
    """Whether a name says that amounts are in cents."""
    return MINOR.search(NO_LETTER.sub(" ", CAMEL.sub(" ", name)).casefold()) is not None


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
        for section in ("churn_label", "status", "events", "missing", "totals", "no_items")
        for key, words in toml[section].items()
    }
    meanings = {key: [compact(word) for word in words] for key, words in toml["words"].items()}
    return NameVocabulary(
        toml["tables"], columns, toml["attributes"], lists, WordMeanings.of_lists(meanings), toml["composed"]
    )


BRACKETED = re.compile(r"^[(\[{<（【［「](.+)[)\]}>）】］」]$")
ACCENTS_OF_LATIN = re.compile("(?<=[a-z])[\u0300-\u036f]+")


def plain_word(text: str) -> str:
    """A cell to compare with words for missing: lower case, plain width, without accents, brackets, needless blanks."""
    wide = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    bare = BRACKETED.sub(r"\1", wide).strip().replace(". ", ".").replace(" /", "/").replace("/ ", "/")
    letters = ACCENTS_OF_LATIN.sub("", unicodedata.normalize("NFD", bare))
    return unicodedata.normalize("NFC", letters).translate(WITHOUT_STROKE)


@cache
def missing_words(*keys: str) -> frozenset[str]:
    """All words in these lists of `[missing]`, in the form of `plain_word`."""
    return frozenset(plain_word(word) for key in keys for word in load_vocabulary().words(f"missing.{key}"))


def match_words(values: Iterable[str], words: Iterable[str]) -> list[str]:
    """The values that are one of the words, whatever their case, width and accents."""
    listed = {compact(word) for word in words}
    return [value for value in values if compact(value) in listed]
