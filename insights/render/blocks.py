"""What a page is made of: sections of tables and charts, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    note: str = ""
    "In small grey print below: an interval, or the meaning of a figure."
    shade: float | None = None
    "How dark the background is, 0 to 1; None is white."
    kind: str = ""
    "'words' are aligned left; 'strong' is a total."


@dataclass(frozen=True)
class Table:
    """Rows of cells below a heading; the first column names the row."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    is_dense: bool = False
    "Small cells, as in cohort tables."


@dataclass(frozen=True)
class Drawing:
    """A chart with its title."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Drawings:
    """Charts side by side."""

    title: str
    charts: Sequence[Drawing]
    is_wide: bool = False
    "Charts with one row per group, which need more room."


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    title: str
    blocks: Sequence[Table | Drawings]
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """A figure in large print."""

    title: str
    value_text: str
    interval: str
    sparkline: Markup


def build_section(title: str, blocks: Sequence[Table | Drawings | None], note: str = "") -> Section | None:
    """A section of the blocks that are there; None without any."""
    present = [block for block in blocks if block is not None]
    return Section(title, present, note) if present else None
