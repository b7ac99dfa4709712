"""Health goes from the file of `kizuna health` through a release to the customer's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from core.health import DIMENSIONS, HealthRecord
from insights.health.files import write_day
from serving.build.health import MAX_AGE_DAYS, read_health
from serving.release.health_part import HealthPart
from tests.insights.health.accounts import DAY, GONE, WELL, day_of
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import publish, sample_release

NO_IDS = np.empty(0, "U1")
DROPPED = day_of({"ada": GONE, "bo": WELL}, None, {"ada": WELL})
"Ada used the product on 25 days and gave an NPS of 9; now it is one day and a 6."


def build(folder: Path, cutoff: date = DAY, opted_out: NDArray[np.str_] = NO_IDS) -> HealthPart:
    """The part of a release from this day's file."""
    write_day(folder, DROPPED, model_version=3)
    part, missing_reason = read_health(folder, cutoff, opted_out=opted_out)
    assert missing_reason == ""
    assert isinstance(part, HealthPart)
    return part


def health_of(part: HealthPart, customer_id: str) -> HealthRecord:
    record = part.health_of(customer_id)
    assert record is not None
    return record


def test_the_page_shows_dimensions_changes_and_reasons(tmp_path):
    publish(tmp_path / "releases", replace(sample_release(), health=build(tmp_path / "health")))

    page = client_for(open_api(tmp_path / "releases"))("GET", "/v1/customers/ada").json()

    record = page["health_record"]
    assert (record["scored_on"], record["health"], record["band"], record["band_since"]) == (
        "2026-04-01", 5.7, "critical", "2026-04-01",
    )  # fmt: skip
    assert (record["change_7d"], record["change_28d"]) == (None, pytest.approx(5.7 - 94.8, abs=0.1))
    assert list(record["dimensions"]) == list(DIMENSIONS)
    assert (record["dimensions"]["sentiment"], record["dimensions"]["support"]) == (50.0, None)
    assert (record["dropped_most"], record["dropped_on"], record["model_version"]) == ("usage", "2026-04-01", 3)
    assert (
        record["reasons_en"]
        == "Days with usage fell from 25 to 1 within 28 days; Last NPS fell from 9 to 6 within 28 days"
    )
    assert record["reasons_ja"] == "利用日数が28日間で25日から1日に減少、直近のNPSが28日間で9から6に減少"


def test_a_customer_without_health_still_has_a_page(tmp_path):
    publish(tmp_path / "releases", replace(sample_release(), health=build(tmp_path / "health")))

    page = client_for(open_api(tmp_path / "releases"))("GET", "/v1/customers/cyd").json()

    assert (page["health_record"], page["health"]) == (None, 10.0)


def test_a_day_without_a_dimension_is_read_with_that_dimension_unknown(tmp_path):
    path = write_day(tmp_path, DROPPED, model_version=3)
    pq.write_table(pq.read_table(path).drop_columns(["community"]), path)

    part, missing_reason = read_health(tmp_path, DAY, opted_out=NO_IDS)

    assert missing_reason == ""
    assert isinstance(part, HealthPart)
    assert health_of(part, "ada").dimensions["community"] is None


def test_customers_who_opted_out_since_are_not_stored(tmp_path):
    part = build(tmp_path, opted_out=np.array(["ada", "zed"]))

    assert (part.health_of("ada"), health_of(part, "bo").band) == (None, "healthy")
    assert b"25)" not in part.health.content.tobytes()


def test_the_newest_day_up_to_the_cutoff_is_used(tmp_path):
    tomorrow, week_before = DAY + timedelta(days=1), DAY - timedelta(days=7)
    for day in (week_before, tomorrow):
        write_day(tmp_path, day_of({"ada": WELL}, day=day), model_version=2)

    assert health_of(build(tmp_path), "ada").scored_on == DAY
    assert health_of(build(tmp_path, DAY - timedelta(days=1)), "ada").scored_on == week_before


def test_a_day_that_is_too_old_is_not_used(tmp_path):
    write_day(tmp_path, DROPPED, model_version=3)

    part, missing_reason = read_health(tmp_path, DAY + timedelta(days=MAX_AGE_DAYS + 1), opted_out=NO_IDS)

    assert part is None
    assert "last computed on 2026-04-01" in missing_reason
    assert build(tmp_path, DAY + timedelta(days=MAX_AGE_DAYS)).health_of("bo") is not None


def test_without_any_health_nothing_is_missing(tmp_path):
    assert read_health(tmp_path, DAY, opted_out=NO_IDS) == (None, "")


def truncate(path: Path) -> None:
    """Not a Parquet file."""
    path.write_bytes(b"PAR1")


def replace_health_by_text(path: Path) -> None:
    """Parquet with a column of another type."""
    table = pq.read_table(path)
    text = pa.array(["fine"] * len(table))
    pq.write_table(table.set_column(table.schema.get_field_index("health"), "health", text), path)


def remove_bands(path: Path) -> None:
    """Parquet without a column."""
    pq.write_table(pq.read_table(path).drop_columns(["band"]), path)


@pytest.mark.parametrize("damage", [truncate, replace_health_by_text, remove_bands])
def test_a_damaged_file_is_named_and_keeps_nothing_else_from_being_build(tmp_path, damage):
    damage(write_day(tmp_path, DROPPED, model_version=3))

    part, missing_reason = read_health(tmp_path, DAY, opted_out=NO_IDS)

    assert part is None
    assert "2026-04-01.parquet cannot be read" in missing_reason


def test_health_is_read_as_it_was_written(tmp_path):
    part = build(tmp_path)

    again = HealthPart.from_artifacts(part.to_artifacts())

    assert [again.health_of(name) for name in ("ada", "bo", "cyd")] == [
        health_of(part, "ada"),
        health_of(part, "bo"),
        None,
    ]
