"""Features of small hand-written purchase logs."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.feature_table import FeatureTable
from core.window import Cohort
from features.pipeline import compute_features
from tables.tables import Tables
from tests.worlds import shop

CUTOFF = "2024-03-08"


def cohort(*customer_ids: str, cutoff: str = CUTOFF) -> Cohort:
    """These customers at one cutoff."""
    return Cohort(np.array(customer_ids), np.full(len(customer_ids), np.datetime64(cutoff, "D")))


def features_at(tables: Tables, *customer_ids: str, cutoff: str = CUTOFF) -> FeatureTable:
    """The features of these customers."""
    return compute_features(tables, cohort(*customer_ids, cutoff=cutoff))


def features_of_ada(*lines: str, cutoff: str = CUTOFF, **frames: Any) -> dict[str, float]:
    """Ada's features, from lines such as "2024-03-01 12.5 item_id=tea"; the records begin in 2020."""
    first = "old 2020-01-01 1 order_id=o item_id=mug channel=shop quantity=1"
    tables = shop(first, *(f"ada {line}" for line in lines), **frames)
    row = features_at(tables, "ada", cutoff=cutoff)
    return dict(zip(row.names, row.values[0].tolist(), strict=True))
