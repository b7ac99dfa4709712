"""A shop whose purchases have no item ids: everything works except recommendations, which say why not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import QUICK, DataSet
from tests.serving.conftest import Send, client_for, open_api

pytestmark = pytest.mark.slow

WHY = "no purchase has an item_id"


@pytest.fixture(scope="module")
def shop(new_shop: Callable[..., DataSet]) -> DataSet:
    """The shop after its first training and release."""
    data_set = new_shop(ShopWorld(n_customers=300, no_items=True))
    assert data_set.kizuna("check").exit_code == 0
    assert data_set.kizuna("train", "churn", *QUICK).exit_code == 0
    assert data_set.kizuna("release").exit_code == 0
    return data_set


@pytest.fixture(scope="module")
def send(shop: DataSet) -> Send:
    """Send requests to the API of that release."""
    return client_for(open_api(shop.var / "shop/releases"))


def test_training_a_recommender_fails_and_says_why(shop: DataSet):
    assert WHY in shop.kizuna("train", "recommender").error_line


def test_the_release_says_why_it_has_no_recommender(shop: DataSet):
    described = Releases(shop.var / "shop/releases").open_active().description

    assert set(described.models) == {"churn"}
    assert WHY in described.missing["recommender"]


def test_recommendations_cannot_be_exported_but_scores_can(shop: DataSet):
    assert WHY in shop.kizuna("recommend", "--out", "recs.csv").error_line
    assert shop.kizuna("score", "--out", "scores.csv").exit_code == 0
    assert (shop.home / "scores.csv").read_text(encoding="utf-8").startswith("customer_id,churn_probability")


@pytest.mark.parametrize("route", ["POST /v1/recommendations", "GET /v1/items/tea/similar"])
def test_recommendation_routes_return_model_not_released(send: Send, route: str):
    method, path = route.split()

    answer = send(method, path, **({"json": {"history": ["tea"]}} if method == "POST" else {}))

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:kizuna:problem:model-not-released")
    assert WHY in answer.json()["detail"]


def test_the_other_routes_work(shop: DataSet, send: Send):
    release = Releases(shop.var / "shop/releases").open_active()
    assert release.churn is not None
    customer_id = str(release.churn.index.ids.astype(str)[0])

    scored = send("POST", "/v1/churn/score", json={"customer_ids": [customer_id]}).json()
    offered = send("POST", "/v1/next-best-offer", json={"customer_id": customer_id})

    assert 0 < scored["scores"][0]["churn_probability"] < 1
    assert offered.status_code == 200
