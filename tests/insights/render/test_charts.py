"""Charts are to scale and escape their text."""

from __future__ import annotations

import math
import re

from insights.render.charts import Bar, Point, bar_chart, dot_chart, line_chart


def test_the_length_of_a_bar_is_proportional_to_its_value():
    svg = bar_chart([Bar("all", 0, 1.0, value_text="100%"), Bar("half", 0, 0.5, value_text="50%")], "shares")
    whole, half = (float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', svg))

    assert whole == 2 * half


def test_a_line_has_one_band_and_one_point_makes_no_line():
    points = [Point("a", 1.0, low=0.5, high=1.5, value_text="1"), Point("b", 2.0, low=1.0, high=3.0, value_text="2")]

    assert line_chart(points, "t").count("<polygon") == 1
    assert line_chart(points[:1], "t") == ""


def test_an_infinite_bound_is_drawn_at_the_edge_and_does_not_flatten_the_line():
    svg = line_chart(
        [Point("a", 1.0, low=0.5, high=math.inf, value_text="1"), Point("b", 2.0, low=1.0, high=90.0, value_text="2")],
        "t",
    )
    line = next(re.finditer(r'class="line" points="([^"]*)"', svg)).group(1)
    first, last = (float(point.split(",")[1]) for point in line.split())

    assert "inf" not in svg
    assert "nan" not in svg
    assert first - last > 15


def test_labels_are_escaped_and_long_ones_are_cut():
    svg = dot_chart(
        [Point("<b>", 1, low=0, high=2, value_text="1"), Point("x" * 40, 2, low=1, high=3, value_text="2")], "a & b"
    )

    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert f"{'x' * 18}…" in svg
