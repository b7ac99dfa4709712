"""Charts as inline SVG.

Text stays text, so that the reader's fonts draw it, Japanese included. The page loads and runs nothing. See
docs/decisions/0012-hand-written-charts.md for why no plotting library is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from markupsafe import Markup

WIDTH, WIDE, HEIGHT = 240, 340, 124
"Pixels. Charts are never enlarged, so that all text has one size; 340 is the width of a phone."
LEFT, RIGHT, TOP, BOTTOM = 62, 6, 16, 20
"Room for the labels of the vertical axis, the last value, and the months."
LINE_HEIGHT = 12
"Pixels between the labels of two lines, so that both can be read."
N_TICKS = 4
FAR = 4
"An upper bound beyond this many times the largest value would flatten the line; the chart marks it with an arrow."


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


@dataclass(frozen=True)
class Reference:
    """A value to compare with, drawn as a dashed line: a target, a limit, the value of all customers."""

    value: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A scale from low to high on pixels, with round values to label."""

    low: float
    high: float
    start: float
    "The pixel of `low`; it may lie behind that of `high`."
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value; one beyond the ends is at the end."""
        inside = min(self.high, max(self.low, value))
        return self.start + (self.end - self.start) * (inside - self.low) / ((self.high - self.low) or 1)

    def reaches(self, value: float) -> bool:
        """Whether a value is between the ends."""
        return self.low <= value <= self.high

    def ticks(self) -> list[float]:
        """Round values, about `N_TICKS`, from within the axis."""
        rough = (self.high - self.low) / N_TICKS
        magnitude = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
        step = next(size * magnitude for size in (1, 2, 2.5, 5, 10) if size * magnitude >= rough * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        return [step * place for place in range(first, math.floor(self.high / step + 1e-9) + 1)]


def line_chart(
    points: Sequence[Point],
    title: str,
    *,
    format_tick: Callable[[float, float], str],
    format_end: Callable[[float, float], str] | None = None,
    references: Sequence[Reference] = (),
    from_zero: bool = False,
    is_wide: bool = False,
) -> Markup:
    """A line with its interval as a band; '' for fewer than two points. The last value is written out.

    `format_tick` takes a value of the axis and the largest one, and `format_end` the last value and the largest one of
    the axis; by default it is written as the point says. References are drawn where the chart reaches them.
    """
    drawn = [point for point in points if math.isfinite(point.value)]
    if len(drawn) < 2:
        return Markup()
    width = WIDE if is_wide else WIDTH
    axis = _value_axis(drawn, references, from_zero=from_zero)
    step = (width - LEFT - RIGHT) / (len(drawn) - 1)

    largest = max(map(abs, axis.ticks()), default=0.0)
    end = format_end(drawn[-1].value, largest) if format_end else drawn[-1].value_text

    def at(place: int, value: float) -> str:
        return f"{LEFT + place * step:.1f},{axis.at(value):.1f}"

    uppers = [at(place, point.bounds[1]) for place, point in enumerate(drawn)]
    lowers = [at(place, point.bounds[0]) for place, point in enumerate(drawn)]
    line = " ".join(at(place, point.value) for place, point in enumerate(drawn))
    has_band = any(point.bounds != (point.value, point.value) for point in drawn)
    band = Markup('<polygon class="band" points="{}"/>').format(" ".join(uppers + lowers[::-1])) if has_band else ""
    beyond = [LEFT + place * step for place, point in enumerate(drawn) if point.bounds[1] > axis.high]
    body = Markup('{}{}{}<polyline class="line" points="{}"/>{}{}{}{}').format(
        band,
        _grid(axis, width, format_tick=format_tick),
        _reference_lines(references, axis, width=width),
        line,
        Markup().join(_arrow(x) for x in beyond),
        _reference_labels(references, axis, points=drawn, width=width, format_tick=format_tick),
        Markup().join(_dot(at(place, point.value), point) for place, point in enumerate(drawn)),
        _ends(drawn, width, end=end),
    )
    return draw_svg(body, title, width=width, height=HEIGHT)


def _value_axis(points: Sequence[Point], references: Sequence[Reference], *, from_zero: bool) -> Axis:
    """The vertical axis: all values, bounds and references that do not flatten the line."""
    values = [point.value for point in points]
    bounds = [bound for point in points for bound in point.bounds if math.isfinite(bound)]
    largest = max(abs(value) for value in values)
    low: float = min([*bounds, *values, *([0.0] if from_zero else [])])
    high: float = max([*values, *(bound for bound in bounds if bound <= max(values) + FAR * largest)])
    reach = max(high - low, largest / FAR)
    near = [one.value for one in references if low - reach <= one.value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    return Axis(low=low, high=high if high > low else low + 1, start=HEIGHT - BOTTOM, end=TOP)


def _grid(axis: Axis, width: int, *, format_tick: Callable[[float, float], str]) -> Markup:
    ticks = axis.ticks()
    largest = max((abs(tick) for tick in ticks), default=0.0)
    return Markup().join(
        Markup(
            '<line class="axis" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            '<text class="tick end" x="{words}" y="{base:.1f}">{label}</text>'
        ).format(left=LEFT, right=width - RIGHT, words=LEFT - 6, y=y, base=y + 4, label=format_tick(tick, largest))
        for tick in ticks
        for y in [axis.at(tick)]
    )


def _reference_lines(references: Sequence[Reference], axis: Axis, *, width: int) -> Markup:
    return Markup().join(
        Markup(
            '<line class="reference" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"><title>{label}</title></line>'
        ).format(left=LEFT, right=width - RIGHT, y=axis.at(one.value), label=one.label)
        for one in references
        if axis.reaches(one.value)
    )


def _reference_labels(
    references: Sequence[Reference],
    axis: Axis,
    *,
    points: Sequence[Point],
    width: int,
    format_tick: Callable[[float, float], str],
) -> Markup:
    """The labels, at the end of the dashed line from which the values are farther away.

    One that the axis has anyway, or that would cover another one, is only a tip.
    """
    ticks = axis.ticks()
    shown = {format_tick(tick, max(map(abs, ticks))) for tick in ticks}
    heights: list[float] = []
    labels = Markup()
    for one in sorted(references, key=lambda one: one.value, reverse=True):
        y = axis.at(one.value)
        if axis.reaches(one.value) and one.label not in shown and all(abs(y - at) >= LINE_HEIGHT for at in heights):
            heights.append(y)
            first, last = (abs(axis.at(points[place].value) - y) for place in (0, -1))
            kind, x = ("tick over", LEFT + 3) if first >= last else ("tick over end", width - RIGHT - 3)
            labels += Markup('<text class="{}" x="{}" y="{:.1f}">{}</text>').format(kind, x, y - 3, one.label)
    return labels


def _arrow(x: float) -> Markup:
    """Marks a band that goes on beyond the chart, below the last value's text."""
    return Markup('<path class="beyond" d="M{:.1f} {}l-3 4h6z"/>').format(x, TOP - 4)


def _dot(at: str, point: Point) -> Markup:
    """An invisible spot that shows its label and value when pointed at."""
    x, _, y = at.partition(",")
    return Markup('<circle class="spot" cx="{}" cy="{}" r="6"><title>{}: {}</title></circle>').format(
        x, y, point.label, point.value_text
    )


def _ends(points: Sequence[Point], width: int, *, end: str) -> Markup:
    first, last = points[0], points[-1]
    return Markup(
        '<text class="tick" x="{left}" y="{under}">{a}</text><text class="tick end" x="{right}" y="{under}">{b}</text>'
        '<text class="value end" x="{right}" y="10">{end}</text>'
    ).format(
        under=HEIGHT - 5, left=LEFT, right=width - RIGHT, a=first.label, b=last.label, end=end,
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


def draw_svg(body: Markup, title: str, *, width: int, height: int) -> Markup:
    """An image of this size, never enlarged."""
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img">'
        "<title>{title}</title>{body}</svg>"
    ).format(w=width, h=height, title=title, body=body)
