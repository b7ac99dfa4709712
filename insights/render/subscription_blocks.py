"""Tables and charts of subscriptions: MRR movements, fiscal years, scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from core.i18n.formatting import format_percent
from insights.finance.economics import SHARES
from insights.render.report_renderer import Cell, Drawing, Drawings, ReportRenderer, Table
from insights.render.row_charts import Bar, bar_chart
from insights.report.definitions import View, figures_in, figures_in_scenarios
from insights.report.figure import ALL, NOW, Figures

LEVELS: tuple[View, ...] = ("movement.level",)
LOSSES: tuple[View, ...] = ("movement.loss", "plan_movement.loss")
MOVEMENTS: tuple[View, ...] = (*LEVELS, "movement.revaluation", "movement.gain", "movement.loss")
PLAN_MOVEMENTS: tuple[View, ...] = (*MOVEMENTS, "plan_movement.gain", "plan_movement.loss")
MONTHS_SHOWN = 12
UNCHANGED = 1e-9
"Relative changes below it are rounding errors."


def movement_blocks(renderer: ReportRenderer, section: str) -> Iterator[Table | Drawings | None]:
    """The movements of a balance: the year as a waterfall, by month, by plan and by group."""
    if not figures_in(section, *LEVELS):
        return
    yield waterfall_chart(renderer, section)
    yield _monthly_table(renderer, section)
    for by in renderer.report.groupings:
        names = figures_in(section, *(PLAN_MOVEMENTS if by == "plan" else MOVEMENTS))
        yield movements_table(renderer, by, section=section, names=names)


def sum_movements(
    figures: Figures, months: Sequence[str], *, section: str, names: Sequence[str], by: str = ALL, group: str = ""
) -> dict[str, float]:
    """The movements of a group over some months: the first opening, the last closing, and sums of all between."""
    opening, closing = figures_in(section, *LEVELS)
    sums = {}
    for name in names:
        values = {figure.place.period: figure.value for figure in figures.monthly(name, by, group=group)}
        amounts = [values.get(month, 0.0) for month in months]
        sums[name] = amounts[0] if name == opening else amounts[-1] if name == closing else sum(amounts)
    return sums


def waterfall_chart(renderer: ReportRenderer, section: str) -> Drawings | None:
    """From the year's opening to its closing MRR, a bar for each movement."""
    levels, losses = figures_in(section, *LEVELS), figures_in(section, *LOSSES)
    if not renderer.report.figures.of(levels[0]):
        return None
    names = figures_in(section, *MOVEMENTS)
    sums = sum_movements(renderer.report.figures, _months(renderer), section=section, names=names)
    scale = renderer.formatter.scale_of(sums.values())
    level, bars = 0.0, []
    for name in names:
        amount = -sums[name] if name in losses else sums[name]
        is_level = name in levels
        start = 0.0 if is_level else level
        level = amount if is_level else level + amount
        sign = "+" if amount > 0 and not is_level else ""
        text = sign + renderer.formatter.money(amount, scale=scale)
        kind = "total" if is_level else "gain" if amount >= 0 else "loss"
        if amount or is_level:
            bars.append(Bar(renderer.name(name), start, level, value_text=text, kind=kind))
    title = renderer.text("MRR movements, {span}", span=renderer.formatter.period(renderer.report.calendar.year.label))
    charts = [Drawing(title, bar_chart(bars, title)), renderer.monthly_chart(levels[-1], is_wide=True)]
    return Drawings("", charts, is_wide=True)


def movements_table(renderer: ReportRenderer, by: str, *, section: str, names: Sequence[str]) -> Table | None:
    """The year's MRR movements, a row for each group."""
    figures, months = renderer.report.figures, _months(renderer)
    sums = {
        renderer.member(by, group): sum_movements(figures, months, section=section, names=names, by=by, group=group)
        for group in figures.groups(names[0], by)
    }
    title = renderer.text("MRR movements of the last 12 months by {group}", group=renderer.grouping(by))
    return _amount_table(renderer, title, section=section, sums=sums) if sums else None


def _monthly_table(renderer: ReportRenderer, section: str) -> Table | None:
    """The MRR movements, a row for each month; without exchange rates where none moved."""
    figures = renderer.report.figures
    if not figures.of(figures_in(section, *LEVELS)[0]):
        return None
    revalued = figures_in(section, "movement.revaluation")
    moved = [name for name in revalued if any(figure.value for figure in figures.monthly(name))]
    names = [name for name in figures_in(section, *MOVEMENTS) if name not in revalued or name in moved]
    sums = {
        renderer.formatter.period(month): sum_movements(figures, [month], section=section, names=names)
        for month in _months(renderer)
    }
    return _amount_table(renderer, renderer.text("By month"), section=section, sums=sums, first=renderer.text("Month"))


