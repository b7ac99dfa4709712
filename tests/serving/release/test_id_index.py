"""Ids as fixed-width bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.release.id_index import IdIndex

ids = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12)


@given(st.sets(ids, min_size=1), ids)
def test_exactly_the_ids_that_were_put_in_are_found(known, other):
    names = np.array(list(known))
    index, order = IdIndex.of(names)

    assert all(names[order][index.find(name)] == name for name in known)
    assert (index.find(other) >= 0) == (other in known)


def test_an_id_that_ends_in_a_zero_byte_is_not_its_shorter_twin():
    index, _ = IdIndex.of(np.array(["ada"]))

    assert index.find("ada\0") == -1


def test_an_id_wider_than_all_others_is_not_found():
    index, _ = IdIndex.of(np.array(["ada", "bo"]))

    assert index.find("ada-and-more") == -1


def test_an_empty_index_finds_nothing():
    index, order = IdIndex.of(np.array([], dtype="U1"))

    assert (len(index), len(order), index.find("ada")) == (0, 0, -1)
