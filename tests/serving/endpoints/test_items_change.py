"""PATCH /v1/items: the next answers have the new price, stock and attributes."""

from __future__ import annotations

import pytest

from tests.serving.conftest import client_for, open_api

ITEMS, RECOMMEND = "/v1/items", "/v1/recommendations"


@pytest.fixture
def send(home):
    return client_for(open_api(home / "releases"))


def change(send, *items):
    response = send("PATCH", ITEMS, json={"items": items})
    assert response.status_code == 200, response.text
    return response.json()


def recommend(send, **options) -> dict[str, dict[str, object]]:
    body = send("POST", RECOMMEND, json={"customer_id": "cyd", "k": 4} | options).json()
    return {one["item_id"]: one["item"] for one in body["items"]}


def test_an_item_that_is_sold_out_is_recommended_no_more_until_it_is_back(send):
    assert "pot" in recommend(send)

    assert change(send, {"item_id": "pot", "available": False})["changed"] == 1
    assert "pot" not in recommend(send)
    assert "pot" not in recommend(send, history=["tea"])

    change(send, {"item_id": "pot", "available": True})
    assert "pot" in recommend(send)


def test_an_item_that_the_release_marks_as_unavailable_can_come_back(send):
    hidden = "hidden"
    assert hidden not in recommend(send, history=["tea"])

    change(send, {"item_id": hidden, "available": True})

    assert hidden in recommend(send, history=["tea"])


def test_a_price_decides_which_items_are_in_a_range(send):
    change(send, {"item_id": "pot", "price": 123.0})

    assert set(recommend(send, price_min=122.0, price_max=124.0)) == {"pot"}


def test_filters_and_descriptions_have_the_new_category_and_title(send):
    change(send, {"item_id": "pot", "category": "gifts", "title": "Teapot"})

    gifts = recommend(send, where={"category": ["gifts"]})
    assert list(gifts) == ["pot"]
    assert (gifts["pot"]["category"], gifts["pot"]["title"]) == ("gifts", "Teapot")
    assert "pot" not in recommend(send, where={"category": ["vessels"]})


def test_changes_of_one_item_add_up(send):
    change(send, {"item_id": "pot", "price": 123.0}, {"item_id": "pot", "title": "Teapot"})

    pot = recommend(send)["pot"]
    assert (pot["price"], pot["title"]) == (123.0, "Teapot")


def test_an_item_that_the_release_does_not_have_is_named(send):
    answer = change(send, {"item_id": "pot", "price": 5.0}, {"item_id": "kettle", "category": "vessels"})

    assert (answer["changed"], answer["new"]) == (1, ["kettle"])


@pytest.mark.parametrize("broken", [{"price": -1}, {"colour": "red"}, {"available": "no"}])
def test_a_wrong_change_changes_nothing(send, broken):
    before = recommend(send)

    response = send("PATCH", ITEMS, json={"items": [{"item_id": "pot", "price": 7.0}, {"item_id": "cup"} | broken]})

    assert response.status_code == 422
    assert recommend(send) == before


@pytest.mark.parametrize(
    "broken",
    [{"title": "a\0b"}, {"item_id": "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 128}, {"attributes": {"price": "free"}}],
)
def test_a_change_that_cannot_be_stored_is_named_and_the_others_are(send, broken):
    answer = change(send, {"item_id": "pot", "price": 7.0}, {"item_id": "cup"} | broken)

    assert (answer["changed"], [one["position"] for one in answer["refused"]]) == (1, [1])
    assert recommend(send)["pot"]["price"] == 7.0
