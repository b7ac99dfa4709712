"""Tables and requests accept the same ids: text of 1 to 128 characters."""

from __future__ import annotations

import ibis
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.config.sources import ValueFormat
from core.ids import MAX_ID_LENGTH, MIN_ID_LENGTH, canonical_id, is_id
from tables.cleaning.readings import read_id
from tables.cleaning.workbench import Clock, Workbench
from tests.engines import engine, every_engine

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cn", "Co"])
"PostgreSQL stores no NUL character, and engines know other versions of Unicode."
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=3),
    st.text(CHARACTERS, min_size=MAX_ID_LENGTH - 1, max_size=MAX_ID_LENGTH + 2),
)


WRITTEN = st.sampled_from(
    [
        "17850.0",
        "-3.00",
        "1.78E+04",
        "1.78E4",
        "9007199254740992.0",
        "[1]",
        '{"a"}',
        "1e5",
        "００１",
        "ｱｶﾞ",
        "c1\u00a0",
        "\u3000x",
        "e\u0301",
        "\ufeffa",
    ]
)


def read_by_tables(texts: list[str], engine_name: str) -> list[str | None]:
    cells = pa.table({"row": range(len(texts)), "text": pa.array(texts, pa.string())})
    table = engine(engine_name).create_table(ibis.util.gen_name("ids"), cells, temp=True)
    bench = Workbench(table, Clock("UTC", "UTC"))
    reading = read_id(table.text, bench, written=ValueFormat())
    is_faulty = ibis.or_(*(fails for fails, _ in reading.other_faults))
    ids = ibis.ifelse(is_faulty, ibis.null("string"), reading.value)
    return bench.select("row", id=ids).order_by("row").to_pyarrow()["id"].to_pylist()


def read_by_rule(text: str) -> str | None:
    return canonical_id(text) if is_id(canonical_id(text)) else None


@every_engine
def test_tables_read_ids_by_the_rule_of_requests(engine_name):
    @settings(max_examples=25, deadline=None)
    @given(texts=st.lists(TEXTS | WRITTEN, min_size=1, max_size=20))
    @example(texts=["", " ", "絆" * MAX_ID_LENGTH, "絆" * (MAX_ID_LENGTH + 1), "e\u0301" * 65, "👩‍👩‍👧" * 26])
    def agree(texts):
        assert read_by_tables(texts, engine_name) == [read_by_rule(text) for text in texts]

    agree()


def test_an_id_has_1_to_128_characters():
    lengths = [length for length in range(200) if is_id("x" * length)]

    assert (lengths[0], lengths[-1]) == (MIN_ID_LENGTH, MAX_ID_LENGTH) == (1, 128)


def test_one_thing_has_one_id_however_it_is_written():
    written = {
        "c1 ": "c1", "\u3000c1\t": "c1", "ｃ００１": "c001", "ｶﾞ": "ガ", "e\u0301": "é", "17850.0": "17850",
        "00001": "00001", "007.0": "007", "a b": "a b", "1.5": "1.5", "-1": "-1", "①": "①",
    }  # fmt: skip

    assert {text: canonical_id(text) for text in written} == written


def test_a_number_in_scientific_notation_is_no_id_but_a_code_is():
    assert [is_id(text) for text in ("1.78E+04", "1.78E4", "1e+5", "1e5", "3E10", "E+04")] == [False] * 3 + [True] * 3


def test_what_lost_digits_or_is_no_text_of_json_is_no_id():
    no_ids = ("9007199254740992.0", "-12345678901234567.00", "true", "false", '{"id":1}', "[1,2]")
    ids = ("8999999999999999.0", "9007199254740993", "True", "{3F25-4E0}", "{}")

    assert [is_id(canonical_id(text)) for text in (*no_ids, *ids)] == [False] * len(no_ids) + [True] * len(ids)
