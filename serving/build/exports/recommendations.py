"""Export of recommendations: the best items of every customer who consents to recommendations and contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import BadInput
from core.model_kinds import RECOMMENDER
from core.recommendations import STAGES
from serving.build.exports.files import BLOCK_ROWS, Export, ExportOptions, Rows, source_columns
from serving.recommendations.explanations import Explainer
from serving.release.recommender_part import RecommenderPart, TopItems
from serving.release.release import Release
from serving.stock import find_out_of_stock

COLUMNS = pa.schema(
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


def recommendation_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield the k best items in stock of every customer who may be contacted with recommendations."""
    source, part = source_columns(release, RECOMMENDER.name), release.recommender
    if part is None:
        return
    if options.k < 1:
        raise BadInput(f"--k is {options.k}; use at least 1")
    is_gone = find_out_of_stock(options.stock, part).mask
    consenting = np.flatnonzero(~part.customers.has_declined_messages)
    for start in range(0, len(consenting), BLOCK_ROWS):
        rows = consenting[start : start + BLOCK_ROWS]
        top = part.best_items(rows, options.k, gone=is_gone)
        yield [
            item | {"customer_id": part.customers.index.name(row)} | source
            for place, row in enumerate(rows.tolist())
            for item in _item_rows(part, top, place=place, row=row)
        ]


def count_excluded(release: Release, options: ExportOptions) -> int:
    """Number of customers who declined recommendations or any contact."""
    del options
    return 0 if release.recommender is None else int(release.recommender.customers.has_declined_messages.sum())


def _item_rows(part: RecommenderPart, top: TopItems, *, place: int, row: int) -> Iterator[dict[str, Any]]:
    """The rows of the customer at `place` of the block and `row` of the part."""
    best, item_ids = top.best, part.model.item_ids
    explainer = Explainer.of_customer(part, row)
    for rank, item in enumerate(best.items[place].tolist(), start=1):
        if item < 0:
            return
        contributor, share = int(best.contributors[place, rank - 1]), float(top.shares[place, rank - 1])
        has_contributor = contributor >= 0
        stage = STAGES[best.stages[place, rank - 1]]
        pairs = [(contributor, share)] if has_contributor else []
        explanation = explainer.explain(item, stage, contributions=pairs)
        yield {
            "rank": rank,
            "item_id": str(item_ids[item]),
            "title": part.items.title_of(item),
            "score": float(best.scores[place, rank - 1]),
            "stage": stage,
            "contributions": str(item_ids[contributor]) if has_contributor else None,
            "contribution_share": share if has_contributor else None,
            "reason_en": explanation.en,
            "reason_ja": explanation.ja,
        }


EXPORT = Export(columns=COLUMNS, rows=recommendation_rows, n_excluded=count_excluded)
