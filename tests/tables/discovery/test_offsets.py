"""The time zone of a data set, from the offsets in its times."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kizuna.main import run


def zone_of(folder: Path, moments: list[str], *, currency: str = "") -> tuple[str, str]:
    """The zone that `kizuna init --yes` proposes for usage at these moments, and the line with its evidence."""
    lines = ["user_id,event,timestamp,price", *(f"u{n % 9},login,{one},{currency}{n}" for n, one in enumerate(moments))]
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    run(["init", str(folder / "events.csv"), "--yes", "--force", "--out", str(folder / "k.toml")])
    text = (folder / "k.toml").read_text()
    return tomllib.loads(text)["time_zone"], text


def days(n: int, offset: str) -> list[str]:
    return [f"{datetime(2025, 1, 1) + timedelta(days=day):%Y-%m-%dT%H:%M:%S}{offset}" for day in range(0, n, 3)]


@pytest.mark.parametrize(
    ("offset", "zone"),
    [("+02:00", "Etc/GMT-2"), ("-0300", "Etc/GMT+3"), ("+03:30", "UTC"), ("+09:00", "Asia/Tokyo"), ("Z", "UTC")],
)
def test_days_are_those_of_the_one_offset_that_all_times_have(tmp_path: Path, offset: str, zone: str):
    name, text = zone_of(tmp_path, days(400, offset))

    assert name == zone
    assert (f"the times have the offset {offset}" in " ".join(text.replace("#", "").split())) == (offset != "Z")


def test_two_offsets_are_those_of_a_zone_with_summer_time(tmp_path: Path):
    berlin = ZoneInfo("Europe/Berlin")
    moments = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(0, 400, 3)]

    assert zone_of(tmp_path, [one.astimezone(berlin).isoformat() for one in moments])[0] == "Europe/Berlin"
