"""An event of [predict.<name>] from the TOML to the service, as its users meet it."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest

from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import QUICK, DataSet
from tests.serving.conftest import client_for, open_api

EVENT = """
[predict.buys_tea]
table = "purchases"
where = "category == 'tea'"
horizon_days = 30

[predict.comes_back]
table = "purchases"
horizon_days = 30
customers = "lapsed"

[segments.tea_lovers]
rule = "buys_tea_probability > 0.2"
"""
RARE = """
[predict.rare]
table = "purchases"
where = "amount > 1e9"
"""


@pytest.fixture(scope="module")
def shop(new_shop: Callable[..., DataSet]) -> DataSet:
    """A shop whose model of one event is released."""
    data_set = new_shop(ShopWorld(n_customers=800, seed=3))
    data_set.toml.write_text(data_set.toml.read_text(encoding="utf-8") + EVENT, encoding="utf-8")
    training = data_set.kizuna("train", "predict", "--event", "buys_tea", "--promote", *QUICK)
    assert training.exit_code == 0, training.error
    assert [line for line in training.out.splitlines() if "next: " in line] == ["next: kizuna release"]
    assert data_set.kizuna("release").exit_code == 0
    return data_set


def test_the_release_scores_every_customer_who_consents(shop: DataSet):
    release = Releases(shop.var / "shop/releases").open_active()

    assert release.predict is not None
    scores = release.predict.events["buys_tea"]
    assert len(scores.index) > 50
    assert not any(release.predict.has_opted_out(scores.index.name(row)) for row in range(len(scores.index)))
    assert "predict.comes_back" in release.description.missing


def test_the_service_answers_with_probability_and_reasons(shop: DataSet):
    release = Releases(shop.var / "shop/releases").open_active()
    assert release.predict is not None
    customer_id = release.predict.events["buys_tea"].index.name(0)
    ask = client_for(open_api(shop.var / "shop/releases"))

    answer = ask("POST", "/v1/predictions/buys_tea", json={"customer_ids": [customer_id, "unknown"]}).json()
    page = ask("GET", f"/v1/customers/{customer_id}").json()

    scored, unknown = answer["predictions"]
    assert 0 < scored["probability"] < 1
    assert scored["low"] <= scored["probability"] <= scored["high"]
    assert {"en", "ja", "direction"} <= set(scored["reasons"][0])
    assert unknown == {"status": "not_found", "customer_id": "unknown"}
    assert answer["definition"] == "a row of purchases with category == 'tea' within 30 days"
    assert page["predictions"] == {"buys_tea": pytest.approx(scored["probability"])}


@pytest.mark.parametrize(("event", "status"), [("buys_coffee", 404), ("comes_back", 409)])
def test_an_event_that_is_not_released_is_a_problem(shop: DataSet, event: str, status: int):
    answer = client_for(open_api(shop.var / "shop/releases"))(
        "POST", f"/v1/predictions/{event}", json={"customer_ids": ["ada"]}
    )

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_the_export_lists_the_most_likely_customers_first(shop: DataSet):
    assert shop.kizuna("score", "--event", "buys_tea", "--out", "tea.csv").exit_code == 0

    with (shop.home / "tea.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    probabilities = [float(row["probability"].rstrip("%")) for row in rows]
    assert probabilities == sorted(probabilities, reverse=True)
    lovers = {row["customer_id"] for row, value in zip(rows, probabilities, strict=True) if value > 20}
    listed = {row["customer_id"] for row in rows if "tea_lovers" in row["segment"]}
    # Percentages are rounded in the file.
    assert abs(len(lovers) - len(listed)) <= 1


def test_events_that_the_toml_does_not_have_are_refused_in_one_line(shop: DataSet):
    assert (
        "no [predict.nope] in the TOML; there are: buys_tea, comes_back"
        in shop.kizuna("train", "predict", "--event", "nope").error_line
    )
    assert "there are: buys_tea" in shop.kizuna("score", "--event", "nope", "--out", "x.csv").error_line


def test_an_event_that_hardly_happens_is_named_and_others_are_trained(shop: DataSet):
    shop.toml.write_text(shop.toml.read_text(encoding="utf-8") + RARE, encoding="utf-8")

    result = shop.kizuna("train", "predict", "--event", "rare", "--event", "buys_tea", *QUICK)

    assert result.exit_code == 2
    refusal = "[predict.rare] 0 customers had the event in the training data, but a model needs at least 10"
    assert refusal in result.error
    assert "[predict.buys_tea] " in result.out
    assert "challenger: kizuna.shop.predict.buys_tea" in result.out
