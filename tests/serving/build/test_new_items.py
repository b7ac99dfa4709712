"""Which unsold items a release recommends: new ones, not those that no customer has bought for years."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from core.config.training import RecommenderSettings
from features.interactions import load_interactions
from models.mlflow_store.package import ModelPackage
from models.recommenders.item_knn import ItemKnn
from serving.build.inputs import Champions
from serving.build.release import build_release
from tests.serving.build.test_release import card
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 6, 1)
SOLD = [f"sold{n}" for n in range(8)]
UNSOLD = [f"unsold{n}" for n in range(6)]
SETTINGS = config(recommender=RecommenderSettings(repeat_policy="never"), watermark=CUTOFF, attributes={"items": ()})


def leads_of_unsold(**columns: Any) -> float:
    """The share of 40 customers whose list is led by one of six unsold items of the same price, with these columns."""
    lines = [
        f"c{n:02} 2024-0{1 + step % 5}-1{n % 9} item_id={SOLD[(n + step) % len(SOLD)]}"
        for n in range(40)
        for step in range(6)
    ]
    items = [{"item_id": item, "price": 5.0, "category": "tea", "available_from": "2020-01-01"} for item in SOLD]
    items += [{"item_id": item, "price": 5.0, "category": None, "available_from": None, **columns} for item in UNSOLD]
    tables = shop(*lines, settings=SETTINGS, items=frame(*items))
    model = ItemKnn().fit(load_interactions(tables, CUTOFF), CUTOFF)
    champions = Champions({"recommender": ModelPackage(card("recommender", {}), model.to_artifact())}, {})
    part = build_release(
        SETTINGS, tables, champions=champions, cutoff=CUTOFF, created_at=datetime(2024, 6, 1, tzinfo=UTC)
    ).recommender
    assert part is not None
    firsts = part.model.item_ids[np.asarray(part.top.best.items)[:, 0]]
    return float(np.isin(firsts, UNSOLD).mean())


def test_new_items_of_the_category_can_lead_lists():
    assert leads_of_unsold(category="tea", available_from="2024-05-01") > 0.5


@pytest.mark.parametrize(
    "columns",
    [{}, {"category": "tea", "available_from": "2021-01-01"}],
    ids=["a price alone", "listed for years"],
)
def test_items_that_no_customer_buys_lead_no_list(columns: dict[str, Any]):
    assert leads_of_unsold(**columns) == 0
