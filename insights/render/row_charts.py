"""Charts of one row per name: bars, and dots with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from markupsafe import Markup

from insights.render.charts import WIDE, Axis, Point, Reference, draw_svg

ROW_HEIGHT = 24
LABEL_WIDTH, VALUE_WIDTH = 112, 78
"Room for the labels before the bars and the values behind them."
MAX_LABEL_LENGTH = 17
"Latin letters that fit before a bar; a Japanese character takes the room of two."
FIRST_WIDE_CHARACTER = 0x2E80
"In Unicode the Chinese, Japanese and Korean characters begin here."


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart, from `start` to `end`."""

    label: str
    start: float
    end: float
    _: KW_ONLY
    value_text: str
    kind: str = ""
    "The colour: 'total', 'gain' or 'loss'."


def bar_chart(bars: Sequence[Bar], title: str) -> Markup:
    """Horizontal bars from a common zero, one per row, labels on the left and values on the right; '' without bars."""
    edges = [edge for bar in bars for edge in (bar.start, bar.end) if math.isfinite(edge)]
    if not edges:
        return Markup()
    low, high = min(0.0, *edges), max(edges)
    scale = (WIDE - LABEL_WIDTH - VALUE_WIDTH - 8) / ((high - low) or 1)
    rows = Markup().join(_bar_row(bar, row, low=low, scale=scale) for row, bar in enumerate(bars))
    zero = _vertical(LABEL_WIDTH - low * scale, len(bars), kind="axis")
    return draw_svg(zero + rows, title, width=WIDE, height=ROW_HEIGHT * len(bars) + 4)


def _vertical(x: float, n_rows: int, *, kind: str) -> Markup:
    """A vertical line through all rows."""
    return Markup('<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{end}"/>').format(
        kind=kind, x=x, end=ROW_HEIGHT * n_rows
    )


def _bar_row(bar: Bar, row: int, *, low: float, scale: float) -> Markup:
    left, right = sorted((bar.start, bar.end))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<rect class="bar {kind}" x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{high}" rx="1.5"/>'
        '<text class="value end" x="{edge}" y="{base}">{value}</text>'
    ).format(
        words=LABEL_WIDTH - 8, base=ROW_HEIGHT * row + 16, label=_cut_label(bar.label), kind=bar.kind,
        x=LABEL_WIDTH + (left - low) * scale, top=ROW_HEIGHT * row + 5, wide=max(1.0, (right - left) * scale),
        high=ROW_HEIGHT - 9, edge=WIDE - 2, value=bar.value_text,
    )  # fmt: skip


def dot_chart(
    points: Sequence[Point],
    title: str,
    *,
    format_tick: Callable[[float, float], str],
    references: Sequence[Reference] = (),
) -> Markup:
    """Values with their intervals, one per row, on one axis; '' for fewer than two."""
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    ends = [edge for point in drawn for edge in point.bounds if math.isfinite(edge)]
    ends += [one.value for one in references if math.isfinite(one.value)]
    low, high = min(ends), max(ends)
    axis = Axis(low=low, high=high if high > low else low + 1, start=LABEL_WIDTH + 8, end=WIDE - VALUE_WIDTH - 16)
    rows = Markup().join(_dot_row(point, row, axis=axis) for row, point in enumerate(drawn))
    lines = Markup().join(_vertical(axis.at(tick), len(drawn), kind="axis") for tick in axis.ticks())
    lines += Markup().join(_vertical(axis.at(one.value), len(drawn), kind="reference") for one in references)
    foot = _foot(axis, references, n_rows=len(drawn), format_tick=format_tick)
    return draw_svg(lines + rows + foot, title, width=WIDE, height=ROW_HEIGHT * (len(drawn) + 1 + bool(references)))


def _foot(
    axis: Axis, references: Sequence[Reference], *, n_rows: int, format_tick: Callable[[float, float], str]
) -> Markup:
    """The labels below the rows: the values of the axis, then what the dashed line is."""
    ticks, base = axis.ticks(), ROW_HEIGHT * n_rows + 14
    largest = max((abs(tick) for tick in ticks), default=0.0)
    labels = [(axis.at(tick), base, format_tick(tick, largest)) for tick in ticks]
    labels += [(axis.at(one.value), base + ROW_HEIGHT - 8, one.label) for one in references]
    return Markup().join(
        Markup('<text class="tick middle" x="{:.1f}" y="{}">{}</text>').format(x, y, label) for x, y, label in labels
    )


def _dot_row(point: Point, row: int, *, axis: Axis) -> Markup:
    start, value, end = (axis.at(edge) for edge in (point.bounds[0], point.value, point.bounds[1]))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<line class="whisker" x1="{start:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>'
        '<circle class="dot" cx="{at:.1f}" cy="{middle}" r="4"/>'
        '<text class="value end" x="{edge}" y="{base}">{value}</text>'
    ).format(
        words=LABEL_WIDTH - 8, base=ROW_HEIGHT * row + 16, middle=ROW_HEIGHT * row + 12,
        label=_cut_label(point.label), start=start, end=end, at=value, edge=WIDE - 2,
        value=point.value_text,
    )  # fmt: skip


def _cut_label(label: str) -> str:
    """The label, cut where it would run into the bars."""
    room = MAX_LABEL_LENGTH
    for place, character in enumerate(label):
        room -= 2 if ord(character) >= FIRST_WIDE_CHARACTER else 1
        if room < 0:
            return f"{label[:place]}…"
    return label
