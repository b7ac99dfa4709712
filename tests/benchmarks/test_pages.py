"""One page is made of sections; what was not measured on this machine stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import pages


def test_a_section_that_was_not_measured_here_stays_and_one_that_was_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    page = tmp_path / "results.md"
    monkeypatch.setattr(pages, "BENCH", tmp_path / "elsewhere")
    pages.write_section("tea", "Tea", "make tea", {}, ["warm"])
    pages.write_section("a.milk", "Milk", "make milk", {}, ["white"])
    pages.write_results(["a.milk", "tea"], page)

    monkeypatch.setattr(pages, "BENCH", tmp_path / "here")
    pages.write_section("tea", "Tea", "make tea", {}, ["hot"])
    pages.write_results(["a.milk", "tea"], page)

    found = pages.sections_of(page.read_text())
    assert list(found) == ["a.milk", "tea"]
    assert "white" in found["a.milk"]
    assert "hot" in found["tea"]
    assert "warm" not in page.read_text()
