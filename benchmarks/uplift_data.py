"""Public experiments as data for uplift models."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.errors import SourceUnavailable
from core.experiments import RandomisedRows
from core.feature_table import FeatureColumn, FeatureTable
from models.uplift.uplift_model import TreatmentData

NUMBERS = ("recency", "history", "mens", "womens", "newbie")
WORDS = ("history_segment", "zip_code", "channel")
CONTROL = "No E-Mail"
CUTOFF = np.datetime64("2008-03-20", "D")
"Of Hillstrom's e-mails; the data have no dates."


def data_file(name: str) -> Path:
    """A file of the public data. Raises SourceUnavailable where it is absent."""
    path = Path(os.environ.get("KIZUNA_DATA", "../shared/data")) / name
    if not path.exists():
        raise SourceUnavailable(f"{path} does not exist; set KIZUNA_DATA to the folder of the public data")
    return path


def load_hillstrom(mail: str, outcome: str = "visit") -> TreatmentData:
    """One of the two e-mails of Hillstrom's experiment against no e-mail."""
    table = pq.read_table(data_file("hillstrom/hillstrom.parquet"))
    table = table.take(np.flatnonzero(np.isin(np.array(table["segment"].to_pylist()), [mail, CONTROL])))
    customer_ids = np.char.zfill(np.array(table["customer_id"].to_pylist()).astype(str), 6)
    columns, values = [_column(name) for name in NUMBERS], [_numbers(table[name]) for name in NUMBERS]
    for name in WORDS:
        words, codes = np.unique(np.array(table[name].to_pylist()), return_inverse=True)
        columns.append(_column(name, tuple(words.tolist())))
        values.append(codes.astype(np.float64))
    rows = RandomisedRows(
        customer_ids=customer_ids,
        treated=np.array(table["segment"].to_pylist()) == mail,
        outcomes=_numbers(table[outcome]),
        propensities=np.full(len(customer_ids), 0.5),
    )
    features = FeatureTable(customer_ids, np.full(len(customer_ids), CUTOFF), np.column_stack(values), tuple(columns))
    return TreatmentData(features, rows)


def _numbers(column: object) -> NDArray[np.float64]:
    return np.array(column.to_pylist(), dtype=np.float64)  # pyright: ignore[reportAttributeAccessIssue]


def _column(name: str, vocabulary: tuple[str, ...] | None = None) -> FeatureColumn:
    return FeatureColumn(
        name=name, family="", unit="", en=name, ja=name, missing="never", digest=name, vocabulary=vocabulary
    )
