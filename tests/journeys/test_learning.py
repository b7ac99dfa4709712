"""What is there is learnt and becomes champion; where nothing is, nothing is claimed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import QUICK, DataSet, Said
from tests.serving.conftest import client_for, open_api

pytestmark = pytest.mark.slow

Trained = tuple[DataSet, Said]


@pytest.fixture(scope="module")
def coin_toss(new_shop: Callable[..., DataSet]) -> Trained:
    """A shop in which nothing tells who leaves, after `kizuna train churn`."""
    shop = new_shop(ShopWorld(n_customers=300, churn_is_random=True))
    return shop, shop.kizuna("train", "churn")


@pytest.fixture(scope="module")
def learnable(new_shop: Callable[..., DataSet]) -> Trained:
    """A shop in which customers show that they will leave, after its first training."""
    shop = new_shop(ShopWorld(n_customers=400))
    return shop, shop.kizuna("train", "churn", *QUICK)


def test_where_churn_is_random_card_last_line_and_list_of_models_say_so(coin_toss: Trained):
    shop, said = coin_toss
    card = shop.registry.find("churn", "challenger").card

    assert said.exit_code == 0
    assert not card.beats_baselines
    assert "is not shown to be better than its baselines" in said.last_line
    assert card.verdict == said.last_line
    assert f"{card.version}: {card.verdict}" in shop.kizuna("models").out


def test_what_learnt_nothing_does_not_pass_the_gate(coin_toss: Trained):
    shop, said = coin_toss

    refusal = shop.kizuna("promote", "churn").refusal

    assert "is not shown to be better than its baselines" in refusal
    assert "kizuna promote" not in said.out
    assert shop.registry.find("churn", "champion").card.is_baseline


def test_a_release_leaves_out_what_tells_customers_not_apart_and_the_route_says_why(coin_toss: Trained):
    shop, _ = coin_toss

    assert shop.kizuna("release").exit_code == 0

    answer = client_for(open_api(shop.var / "shop/releases"))("POST", "/v1/churn/score", json={"customer_ids": ["ada"]})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:kizuna:problem:model-not-released")
    assert "predicts the same for every customer" in answer.json()["detail"]


def test_where_customers_show_that_they_will_leave_the_model_learns_and_passes(learnable: Trained):
    shop, said = learnable
    card = shop.registry.find("churn", "challenger").card

    assert card.beats_baselines
    assert said.last_line.startswith("logistic beats base_rate and recency out of time")
    assert shop.kizuna("promote", "churn").exit_code == 0
    assert shop.registry.find("churn", "champion").version == card.version


def test_the_same_training_once_more_is_a_refresh_and_passes(learnable: Trained):
    shop, _ = learnable
    shop.registry.set_alias("churn", "champion", version=2)
    shop.kizuna("train", "churn", *QUICK)

    said = shop.kizuna("promote", "churn")

    assert said.exit_code == 0
    assert "a refresh must be not worse" in said.out
    assert shop.registry.aliases("churn")["champion"] == 3


def test_a_release_of_the_champion_serves_what_it_learnt(learnable: Trained):
    shop, _ = learnable
    shop.registry.set_alias("churn", "champion", version=2)
    assert shop.kizuna("release").exit_code == 0
    release = Releases(shop.var / "shop/releases").open_active()
    assert release.churn is not None
    somebody = str(release.churn.index.ids.astype(str)[0])

    answer = client_for(open_api(shop.var / "shop/releases"))(
        "POST", "/v1/churn/score", json={"customer_ids": [somebody]}
    )

    (score,) = answer.json()["scores"]
    assert 0 < score["low"] <= score["churn_probability"] <= score["high"] < 1
    assert answer.json()["model"]["version"] == 2


def test_nothing_that_a_training_leaves_is_a_pickle(learnable: Trained):
    shop, _ = learnable
    kept = [path for path in (shop.var / "mlartifacts").rglob("*") if path.is_file()]

    assert kept
    assert not [path for path in kept if "pickle" in path.name or path.suffix in (".pkl", ".joblib")]
    assert not any(starts_as_pickle(path) for path in kept)
    assert not any(b"python_model" in path.read_bytes() for path in kept if path.name == "MLmodel")


def starts_as_pickle(path: Path) -> bool:
    """Protocols 2 and later begin with this byte."""
    with path.open("rb") as file:
        return file.read(1) == b"\x80"
