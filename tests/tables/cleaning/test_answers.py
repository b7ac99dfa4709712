"""Columns with one consent each, as rows: which cells are answers, and what each one says."""

from __future__ import annotations

import math

import ibis
import pyarrow as pa
import pytest

from core.config.rows import AnswerColumn
from core.errors import DataError
from tables.cleaning.answers import unpivot_answers

MAIL, SMS = AnswerColumn("mail", "contact:mail"), AnswerColumn("no_sms", "contact:sms", negated=True)


def rows_of(cells: dict[str, list], *answers: AnswerColumn) -> list[tuple]:
    rows = ibis.memtable(pa.table({"id": list(range(len(next(iter(cells.values()))))), **cells}))
    unpivoted = unpivot_answers(rows, answers, table="consents").to_pyarrow().to_pylist()
    return sorted((row["id"], row["purpose"], row["granted"]) for row in unpivoted)


def test_a_cell_is_a_row_a_yes_to_a_refusal_is_no_and_a_word_that_is_neither_stays():
    cells = {"mail": ["yes", "", "no"], "no_sms": ["yes", "perhaps", "no"]}

    assert rows_of(cells, MAIL, SMS) == [
        (0, "contact:mail", "yes"),
        (0, "contact:sms", "false"),
        (1, "contact:sms", "perhaps"),
        (2, "contact:mail", "no"),
        (2, "contact:sms", "true"),
    ]


@pytest.mark.parametrize("values", [[1.0, math.nan, 0.0], [True, None, False], [1, None, 0]])
def test_booleans_and_numbers_are_answers_and_missing_ones_are_none(values: list):
    assert rows_of({"no_sms": values}, SMS) == [(0, "contact:sms", "false"), (2, "contact:sms", "true")]


def test_a_column_that_the_source_does_not_have_is_named():
    with pytest.raises(DataError, match="the source of consents has no column 'mail'"):
        rows_of({"no_sms": ["yes"]}, MAIL)
