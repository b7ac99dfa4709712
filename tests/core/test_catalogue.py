"""A shelf gives what stands on it, and names what does when asked for something else."""

from __future__ import annotations

import pytest

from core.catalogue import Catalogue
from core.errors import UnknownName

SHELF = Catalogue("models.recommenders", {"als": 1, "item_knn": 2})


def test_a_shelf_is_read_like_a_mapping():
    assert dict(SHELF) == {"als": 1, "item_knn": 2}
    assert "als" in SHELF
    assert "ease" not in SHELF
    assert len(SHELF) == 2


def test_a_misspelt_name_gets_its_neighbour_and_a_strange_one_the_list():
    with pytest.raises(UnknownName, match=r"no 'als2' in models\.recommenders; did you mean 'als'\?"):
        SHELF["als2"]
    with pytest.raises(UnknownName, match="there are: als, item_knn"):
        SHELF["transformer"]
