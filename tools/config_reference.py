"""Write docs/reference/configuration.md from the settings classes of core/config/.

    python -m tools.config_reference

Types, limits and defaults come from the fields, meanings from the docstrings below them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from core.config.data_set import Config
from core.config.section import Section
from core.config.validation import describe_type, item_kind, section_kind, value_kind

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "configuration.md"

INTRODUCTION = """# Configuration

A data set is one TOML file. This page is generated from the settings classes in `core/config/` by
`python -m tools.config_reference`; a test keeps it current.

* An unknown key is an error.
* `${NAME}` is replaced by the environment variable NAME, `${NAME:-default}` by the default if it is not set. Secrets
  are written only this way.
* Paths are relative to the folder of the TOML. A path that begins with `${NAME}` is relative to the working directory
  if the environment variable is set.
* `<name>` is a name of your choice.
"""
HEADER = ("| key | type | default | meaning |", "| --- | --- | --- | --- |")


def render_page() -> str:
    """The whole page as Markdown."""
    return "\n".join([INTRODUCTION, *(line for part in _parts() for line in part)])


def _parts() -> Iterator[list[str]]:
    """One chapter per section; a class that several sections share is described once, under all their names."""
    headings: dict[type[Section], list[str]] = {}
    for heading, section in _walk(Config, ()):
        headings.setdefault(section, []).append(heading)
    for section, names in headings.items():
        title = "Top-level keys" if section is Config else ", ".join(f"`{name}`" for name in names)
        yield [f"## {title}", "", inspect.cleandoc(section.__doc__ or ""), "", *HEADER, *_rows(section), ""]


def _walk(section: type[Section], place: tuple[str, ...]) -> Iterator[tuple[str, type[Section]]]:
    """Every section with its heading as written in a TOML, the outer ones first."""
    yield f"[{'.'.join(place)}]", section
    for field in msgspec.structs.fields(section):
        inside = (*place, field.name)
        if inner := section_kind(field.type):
            yield from _walk(inner, inside)
        elif named := section_kind(value_kind(field.type)):
            yield from _walk(named, (*inside, "<name>"))
        elif item := item_kind(field.type):
            yield f"[[{'.'.join(inside)}]]", item


def _rows(section: type[Section]) -> Iterator[str]:
    meanings = meanings_of(section)
    for field in msgspec.structs.fields(section):
        cells = (f"`{field.name}`", describe_type(field.type).removeprefix("a "), _default(field), meanings[field.name])
        yield f"| {' | '.join(cells)} |"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT or isinstance(field.default, Section):
        return ""
    return f"`{_as_toml(field.default)}`" if field.default not in (None, (), "") else ""


def _as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def meanings_of(section: type[msgspec.Struct]) -> dict[str, str]:
    """The docstring below each field, by key, inherited ones included. Fields without one are left out."""
    inherited: dict[str, str] = {}
    for parent in section.__bases__:
        if issubclass(parent, Section) and parent is not Section:
            inherited |= meanings_of(parent)
    tree = ast.parse(inspect.getsource(section))
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return inherited | {
        field.target.id: " ".join(str(docstring.value.value).split())
        for field, docstring in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    }


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
