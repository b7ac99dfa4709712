"""Health files: the next day continues from them, and writing one again changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from core.errors import BrokenArtifact
from insights.health.day import NO_BANDS
from insights.health.files import read_previous_bands, write_day
from tests.insights.health.accounts import DAY, GONE, WELL, day_of

DROPPED = day_of({"acme": GONE, "bolt": WELL}, None, {"acme": WELL})


def test_band_states_survive_a_round_trip(tmp_path):
    write_day(tmp_path, DROPPED, model_version=3)

    bands = read_previous_bands(tmp_path, DAY + timedelta(days=1))

    assert bands.customer_ids.tolist() == ["acme", "bolt"]
    for name in ("band", "since", "dropped_on", "dropped_from", "dropped_to"):
        read, written = getattr(bands.states, name), getattr(DROPPED.states, name)
        assert read.astype(str).tolist() == written.astype(str).tolist()


def test_writing_a_day_again_gives_the_same_bytes(tmp_path):
    first = write_day(tmp_path, DROPPED, model_version=3).read_bytes()

    assert write_day(tmp_path, DROPPED, model_version=3).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["2026-04-01.parquet"]


def test_a_day_continues_from_the_newest_earlier_day_and_never_from_itself(tmp_path):
    write_day(tmp_path, DROPPED, model_version=3)
    write_day(tmp_path, day_of({"bolt": WELL}, day=DAY - timedelta(days=7)), model_version=3)

    assert read_previous_bands(tmp_path, DAY).customer_ids.tolist() == ["bolt"]
    assert read_previous_bands(tmp_path, DAY - timedelta(days=7)) is NO_BANDS


def test_the_file_has_readable_columns(tmp_path):
    (acme, _) = pq.read_table(write_day(tmp_path, DROPPED, model_version=3)).to_pylist()

    assert (acme["customer_id"], acme["cutoff"], acme["band"], acme["dropped_on"]) == ("acme", DAY, "critical", DAY)
    assert acme["health"] == pytest.approx(5.7, abs=0.1)
    assert (acme["change_7d"], acme["support"], acme["dropped_most"]) == (None, None, "usage")
    assert (
        acme["reasons_en"]
        == "Days with usage fell from 25 to 1 within 28 days; Last NPS fell from 9 to 6 within 28 days"
    )
    assert acme["model_version"] == 3


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "2026-03-31.parquet").write_bytes(b"PAR1")

    with pytest.raises(BrokenArtifact, match=r"2026-03-31\.parquet cannot be read"):
        read_previous_bands(tmp_path, DAY)
