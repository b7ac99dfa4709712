"""What a release says of every customer, as files for the CRM and the mailing tool."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInput, NotFound
from core.recommendations import STAGES
from core.scores import Reason
from core.spreadsheet import escape_formula
from serving.answers.explanations import Explainer
from serving.release.churn_part import RISK_LEVELS
from serving.release.hazard_part import HazardPart
from serving.release.recommender_part import RecommenderPart, WorkedOut
from serving.release.release import Release
from serving.stock import NOTHING_GONE, Stock, out_of_stock

AT_ONCE = 10_000

SCORE_COLUMNS = pa.schema(
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
RECOMMENDATION_COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("rank", pa.int32()),
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("score", pa.float64()),
        ("stage", pa.string()),
        ("contributions", pa.string()),
        ("contribution_share", pa.float64()),
        ("reason_en", pa.string()),
        ("reason_ja", pa.string()),
        ("cutoff", pa.date32()),
        ("model_version", pa.int32()),
        ("release_id", pa.string()),
    ]
)


def score_rows(release: Release) -> Iterator[list[dict[str, Any]]]:
    """Every customer's churn score, most at risk first, in blocks of rows. Raises NotFound where there is none."""
    churn = release.churn
    if churn is None:
        raise NotFound(_lacks(release, "churn"))
    behind = _behind(release, "churn") | {"horizon_days": churn.horizon_days}
    order = np.argsort(-churn.probability, kind="stable")
    for start in range(0, len(order), AT_ONCE):
        block = []
        for row in order[start : start + AT_ONCE].tolist():
            reasons = msgspec.json.decode(churn.reasons[row], type=list[Reason])
            block.append(
                {
                    "customer_id": churn.index.name(row),
                    "churn_probability": float(churn.probability[row]),
                    "low": _known(float(churn.low[row])),
                    "high": _known(float(churn.high[row])),
                    "risk_level": str(RISK_LEVELS[churn.risk_level[row]]),
                    "short_history": bool(churn.short_history[row]),
                    "reasons_en": "; ".join(reason.en for reason in reasons),
                    "reasons_ja": "、".join(reason.ja for reason in reasons),
                    "expected_months": _expected_months(release.hazard, churn.index.name(row)),
                }
                | behind
            )
        yield block


def n_unscored(release: Release) -> int:
    """How many customers of the cohort are left out of the scores because they refused to be scored."""
    return 0 if release.churn is None else release.churn.n_left_out


def recommendation_rows(release: Release, k: int, stock: Stock = NOTHING_GONE) -> Iterator[list[dict[str, Any]]]:
    """The k best items of everybody who may be written to, in blocks of rows, without what is out of stock.

    Raises NotFound where there is no recommender.
    """
    part = release.recommender
    if part is None:
        raise NotFound(_lacks(release, "recommender"))
    if k < 1:
        raise BadInput(f"--k is at least 1, found {k}")
    behind = _behind(release, "recommender")
    gone, willing = out_of_stock(stock, part).mask, np.flatnonzero(~part.customers.may_not_be_written_to)
    for start in range(0, len(willing), AT_ONCE):
        rows = willing[start : start + AT_ONCE]
        worked = part.best_of(rows, k, gone)
        yield [
            found | {"customer_id": part.customers.index.name(row)} | behind
            for place, row in enumerate(rows.tolist())
            for found in _ranked(part, worked, place, row)
        ]


def n_unwilling(release: Release) -> int:
    """How many customers are left out of the recommendations because they refused them, or to be written to."""
    return 0 if release.recommender is None else int(release.recommender.customers.may_not_be_written_to.sum())


def write_rows(path: Path, columns: pa.Schema, blocks: Iterator[list[dict[str, Any]]], bom: bool = False) -> int:
    """Write blocks of rows as .csv or .parquet, beside and then in place of the file; returns how many rows."""
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise BadInput(f"{path} has to end in .csv or .parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        written = writers[path.suffix](beside, columns, blocks, bom)
        beside.replace(path)
        return written
    finally:
        beside.unlink(missing_ok=True)


def _write_csv(path: Path, columns: pa.Schema, blocks: Iterator[list[dict[str, Any]]], bom: bool) -> int:
    written = 0
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.names)
        for block in blocks:
            writer.writerows([cell(row.get(name)) for name in columns.names] for row in block)
            written += len(block)
    return written


def _write_parquet(path: Path, columns: pa.Schema, blocks: Iterator[list[dict[str, Any]]], bom: bool) -> int:
    if bom:
        raise BadInput("--excel is for .csv files; leave it out for .parquet")
    written = 0
    with pq.ParquetWriter(path, columns) as writer:
        for block in blocks:
            writer.write_table(pa.Table.from_pylist(block, columns))
            written += len(block)
    return written


def cell(value: object) -> object:
    """A value as it may stand in a CSV; see `escape_formula`."""
    if isinstance(value, str):
        return escape_formula(value)
    return "" if value is None else value


def _ranked(part: RecommenderPart, worked: WorkedOut, place: int, row: int) -> Iterator[dict[str, Any]]:
    best, names = worked.best, part.model.item_ids
    explainer = Explainer.of_customer(part, row)
    for rank, item in enumerate(best.items[place].tolist(), start=1):
        if item < 0:
            return
        contributors, share = int(best.contributors[place, rank - 1]), float(worked.shares[place, rank - 1])
        stage = STAGES[best.stages[place, rank - 1]]
        explained = explainer.of(item, stage, [(contributors, share)] if contributors >= 0 else [])
        yield {
            "rank": rank,
            "item_id": str(names[item]),
            "title": part.items.titled(item),
            "score": float(best.scores[place, rank - 1]),
            "stage": stage,
            "contributions": str(names[contributors]) if contributors >= 0 else None,
            "contribution_share": share if contributors >= 0 else None,
            "reason_en": explained.en,
            "reason_ja": explained.ja,
        }


def _behind(release: Release, kind: str) -> dict[str, Any]:
    described = release.description
    return {
        "cutoff": described.cutoff,
        "model_version": described.models[kind].version,
        "release_id": described.release_id,
    }


def _lacks(release: Release, kind: str) -> str:
    why = release.description.missing.get(kind, "unknown")
    return f"release {release.description.release_id} has no {kind}: {why}"


def _expected_months(part: HazardPart | None, customer_id: str) -> float | None:
    """How long a customer is expected to stay; None where the release has no curve of them."""
    row = -1 if part is None else part.index.find(customer_id)
    return None if part is None or row < 0 else float(part.curves.take(slice(row, row + 1)).expected_months[0])


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
