"""docs/reference/cli.md is written from the command line and kept current."""

from __future__ import annotations

from tools.cli_reference import PAGE, render


def test_the_page_is_what_the_command_line_says_now():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m tools.cli_reference"


def test_every_command_has_an_example():
    sections = render().split("\n## ")[1:]

    assert [section.split("\n")[0] for section in sections if section.count("\n    kizuna ") < 2] == []
