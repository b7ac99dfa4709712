"""Listed attributes of customers and accounts as features: words as codes, numbers unchanged, dates as their age.

Words are learned from the data: the most frequent ones of a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.config.data_set import Config
from core.feature_names import FeatureFamily
from core.feature_table import SEMANTICS, FeatureColumn
from core.i18n.translation import ENGLISH, JAPANESE, translate
from core.ids import digest_of
from tables.tables import Tables

MAX_KINDS = 8
"Number of channels or events that get features of their own: the most frequent."

MAX_WORDS = 200
"Number of values that a categorical column distinguishes; rarer ones are missing."


def frequent_words(table: ir.Table, column: str, *, max_words: int) -> tuple[str, ...]:
    """The most frequent words of a text column, sorted; equally frequent ones are taken in alphabetical order."""
    counts = table.filter(table[column].notnull()).group_by(column).aggregate(rows=ibis._.count()).to_pyarrow()
    ranked = sorted(zip(counts[column].to_pylist(), counts["rows"].to_pylist(), strict=True), key=_rank)
    return tuple(sorted(word for word, _rows in ranked[:max_words]))


def _rank(count: tuple[str, int]) -> tuple[int, str]:
    word, rows = count
    return -rows, word


def encode_words(column: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.float64]:
    """(n,) the position of each cell in `words`; NaN for a missing cell or another word."""
    code_of = {word: float(code) for code, word in enumerate(words)}
    encoded = column.combine_chunks().dictionary_encode()
    codes = np.array([*(code_of.get(word, np.nan) for word in encoded.dictionary.to_pylist()), np.nan])
    return codes[encoded.indices.fill_null(len(codes) - 1).to_numpy()]


def quote_text(word: str) -> str:
    """The word as a text literal of the rule language."""
    return "'" + word.replace("'", "''") + "'"


def names_of(words: Sequence[str]) -> tuple[str, ...]:
    """A part of a column name for each word, all different: 'Web Shop' is web_shop."""
    names: list[str] = []
    for word in words:
        name = re.sub(r"\W+", "_", word.lower()).strip("_") or "other"
        names.append(name if name not in names else f"{name}_{len(names)}")
    return tuple(names)


Kind = Literal["word", "number", "age"]
UNITS: dict[Kind, str] = {"word": "word", "number": "as recorded", "age": "days"}


@dataclass(frozen=True)
class Attribute:
    """One listed attribute as a feature."""

    table: str
    source: str
    "Its column in the table."
    _: KW_ONLY
    kind: Kind
    words: tuple[str, ...] | None
    "The vocabulary of a word attribute; None for numbers and ages."
    as_of_today: bool
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    "What people call it, by language."

    @property
    def name(self) -> str:
        """The feature's name; account attributes and ages have a prefix."""
        name = self.source if self.table == "customers" else f"account_{self.source}"
        return f"days_since_{name}" if self.kind == "age" else name

    @property
    def column(self) -> FeatureColumn:
        """The declaration of this attribute in a feature table."""
        plain = self.labels.get(ENGLISH, self.source.replace("_", " "))
        title = "days since {attribute}" if self.kind == "age" else "{attribute}"
        return FeatureColumn(
            name=self.name,
            family=FeatureFamily.ATTRIBUTES,
            unit=UNITS[self.kind],
            en=translate(title, ENGLISH, attribute=plain),
            ja=translate(title, JAPANESE, attribute=self.labels.get(JAPANESE, self.source)),
            missing="not known for this customer at the cutoff, or a word that was not seen in training",
            digest=digest_of([SEMANTICS, self.table, self.source, self.kind]),
            vocabulary=self.words,
            as_of_today=self.as_of_today,
        )


def find_attributes(tables: Tables, vocabularies: Mapping[str, tuple[str, ...]] | None) -> tuple[Attribute, ...]:
    """The attributes that the TOML lists and the tables have.

    Words are taken from `vocabularies` by feature name, or from the tables if it is None.
    """
    places = ("accounts",) if tables.config.customer == "account" else ("customers", "accounts")
    return tuple(
        _build_attribute(tables, table, source=source, vocabularies=vocabularies)
        for table in places
        for source in tables.config.attributes.get(table, ())
        if table in tables and source in tables[table].columns
    )


