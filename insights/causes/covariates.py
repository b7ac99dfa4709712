"""What customers lived through, told apart by the cause that it speaks of.

feature             speaks of      may move the risk of leaving for
active_seat_share   product        product
hours_to_answer     support        support
days_to_renewal     no cause       every cause
last_nps            all causes     every cause
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.feature_table import FeatureTable
from insights.causes.feature_causes import OF_NONE, CauseNames
from models.churn.additive import AdditiveModel
from models.churn.design_matrix import DesignMatrix


@dataclass(frozen=True)
class Covariates:
    """Person-months as the risks of all causes see them."""

    values: np.ndarray
    "(n, p) centred and scaled."
    moves: np.ndarray
    "(causes, p) bool: whether a column may move the risk of leaving for a cause."
    families: np.ndarray
    "(p,) text 'U': columns of one family have weights of one size."

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, values: np.ndarray, speaks_of: np.ndarray, families: np.ndarray, n_causes: int) -> Self:
        """From the place of the cause that each column speaks of, (p,), OF_NONE where every cause shows in it.

        The last cause, `other`, is what is left: what speaks of it alone (plan, size, trade, time with us) speaks of
        no cause in particular, and may move every risk as well.
        """
        everywhere = np.isin(speaks_of, (n_causes - 1, OF_NONE))
        moves = (speaks_of == np.arange(n_causes)[:, None]) | everywhere
        return cls(values, moves, np.where(everywhere, np.char.add("all ", families), families))

    @classmethod
    def through(cls, features: FeatureTable, past: np.ndarray, model: AdditiveModel, names: CauseNames) -> Self:
        """From the features that a churn model knows; their usual size is that of the past, (n,) bool."""
        columns = model.columns_
        values = np.column_stack([features.column(column.name) for column in columns])
        design = DesignMatrix.fit(values[past], columns)
        speaks_of = names.of_features(columns)[design.owners]
        families = np.array([column.family for column in columns], dtype=str)[design.owners]
        return cls.of(design.transform(values), speaks_of, families, len(names.causes))

    def take(self, rows: np.ndarray) -> Self:
        """The person-months that an index array or boolean mask picks."""
        return type(self)(self.values[rows], self.moves, self.families)
