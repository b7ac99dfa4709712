"""docs/reference/features.md matches the declarations."""

from __future__ import annotations

from features.documentation import PAGE, render_page
from features.families.catalogue import all_features


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == render_page(all_features()), "run `python -m features.documentation`"


def test_every_feature_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")

    assert [feature.name for feature in all_features() if f"`{feature.name}`" not in page] == []
