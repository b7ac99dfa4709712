"""Listed attributes of customers and their accounts: words as codes, numbers as they are, dates as their age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.digest import digest_of
from core.feature_names import FeatureFamily
from core.feature_table import SEMANTICS, FeatureColumn
from tables.engines.expressions import Expression
from tables.tables import Tables
from tables.vocabulary import MAX_WORDS, frequent_words

Kind = Literal["word", "number", "age"]
UNITS: dict[Kind, str] = {"word": "word", "number": "as recorded", "age": "days"}


@dataclass(frozen=True)
class Attribute:
    """One listed attribute as a feature."""

    table: str
    source: str
    "Its column in the table."
    kind: Kind
    words: tuple[str, ...] | None
    as_of_today: bool

    @property
    def name(self) -> str:
        """The feature's name; an age says of what."""
        name = self.source if self.table == "customers" else f"account_{self.source}"
        return f"days_since_{name}" if self.kind == "age" else name

    @property
    def column(self) -> FeatureColumn:
        """What a feature table says of this attribute."""
        plain = self.source.replace("_", " ")
        return FeatureColumn(
            name=self.name,
            family=FeatureFamily.ATTRIBUTES,
            unit=UNITS[self.kind],
            en=f"days since {plain}" if self.kind == "age" else plain,
            ja=f"{self.source}からの日数" if self.kind == "age" else self.source,
            missing="not known of this customer at the cutoff, or not seen when the words were learnt",
            digest=digest_of([SEMANTICS, self.table, self.source, self.kind]),
            says_en=f"{plain}: {{value}} (usually {{usual}})",
            says_ja=f"{self.source}: {{value}}(通常{{usual}})",
            vocabulary=self.words,
            as_of_today=self.as_of_today,
        )


def listed_attributes(known: Tables, vocabularies: Mapping[str, tuple[str, ...]] | None) -> tuple[Attribute, ...]:
    """The attributes that the TOML lists and the tables hold; words are learnt where no vocabularies are given."""
    described = ("accounts",) if known.config.customer == "account" else ("customers", "accounts")
    return tuple(
        _attribute(known, table, source, vocabularies)
        for table in described
        for source in known.config.attributes.get(table, ())
        if table in known and source in known[table].columns
    )


def _attribute(known: Tables, table: str, source: str, vocabularies: Mapping[str, tuple[str, ...]] | None) -> Attribute:
    today = f"{table}.{source}" in known.config.as_of_today
    kind = kind_of(known[table][source])
    attribute = Attribute(table, source, kind, None, today)
    if kind != "word":
        return attribute
    if vocabularies is None:
        words = frequent_words(known[table], source, MAX_WORDS)
    else:
        words = vocabularies.get(attribute.name, ())
    return Attribute(table, source, kind, words, today)


def kind_of(column: Expression) -> Kind:
    """How an attribute of this type is told."""
    dtype = column.type()
    if dtype.is_temporal():
        return "age"
    return "number" if dtype.is_numeric() or dtype.is_boolean() else "word"


def attribute_values(
    known: Tables, customers: ir.Table, attributes: tuple[Attribute, ...], cutoff: date, n_customers: int
) -> list[np.ndarray]:
    """Each attribute's values, (n_customers,) float64 in the order of the customers' `position`."""
    values = [np.full(n_customers, np.nan) for _ in attributes]
    for table in dict.fromkeys(attribute.table for attribute in attributes):
        mine = [place for place, attribute in enumerate(attributes) if attribute.table == table]
        sources = [attributes[place].source for place in mine]
        rows = _rows(known, customers, table, sources).to_pyarrow()
        positions = rows["position"].to_numpy()
        for place in mine:
            attribute = attributes[place]
            values[place][positions] = as_numbers(rows[attribute.source], attribute, cutoff)
    return values


def _rows(known: Tables, customers: ir.Table, table: str, sources: list[str]) -> ir.Table:
    if known.config.customer == "account":
        found = customers.inner_join(known["accounts"], [("customer_id", "account_id")])
    else:
        found = customers.inner_join(known["customers"], "customer_id")
        if table == "accounts":
            found = found.select("position", "account_id").inner_join(known["accounts"], "account_id")
    return found.select("position", *sources)


def as_numbers(column: pa.ChunkedArray, attribute: Attribute, cutoff: date) -> np.ndarray:
    """The attribute's cells as (n,) float64: codes of words, numbers, or days before the cutoff; NaN is missing."""
    match attribute.kind:
        case "word":
            return _codes(column, attribute.words or ())
        case "number":
            return column.cast(pa.float64()).to_numpy()
        case "age":
            days = column.to_numpy().astype("datetime64[D]")
            ages = (np.datetime64(cutoff, "D") - days).astype(np.float64)
            return np.where(np.isnat(days), np.nan, ages)


def _codes(column: pa.ChunkedArray, words: tuple[str, ...]) -> np.ndarray:
    """Where each word stands among the known ones; NaN for the unseen and the missing."""
    code_of = {word: float(code) for code, word in enumerate(words)}
    encoded = column.combine_chunks().dictionary_encode()
    known = np.array([*(code_of.get(word, np.nan) for word in encoded.dictionary.to_pylist()), np.nan])
    return known[encoded.indices.fill_null(len(known) - 1).to_numpy()]
