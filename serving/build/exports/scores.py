"""Export of churn scores: one row per customer, highest risk first."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pyarrow as pa

from core.model_kinds import CHURN
from core.scores import Reason
from serving.build.exports.files import BLOCK_ROWS, Export, ExportOptions, Rows, source_columns
from serving.release.churn_part import RISK_LEVELS
from serving.release.release import Release

COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("churn_probability", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("risk_level", pa.string()),
        ("short_history", pa.bool_()),
        ("reasons_en", pa.string()),
        ("reasons_ja", pa.string()),
        ("horizon_days", pa.int32()),
        ("cutoff", pa.date32()),
        ("model_version", pa.int32()),
        ("release_id", pa.string()),
        ("expected_months", pa.float64()),
    ]
)


def score_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield every customer's churn score, highest risk first."""
    del options
    source, churn, hazard = source_columns(release, CHURN.name), release.churn, release.hazard
    if churn is None:
        return
    order = np.argsort(-churn.probability, kind="stable")
    for start in range(0, len(order), BLOCK_ROWS):
        block = []
        for row in order[start : start + BLOCK_ROWS].tolist():
            customer_id = churn.index.name(row)
            reasons = msgspec.json.decode(churn.reasons[row], type=list[Reason])
            block.append(
                {
                    "customer_id": customer_id,
                    "churn_probability": float(churn.probability[row]),
                    "low": _bound(float(churn.low[row])),
                    "high": _bound(float(churn.high[row])),
                    "risk_level": str(RISK_LEVELS[churn.risk_level[row]]),
                    "short_history": bool(churn.short_history[row]),
                    "reasons_en": "; ".join(reason.en for reason in reasons),
                    "reasons_ja": "、".join(reason.ja for reason in reasons),
                    "horizon_days": churn.horizon_days,
                    "expected_months": None if hazard is None else hazard.remaining_months_of(customer_id),
                }
                | source
            )
        yield block


def _bound(value: float) -> float | None:
    return None if math.isnan(value) else value


EXPORT = Export(
    columns=COLUMNS,
    rows=score_rows,
    n_excluded=lambda release: 0 if release.churn is None else release.churn.n_excluded,
)
