"""The link check finds links that lead nowhere."""

from __future__ import annotations

from pathlib import Path

from tools.check_links import broken_links


def test_missing_files_and_headings_are_found_and_the_rest_is_not(tmp_path: Path):
    (tmp_path / "other.md").write_text("# A heading, here\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#a-heading-here) [c](https://example.org/x) [d](gone.md) [e](other.md#gone)\n"
        "```\n[in code](nowhere.md)\n```\n",
        encoding="utf-8",
    )

    assert [problem.removeprefix(f"{page}: ") for problem in broken_links(page)] == [
        "gone.md: no such file",
        "other.md#gone: no such heading",
    ]
