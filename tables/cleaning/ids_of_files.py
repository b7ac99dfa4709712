"""Reads the ids of a file that is no table of the data set, such as the test part of an evaluation."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa

from core.config.sources import ValueFormat
from tables.cleaning.readings import read_column
from tables.cleaning.workbench import Clock, Workbench


def read_ids(written: pa.ChunkedArray) -> pa.ChunkedArray:
    """The ids of a column by the id rule of the tables (`core.ids`); null where there is none.

    Raises DataError for a column whose type rules out ids, such as dates.
    """
    encoded = written.dictionary_encode().combine_chunks()
    words = pa.table({"place": np.arange(len(encoded.dictionary)), "id": encoded.dictionary})
    bench = Workbench(ibis.memtable(words), Clock("UTC", "UTC"))
    reading = read_column([bench.source["id"]], bench, written=ValueFormat(), kind="id")
    faults = (fault.fill_null(False) for fault, _ in reading.other_faults)
    is_faulty = ibis.or_(ibis.literal(False), *faults)
    ids = bench.select("place", id=ibis.ifelse(is_faulty, ibis.null("string"), reading.value))
    return pa.chunked_array([ids.order_by("place").to_pyarrow()["id"].combine_chunks().take(encoded.indices)])
