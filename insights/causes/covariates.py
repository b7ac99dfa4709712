"""Covariates of person-months, each mapped to the cause whose hazard it drives.

feature             mapped to      drives the hazard of
active_seat_share   product        product
hours_to_answer     support        support
days_to_renewal     no cause       every cause
last_nps            all causes     every cause
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureTable
from insights.causes.feature_causes import SHARED, CauseNames
from models.churn.additive import AdditiveModel
from models.churn.design_matrix import DesignMatrix


@dataclass(frozen=True)
class Covariates:
    """The design matrix of all cause-specific hazards."""

    values: NDArray[np.float64]
    "(n, p), centred and scaled."
    drives: NDArray[np.bool_]
    "(causes, p): whether a column drives the hazard of a cause."
    families: NDArray[np.str_]
    "(p,): weights of one family share a prior variance."

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        cause_of_column: NDArray[np.int64],
        *,
        families: NDArray[np.str_],
        n_causes: int,
    ) -> Self:
        """Build from the cause of each column, (p,), SHARED for columns that show every cause.

        Columns of the last cause, `other` (plan, size, industry, tenure), are specific to no cause and drive every
        hazard as well.
        """
        is_shared = np.isin(cause_of_column, (n_causes - 1, SHARED))
        drives = (cause_of_column == np.arange(n_causes)[:, None]) | is_shared
        return cls(values, drives, np.where(is_shared, np.char.add("all ", families), families))

    @classmethod
    def from_features(
        cls, features: FeatureTable, is_past: NDArray[np.bool_], *, model: AdditiveModel, names: CauseNames
    ) -> Self:
        """Build from the features of a churn model; centring and scaling come from past rows, (n,)."""
        columns = model.columns_
        values = np.column_stack([features.column(column.name) for column in columns])
        design = DesignMatrix.fit(values[is_past], columns)
        cause_of_column = names.causes_of_features(columns)[design.owners]
        families = np.array([column.family for column in columns], dtype=str)[design.owners]
        return cls.of(design.transform(values), cause_of_column, families=families, n_causes=len(names.causes))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """The rows that an index array or boolean mask picks."""
        return type(self)(self.values[rows], self.drives, self.families)
