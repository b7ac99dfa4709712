"""Charts as inline SVG.

Text stays text, so that the reader's fonts draw it, Japanese included. The page loads and runs nothing. See
docs/decisions/0012-hand-written-charts.md for why no plotting library is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 240, 112
LEFT, RIGHT, TOP, BOTTOM = 4, 4, 14, 20
ROW_HEIGHT = 24
LABEL_WIDTH, VALUE_WIDTH = 124, 92
"Room for the labels before the bars and the values behind them."
ROW_CHART_WIDTH = 420
MAX_LABEL_LENGTH = 18
"Latin letters that fit before a bar; a Japanese character takes the room of two."
FIRST_WIDE_CHARACTER = 0x2E80
"In Unicode the Chinese, Japanese and Korean characters begin here."


@dataclass(frozen=True)
class Point:
    """A value with its label, interval and text."""

    label: str
    value: float
    _: KW_ONLY
    low: float = math.nan
    high: float = math.nan
    value_text: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Low and high; the value itself where there is no interval."""
        low = self.value if math.isnan(self.low) else self.low
        return low, (self.value if math.isnan(self.high) else self.high)


def line_chart(points: Sequence[Point], title: str, *, from_zero: bool = False) -> Markup:
    """A line with its interval as a band; '' for fewer than two points. The first and last values are written out.

    An upper bound far above all values is drawn at the edge of the chart, because it would flatten the line.
    """
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    bounds = [bound for point in drawn for bound in point.bounds if math.isfinite(bound)] + ([0.0] if from_zero else [])
    largest = max(abs(point.value) for point in drawn)
    low, high = min(bounds), min(max(bounds), max(point.value for point in drawn) + largest)
    high = high if high > low else low + 1
    step = (WIDTH - LEFT - RIGHT) / (len(drawn) - 1)

    def at(place: int, value: float) -> str:
        height = HEIGHT - TOP - BOTTOM
        inside = min(high, max(low, value))
        return f"{LEFT + place * step:.1f},{TOP + height * (high - inside) / (high - low):.1f}"

    uppers = [at(place, point.bounds[1]) for place, point in enumerate(drawn)]
    lowers = [at(place, point.bounds[0]) for place, point in enumerate(drawn)]
    line = " ".join(at(place, point.value) for place, point in enumerate(drawn))
    dots = Markup().join(_dot(at(place, point.value), point) for place, point in enumerate(drawn))
    body = Markup('<polygon class="band" points="{}"/><polyline class="line" points="{}"/>{}{}').format(
        " ".join(uppers + lowers[::-1]), line, dots, _ends(drawn)
    )
    return _svg(body, title, width=WIDTH, height=HEIGHT)


def _dot(at: str, point: Point) -> Markup:
    """An invisible spot that shows its label and value when pointed at."""
    x, _, y = at.partition(",")
    return Markup('<circle class="spot" cx="{}" cy="{}" r="6"><title>{}: {}</title></circle>').format(
        x, y, point.label, point.value_text
    )


def _ends(points: Sequence[Point]) -> Markup:
    first, last = points[0], points[-1]
    floor = HEIGHT - BOTTOM
    return Markup(
        '<line class="axis" x1="0" x2="{w}" y1="{floor}" y2="{floor}"/>'
        '<text class="tick" x="{left}" y="{under}">{a}</text><text class="tick end" x="{right}" y="{under}">{b}</text>'
        '<text class="value" x="{left}" y="10">{start}</text><text class="value end" x="{right}" y="10">{end}</text>'
    ).format(
        w=WIDTH, floor=floor, under=HEIGHT - 6, left=LEFT, right=WIDTH - RIGHT, a=first.label, b=last.label,
        start=first.value_text, end=last.value_text,
    )  # fmt: skip


def spark_line(values: Sequence[float]) -> Markup:
    """A line without text; '' for fewer than three values."""
    drawn = [value for value in values if math.isfinite(value)]
    if len(drawn) < 3:
        return Markup()
    low, high = min(drawn), max(drawn)
    points = " ".join(
        f"{2 + 96 * place / (len(drawn) - 1):.1f},{22 - 20 * (value - low) / ((high - low) or 1):.1f}"
        for place, value in enumerate(drawn)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline class="line" points="{}"/></svg>'
    ).format(points)


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
    """Horizontal bars, one per row, labels on the left and values on the right; '' without bars."""
    edges = [edge for bar in bars for edge in (bar.start, bar.end) if math.isfinite(edge)]
    if not edges:
        return Markup()
    low, high = min(0.0, *edges), max(edges)
    scale = (ROW_CHART_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 8) / ((high - low) or 1)
    rows = Markup().join(_bar_row(bar, row, low=low, scale=scale) for row, bar in enumerate(bars))
    return _svg(rows, title, width=ROW_CHART_WIDTH, height=ROW_HEIGHT * len(bars) + 4)


def _bar_row(bar: Bar, row: int, *, low: float, scale: float) -> Markup:
    left, right = sorted((bar.start, bar.end))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<rect class="bar {kind}" x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{high}" rx="1.5"/>'
        '<text class="value end" x="{edge}" y="{base}">{value}</text>'
    ).format(
        words=LABEL_WIDTH - 8, base=ROW_HEIGHT * row + 16, label=_cut_label(bar.label), kind=bar.kind,
        x=LABEL_WIDTH + (left - low) * scale, top=ROW_HEIGHT * row + 5, wide=max(1.0, (right - left) * scale),
        high=ROW_HEIGHT - 9, edge=ROW_CHART_WIDTH - 2, value=bar.value_text,
    )  # fmt: skip


def dot_chart(points: Sequence[Point], title: str) -> Markup:
    """Values with their intervals, one per row, on one scale; '' for fewer than two."""
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    low, high = min(p.bounds[0] for p in drawn), max(p.bounds[1] for p in drawn)
    scale = (ROW_CHART_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 24) / ((high - low) or 1)
    rows = Markup().join(_dot_row(point, row, low=low, scale=scale) for row, point in enumerate(drawn))
    return _svg(rows, title, width=ROW_CHART_WIDTH, height=ROW_HEIGHT * len(drawn) + 4)


def _dot_row(point: Point, row: int, *, low: float, scale: float) -> Markup:
    start, value, end = (LABEL_WIDTH + 8 + (x - low) * scale for x in (point.bounds[0], point.value, point.bounds[1]))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<line class="whisker" x1="{start:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>'
        '<circle class="dot" cx="{at:.1f}" cy="{middle}" r="4"/>'
        '<text class="value end" x="{edge}" y="{base}">{value}</text>'
    ).format(
        words=LABEL_WIDTH - 8, base=ROW_HEIGHT * row + 16, middle=ROW_HEIGHT * row + 12,
        label=_cut_label(point.label), start=start, end=end, at=value, edge=ROW_CHART_WIDTH - 2,
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


def _svg(body: Markup, title: str, *, width: int, height: int) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" style="max-width:{most}px">'
        "<title>{title}</title>{body}</svg>"
    ).format(w=width, most=round(1.3 * width), h=height, title=title, body=body)
