"""Charts are to scale and escape their text."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from insights.render.charts import Axis, Point, Reference, line_chart
from insights.render.row_charts import Bar, bar_chart, dot_chart


def tick(value: float, largest: float) -> str:
    return f"{value:g} of {largest:g}"


def heights(svg: str, kind: str = "line") -> list[float]:
    points = next(re.finditer(rf'class="{kind}" points="([^"]*)"', svg)).group(1)
    return [float(point.split(",")[1]) for point in points.split()]


def test_the_length_of_a_bar_is_proportional_to_its_value():
    svg = bar_chart([Bar("all", 0, 1.0, value_text="100%"), Bar("half", 0, 0.5, value_text="50%")], "shares")
    whole, half = (float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', svg))

    assert whole == 2 * half


def test_a_line_has_one_band_and_one_point_makes_no_line():
    points = [Point("a", 1.0, low=0.5, high=1.5, value_text="1"), Point("b", 2.0, low=1.0, high=3.0, value_text="2")]

    assert line_chart(points, "t", format_tick=tick).count("<polygon") == 1
    assert line_chart(points[:1], "t", format_tick=tick) == ""


def test_the_last_value_is_written_in_the_unit_of_the_axis():
    points = [Point("a", 5.0, value_text="5"), Point("b", 7.0, value_text="7")]

    with_unit = line_chart(points, "t", format_tick=tick, format_end=lambda value, largest: f"{value} beside {largest}")
    assert ">7.0 beside 7.0</text>" in with_unit
    assert ">7</text>" in line_chart(points, "t", format_tick=tick)


def test_a_line_without_intervals_has_no_band():
    points = [Point("a", 1.0, value_text="1"), Point("b", 2.0, value_text="2")]

    assert "<polygon" not in line_chart(points, "t", format_tick=tick)


def test_a_band_is_drawn_to_scale_and_not_cut():
    points = [Point("a", 1.0, low=0.0, high=4.0, value_text="1"), Point("b", 2.0, low=1.0, high=3.0, value_text="2")]
    svg = line_chart(points, "t", format_tick=tick)
    first_upper, second_upper, _, first_lower = heights(svg, "band")
    first, second = heights(svg)

    # Four units from the lower to the upper bound of the first point; one unit between the two values.
    assert first_lower - first_upper == pytest.approx(4 * (first - second), abs=0.3)
    assert first_lower - second_upper == pytest.approx(3 * (first - second), abs=0.3)
    assert "beyond" not in svg


def test_a_bound_far_beyond_the_values_is_marked_and_does_not_flatten_the_line():
    svg = line_chart(
        [Point("a", 1.0, low=0.5, high=math.inf, value_text="1"), Point("b", 2.0, low=1.0, high=90.0, value_text="2")],
        "t",
        format_tick=tick,
    )
    first, last = heights(svg)

    assert not re.search(r"\b(inf|nan)\b", svg)
    assert first - last > 15
    assert svg.count('class="beyond"') == 2


def test_an_axis_has_round_values_and_knows_the_largest():
    assert Axis(low=0.0, high=9.3, start=0, end=1).ticks() == [0, 2.5, 5, 7.5]
    assert Axis(low=-0.021, high=0.012, start=0, end=1).ticks() == pytest.approx([-0.02, -0.01, 0, 0.01])
    points = [Point("a", 0.0, value_text="0"), Point("b", 9.3, value_text="9.3")]

    assert ">2.5 of 7.5</text>" in line_chart(points, "t", format_tick=tick)


def test_a_reference_is_drawn_where_it_does_not_flatten_the_line():
    points = [Point("a", 1.0, value_text="1"), Point("b", 2.0, value_text="2")]
    svg = line_chart(points, "t", format_tick=tick, references=[Reference(2.5, "target 2.5"), Reference(400, "far")])

    assert svg.count('class="reference"') == 1
    assert "target 2.5" in svg


def test_labels_of_references_cover_neither_each_other_nor_repeat_the_axis():
    points = [Point("a", 0.0, value_text="0"), Point("b", 30.0, value_text="30")]
    references = [Reference(1.0, "one"), Reference(3.0, "three"), Reference(20.0, "20 of 30"), Reference(25.0, "high")]

    svg = line_chart(points, "t", format_tick=tick, references=references)

    assert svg.count('class="reference"') == 4
    assert re.findall(r'class="tick over[^>]*>([^<]*)<', svg) == ["high", "three"]
    assert "<title>one</title>" in svg


def test_all_text_has_one_size():
    points = [Point("a", 1.0, value_text="1"), Point("b", 2.0, value_text="2")]
    drawn = line_chart(points, "t", format_tick=tick) + dot_chart(points, "t", format_tick=tick)
    sizes = re.findall(r'viewBox="0 0 (\d+) (\d+)" width="(\d+)" height="(\d+)"', drawn)

    # A chart that is drawn larger than its own coordinates would have larger text than its neighbour.
    assert len(sizes) == 2
    assert all((width, height) == (drawn_width, drawn_height) for width, height, drawn_width, drawn_height in sizes)
    style = (Path(__file__).parents[3] / "insights/render/templates/style.css").read_text(encoding="utf-8")
    assert len(re.findall(r"svg [^{]*\{[^}]*font-size", style)) == 1


def test_labels_are_escaped_and_long_ones_are_cut():
    svg = dot_chart(
        [Point("<b>", 1, low=0, high=2, value_text="1"), Point("x" * 40, 2, low=1, high=3, value_text="2")],
        "a & b",
        format_tick=tick,
    )

    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert f"{'x' * 17}…" in svg


def test_the_label_of_a_reference_is_where_the_line_is_not():
    def label(*values: float) -> str:
        points = [Point(str(value), value, value_text=str(value)) for value in values]
        svg = line_chart(points, "t", format_tick=tick, references=[Reference(3.0, "target")], from_zero=True)
        return next(re.finditer(r'<text class="(tick over[^"]*)"', svg)).group(1)

    assert label(3.0, 9.0) == "tick over end"
    assert label(9.0, 3.0) == "tick over"
