"""The reference of the configuration is current and complete."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise

import msgspec

from core.config.profiles import Profile
from core.config.section import Section
from tools.config_reference import PAGE, meanings_of, render_page


def sections() -> list[type[Section]]:
    """The sections of a TOML of a data set; profiles have files of their own."""
    return [section for section in Section.__subclasses__() if section is not Profile]


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run `python -m tools.config_reference`"


def test_every_key_has_a_meaning():
    missing = [
        f"{section.__name__}.{field.name}"
        for section in sections()
        for field in msgspec.structs.fields(section)
        if field.name not in meanings_of(section)
    ]

    assert missing == []


def test_every_meaning_is_one_string():
    """A second string after the first would be missing on the page."""
    bodies = [ast.parse(inspect.getsource(section)).body[0] for section in sections()]
    pairs = [pair for body in bodies if isinstance(body, ast.ClassDef) for pair in pairwise(body.body)]

    assert [ast.unparse(second) for first, second in pairs if is_string(first) and is_string(second)] == []


def is_string(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_every_section_is_on_the_page():
    page = render_page()

    assert len(sections()) > 15
    assert [field for section in sections() for field in section.__struct_fields__ if f"`{field}`" not in page] == []