def _build_attribute(
    tables: Tables, table: str, *, source: str, vocabularies: Mapping[str, tuple[str, ...]] | None
) -> Attribute:
    as_of_today = f"{table}.{source}" in tables.config.as_of_today
    kind = kind_of(tables[table][source])
    labels = labels_of(source, tables.config)
    attribute = Attribute(table, source, kind=kind, words=None, as_of_today=as_of_today, labels=labels)
    if kind != "word":
        return attribute
    if vocabularies is None:
        words = frequent_words(tables[table], source, max_words=MAX_WORDS)
    else:
        words = vocabularies.get(attribute.name, ())
    return replace(attribute, words=words)


def labels_of(name: str, config: Config) -> dict[str, str]:
    """What an attribute is called, by language, as far as the TOML says it."""
    return {language: labels[name] for language, labels in config.attribute_labels.items() if name in labels}


def kind_of(column: ir.Value) -> Kind:
    """Whether a column becomes codes of words, numbers or ages; its type decides."""
    dtype = column.type()
    if dtype.is_temporal():
        return "age"
    return "number" if dtype.is_numeric() or dtype.is_boolean() else "word"


def attribute_values(
    tables: Tables, customers: ir.Table, *, attributes: tuple[Attribute, ...], cutoff: date, n_customers: int
) -> list[NDArray[np.float64]]:
    """The values of each attribute, each (n_customers,) in the order of the customers' `position`; NaN is missing."""
    values = [np.full(n_customers, np.nan) for _ in attributes]
    for table in dict.fromkeys(attribute.table for attribute in attributes):
        places = [place for place, attribute in enumerate(attributes) if attribute.table == table]
        sources = [attributes[place].source for place in places]
        rows = _join_customers(tables, customers, table=table, sources=sources).to_pyarrow()
        positions = rows["position"].to_numpy()
        for place in places:
            attribute = attributes[place]
            values[place][positions] = encode_attribute(rows[attribute.source], attribute, cutoff=cutoff)
    return values


def _join_customers(tables: Tables, customers: ir.Table, *, table: str, sources: list[str]) -> ir.Table:
    """The `position` of each customer with the columns of their row in `customers` or `accounts`."""
    if tables.config.customer == "account":
        rows = customers.inner_join(tables["accounts"], [("customer_id", "account_id")])
    else:
        rows = customers.inner_join(tables["customers"], "customer_id")
        if table == "accounts":
            rows = rows.select("position", "account_id").inner_join(tables["accounts"], "account_id")
    return rows.select("position", *sources)


def encode_attribute(column: pa.ChunkedArray, attribute: Attribute, *, cutoff: date) -> NDArray[np.float64]:
    """(n,) codes of words, numbers, or days before the cutoff; NaN is missing."""
    match attribute.kind:
        case "word":
            return encode_words(column, attribute.words or ())
        case "number":
            return column.cast(pa.float64()).to_numpy()
        case "age":
            days = column.to_numpy().astype("datetime64[D]")
            ages = (np.datetime64(cutoff, "D") - days).astype(np.float64)
            return np.where(np.isnat(days), np.nan, ages)


AttributeGroups = dict[str, dict[str, str]]
"By customer_id, then by attribute: its word."


def attribute_groups(tables: Tables, cutoff: date) -> AttributeGroups:
    """The listed attributes of customers that are words, as known before midnight of the cutoff.

    Without missing words and, as in features, without attributes that look personal.
    """
    view = tables.at(cutoff)
    if "customers" not in view:
        return {}
    customers = view["customers"]
    listed = [name for name in view.config.attributes.get("customers", ()) if name in customers.columns]
    words = [name for name in listed if customers[name].type().is_string()]
    if not words:
        return {}
    rows = customers.select("customer_id", *words).to_pyarrow().to_pylist()
    return {row.pop("customer_id"): {name: word for name, word in row.items() if word is not None} for row in rows}
