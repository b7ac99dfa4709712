"""Charts as inline SVG without styles of their own: the stylesheet colours them, and a text says what they show."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 320, 120
LEFT, BOTTOM = 40, 20


def draw_share(value: float, *, low: float | None, high: float | None, label: str) -> Markup:
    """A share between 0 and 1 as a bar, with its interval as a line."""
    bar = _tag("rect", "bar", x=0, y=4, width=round(200 * _clip(value), 1), height=8)
    whisker = Markup("")
    if low is not None and high is not None:
        first, last = 200 * _clip(low), 200 * _clip(high)
        whisker = _tag("line", "whisker", x1=round(first, 1), x2=round(last, 1), y1=8, y2=8)
        whisker += Markup("").join(
            _tag("line", "whisker", x1=round(x, 1), x2=round(x, 1), y1=3, y2=13) for x in (first, last)
        )
    ground = _tag("rect", "ground", x=0, y=4, width=200, height=8)
    return _svg("share", 200, height=16, label=label, content=ground + bar + whisker)


def draw_curve(days: Sequence[int], shares: Sequence[float], *, label: str, end: str, top: str) -> Markup:
    """Cumulative shares by day, from 0 on the first; `end` and `top` label the last day and 100 %."""
    if not days:
        return Markup("")
    right, ground = WIDTH - 8, HEIGHT - BOTTOM
    points = [(LEFT, ground)] + [
        (LEFT + (right - LEFT) * day / days[-1], ground - (ground - 8) * _clip(share))
        for day, share in zip(days, shares, strict=True)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    content = _tag("line", "axis", x1=LEFT, x2=right, y1=ground, y2=ground)
    content += _tag("line", "axis", x1=LEFT, x2=right, y1=8, y2=8)
    content += Markup('<polyline class="line" points="{}"/>').format(path)
    content += _label("0%", x=LEFT - 6, y=ground + 4) + _label(top, x=LEFT - 6, y=12)
    content += _label(end, x=right, y=HEIGHT - 4)
    return _svg("curve", WIDTH, height=HEIGHT, label=label, content=content)


def draw_line(values: Sequence[float], *, label: str) -> Markup:
    """A small line from the oldest value to the newest, between the smallest and the largest."""
    low, high = min(values), max(values)
    reach = (high - low) or 1.0
    points = " ".join(
        f"{190 * place / (len(values) - 1) + 5:.1f},{27 - 22 * (value - low) / reach:.1f}"
        for place, value in enumerate(values)
    )
    line = Markup('<polyline class="line" points="{}"/>').format(points)
    return _svg("months", 200, height=32, label=label, content=line)


def draw_weight(weight: float, *, largest: float) -> Markup:
    """How much a reason weighs, to the right where it raises the risk; only beside a text that says so."""
    length = 40 * min(1.0, abs(weight) / largest) if largest else 0.0
    x = 40 if weight >= 0 else 40 - length
    bar = _tag("rect", "gain" if weight < 0 else "loss", x=round(x, 1), y=3, width=round(length, 1), height=8)
    axis = _tag("line", "axis", x1=40, x2=40, y1=0, y2=14)
    return Markup('<svg class="weight" viewBox="0 0 80 14" aria-hidden="true">{}</svg>').format(bar + axis)


def draw_effect(value: float, *, low: float, high: float, label: str) -> Markup:
    """An effect as a dot with its interval, around a line at 0."""
    reach = max(abs(low), abs(high), abs(value)) or 1.0
    x = [round(100 + 92 * one / reach, 1) for one in (low, value, high)]
    content = _tag("line", "axis", x1=100, x2=100, y1=0, y2=16)
    content += _tag("line", "whisker", x1=x[0], x2=x[2], y1=8, y2=8)
    content += _tag("circle", "dot", cx=x[1], cy=8, r=4)
    return _svg("share", 200, height=16, label=label, content=content)


def _svg(name: str, width: int, *, height: int, label: str, content: Markup) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        name, width, height, label, content
    )


def _label(text: str, *, x: float, y: float) -> Markup:
    return Markup('<text class="tick" x="{}" y="{}">{}</text>').format(x, y, text)


def _tag(name: str, kind: str, **places: float) -> Markup:
    written = Markup(" ").join(Markup('{}="{}"').format(key, value) for key, value in places.items())
    return Markup('<{} class="{}" {}/>').format(Markup(name), kind, written)


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))
