"""Tables and requests accept the same ids: text of 1 to 128 characters."""

from __future__ import annotations

from typing import Any, cast

import ibis
import msgspec
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.config.sources import ValueFormat
from core.ids import MAX_ID_LENGTH, MIN_ID_LENGTH, Id
from tables.cleaning.readings import read_id
from tests.engines import engine, every_engine

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
"PostgreSQL stores no NUL character."
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=3),
    st.text(CHARACTERS, min_size=MAX_ID_LENGTH - 1, max_size=MAX_ID_LENGTH + 2),
)


def messages_accept(text: str) -> bool:
    try:
        msgspec.convert(text, Id)
    except msgspec.ValidationError:
        return False
    return True


def tables_accept(texts: list[str], engine_name: str) -> list[bool]:
    table = ibis.memtable(pa.table({"row": range(len(texts)), "text": pa.array(texts, pa.string())}))
    reading = read_id(table.text, cast(Any, None), written=ValueFormat())
    assert reading.unreadable is not None
    accepts = (reading.value.notnull() & ~reading.unreadable).name("accepts")
    return engine(engine_name).to_pyarrow(table.select("row", accepts).order_by("row"))["accepts"].to_pylist()


@every_engine
def test_tables_and_messages_accept_the_same_ids(engine_name):
    @settings(max_examples=25, deadline=None)
    @given(texts=st.lists(TEXTS, min_size=1, max_size=20))
    @example(texts=["", " ", "絆" * MAX_ID_LENGTH, "絆" * (MAX_ID_LENGTH + 1), "e\u0301" * 65, "👩‍👩‍👧" * 26])
    def agree(texts):
        assert tables_accept(texts, engine_name) == [messages_accept(text) for text in texts]

    agree()


def test_an_id_has_1_to_128_characters():
    lengths = [length for length in range(200) if messages_accept("x" * length)]

    assert (lengths[0], lengths[-1]) == (MIN_ID_LENGTH, MAX_ID_LENGTH) == (1, 128)
