"""The reasons of a churn score: which features move it most, each with a sentence in English and Japanese.

The contributions of each feature family (recency, spend, ...) are added up. The feature of the family that contributes
most in the family's direction gives the sentence, see `models.churn.sentences`. A feature whose value is the usual one
explains nothing to its reader: the next one of the family does, or the family gives no reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from core.i18n.translation import ENGLISH, JAPANESE
from core.scores import ComparedWith, Reason
from models.churn.described_values import Find, decode_value
from models.churn.sentences import SentenceWriter

MIN_WEIGHT = 1e-9
"In log-odds; smaller contributions are rounding errors."
N_SPARE = 3
"Families beyond k, for those whose sentence is already there (no order is no order and no spend) or is as usual."


def usual_values(values: NDArray[np.float64], columns: Sequence[FeatureColumn]) -> NDArray[np.float64]:
    """The cohort's usual value of each column, (m,): the median, or the most frequent word; NaN if never known."""
    usual = np.full(len(columns), np.nan)
    for place, column in enumerate(columns):
        present = values[~np.isnan(values[:, place]), place]
        if len(present):
            is_word = column.vocabulary is not None
            usual[place] = np.bincount(present.astype(np.int64)).argmax() if is_word else np.median(present)
    return usual


def explain_scores(
    contributions: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    columns: Sequence[FeatureColumn],
    usual: NDArray[np.float64],
    k: int,
) -> list[tuple[Reason, ...]]:
    """At most k reasons for each row of contributions (n, m) in log-odds, strongest first, no sentence twice."""
    if not columns:
        return [()] * len(values)
    writer = _ReasonWriter(columns, usual)
    strongest = strongest_features(contributions, columns, k=k + N_SPARE)
    return [
        writer.write(values[row], contributions[row], strongest=of_row, k=k) for row, of_row in enumerate(strongest)
    ]


def take_distinct(reasons: Iterable[Reason], *, k: int) -> tuple[Reason, ...]:
    """The first k reasons with different sentences; the rest is not written."""
    distinct: dict[str, Reason] = {}
    for reason in reasons:
        distinct.setdefault(reason.en, reason)
        if len(distinct) >= k:
            break
    return tuple(distinct.values())


class _ReasonWriter:
    """Writes the reasons of one customer after the other."""

    def __init__(self, columns: Sequence[FeatureColumn], usual: NDArray[np.float64]) -> None:
        self._columns = columns
        self._usual: list[float] = usual.tolist()
        self._places = {column.name: place for place, column in enumerate(columns)}
        self._families = places_of_families(columns)
        self._english, self._japanese = (
            SentenceWriter(columns, language, usual=self._usual) for language in (ENGLISH, JAPANESE)
        )

    def write(
        self,
        values: NDArray[np.float64],
        contributions: NDArray[np.float64],
        *,
        strongest: Sequence[tuple[int, float]],
        k: int,
    ) -> tuple[Reason, ...]:
        """At most k reasons of a customer with these values, (m,), for these features and weights."""

        def find(name: str) -> float:
            return values.item(self._places[name]) if name in self._places else math.nan

        def write_each() -> Iterator[Reason]:
            for strongest_place, weight in strongest:
                for place in self._places_of_family(strongest_place, weight, contributions=contributions):
                    value = values.item(place)
                    if not self._english.is_as_usual(place, value, raises_risk=weight > 0, find=find):
                        yield self._reason(place, weight, value=value, find=find)
                        break

        return take_distinct(write_each(), k=k)

    def _places_of_family(
        self, strongest_place: int, weight: float, *, contributions: NDArray[np.float64]
    ) -> Iterator[int]:
        """The features of a family that contribute in its direction, strongest first."""
        yield strongest_place
        members = self._families[self._columns[strongest_place].family]
        shares = np.sign(weight) * contributions[members]
        for member in np.argsort(-shares, kind="stable").tolist():
            if shares[member] > MIN_WEIGHT and members[member] != strongest_place:
                yield int(members[member])

    def _reason(self, place: int, weight: float, *, value: float, find: Find) -> Reason:
        column, usual = self._columns[place], self._usual[place]
        usual_of_customer = find(column.usual_of) if column.usual_of else math.nan
        has_own = not math.isnan(usual_of_customer)
        return Reason(
            code=column.family,
            direction="up" if weight > 0 else "down",
            weight=weight,
            value=decode_value(column, value),
            usual_value=decode_value(column, usual_of_customer if has_own else usual),
            compared_with=ComparedWith.CUSTOMER if has_own else ComparedWith.ALL_CUSTOMERS,
            en=self._english.write(place, value, raises_risk=weight > 0, find=find),
            ja=self._japanese.write(place, value, raises_risk=weight > 0, find=find),
        )


def places_of_families(columns: Sequence[FeatureColumn]) -> dict[str, NDArray[np.int64]]:
    """The places of each family's features, by family, sorted."""
    families = sorted({column.family for column in columns})
    return {family: np.array([i for i, column in enumerate(columns) if column.family == family]) for family in families}


def strongest_features(
    contributions: NDArray[np.float64], columns: Sequence[FeatureColumn], *, k: int
) -> list[list[tuple[int, float]]]:
    """The k families with the largest weights in each row of contributions (n, m), strongest first.

    Each is the place of the feature that contributes most in the family's direction, and the family's sum. Families
    that contribute nothing are left out.
    """
    members = list(places_of_families(columns).values())
    weights = np.column_stack([contributions[:, places].sum(axis=1) for places in members])
    signs = np.sign(weights)
    strongest = np.column_stack(
        [
            places[(contributions[:, places] * signs[:, [family]]).argmax(axis=1)]
            for family, places in enumerate(members)
        ]
    )
    first = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :k]
    chosen = zip(
        np.take_along_axis(strongest, first, axis=1).tolist(),
        np.take_along_axis(weights, first, axis=1).tolist(),
        strict=True,
    )
    return [
        [(place, weight) for place, weight in zip(places, sums, strict=True) if abs(weight) > MIN_WEIGHT]
        for places, sums in chosen
    ]
