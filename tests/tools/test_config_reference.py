"""The reference of the configuration is current and complete."""

from __future__ import annotations

import msgspec

from core.config.section import Section
from tools.config_reference import PAGE, meanings_of, render_page


def sections() -> list[type[Section]]:
    return Section.__subclasses__()


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run `python tools/config_reference.py`"


def test_every_key_has_a_meaning():
    missing = [
        f"{section.__name__}.{field.name}"
        for section in sections()
        for field in msgspec.structs.fields(section)
        if field.name not in meanings_of(section)
    ]

    assert missing == []


def test_every_section_is_on_the_page():
    page = render_page()

    assert len(sections()) > 15
    assert [field for section in sections() for field in section.__struct_fields__ if f"`{field}`" not in page] == []
