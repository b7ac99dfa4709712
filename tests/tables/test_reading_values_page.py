"""The examples of the guide on how values are read: each file, with its setting, gives the rows that the page shows."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from core.config.loading import read_config
from tables.cross_section import open_cross_section
from tables.sources.opening import open_tables

GUIDE = Path(__file__).parents[2] / "docs/guide"
EXAMPLE = re.compile(
    r"^## ([^\n]+)\n.*?```csv\n(.*?)```.*?```toml\n(.*?)```.*?```csv\n(.*?)```", re.MULTILINE | re.DOTALL
)
HEAD = 'name = "shop"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 30\n'
pages = [GUIDE / "reading-values.md", GUIDE / "ja/reading-values.md"]
examples = [pytest.param(*example, id=f"{page.parent.name}: {example[0]}") for page in pages for example in
            EXAMPLE.findall(page.read_text(encoding="utf-8"))]  # fmt: skip


@pytest.mark.parametrize(("title", "file", "toml", "result"), examples)
def test_an_example_reads_as_the_page_shows(tmp_path: Path, title: str, file: str, toml: str, result: str):
    table = next(iter(tomllib.loads(toml).get("tables", {}).values()), {})
    (tmp_path / "data.csv").write_text(file, encoding=table.get("encoding", "utf-8"))
    (tmp_path / "kizuna.toml").write_text(HEAD + toml, encoding="utf-8")
    expected = list(csv.DictReader(result.splitlines()))

    rows = rows_of(tmp_path / "kizuna.toml")

    shown = [{column: write(row[column]) for column in expected[0]} for row in rows]
    assert sorted(shown, key=str) == sorted(expected, key=str)


def test_both_pages_have_an_example_of_every_setting():
    settings = (
        "delimiter", "encoding", "date_format", "calendar", "time_of_day", "decimal", "thousands", "null_values",
        "null_prefixes", "product", "constant", "scale", "interval", "monthly_snapshots", "minus", "id_width",
        "marks_of", "where", "fill_within", "answers", "profile", "[cross_section]",
    )  # fmt: skip
    for page in pages:
        tomls = "".join(toml for _, _, toml, _ in EXAMPLE.findall(page.read_text(encoding="utf-8")))
        assert [setting for setting in settings if setting not in tomls] == []


def rows_of(toml: Path) -> list[dict[str, Any]]:
    settings = read_config(toml, {})
    if settings.cross_section is not None:
        return open_cross_section(settings).arrow.to_pylist()
    tables = open_tables(settings, needs_activity=False)
    return tables[tables.names[0]].to_pyarrow().to_pylist()


def write(value: Any) -> str:
    """A value as the page writes it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return str(value).removesuffix(" 00:00:00")
    return f"{value:g}" if isinstance(value, float) else str(value)
