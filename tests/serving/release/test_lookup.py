"""Look-up of rows by id, and JSON texts packed into two arrays."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.release.lookup import IdIndex, PackedJson

ids = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12)
json_values = st.recursive(st.none() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=5)


@given(st.sets(ids, min_size=1), ids)
def test_the_index_finds_exactly_its_own_ids(stored, other):
    names = np.array(list(stored))
    index, order = IdIndex.of(names)

    assert all(names[order][index.find(name)] == name for name in stored)
    assert (index.find(other) >= 0) == (other in stored)


@given(st.sets(ids, min_size=1), st.sets(ids))
def test_an_index_without_some_ids_is_the_index_of_the_others(stored, excluded):
    names, excluded_names = np.array(list(stored)), np.array(list(excluded), dtype=str)
    index, rows = IdIndex.without(names, excluded_names)

    assert index.names().tolist() == names[rows].tolist()
    assert set(index.names().tolist()) == stored - excluded


@given(st.sets(ids), st.lists(ids, min_size=1))
def test_several_ids_are_found_as_each_alone(stored, others):
    names = [*sorted(stored), *others]
    index, _ = IdIndex.of(np.array(sorted(stored), dtype=str))

    assert index.contains(np.char.encode(names, "utf-8")).tolist() == [name in stored for name in names]


@given(st.sets(ids), st.lists(st.one_of(ids, st.text(max_size=3))))
def test_all_of_several_ids_are_found_where_each_is_found_alone(stored, names):
    index, _ = IdIndex.of(np.array(sorted(stored), dtype=str))
    alone = [index._find(name) for name in names]

    rows = index.find_all([name.encode("utf-8", "surrogatepass") for name in names])

    assert rows == (alone if min(alone, default=0) >= 0 else None)


def test_an_id_that_ends_in_a_zero_byte_differs_from_the_id_without_it():
    index, _ = IdIndex.of(np.array(["ada"]))

    assert index.find("ada\0") == -1


def test_an_id_longer_than_all_others_is_not_found():
    index, _ = IdIndex.of(np.array(["ada", "bo"]))

    assert index.find("ada-and-more") == -1


def test_an_empty_index_finds_nothing():
    index, order = IdIndex.of(np.array([], dtype="U1"))

    assert (len(index), len(order), index.find("ada"), len(index.names())) == (0, 0, -1, 0)


@given(st.lists(json_values))
def test_packed_values_decode_to_themselves(values):
    texts = PackedJson.of(values)

    assert [msgspec.json.decode(texts[row]) for row in range(len(texts))] == values


def test_an_id_is_found_however_it_is_written():
    index, _ = IdIndex.of(np.array(["17850", "c1"]))

    assert [index.find(name) for name in ("c1", " c1 ", "ｃ１", "17850.0", "17851")] == [1, 1, 1, 0, -1]
