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


def comments(text: str) -> str:
    """The text of a TOML as one line, without the marks of comments."""
    return " ".join(text.replace("#", " ").split())


@pytest.mark.parametrize(
    ("moments", "is_local"),
    [
        (days(400, ""), True),
        (days(400, "Z"), False),
        ([one[:10] for one in days(400, "")], False),
        ([str(1735689600 + 90_000 * n) for n in range(100)], False),
    ],
)
def test_init_says_that_times_without_a_zone_are_read_as_those_of_the_business(
    tmp_path: Path, moments: list[str], is_local: bool
):
    moments = [one.replace("T00:00:00", f"T{9 + n % 9:02d}:15:00") for n, one in enumerate(moments)]

    _, text = zone_of(tmp_path, moments)

    assert "nothing in the data says it" in comments(text)
    assert ("timestamp: times without a zone, read on its clocks" in comments(text)) == is_local


def test_a_column_named_utc_is_not_read_on_the_clocks_of_the_business(tmp_path: Path):
    lines = [f"u{n % 9},login,2025-01-{1 + n % 28:02d} 10:15" for n in range(90)]
    (tmp_path / "events.csv").write_text("\n".join(["user_id,event,event time (UTC)", *lines]) + "\n")
    run(["init", str(tmp_path / "events.csv"), "--yes", "--out", str(tmp_path / "k.toml")])

    text = (tmp_path / "k.toml").read_text()

    assert "without a zone" not in text
    assert 'time_zone = "UTC" # the name of event time (UTC) says so' in text
