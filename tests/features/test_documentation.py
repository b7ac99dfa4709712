"""The catalogue of features says what the code does."""

from __future__ import annotations

from features.documentation import PAGE, documented, page


def test_the_page_is_what_the_declarations_say():
    assert PAGE.read_text(encoding="utf-8") == page(documented()), "run `python -m features.documentation`"


def test_every_feature_is_on_the_page():
    written = PAGE.read_text(encoding="utf-8")

    assert [feature.name for feature in documented() if f"`{feature.name}`" not in written] == []
