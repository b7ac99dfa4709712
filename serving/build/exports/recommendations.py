"""Export of recommendations: the best items of every customer who consents to recommendations and contact.

In an experiment the rows of a customer are those of the recommender that answers them in the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import BadInput
from core.model_kinds import RECOMMENDER
from core.recommendations import STAGES
from core.recommender_experiment import MODEL_OF_ARM
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
    source_columns(release, RECOMMENDER.name)
    part, experiment = release.recommender, release.experiment
    if part is None:
        return
    if options.k < 1:
        raise BadInput(f"--k is {options.k}; use at least 1")
    parts = [part] if experiment is None else [part, experiment.challenger]
    sources = [source_columns(release, MODEL_OF_ARM[one.arm]) for one in parts]
    is_gone = [find_out_of_stock(options.stock, one).mask for one in parts]
    consenting = np.flatnonzero(~part.customers.has_declined_messages)
    for start in range(0, len(consenting), BLOCK_ROWS):
        names = [part.customers.index.name(row) for row in consenting[start : start + BLOCK_ROWS].tolist()]
        is_challenged = np.zeros(len(names), dtype=bool) if experiment is None else experiment.are_challenged(names)
        arms = is_challenged.astype(np.int64)
        items: list[list[dict[str, Any]]] = [[] for _ in names]
        for arm, one in enumerate(parts):
            places = np.flatnonzero(arms == arm)
            rows = np.array([one.customers.index.find(names[place]) for place in places.tolist()], dtype=np.int64)
            top = one.best_items(rows, options.k, gone=is_gone[arm])
            for nth, (place, row) in enumerate(zip(places.tolist(), rows.tolist(), strict=True)):
                items[place] += _item_rows(one, top, place=nth, row=row)
        yield [
            item | {"customer_id": name} | sources[arm]
            for name, arm, of_customer in zip(names, arms.tolist(), items, strict=True)
            for item in of_customer
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
