"""A day's file carries on to the next day, and is the same when it is written again."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from core.errors import BrokenArtifact
from insights.health.day import NOBODY
from insights.health.files import standings_before, write_day
from tests.insights.health.accounts import DAY, GONE, WELL, day_of

FALLEN = day_of({"acme": GONE, "bolt": WELL}, None, {"acme": WELL})


def test_where_everybody_stood_comes_back_as_it_was(tmp_path):
    write_day(tmp_path, FALLEN, 3)

    found = standings_before(tmp_path, DAY + timedelta(days=1))

    assert found.customer_ids.tolist() == ["acme", "bolt"]
    for name in ("band", "since", "dropped_on"):
        kept, said = getattr(found.standing, name), getattr(FALLEN.standing, name)
        assert kept.astype(str).tolist() == said.astype(str).tolist()


def test_the_same_day_written_again_is_the_same_file(tmp_path):
    first = write_day(tmp_path, FALLEN, 3).read_bytes()

    assert write_day(tmp_path, FALLEN, 3).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["2026-04-01.parquet"]


def test_a_day_goes_on_from_the_newest_day_before_it_and_never_from_itself(tmp_path):
    write_day(tmp_path, FALLEN, 3)
    write_day(tmp_path, day_of({"bolt": WELL}, day=DAY - timedelta(days=7)), 3)

    assert standings_before(tmp_path, DAY).customer_ids.tolist() == ["bolt"]
    assert standings_before(tmp_path, DAY - timedelta(days=7)) is NOBODY


def test_people_can_read_it(tmp_path):
    (acme, _) = pq.read_table(write_day(tmp_path, FALLEN, 3)).to_pylist()

    assert (acme["customer_id"], acme["cutoff"], acme["band"], acme["dropped_on"]) == ("acme", DAY, "critical", DAY)
    assert acme["health"] == pytest.approx(5.7, abs=0.1)
    assert (acme["change_7d"], acme["support"], acme["dropped_most"]) == (None, None, "usage")
    assert acme["reasons_en"] == "days with usage: 1 (28 days before: 25); last NPS: 6 (28 days before: 9)"
    assert acme["model_version"] == 3


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "2026-03-31.parquet").write_bytes(b"PAR1")

    with pytest.raises(BrokenArtifact, match=r"2026-03-31\.parquet cannot be read"):
        standings_before(tmp_path, DAY)
