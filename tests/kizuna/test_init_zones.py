"""Times whose type has a time zone: `kizuna init` names the zone, and months are those of the business."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kizuna.main import run
from tests.engines import POSTGRES, engine
from tests.kizuna.exports import discover, opened

pytestmark = pytest.mark.usefixtures("folder")

MOMENTS = [datetime(2024, 12, 31, 20, 30, tzinfo=UTC) + n * timedelta(hours=37) for n in range(120)]
"Some are on the first morning of a month in Tokyo, and in the month before in UTC."
ORDERS = [(f"c{n % 20}", moment, float(10 + n % 7)) for n, moment in enumerate(MOMENTS)]


def revenue_in(zone: str) -> dict[str, float]:
    """The months of a zone with their amounts, as pandas adds them up."""
    orders = pd.DataFrame(ORDERS, columns=["customer_id", "ordered_at", "amount"])
    months = orders.ordered_at.dt.tz_convert(zone).dt.strftime("%Y-%m")
    return {str(month): float(amount) for month, amount in orders.amount.groupby(months).sum().items()}


def write_parquet(zone: str) -> str:
    """The orders with a zone in the type of their moments, and without one in that of their records."""
    moments = pa.array(MOMENTS).cast(pa.timestamp("ns", tz=zone))
    naive = [moment.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) for moment in MOMENTS]
    plain = {"customer_id": [order[0] for order in ORDERS], "amount": [order[2] for order in ORDERS]}
    pq.write_table(pa.table({**plain, "ordered_at": moments, "updated_at": naive}), "orders.parquet")
    return "orders.parquet"


def revenue_by_month() -> dict[str, float]:
    """The months of the report that are complete."""
    assert run(["report", "--out", "report.json", "--format", "json"]) == 0
    figures = json.loads(Path("report.json").read_text(encoding="utf-8"))["figures"]
    return {
        figure["period"]: figure["value"]
        for figure in figures
        if (figure["name"], figure["by"]) == ("revenue", "all") and "/" not in figure["period"]
    }


def first_months(revenue: dict[str, float]) -> dict[str, float]:
    return {month: revenue[month] for month in ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")}


def evidence() -> str:
    return " ".join(Path("kizuna.toml").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("zone", "of_business"), [("Asia/Tokyo", "in the type of"), ("+09:00", "the offset +09:00")])
def test_the_zone_in_the_type_of_a_parquet_column_is_that_of_the_business(zone: str, of_business: str):
    toml = discover(write_parquet(zone))

    assert toml["time_zone"] == "Asia/Tokyo"
    assert f"its type has the time zone {zone}" in evidence()
    assert "no time zone in its type: local times" in evidence()
    assert of_business in evidence()
    assert first_months(revenue_by_month()) == first_months(revenue_in("Asia/Tokyo")) != first_months(revenue_in("UTC"))


def test_utc_in_the_type_of_a_column_is_stated_and_says_nothing_of_the_business():
    toml = discover(write_parquet("UTC"))

    assert (toml["time_zone"], "assumed" in evidence()) == ("UTC", True)
    assert "its type has the time zone UTC" in evidence()
    assert first_months(revenue_by_month()) == first_months(revenue_in("UTC"))


@pytest.fixture
def orders_in_postgres() -> Iterator[str]:
    engine("postgres")
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS zones CASCADE; CREATE SCHEMA zones")
        connection.execute("CREATE TABLE zones.orders (customer_id text, ordered_at timestamptz, amount float)")
        with connection.cursor().copy("COPY zones.orders FROM STDIN") as copy:
            for order in ORDERS:
                copy.write_row(order)
        yield "zones.orders"
        connection.execute("DROP SCHEMA zones CASCADE")


def test_moments_of_postgresql_are_those_of_the_business_whatever_the_zone_of_the_server(
    orders_in_postgres: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PGOPTIONS", "-c timezone=America/New_York")
    Path("kizuna.toml").write_text(
        f'name = "zones"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 90\n[tables.purchases]\n'
        f'database = "{POSTGRES}"\ntable = "{orders_in_postgres}"\ncolumns = {{ event_time = "ordered_at" }}\n'
    )

    months = first_months(revenue_by_month())
    opened[-1].backend.disconnect()

    assert months == first_months(revenue_in("Asia/Tokyo"))