def _amount_table(
    renderer: ReportRenderer,
    title: str,
    *,
    section: str,
    sums: Mapping[str, Mapping[str, float]],
    first: str = "",
) -> Table:
    """Rows of amounts by their name; amounts that leave have a minus sign."""
    formatter, names = renderer.formatter, next(iter(sums.values()))
    losses, levels = figures_in(section, *LOSSES), figures_in(section, *LEVELS)
    scale = formatter.scale_of(amount for row in sums.values() for amount in row.values())
    rows = []
    for row_name, row in sums.items():
        cells = []
        for name, amount in row.items():
            signed = -amount if name in losses else amount
            text = formatter.exact(signed + 0.0, scale=scale) if amount else "0"
            cells.append(Cell(text, kind="strong" if name in levels else ""))
        rows.append([Cell(row_name, kind="words"), *cells])
    head = [first, *map(renderer.name, names)]
    return Table(title + formatter.table_unit(scale), head, rows)


def _months(renderer: ReportRenderer) -> list[str]:
    return [str(month) for month in renderer.report.calendar.months[-MONTHS_SHOWN:]]


def fiscal_year_table(renderer: ReportRenderer, section: str) -> Table | None:
    """A row for each fiscal year, a column for each figure that has them; None without any."""
    figures, names = renderer.report.figures, figures_in(section, "fiscal_year_column")
    years = dict.fromkeys(year for name in names for year in figures.groups(name, "fiscal_year"))
    cells = [renderer.column([figures.one(name, "fiscal_year", group=year) for year in years]) for name in names]
    words = [Cell(renderer.formatter.period(year), kind="words") for year in years]
    rows = list(zip(words, *cells, strict=True))
    head = [renderer.text("Fiscal year"), *map(renderer.name, names)]
    return Table(renderer.text("By fiscal year"), head, rows) if rows else None


def scenario_table(renderer: ReportRenderer, section: str) -> Table | None:
    """Each figure that scenarios change, today and in each scenario, side by side."""
    figures = renderer.report.figures
    names = [one.name for one in figures_in_scenarios() if figures.groups(one.name, "what_if")]
    if not names or not figures_in(section, "scenario_row"):
        return None
    scenarios = list(dict.fromkeys(scenario for name in names for scenario in figures.groups(name, "what_if")))
    rows = [
        [
            Cell(renderer.name(name), kind="words"),
            *(_scenario_cell(renderer, name, scenario=scenario) for scenario in scenarios),
        ]
        for name in names
    ]
    note = renderer.text(
        "Each column changes what its heading says and keeps the rest. Revenue assumes today's customers, "
        "as many new customers per month as in the last 12 months, and the same churn rate for all."
    )
    return Table("", ["", *(_scenario_name(renderer, scenario) for scenario in scenarios)], rows, note=note)


def _scenario_cell(renderer: ReportRenderer, name: str, *, scenario: str) -> Cell:
    """The figure in a scenario with its change from today; today's figure with its interval."""
    figures = renderer.report.figures
    now, then = figures.one(name, "what_if", group=NOW), figures.one(name, "what_if", group=scenario)
    scale = renderer.formatter.common_scale(one.value for one in figures.of(name, "what_if"))
    if now is None or then is None or scenario == NOW or not now.value:
        return renderer.cell(then, scale=scale)
    change = then.value / now.value - 1
    # Both are infinite where no customer has churned yet.
    if abs(change) <= UNCHANGED or not math.isfinite(change):
        return Cell(renderer.format(then, scale=scale))
    note = format_percent(change, renderer.formatter.language, n_decimals=1, is_signed=True)
    return Cell(renderer.format(then, scale=scale), note)


def _scenario_name(renderer: ReportRenderer, scenario: str) -> str:
    """'churn=-20%' is shown as 'churn -20%', and 'churn=0.02' as 'churn 2%'."""
    if scenario == NOW:
        return renderer.text("Now")
    changes = (part.strip().partition("=") for part in scenario.split(","))
    return ", ".join(
        f"{renderer.group(name.strip())} {_write_input(renderer, name.strip(), amount=amount.strip())}"
        for name, _, amount in changes
    )


def _write_input(renderer: ReportRenderer, name: str, *, amount: str) -> str:
    """What a scenario sets or changes; a share that it sets is written as a percentage, like the table's cells."""
    if name not in SHARES or not amount.replace(".", "", 1).isdigit():
        return amount
    share = float(amount)
    return format_percent(share, renderer.formatter.language, n_decimals=0 if share == round(share, 2) else 1)
