"""The results page joins sections and keeps those that were not measured again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import pages


def test_a_new_section_replaces_the_old_one_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "results.md"
    monkeypatch.setattr(pages, "BENCH", tmp_path / "elsewhere")
    pages.write_section("tea", "Tea", command="make tea", facts={}, parts=["warm"])
    pages.write_section("a.milk", "Milk", command="make milk", facts={}, parts=["white"])
    pages.write_results(["a.milk", "tea"], page)

    monkeypatch.setattr(pages, "BENCH", tmp_path / "here")
    pages.write_section("tea", "Tea", command="make tea", facts={}, parts=["hot"])
    pages.write_results(["a.milk", "tea"], page)

    sections = pages.sections_of(page.read_text())
    assert list(sections) == ["a.milk", "tea"]
    assert "white" in sections["a.milk"]
    assert "hot" in sections["tea"]
    assert "warm" not in page.read_text()
