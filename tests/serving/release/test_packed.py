"""JSON texts in two arrays."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from serving.release.packed import PackedJson

things = st.recursive(st.none() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=5)


@given(st.lists(things))
def test_what_was_packed_comes_back(packed):
    texts = PackedJson.of(packed)

    assert [msgspec.json.decode(texts[row]) for row in range(len(texts))] == packed
