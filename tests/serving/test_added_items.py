"""Items that were reported since the release are recommended as if the release had them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from core.events import ItemChange
from core.item_attributes import ItemAttributes
from models.recommenders.cold_start.customers import ColdStartCustomers
from models.recommenders.cold_start.items import add_cold_start_items, find_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.item_lists import BoughtTogether, measure_trend
from models.recommenders.popularity import Popularity
from serving.live_items import LiveItems
from serving.recommendations.recommend import recommend
from serving.recommendations.request import RecommendationsRequest
from serving.release.context_models import ContextModels, TrendPart
from serving.release.customer_part import CustomerPart
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart
from serving.stock import EMPTY_STOCK, find_out_of_stock
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import (
    CUTOFF,
    PROFILES,
    interactions,
    item_attributes,
    publish,
    recommender_part,
    sample_release,
)

ITEMS, RECOMMEND, EVENTS = "/v1/items", "/v1/recommendations", "/v1/events"
NOW = np.datetime64("2026-04-02T12:00:00", "s")
KETTLE = ItemChange(event_id="1", item_id="kettle", category="vessels", price=6.0, attributes={"colour": "red"})
AMBER = ItemChange(event_id="2", item_id="amber", category="drinks")
ADDED = {"kettle": KETTLE, "amber": AMBER}


def part_with_added(model: Recommender) -> RecommenderPart:
    """What `kizuna release` would have built, had it known the added items."""
    ids = [*interactions().item_ids.tolist(), *ADDED]
    released = [("vessels", "red", 5.0), (None, "red", 1.0), ("vessels", "blue", 30.1), ("drinks", None, None)]
    added = [(one.category, one.attributes.get("colour"), one.price) for one in ADDED.values()]
    categories, colours, prices = zip(*released, *added, strict=True)
    attributes = ItemAttributes.from_columns(ids, {"category": categories, "colour": colours}, price=prices)
    new_items = find_cold_start_items(item_attributes(), attributes)
    extended = add_cold_start_items(model, new_items)
    bought = interactions().recode(extended.item_ids)
    towns = {"town": np.array(["Osaka", "Tokyo", "Osaka"])}
    context = ContextModels(
        ColdStartCustomers.fit(bought, towns, item_attributes=attributes, half_life_days=30, cutoff=CUTOFF),
        BoughtTogether.fit(bought, min_support=1),
        TrendPart.of(measure_trend(bought, CUTOFF, window_days=14), 14),
    )
    return RecommenderPart.of(
        extended,
        new_items,
        customers=CustomerPart.of(bought.histories, PROFILES),
        items=ItemPart.of(
            attributes,
            price=attributes.price.astype(float),
            unavailable=np.flatnonzero(extended.item_ids == "hidden"),
            descriptions=[{} for _ in ids],
        ),
        context_models=context,
        cutoff=CUTOFF,
        k=6,
    )


def answer(part: RecommenderPart, customer: str, **options: object) -> list[tuple[str, float, int]]:
    request = RecommendationsRequest(customer_id=customer, **{"k": 6, **options})
    result = recommend(
        part,
        request,
        row=part.customers.index.find(customer),
        out_of_stock=find_out_of_stock(EMPTY_STOCK, part),
        now=NOW,
    )
    best = result.best
    listed = best.items[0] >= 0
    names = part.model.item_ids[best.items[0][listed]].tolist()
    return list(zip(names, best.scores[0][listed].round(5).tolist(), best.stages[0][listed].tolist(), strict=True))


def change(part: RecommenderPart, live: LiveItems | None = None) -> RecommenderPart:
    """The part with the added items."""
    changed = (live or LiveItems()).change(part, ADDED)
    assert changed is not None
    return changed


REQUESTS = [
    {}, {"k": 2}, {"history": ("kettle",)}, {"where": {"category": ("vessels",)}}, {"price_max": 6.5},
    {"exclude": ("kettle",)},
    {"preferences": {"category": ("drinks",)}}, {"repeat_policy": "never"}, {"diversity": 0.5}, {"trending": True},
    {"similar_to": "kettle"}, {"similar_to": "cup"}, {"bought_with": "tea"}, {"at_most_per_category": 1},
]  # fmt: skip


@pytest.mark.parametrize("options", REQUESTS, ids=str)
@pytest.mark.parametrize("model", [ItemKnn(), Popularity()], ids=lambda model: model.name)
@pytest.mark.parametrize("customer", ["ada", "cyd", "dan", "eve", "stranger"])
def test_a_reported_item_is_recommended_as_if_the_release_had_it(model, customer, options):
    fitted = model.fit(interactions(), CUTOFF)
    part = recommender_part(fitted, PROFILES)

    assert answer(change(part), customer, **options) == answer(part_with_added(fitted), customer, **options)


@pytest.mark.parametrize(
    "first",
    [{"kettle": KETTLE}, {"amber": AMBER}, {"kettle": msgspec.structs.replace(KETTLE, category="drinks")}],
    ids=["kettle first", "amber first", "the kettle in another category first"],
)
def test_items_reported_one_after_the_other_are_as_items_reported_at_once(first):
    released = recommender_part(ItemKnn().fit(interactions(), CUTOFF), PROFILES)
    live = LiveItems()
    live.change(released, first)

    assert answer(change(released, live), "ada") == answer(change(released), "ada")


@pytest.fixture
def send(tmp_path):
    part = recommender_part(ItemKnn().fit(interactions(), CUTOFF), PROFILES)
    publish(tmp_path / "releases", replace(sample_release(), recommender=part))
    return client_for(open_api(tmp_path / "releases"))


def items_for(send, customer: str, **options: object) -> dict[str, dict[str, Any]]:
    response = send("POST", RECOMMEND, json={"customer_id": customer, "k": 6} | options)
    assert response.status_code == 200, response.text
    return {one["item_id"]: one for one in response.json()["items"]}


def test_a_new_item_is_in_the_next_answer_with_its_price_and_title(send):
    before = items_for(send, "ada")

    answered = send(
        "PATCH", ITEMS, json={"items": [{"item_id": "kettle", "category": "vessels", "price": 6, "title": "Kettle"}]}
    )

    assert answered.json()["new"] == ["kettle"]
    after = items_for(send, "ada")
    assert after["kettle"]["item"] == {"title": "Kettle", "category": "vessels", "price": 6.0}
    assert set(after) == {*before, "kettle"}
    assert after["cup"]["explanation"] == before["cup"]["explanation"]
    assert "Tea" in after["kettle"]["explanation"]["en"] or "Cup" in after["kettle"]["explanation"]["en"]


def test_a_new_item_that_is_sold_out_is_not_recommended(send):
    send("PATCH", ITEMS, json={"items": [{"item_id": "kettle", "category": "vessels", "available": False}]})

    assert "kettle" not in items_for(send, "ada")
    assert send("GET", f"{ITEMS}/kettle/similar?k=3").json()["known_item"]


def test_a_purchase_of_a_new_item_counts(send):
    send("PATCH", ITEMS, json={"items": [{"item_id": "kettle", "category": "vessels"}]})
    bought = {"type": "purchase", "event_id": "p1", "customer_id": "ada", "item_id": "kettle", "amount": 6}

    send("POST", EVENTS, json={"events": [bought]})

    assert "kettle" not in items_for(send, "ada", repeat_policy="never")
    assert "kettle" in items_for(send, "cyd", repeat_policy="never")
