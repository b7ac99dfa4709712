"""From tables and a cohort to a feature table: the one way that training, releases and people take.

A loop over cutoffs: each sees `tables.at(cutoff)` and nothing else (one big range join over all cutoffs
was measured three times as slow).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import ibis.expr.types as ir
import numpy as np

from core.cohort import Cohort
from core.feature_table import FeatureTable
from features.compiler.compiler import measured
from features.compiler.declaration import Feature, Measure, measures_of
from features.compiler.derivation import evaluate
from features.compiler.facts import customers_table, facts_of, history_days
from features.compiler.lines import DERIVED, lines_of
from features.families.catalogue import declared_features
from tables.attributes import Attribute, attribute_values, listed_attributes
from tables.tables import Tables


def compute_features(
    tables: Tables,
    cohort: Cohort,
    vocabularies: Mapping[str, tuple[str, ...]] | None = None,
    names: Collection[str] | None = None,
) -> FeatureTable:
    """What is known of each row of the cohort, in its order.

    `vocabularies` are those of the table that a model was fitted on (`FeatureTable.vocabularies`); without them the
    words are learnt from what was known at the newest cutoff. Of `names` only those that the data set has are computed.
    """
    newest = tables.at(cohort.cutoffs.max().item()) if len(cohort) else tables.latest()
    features = tuple(one for one in declared_features(newest, vocabularies) if names is None or one.name in names)
    attributes = tuple(one for one in listed_attributes(newest, vocabularies) if names is None or one.name in names)
    columns = (*(feature.column for feature in features), *(attribute.column for attribute in attributes))
    # Every cell is written below; untouched until then, the table takes no memory while the engine needs most.
    values = np.empty((len(cohort), len(columns)), order="F")
    for cutoff in np.unique(cohort.cutoffs):
        rows = np.flatnonzero(cohort.cutoffs == cutoff)
        _fill(values, rows, tables.at(cutoff.item()), cohort.customer_ids[rows], cutoff.item(), features, attributes)
    return FeatureTable(cohort.customer_ids, cohort.cutoffs, values, columns)


def _fill(
    values: np.ndarray,
    rows: np.ndarray,
    known: Tables,
    customer_ids: np.ndarray,
    cutoff: date,
    features: tuple[Feature, ...],
    attributes: tuple[Attribute, ...],
) -> None:
    customers = customers_table(customer_ids)
    counted: dict[Measure, np.ndarray] = {}
    for table in DERIVED:
        counted |= _counted(known, table, customers, cutoff, features, len(rows))
    for place, feature in enumerate(features):
        values[rows, place] = evaluate(feature.expression, counted)
    described = attribute_values(known, customers, attributes, cutoff, len(rows))
    for place, column in enumerate(described, start=len(features)):
        values[rows, place] = column


def _counted(
    known: Tables, table: str, customers: ir.Table, cutoff: date, features: tuple[Feature, ...], n_customers: int
) -> dict[Measure, np.ndarray]:
    measures = [m for feature in features for m in measures_of(feature.expression) if m.grain.table == table]
    if not measures:
        return {}
    lines = lines_of(known, table)
    longest = max(measure.window_days or 0 for measure in measures)
    with facts_of(lines, customers, cutoff, measures) as facts:
        return measured(facts, measures, n_customers, history_days(known, table, lines, facts, cutoff, longest))
