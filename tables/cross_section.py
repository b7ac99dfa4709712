"""A flat data set: one row a customer, known as of one day, with a column that says who has left.

Without times there is no past to learn from and no future to test on: every column is an attribute as of that day, and
may have been written because the customer left. Models are judged across customers, and the leak alarm looks at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.config.data_set import Config
from core.config.sources import CrossSectionSource
from core.digest import digest_of
from core.errors import DataError
from core.feature_table import FeatureTable
from core.labels import Labels
from tables.attributes import Attribute, as_numbers, kind_of
from tables.engines.arrays import texts
from tables.engines.expressions import ibis
from tables.load_report import fingerprint_of
from tables.tables import Tables
from tables.vocabulary import MAX_WORDS, frequent_words

CUSTOMER, CHURNED, CAUSE = "customer_id", "churned", "churn_cause"


@dataclass(frozen=True)
class CrossSection:
    """Every customer in one table of the engine, sorted by id: features as listed, who left, and why."""

    config: Config
    rows: ir.Table
    n_rows: dict[str, int]
    "Rows read, by file."

    @cached_property
    def arrow(self) -> pa.Table:
        """The same in memory."""
        return self.rows.order_by(CUSTOMER).to_pyarrow()

    @property
    def customer_ids(self) -> np.ndarray:
        """(n,) text 'U', sorted."""
        return texts(self.arrow[CUSTOMER])

    @cached_property
    def features(self) -> FeatureTable:
        """What the TOML lists: words as codes, numbers as they are, dates as their age."""
        names = [name for name in self.rows.columns if name not in (CUSTOMER, CHURNED, CAUSE)]
        attributes = [self._attribute(name) for name in names]
        values = [as_numbers(self.arrow[a.source], a, self._as_of) for a in attributes]
        return FeatureTable(
            self.customer_ids, self._cutoffs, np.column_stack(values), tuple(a.column for a in attributes)
        )

    @cached_property
    def outcomes(self) -> Labels:
        """Who has left by the day that the files tell of; the horizon is what the TOML calls it."""
        churned = self.arrow[CHURNED].to_numpy(zero_copy_only=False).astype(bool)
        horizon_days = self.config.churn.horizon_days
        n = len(churned)
        return Labels(
            customer_ids=self.customer_ids,
            cutoffs=self._cutoffs,
            churned=churned,
            churned_at=np.full(n, np.datetime64("NaT", "D")),
            cause=np.where(churned, texts(self.arrow[CAUSE]), ""),
            amount_after=np.full(n, np.nan),
            observed_until=self._cutoffs + np.timedelta64(horizon_days, "D"),
            horizon_days=horizon_days,
            definition=self.definition,
        )

    @property
    def definition(self) -> str:
        """Who counts as having left, in words."""
        label = self._source.label
        return f"{label.column} is '{label.equals}' in {label.table} as of {self._source.as_of}"

    @property
    def cohort(self) -> str:
        """Who is in it, in words."""
        return f"every row of {self._source.label.table} as of {self._source.as_of}"

    @property
    def tables(self) -> Tables:
        """What a cross-section data set has of tables under the contract: none."""
        return Tables(self.config, ibis.duckdb.connect(), {}, {})

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content."""
        return digest_of(fingerprint_of(self.rows))

    def _attribute(self, name: str) -> Attribute:
        kind = kind_of(self.rows[name])
        words = frequent_words(self.rows, name, MAX_WORDS) if kind == "word" else None
        return Attribute("customers", name, kind, words, as_of_today=True)

    @property
    def _source(self) -> CrossSectionSource:
        return cross_section_source(self.config)

    @property
    def _as_of(self) -> date:
        """The label is a state, not something to come: the horizon lies before the day that the files tell of."""
        return self._source.as_of - timedelta(days=self.config.churn.horizon_days)

    @property
    def _cutoffs(self) -> np.ndarray:
        return np.full(len(self.arrow), np.datetime64(self._as_of, "D"))


def cross_section_source(config: Config) -> CrossSectionSource:
    """The TOML's [cross_section]. Raises DataError where it has none."""
    if config.cross_section is None:
        raise DataError(f"{config.name} has no [cross_section]; its tables have times")
    return config.cross_section
