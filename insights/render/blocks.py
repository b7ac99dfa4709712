"""What a page is made of: chapters of tables and charts, ready to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Cell:
    """One cell: what it says, and in grey under it how sure that is."""

    text: str
    under: str = ""
    shade: float | None = None
    "0 to 1: how dark its ground is; None is white."
    kind: str = ""
    "'words' stand left; 'strong' is a sum."


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; the first column names the row."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    dense: bool = False
    "Small cells, as of cohorts."


@dataclass(frozen=True)
class Drawing:
    """A chart with what it shows."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Drawings:
    """Charts side by side."""

    title: str
    charts: Sequence[Drawing]
    wide: bool = False
    "Charts of many rows, which need more room."


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    blocks: Sequence[Table | Drawings]
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """A figure printed large."""

    title: str
    written: str
    interval: str
    spark: Markup


def chapter(title: str, blocks: Sequence[Table | Drawings | None], note: str = "") -> Chapter | None:
    """A chapter of the blocks that there are; None without any."""
    there = [block for block in blocks if block is not None]
    return Chapter(title, there, note) if there else None
