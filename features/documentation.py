"""Writes docs/reference/features.md from the declarations: `python -m features.documentation`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from features.compiler.declaration import Feature
from features.families.catalogue import all_features
from tables.attributes import MAX_KINDS, MAX_WORDS

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "features.md"

INTRODUCTION = f"""# Features

Every feature of a customer at a cutoff, by family. `python -m features.documentation` writes this page from the
declarations in `features/families/`.

* **Windows.** 30 days are the 30 local days before the cutoff. The cutoff's own day belongs to the future.
* **Orders.** An order is one purchase occasion: the lines of one `order_id`, or of one moment where there is no
  `order_id`. It is as old as its newest line. Lines with an amount of at least 0 are purchases; negative amounts are
  returns and are counted separately.
* **Gaps.** A gap is the time between two days with a purchase (or usage). It belongs to the window in which it ends.
* **Zero and missing.** A customer without purchases has 0 orders. Where the recorded history of a table is shorter than
  a window, every feature of that window is missing, not shortened.
* **Columns that a data set does not have** (quantities, items, channels, ...) have no features.
* **Words.** A feature with `<channel>`, `<event>` and the like exists once for each of the {MAX_KINDS} most frequent
  values in the data, which are learned when a model is fitted.
* **Attributes.** Listed attributes of customers and accounts become features as they are: words as codes (the
  {MAX_WORDS} most frequent), numbers as numbers, dates as days since then.
"""

HEADER = ("| name | meaning | 意味 | unit | missing means |", "| --- | --- | --- | --- | --- |")


def render_page(features: Sequence[Feature]) -> str:
    """Render the features as Markdown, one table per family, families in the order in which they first appear."""
    families = list(dict.fromkeys(feature.family for feature in features))
    by_family = sorted(features, key=lambda feature: families.index(feature.family))
    parts = [INTRODUCTION]
    for family, members in groupby(by_family, key=lambda feature: feature.family):
        parts.append("\n".join([f"## {family}\n", *HEADER, *map(_render_row, members), ""]))
    return "\n".join(parts)


def _render_row(feature: Feature) -> str:
    column = feature.column
    cells = (f"`{column.name}`", column.en, column.ja, column.unit, column.missing)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render_page(all_features()), encoding="utf-8")


if __name__ == "__main__":
    main()
