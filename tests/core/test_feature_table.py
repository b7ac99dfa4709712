"""Feature tables: values with their names and words."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable

NAN = float("nan")


def column(name: str, **meaning) -> FeatureColumn:
    return FeatureColumn(
        name=name,
        family="recency",
        unit="days",
        en=name,
        ja=name,
        missing="never bought",
        digest=f"digest of {name}",
        **meaning,
    )


@pytest.fixture
def table() -> FeatureTable:
    return FeatureTable(
        np.array(["ada", "bo", "cyd"]),
        np.full(3, np.datetime64("2024-03-08")),
        np.array([[1, 0], [NAN, 1], [3, NAN]], dtype=float),
        (column("recency_days"), column("country", vocabulary=("UK", "JP"))),
    )


def test_a_column_is_looked_up_by_name(table):
    assert table.column("country").tolist()[:2] == [0, 1]
    with pytest.raises(DataError, match="did you mean 'recency_days'"):
        table.column("recency_day")


def test_selecting_columns_reorders_values_and_descriptions_together(table):
    swapped = table.select(["country", "recency_days"])

    assert swapped.names == ("country", "recency_days")
    np.testing.assert_array_equal(swapped.column("recency_days"), table.column("recency_days"))
    assert table.names == ("recency_days", "country")


def test_rows_are_selected_by_mask_or_by_index(table):
    assert table.take(np.array([True, False, True])).customer_ids.tolist() == ["ada", "cyd"]
    assert table.take(np.array([2, 0])).values[:, 0].tolist() == [3, 1]


def test_a_table_lists_the_digests_and_vocabularies_for_the_model_card(table):
    assert table.digests == {"recency_days": "digest of recency_days", "country": "digest of country"}
    assert table.vocabularies == {"country": ("UK", "JP")}


def test_arrow_and_pandas_get_words_and_missing_values(table):
    columns = table.to_arrow().to_pydict()

    assert columns["country"] == ["UK", "JP", None]
    assert columns["recency_days"] == [1, None, 3]
    assert columns["customer_id"] == ["ada", "bo", "cyd"]
    assert table.to_pandas()["country"].tolist()[:2] == ["UK", "JP"]


def test_values_of_the_wrong_shape_are_refused():
    with pytest.raises(DataError, match=r"\(2, 1\) cannot hold values of shape \(2, 2\)"):
        FeatureTable(np.array(["a", "b"]), np.full(2, np.datetime64("2024-01-01")), np.zeros((2, 2)), (column("x"),))
