"""Charts as inline SVG: text stays text, so that the reader's own fonts draw it; nothing is loaded and nothing runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 240, 112
LEFT, RIGHT, TOP, BOTTOM = 4, 4, 14, 20
ROW = 24
LABELS, VALUES = 124, 92
"Widths of the words before and the figures behind the bars."
ROOM = 420
"Width of charts of rows."
LONGEST = 18
"Latin letters that fit before a bar; a Japanese one takes the room of two."


@dataclass(frozen=True)
class Point:
    """A figure to draw: where it stands, what it is, between which bounds, and how it is written."""

    label: str
    value: float
    low: float = math.nan
    high: float = math.nan
    written: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Low and high; the value itself where it has none."""
        low = self.value if math.isnan(self.low) else self.low
        return low, (self.value if math.isnan(self.high) else self.high)


def line_chart(points: Sequence[Point], title: str, from_zero: bool = False) -> Markup:
    """A line with its interval as a band; '' of fewer than two points. The first and the last are written.

    An upper bound further above the values than they reach themselves is drawn at the edge: it would flatten the line.
    """
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    edges = [bound for point in drawn for bound in point.bounds if math.isfinite(bound)] + ([0.0] if from_zero else [])
    reach = max(abs(point.value) for point in drawn)
    low, high = min(edges), min(max(edges), max(point.value for point in drawn) + reach)
    high = high if high > low else low + 1
    step = (WIDTH - LEFT - RIGHT) / (len(drawn) - 1)

    def at(place: int, value: float) -> str:
        height = HEIGHT - TOP - BOTTOM
        reached = min(high, max(low, value))
        return f"{LEFT + place * step:.1f},{TOP + height * (high - reached) / (high - low):.1f}"

    uppers = [at(place, point.bounds[1]) for place, point in enumerate(drawn)]
    lowers = [at(place, point.bounds[0]) for place, point in enumerate(drawn)]
    line = " ".join(at(place, point.value) for place, point in enumerate(drawn))
    dots = Markup().join(_dot(at(place, point.value), point) for place, point in enumerate(drawn))
    body = Markup('<polygon class="band" points="{}"/><polyline class="line" points="{}"/>{}{}').format(
        " ".join(uppers + lowers[::-1]), line, dots, _ends(drawn)
    )
    return _svg(WIDTH, HEIGHT, title, body)


def _dot(at: str, point: Point) -> Markup:
    """An invisible spot that says what it is when pointed at."""
    x, _, y = at.partition(",")
    return Markup('<circle class="spot" cx="{}" cy="{}" r="6"><title>{}: {}</title></circle>').format(
        x, y, point.label, point.written
    )


def _ends(points: Sequence[Point]) -> Markup:
    first, last = points[0], points[-1]
    floor = HEIGHT - BOTTOM
    return Markup(
        '<line class="axis" x1="0" x2="{w}" y1="{floor}" y2="{floor}"/>'
        '<text class="tick" x="{left}" y="{under}">{a}</text><text class="tick end" x="{right}" y="{under}">{b}</text>'
        '<text class="told" x="{left}" y="10">{start}</text><text class="told end" x="{right}" y="10">{end}</text>'
    ).format(
        w=WIDTH, floor=floor, under=HEIGHT - 6, left=LEFT, right=WIDTH - RIGHT, a=first.label, b=last.label,
        start=first.written, end=last.written,
    )  # fmt: skip


def spark_line(values: Sequence[float]) -> Markup:
    """A line without words; '' of fewer than three values."""
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
    """A row of a bar chart: from where to where, and how it is written."""

    label: str
    start: float
    end: float
    written: str
    kind: str = ""
    "total, gain, loss: the colour."


def bar_chart(bars: Sequence[Bar], title: str, width: int = ROOM) -> Markup:
    """Horizontal bars, one a row, words before and figures behind; '' without any."""
    edges = [edge for bar in bars for edge in (bar.start, bar.end) if math.isfinite(edge)]
    if not edges:
        return Markup()
    low, high = min(0.0, *edges), max(edges)
    scale = (width - LABELS - VALUES - 8) / ((high - low) or 1)
    rows = Markup().join(_bar(bar, place, low, scale, width) for place, bar in enumerate(bars))
    return _svg(width, ROW * len(bars) + 4, title, rows)


def _bar(bar: Bar, place: int, low: float, scale: float, width: int) -> Markup:
    left, right = sorted((bar.start, bar.end))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<rect class="bar {kind}" x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{high}" rx="1.5"/>'
        '<text class="told end" x="{edge}" y="{base}">{written}</text>'
    ).format(
        words=LABELS - 8, base=ROW * place + 16, label=_fitted(bar.label), kind=bar.kind,
        x=LABELS + (left - low) * scale, top=ROW * place + 5, wide=max(1.0, (right - left) * scale), high=ROW - 9,
        edge=width - 2, written=bar.written,
    )  # fmt: skip


def dot_chart(points: Sequence[Point], title: str, width: int = ROOM) -> Markup:
    """Figures of groups with their intervals, one a row, on one scale; '' of fewer than two."""
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    low, high = min(p.bounds[0] for p in drawn), max(p.bounds[1] for p in drawn)
    scale = (width - LABELS - VALUES - 24) / ((high - low) or 1)
    rows = Markup().join(_interval(point, place, low, scale, width) for place, point in enumerate(drawn))
    return _svg(width, ROW * len(drawn) + 4, title, rows)


def _interval(point: Point, place: int, low: float, scale: float, width: int) -> Markup:
    start, value, end = (LABELS + 8 + (x - low) * scale for x in (point.bounds[0], point.value, point.bounds[1]))
    return Markup(
        '<text class="row" x="{words}" y="{base}">{label}</text>'
        '<line class="whisker" x1="{start:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>'
        '<circle class="dot" cx="{value:.1f}" cy="{middle}" r="4"/>'
        '<text class="told end" x="{edge}" y="{base}">{written}</text>'
    ).format(
        words=LABELS - 8, base=ROW * place + 16, middle=ROW * place + 12, label=_fitted(point.label), start=start,
        end=end, value=value, edge=width - 2, written=point.written,
    )  # fmt: skip


def _fitted(label: str) -> str:
    """The label, cut where it would run into the bars."""
    room, kept = LONGEST, ""
    for letter in label:
        room -= 2 if ord(letter) > 0x2E80 else 1
        if room < 0:
            return f"{kept}…"
        kept += letter
    return label


def _svg(width: int, height: int, title: str, body: Markup) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" style="max-width:{most}px">'
        "<title>{title}</title>{body}</svg>"
    ).format(w=width, most=round(1.3 * width), h=height, title=title, body=body)
