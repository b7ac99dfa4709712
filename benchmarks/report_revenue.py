"""Compares the report's net revenue with the sum of the file's lines: `python -m benchmarks.report_revenue`.

The file is Online Retail II. A line without a customer belongs to no customer's revenue, so both leave it out. The sum
is taken from the file itself, without Kizuna's tables, and both have to be equal to the cent.
"""

from __future__ import annotations

import math
import sys
from datetime import date

import pyarrow.parquet as pq

from benchmarks.data_sets import data_set
from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import table, write_section
from insights.report.building import build_report
from tables.sources.opening import open_tables

SECTION = "online_retail.report"
COMMAND = "python -m benchmarks.report_revenue"
CUTOFF = date(2010, 12, 1)
"The day after the last line of the file, which covers twelve whole months."


def main() -> int:
    """Publish both sums. The exit code is 1 where they differ by a cent."""
    data = data_set("online_retail")
    report = build_report(open_tables(data.config), CUTOFF, segments={})
    revenue = report.figures.one("revenue")
    reported = round(revenue.value, 2) if revenue is not None else float("nan")
    of_file = round(sum_lines(str(data.config.tables["purchases"].path)), 2)
    figures = {f"{SECTION}.net_revenue": reported, f"{SECTION}.sum_of_lines": of_file}
    publish(
        SECTION,
        [BenchmarkFigure(figure=name, value=n, low=n, high=n, unit="GBP") for name, n in figures.items()],
    )
    rows = [["report: revenue of the year", f"{reported:,.2f}"], ["file: sum of its lines", f"{of_file:,.2f}"]]
    write_section(
        SECTION,
        f"Revenue of the report on {data.name}",
        command=COMMAND,
        facts={"Data": f"{data.description} ({data.terms}); lines with a customer", "Report": f"cutoff {CUTOFF}"},
        parts=[table(["net of returns", "GBP"], rows)],
    )
    return 0 if reported == of_file else 1


def sum_lines(path: str) -> float:
    """The sum of quantity times price over all lines with a customer."""
    lines = pq.read_table(path, columns=["CustomerID", "Quantity", "Price"])
    has_customer = lines["CustomerID"].is_valid().to_numpy()
    return math.fsum((lines["Quantity"].to_numpy() * lines["Price"].to_numpy())[has_customer])


if __name__ == "__main__":
    sys.exit(main())
