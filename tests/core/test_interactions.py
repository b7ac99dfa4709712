"""Purchase histories as compressed sparse rows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interactions import Histories, codes_of, codes_of_ids, lines_of
from tests.baskets import interactions

name_lists = st.lists(st.text("abc", min_size=1, max_size=4), max_size=8)


def items_by_customer(histories: Histories) -> dict[str, list[str]]:
    bounds = zip(histories.customer_ids.tolist(), histories.indptr[:-1], histories.indptr[1:], strict=True)
    return {customer: histories.item_ids[histories.items[start:end]].tolist() for customer, start, end in bounds}


@given(names=name_lists, vocabulary=name_lists)
def test_a_code_is_the_place_of_a_name_and_unknown_names_have_none(names: list[str], vocabulary: list[str]):
    catalogue = np.unique(np.array(vocabulary, dtype=str))

    codes = codes_of(np.array(names, dtype=str), catalogue)

    assert [catalogue[code] if code >= 0 else None for code in codes] == [x if x in vocabulary else None for x in names]


def test_a_name_longer_than_the_whole_vocabulary_is_unknown():
    assert codes_of(np.array(["teapot"]), np.array(["milk", "tea"])).tolist() == [-1]


@given(lengths=st.lists(st.integers(0, 4), min_size=1, max_size=6), data=st.data())
def test_the_lines_of_rows_are_the_rows_one_after_the_other(lengths: list[int], data: st.DataObject):
    rows = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=5))
    indptr = np.concatenate([[0], np.cumsum(lengths)])

    lines = lines_of(indptr, np.array(rows, dtype=np.int64))

    assert lines.tolist() == [line for row in rows for line in range(indptr[row], indptr[row + 1])]


def test_taking_customers_keeps_the_order_of_the_rows():
    log = interactions("ada 2024-03-01 tea", "bo 2024-03-01 milk tea", "cyd 2024-03-02 jam")

    assert list(items_by_customer(log.take(np.array([2, 0]))).items()) == [("cyd", ["jam"]), ("ada", ["tea"])]


def test_another_catalogue_changes_the_codes_and_not_the_items():
    log = interactions("ada 2024-03-01 tea", "bo 2024-03-01 milk jam", "- 2024-03-01 tea jam")

    recoded = log.recode(np.array(["apple", "jam", "tea"]))

    assert items_by_customer(recoded) == {"ada": ["tea"], "bo": ["jam"]}
    assert recoded.item_ids[recoded.anonymous_items].tolist() == ["tea", "jam"]
    assert len(recoded.anonymous_times) == 2


def test_a_purchase_on_the_cutoff_has_not_happened_yet():
    log = interactions("ada 2024-03-01 tea", "ada 2024-03-08 jam", "- 2024-03-07T23:59:59 tea", "- 2024-03-08 jam")

    early = log.before(date(2024, 3, 8))

    assert items_by_customer(early) == {"ada": ["tea"]}
    assert early.item_ids[early.anonymous_items].tolist() == ["tea"]


def test_a_purchase_one_half_life_old_counts_half_and_a_later_one_in_full():
    log = interactions("ada 2024-03-01 tea", "bo 2024-03-11 tea", "cyd 2024-03-12 tea")

    matrix = log.matrix(half_life_days=10, cutoff=date(2024, 3, 11))

    assert matrix.toarray().ravel() == pytest.approx([0.5, 1, 1])


def test_without_a_half_life_the_matrix_counts_purchases():
    log = interactions("ada 2023-03-01 tea jam", "ada 2024-03-01 tea")

    assert log.matrix().toarray().tolist() == [[1, 2]]


def test_building_the_matrix_does_not_change_the_histories():
    log = interactions("ada 2024-03-01 tea jam", "ada 2024-03-02 tea")
    before = log.items.copy()

    log.matrix()

    assert (log.items == before).all()


def test_a_history_of_unknown_items_is_empty():
    unknown = Histories.of_items([["tea", "unknown"], []], np.array(["tea"]), now=np.datetime64("2024-03-01"))

    assert unknown.indptr.tolist() == [0, 1, 1]


def test_ids_are_found_however_they_are_written():
    vocabulary = np.array(["00001", "17850", "c1"])

    assert codes_of_ids(["c1", " c1", "ｃ１", "17850.0", "1"], vocabulary).tolist() == [2, 2, 2, 1, -1]
    assert codes_of_ids([], vocabulary).tolist() == []
