"""Purchases as the arrays that recommenders learn from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.interactions import encode_sorted, load_interactions, number_orders
from tests.worlds import shop


def bought(*purchases: str, until: date | None = None) -> dict[str, list[str]]:
    """Item ids by customer, oldest first."""
    found = load_interactions(shop(*purchases), until)
    lines = np.split(found.item_ids[found.items], found.indptr[1:-1])
    return {str(who): line.tolist() for who, line in zip(found.customer_ids, lines, strict=False)}


def test_lines_are_grouped_by_customer_and_go_by_time():
    lines = ("bo 2024-01-03 item_id=cup", "ada 2024-01-02 item_id=tea", "ada 2024-01-01 item_id=pot")

    assert bought(*lines) == {"ada": ["pot", "tea"], "bo": ["cup"]}


def test_returns_and_lines_without_an_item_are_left_out():
    assert bought("ada 2024-01-01 item_id=tea", "ada 2024-01-02 -9 item_id=pot", "ada 2024-01-03") == {"ada": ["tea"]}


def test_lines_without_a_customer_are_kept_apart():
    found = load_interactions(shop("- 2024-01-05 item_id=cup", "ada 2024-01-01 item_id=tea"))

    assert found.item_ids[found.items].tolist() == ["tea"]
    assert found.item_ids[found.anonymous_items].tolist() == ["cup"]
    assert found.anonymous_times.astype("M8[D]").tolist() == [date(2024, 1, 5)]


def test_until_a_cutoff_only_what_was_known_then_was_bought():
    lines = ("ada 2024-01-01 item_id=tea", "ada 2024-01-02 item_id=pot", "bo 2024-01-02 item_id=cup")

    assert bought(*lines, until=date(2024, 1, 2)) == {"ada": ["tea"]}


def test_purchases_without_items_are_no_interactions():
    found = load_interactions(shop("ada 2024-01-01"))

    assert (len(found), len(found.items), len(found.item_ids), found.indptr.tolist()) == (0, 0, 0, [0])


def test_a_missing_quantity_is_one_piece():
    found = load_interactions(shop("ada 2024-01-01 item_id=tea quantity=3", "ada 2024-01-02 item_id=tea"))

    assert found.quantities.tolist() == [3.0, 1.0]


def test_lines_of_one_order_share_a_number():
    lines = ("ada 2024-01-01T10:00 item_id=tea order_id=x", "ada 2024-01-01T10:05 item_id=pot order_id=x")
    found = load_interactions(shop(*lines, "bo 2024-01-01 item_id=tea order_id=y"))

    assert found.orders[0] == found.orders[1] != found.orders[2]


def test_without_order_ids_lines_of_one_customer_at_one_moment_are_an_order():
    codes, customers = np.full(5, -1), np.array([0, 0, 0, 1, 1])
    times = np.array(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02", "2024-01-02"], "M8[s]")

    assert number_orders(codes, customers, times=times).tolist() == [0, 0, 1, 2, 2]


def test_order_numbers_of_ids_and_of_moments_never_meet():
    customers, times = np.zeros(3, np.int64), np.array(["2024-01-01", "2024-01-01", "2024-01-02"], "M8[s]")

    assert len(set(number_orders(np.array([1, -1, -1]), customers, times=times).tolist())) == 3


@given(st.lists(st.one_of(st.none(), st.text("ab9é酒", max_size=3).filter(bool)), max_size=20))
def test_codes_lead_back_to_the_texts(words):
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
