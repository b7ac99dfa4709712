"""Purchases become the arrays that recommenders are fitted on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import NotEnoughHistory
from features.interactions import (
    NO_ITEMS,
    encode_sorted,
    explain_no_items,
    load_choices,
    load_interactions,
    number_orders,
)
from tests.worlds import frame, shop

CUP_AND_POT = ("ada 2024-01-01 item_id=cup", "bo 2024-01-02 item_id=pot")


def items_by_customer(*purchases: str, until: date | None = None) -> dict[str, list[str]]:
    """Item ids by customer, oldest first."""
    interactions = load_interactions(shop(*purchases), until)
    lines = np.split(interactions.item_ids[interactions.items], interactions.indptr[1:-1])
    return {str(who): line.tolist() for who, line in zip(interactions.customer_ids, lines, strict=False)}


def test_lines_are_grouped_by_customer_and_sorted_by_time():
    lines = ("bo 2024-01-03 item_id=cup", "ada 2024-01-02 item_id=tea", "ada 2024-01-01 item_id=pot")

    assert items_by_customer(*lines) == {"ada": ["pot", "tea"], "bo": ["cup"]}


def test_returns_and_lines_without_an_item_are_left_out():
    assert items_by_customer("ada 2024-01-01 item_id=tea", "ada 2024-01-02 -9 item_id=pot", "ada 2024-01-03") == {
        "ada": ["tea"]
    }


def test_lines_without_a_customer_are_kept_separately():
    interactions = load_interactions(shop("- 2024-01-05 item_id=cup", "ada 2024-01-01 item_id=tea"))

    assert interactions.item_ids[interactions.items].tolist() == ["tea"]
    assert interactions.item_ids[interactions.anonymous_items].tolist() == ["cup"]
    assert interactions.anonymous_times.astype("M8[D]").tolist() == [date(2024, 1, 5)]


def test_only_purchases_before_the_cutoff_count():
    lines = ("ada 2024-01-01 item_id=tea", "ada 2024-01-02 item_id=pot", "bo 2024-01-02 item_id=cup")

    assert items_by_customer(*lines, until=date(2024, 1, 2)) == {"ada": ["tea"]}


def test_purchases_without_items_are_no_interactions():
    interactions = load_interactions(shop("ada 2024-01-01"))

    assert (len(interactions), len(interactions.items), len(interactions.item_ids), interactions.indptr.tolist()) == (
        0,
        0,
        0,
        [0],
    )


def test_a_missing_quantity_is_one_piece():
    interactions = load_interactions(shop("ada 2024-01-01 item_id=tea quantity=3", "ada 2024-01-02 item_id=tea"))

    assert interactions.quantities.tolist() == [3.0, 1.0]


def test_lines_of_one_order_share_a_number():
    lines = ("ada 2024-01-01T10:00 item_id=tea order_id=x", "ada 2024-01-01T10:05 item_id=pot order_id=x")
    interactions = load_interactions(shop(*lines, "bo 2024-01-01 item_id=tea order_id=y"))

    assert interactions.orders[0] == interactions.orders[1] != interactions.orders[2]


def test_without_order_ids_lines_of_one_customer_at_one_moment_are_an_order():
    codes, customers = np.full(5, -1), np.array([0, 0, 0, 1, 1])
    times = np.array(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02", "2024-01-02"], "M8[s]")

    assert number_orders(codes, customers, times=times).tolist() == [0, 0, 1, 2, 2]


def test_orders_by_id_and_orders_by_moment_never_share_a_number():
    customers, times = np.zeros(3, np.int64), np.array(["2024-01-01", "2024-01-01", "2024-01-02"], "M8[s]")

    assert len(set(number_orders(np.array([1, -1, -1]), customers, times=times).tolist())) == 3


@given(st.lists(st.one_of(st.none(), st.text("ab9é酒", max_size=3).filter(bool)), max_size=20))
def test_codes_decode_to_the_texts(words):
    names, codes = encode_sorted(pa.chunked_array([pa.array(words, pa.string())]))

    assert [None if code < 0 else str(names[code]) for code in codes] == words
    assert names.tolist() == sorted({word for word in words if word is not None})


@given(st.permutations(range(6)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_rows_is_irrelevant(order):
    lines = [
        "ada 2024-01-01 item_id=tea order_id=1",
        "ada 2024-01-01 item_id=cup order_id=1",
        "ada 2024-01-03 item_id=tea order_id=2",
        "bo 2024-01-02 item_id=pot",
        "bo 2024-01-02 item_id=cup",
        "- 2024-01-02 item_id=cup",
    ]
    first, second = load_interactions(shop(*lines)), load_interactions(shop(*(lines[place] for place in order)))

    for name in ("customer_ids", "item_ids", "indptr", "items", "times", "orders", "anonymous_items"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)


def test_items_have_the_categories_of_today_where_nothing_says_when_they_were_written():
    items = frame({"item_id": "cup", "category": "vessels"}, {"item_id": "pot", "category": None})
    interactions = load_interactions(shop(*CUP_AND_POT, items=items), date(2024, 1, 4))

    assert interactions.item_ids.tolist() == ["cup", "pot"]
    assert interactions.item_categories.tolist() == [0, -1]


def test_dated_items_have_the_categories_that_were_known_at_the_cutoff():
    items = frame(
        {"item_id": "cup", "category": "vessels", "valid_from": "2023-01-01"},
        {"item_id": "pot", "category": "vessels", "valid_from": "2023-01-01"},
        {"item_id": "pot", "category": "gardening", "valid_from": "2024-02-01"},
    )
    tables = shop(*CUP_AND_POT, items=items)

    assert load_interactions(tables, date(2024, 1, 4)).item_categories.tolist() == [0, 0]
    assert load_interactions(tables).item_categories.tolist() == [1, 0]


def test_without_any_category_there_are_no_codes():
    assert len(load_interactions(shop(*CUP_AND_POT)).item_categories) == 0
    unnamed = frame({"item_id": "cup", "category": None}, {"item_id": "pot", "category": None})
    assert len(load_interactions(shop(*CUP_AND_POT, items=unnamed)).item_categories) == 0


def test_why_no_item_was_bought_is_told_apart_from_a_missing_column():
    assert "every line with an item_id is a return" in explain_no_items(shop("ada 2024-01-02 -9 item_id=pot"))
    assert explain_no_items(shop("ada 2024-01-02")) == NO_ITEMS


@pytest.mark.parametrize(
    ("purchases", "why"),
    [
        (("ada 2024-01-01 item_id=cup", "bo 2024-01-02 item_id=cup"), "all purchases are of one item, cup;"),
        (("- 2024-01-01 item_id=cup", "- 2024-01-02 item_id=pot"), "no purchase of an item has a customer_id"),
    ],
)
def test_where_there_is_nothing_to_choose_or_no_buyer_is_known_nothing_is_recommended(purchases, why):
    with pytest.raises(NotEnoughHistory, match=why):
        load_choices(shop(*purchases))
