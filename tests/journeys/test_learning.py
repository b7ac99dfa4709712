"""Models learn predictable churn and become champion; on random churn they claim nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import QUICK, CommandResult, DataSet
from tests.serving.conftest import client_for, open_api

pytestmark = pytest.mark.slow

Trained = tuple[DataSet, CommandResult]


@pytest.fixture(scope="module")
def random_churn(new_shop: Callable[..., DataSet]) -> Trained:
    """A shop with random churn, after `kizuna train churn`."""
    shop = new_shop(ShopWorld(n_customers=300, churn_is_random=True))
    return shop, shop.kizuna("train", "churn")


@pytest.fixture(scope="module")
def predictable_churn(new_shop: Callable[..., DataSet]) -> Trained:
    """A shop with predictable churn, after its first training."""
    shop = new_shop(ShopWorld(n_customers=400))
    return shop, shop.kizuna("train", "churn", *QUICK)


def test_if_churn_is_random_the_card_the_output_and_the_model_list_say_so(random_churn: Trained):
    shop, result = random_churn
    card = shop.registry.find("churn", "challenger").card

    assert result.exit_code == 0
    assert not card.beats_baselines
    assert "is not shown to be better than" in result.last_line
    assert card.verdict == result.last_line
    assert f"{card.version}: {card.verdict}" in shop.kizuna("models").out


def test_a_model_that_does_not_beat_its_baselines_fails_the_gate(random_churn: Trained):
    shop, result = random_churn

    error_line = shop.kizuna("promote", "churn").error_line

    assert "is not shown to be better than" in error_line
    assert "kizuna promote" not in result.out
    assert shop.registry.find("churn", "champion").card.is_baseline


def test_where_nothing_beats_the_baselines_one_that_ranks_customers_is_served_and_marked(random_churn: Trained):
    shop, _ = random_churn

    assert shop.kizuna("release").exit_code == 0

    answer = client_for(open_api(shop.var / "shop/releases"))("POST", "/v1/churn/score", json={"customer_ids": ["ada"]})
    model = Releases(shop.var / "shop/releases").open_active().description.models["churn"]
    assert answer.status_code == 200
    assert model.is_baseline
    assert model.model in ("recency", "rfm")


def test_if_churn_is_predictable_the_model_beats_its_baselines_and_passes_the_gate(predictable_churn: Trained):
    shop, result = predictable_churn
    card = shop.registry.find("churn", "challenger").card

    assert card.beats_baselines
    assert result.last_line.startswith("logistic beats base_rate and recency and rfm over ")
    assert shop.kizuna("promote", "churn").exit_code == 0
    assert shop.registry.find("churn", "champion").version == card.version


def test_repeating_a_training_is_a_refresh_and_passes_the_gate(predictable_churn: Trained):
    shop, _ = predictable_churn
    shop.registry.set_alias("churn", "champion", version=2)
    shop.kizuna("train", "churn", *QUICK)

    result = shop.kizuna("promote", "churn")

    assert result.exit_code == 0
    assert "for a refresh the interval must be above" in result.out
    assert shop.registry.aliases("churn")["champion"] == 3


def test_the_service_answers_with_the_champion_s_scores(predictable_churn: Trained):
    shop, _ = predictable_churn
    shop.registry.set_alias("churn", "champion", version=2)
    assert shop.kizuna("release").exit_code == 0
    release = Releases(shop.var / "shop/releases").open_active()
    assert release.churn is not None
    customer_id = str(release.churn.index.ids.astype(str)[0])

    answer = client_for(open_api(shop.var / "shop/releases"))(
        "POST", "/v1/churn/score", json={"customer_ids": [customer_id]}
    )

    (score,) = answer.json()["scores"]
    assert 0 < score["low"] <= score["churn_probability"] <= score["high"] < 1
    assert answer.json()["model"]["version"] == 2


def test_the_watch_releases_a_champion_that_was_moved_in_mlflow(predictable_churn: Trained):
    shop, _ = predictable_churn
    releases = Releases(shop.var / "shop/releases")
    for version in (2, 1):
        shop.registry.set_alias("churn", "champion", version=version)
        result = shop.kizuna("watch", "--once")
        assert result.exit_code == 0, result.error
        assert releases.open_active().description.models["churn"].version == version
    assert releases.active().why == "champion of churn: version 1 instead of 2"
    assert result.last_line.startswith("published and activated ")

    assert shop.kizuna("release", "--rollback").exit_code == 0
    assert shop.kizuna("watch", "--once").last_line == "no champion has moved since the newest release"


def test_training_writes_no_pickle(predictable_churn: Trained):
    shop, _ = predictable_churn
    artifacts = [path for path in (shop.var / "mlartifacts").rglob("*") if path.is_file()]

    assert artifacts
    assert not [path for path in artifacts if "pickle" in path.name or path.suffix in (".pkl", ".joblib")]
    assert not any(starts_as_pickle(path) for path in artifacts)
    assert not any(b"python_model" in path.read_bytes() for path in artifacts if path.name == "MLmodel")


def starts_as_pickle(path: Path) -> bool:
    """Whether a file starts with the first byte of pickle protocols 2 and later."""
    with path.open("rb") as file:
        return file.read(1) == b"\x80"
