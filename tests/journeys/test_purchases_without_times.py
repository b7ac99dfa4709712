"""A file of customers and items without any time: recommendations work, and every other command says what it needs."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from kizuna.main import run
from serving.release.releases import Releases
from tests.journeys.conftest import DataSet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """90 customers, each with 8 items of one of three tastes, after init, training and release."""
    home, random = tmp_path_factory.mktemp("undated"), np.random.default_rng(1)
    pairs = [
        f"c{n},i{n % 3 * 20 + item}" for n in range(90) for item in random.choice(20, size=8, replace=False).tolist()
    ]
    (home / "purchases.csv").write_text("\n".join(["customer_id,item_id", *pairs, ""]), encoding="utf-8")
    with contextlib.chdir(home):
        assert run(["init", "purchases.csv"]) == 0
    data_set = DataSet(home / "kizuna.toml", home, name="purchases")
    assert data_set.kizuna("train", "recommender", "--model", "item_knn").exit_code == 0
    assert data_set.kizuna("promote", "recommender").exit_code == 0
    assert data_set.kizuna("release").exit_code == 0
    return data_set


def test_the_card_says_that_a_held_out_share_decided_and_with_which_seed(shop: DataSet):
    card = shop.registry.package(shop.registry.find("recommender", "champion")).card

    assert "Judged by a held-out share, because rows have no time" in " ".join(card.limits)
    assert "with seed 7 (validation) and 8 (test)" in " ".join(card.limits)
    assert card.label == "the held-out items of a customer"


def test_check_says_so_too_and_succeeds(shop: DataSet):
    checked = shop.kizuna("check", "--format", "json")

    assert checked.exit_code == 0
    assert "judged by a held-out share, because rows have no time: 90 customers" in checked.out


def test_customers_get_new_items_of_their_taste_and_no_reason_names_a_day(shop: DataSet):
    assert shop.kizuna("recommend", "--out", "lists.csv").exit_code == 0
    bought = set((shop.home / "purchases.csv").read_text(encoding="utf-8").splitlines())
    rows = (shop.home / "lists.csv").read_text(encoding="utf-8").splitlines()[1:]
    firsts = [(customer, item) for customer, rank, item, *_ in (row.split(",") for row in rows) if rank == "1"]

    assert not any(f"{customer},{item}" in bought for customer, item in firsts)
    assert np.mean([int(customer[1:]) % 3 == int(item[1:]) // 20 for customer, item in firsts]) > 0.9
    assert not any("bought it on" in row or " on 2" in row for row in rows)


def test_the_release_lists_what_needs_a_time_as_missing(shop: DataSet):
    described = Releases(shop.var / "purchases/releases").open_active().description

    assert set(described.models) == {"recommender"}
    assert "purchases has no event_time; segments need it" in described.missing["segments"]
    assert described.missing["churn"] == "purchases has no event_time; churn needs it"


@pytest.mark.parametrize(
    "words",
    [
        ("train", "churn"),
        ("report", "--out", "report.html"),
        ("features", "--out", "features.parquet"),
        ("evaluate", "recommender", "--protocol", "last_basket_out"),
    ],
)
def test_commands_that_need_a_time_say_so_in_one_line(shop: DataSet, words: tuple[str, ...]):
    result = shop.kizuna(*words)

    assert result.exit_code == 2
    assert "purchases has no event_time" in result.error.splitlines()[-1]
    assert "needs it" in result.error.splitlines()[-1]
