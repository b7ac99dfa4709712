"""What `kizuna health` judged reaches the customer's page: from the day's file through a release to the counter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.health import DIMENSIONS, HealthRecord
from insights.health.files import write_day
from serving.build.health import OLDEST_DAYS, health_part
from serving.release.health_part import HealthPart
from tests.insights.health.accounts import DAY, GONE, WELL, day_of
from tests.serving.conftest import asker, face_on
from tests.serving.hand_made import hand_made, put_in_force

NOBODY = np.empty(0, "U1")
FALLEN = day_of({"ada": GONE, "bo": WELL}, None, {"ada": WELL})
"Ada used it on 25 days and gave a 9; now it is one day and a 6."


def released(folder: Path, cutoff: date = DAY, unwilling: np.ndarray = NOBODY) -> HealthPart:
    """What a release takes over from this day's file."""
    write_day(folder, FALLEN, 3)
    part, why_not = health_part(folder, cutoff, unwilling)
    assert why_not == ""
    assert part is not None
    return part


def of(part: HealthPart, customer_id: str) -> HealthRecord:
    found = part.of_customer(customer_id)
    assert found is not None
    return found


def test_the_page_says_how_they_are_in_each_side_what_changed_and_why(tmp_path):
    put_in_force(tmp_path / "releases", replace(hand_made(), health=released(tmp_path / "health")))

    page = asker(face_on(tmp_path / "releases"))("GET", "/v1/customers/ada").json()

    judged = page["health_record"]
    assert (judged["scored_on"], judged["health"], judged["band"], judged["band_since"]) == (
        "2026-04-01", 5.7, "critical", "2026-04-01",
    )  # fmt: skip
    assert (judged["change_7d"], judged["change_28d"]) == (None, pytest.approx(5.7 - 94.8, abs=0.1))
    assert list(judged["dimensions"]) == list(DIMENSIONS)
    assert (judged["dimensions"]["sentiment"], judged["dimensions"]["support"]) == (50.0, None)
    assert (judged["dropped_most"], judged["dropped_on"], judged["model_version"]) == ("usage", "2026-04-01", 3)
    assert judged["reasons_en"] == "Days with usage: 1 (28 days earlier: 25); Last NPS: 6 (28 days earlier: 9)"
    assert judged["reasons_ja"] == "利用日数:1(28日前は25)、直近のNPS:6(28日前は9)"


def test_who_was_not_judged_has_none_and_the_page_is_there_all_the_same(tmp_path):
    put_in_force(tmp_path / "releases", replace(hand_made(), health=released(tmp_path / "health")))

    page = asker(face_on(tmp_path / "releases"))("GET", "/v1/customers/cyd").json()

    assert (page["health_record"], page["health"]) == (None, 10.0)


def test_of_who_refused_since_nothing_is_kept(tmp_path):
    part = released(tmp_path, unwilling=np.array(["ada", "zed"]))

    assert (part.of_customer("ada"), of(part, "bo").band) == (None, "healthy")
    assert b"25)" not in part.judged.content.tobytes()


def test_the_newest_day_up_to_the_cutoff_speaks(tmp_path):
    tomorrow, week_before = DAY + timedelta(days=1), DAY - timedelta(days=7)
    for day in (week_before, tomorrow):
        write_day(tmp_path, day_of({"ada": WELL}, day=day), 2)

    assert of(released(tmp_path), "ada").scored_on == DAY
    assert of(released(tmp_path, DAY - timedelta(days=1)), "ada").scored_on == week_before


def test_a_day_too_long_ago_is_not_passed_off_as_today(tmp_path):
    write_day(tmp_path, FALLEN, 3)

    part, why_not = health_part(tmp_path, DAY + timedelta(days=OLDEST_DAYS + 1), NOBODY)

    assert part is None
    assert "last judged on 2026-04-01" in why_not
    assert released(tmp_path, DAY + timedelta(days=OLDEST_DAYS)).of_customer("bo") is not None


def test_where_health_was_never_judged_nothing_is_missing(tmp_path):
    assert health_part(tmp_path, DAY, NOBODY) == (None, "")


def broken(path: Path) -> None:
    """No Parquet at all."""
    path.write_bytes(b"PAR1")


def of_another(path: Path) -> None:
    """Parquet, with words where the health should be."""
    table = pq.read_table(path)
    words = pa.array(["fine"] * len(table))
    pq.write_table(table.set_column(table.schema.get_field_index("health"), "health", words), path)


def without_bands(path: Path) -> None:
    """Parquet that lacks a column."""
    pq.write_table(pq.read_table(path).drop_columns(["band"]), path)


@pytest.mark.parametrize("spoil", [broken, of_another, without_bands])
def test_a_damaged_file_is_named_and_keeps_nothing_else_from_being_released(tmp_path, spoil):
    spoil(write_day(tmp_path, FALLEN, 3))

    part, why_not = health_part(tmp_path, DAY, NOBODY)

    assert part is None
    assert "2026-04-01.parquet cannot be read" in why_not


def test_what_was_written_is_read_again(tmp_path):
    part = released(tmp_path)

    again = HealthPart.from_artifact(part.to_artifact())

    assert [again.of_customer(name) for name in ("ada", "bo", "cyd")] == [of(part, "ada"), of(part, "bo"), None]
