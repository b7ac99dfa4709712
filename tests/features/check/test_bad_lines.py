"""Lines that cannot be read and are left out."""

from __future__ import annotations

from pathlib import Path

from core.config.sources import TableSource
from core.i18n.translation import Language
from features.check.data import CheckedData
from features.check.overview import find_all
from features.check.texts import describe_finding
from tables.sources.opening import open_tables
from tests.worlds import config


def test_lines_that_are_left_out_are_named_with_an_example_and_their_places(tmp_path: Path):
    rows = [f"ada,2024-{month:02}-{day:02},1" for month in range(1, 6) for day in range(1, 29)]
    rows[40:40] = ["bo,2024-02-01", "cy,2024-02-01,1,1"]
    (tmp_path / "t.csv").write_text("\n".join(["customer_id,event_time,amount", *rows]) + "\n")
    source = TableSource(path=str(tmp_path / "t.csv"), bad_lines="skip")

    findings = find_all(CheckedData.of_tables(open_tables(config(tables={"purchases": source}))))

    (finding,) = [one for one in findings if one.kind == "bad_lines"]
    assert (finding.table, finding.count, finding.of) == ("purchases", 2, 142)
    assert describe_finding(finding, Language("en")).message == (
        "lines that cannot be read and are left out: 2 of 142 (1.4%), such as line 42 of t.csv, 'bo,2024-02-01' "
        "(it does not have as many cells as the header); t.csv:42, t.csv:43"
    )
    assert (
        "t.csvの42行目「bo,2024-02-01」(セルの数が見出しと異なります)"
        in describe_finding(finding, Language("ja")).message
    )
