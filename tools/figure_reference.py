"""Write the list of figures in docs/reference/figures.md as they are declared: `python -m tools.figure_reference`."""

from __future__ import annotations

from pathlib import Path

from core.i18n.translation import ENGLISH, has_translation, translate
from insights.report.definitions import SECTIONS, FigureDefinition, section_names

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/figures.md"
START, END = "<!-- figures: written by python -m tools.figure_reference -->\n", "<!-- end of figures -->\n"


def render() -> str:
    """The page, with its list of figures as they are declared now."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    return before + START + "\n" + "\n".join(map(_section, section_names())) + "\n" + END + rest.partition(END)[2]


def _section(name: str) -> str:
    head = ["| figure | name in JSON | unit | interval | meaning |", "| --- | --- | --- | --- | --- |"]
    rows = [*head, *map(_row, SECTIONS[name].figures)]
    return f"### {translate(f'section.{name}', ENGLISH)}\n\n" + "\n".join(rows) + "\n"


def _row(one: FigureDefinition) -> str:
    key = f"figure.{one.name}.meaning"
    meaning = translate(key, ENGLISH) if has_translation(key, ENGLISH) else ""
    interval = "" if one.is_exact else "yes"
    return f"| {translate(f'figure.{one.name}', ENGLISH)} | `{one.name}` | {one.unit} | {interval} | {meaning} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
