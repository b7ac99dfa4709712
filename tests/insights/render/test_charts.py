"""Charts draw what they are given, to scale, and hold text as text."""

from __future__ import annotations

import math
import re

from insights.render.charts import Bar, Point, bar_chart, dot_chart, line_chart


def test_a_bar_is_as_long_as_its_share():
    svg = bar_chart([Bar("all", 0, 1.0, "100%"), Bar("half", 0, 0.5, "50%")], "shares")
    whole, half = (float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', svg))

    assert whole == 2 * half


def test_a_line_stays_within_its_band_and_one_point_is_no_line():
    points = [Point("a", 1.0, 0.5, 1.5, "1"), Point("b", 2.0, 1.0, 3.0, "2")]

    assert line_chart(points, "t").count("<polygon") == 1
    assert line_chart(points[:1], "t") == ""


def test_a_bound_without_end_is_drawn_at_the_edge_and_leaves_the_line_its_room():
    svg = line_chart([Point("a", 1.0, 0.5, math.inf, "1"), Point("b", 2.0, 1.0, 90.0, "2")], "t")
    line = next(re.finditer(r'class="line" points="([^"]*)"', svg)).group(1)
    first, last = (float(point.split(",")[1]) for point in line.split())

    assert "inf" not in svg
    assert "nan" not in svg
    assert first - last > 15


def test_words_are_escaped_and_long_ones_are_cut():
    svg = dot_chart([Point("<b>", 1, 0, 2, "1"), Point("x" * 40, 2, 1, 3, "2")], "a & b")

    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert f"{'x' * 18}…" in svg
