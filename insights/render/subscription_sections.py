"""The chapters of a subscription business: recurring revenue and retention."""

from __future__ import annotations

from collections.abc import Sequence

from insights.render.blocks import Cell, Chapter, Drawing, Drawings, Table, chapter
from insights.render.charts import Bar, bar_chart
from insights.render.report_renderer import ReportRenderer
from insights.report.figure import ALL, Figures

GAINS = ("mrr_new", "mrr_reactivation", "mrr_expansion")
LOSSES = ("mrr_contraction", "mrr_churn")
LINES = ("mrr_opening", "mrr_fx", *GAINS, *LOSSES, "mrr_closing")
PLAN_LINES = (
    "mrr_opening", "mrr_fx", *GAINS, "mrr_moved_in", "mrr_contraction", "mrr_moved_out", "mrr_churn", "mrr_closing",
)  # fmt: skip
RETENTION = ("nrr", "grr", "logo_churn", "revenue_churn")
MONTHS_TOLD = 12


def recurring_chapter(scribe: ReportRenderer) -> Chapter | None:
    """MRR: the bridge of the year, every month, every plan and group."""
    by_group = [movements_table(scribe, by, PLAN_LINES if by == "plan" else LINES) for by in scribe.report.groupings]
    blocks = [
        scribe.figure_table("", ("mrr", "arr", "paying_customers", "mrr_a_customer")),
        bridge(scribe),
        _months(scribe),
        *by_group,
    ]
    return chapter(scribe.words.text("recurring"), blocks)


def year_sums(figures: Figures, months: Sequence[str], lines: Sequence[str], by: str, group: str) -> dict[str, float]:
    """Each line over some months: the first opening, the last closing, the sum of what moved between."""
    found = {}
    for line in lines:
        cells = {figure.place.period: figure.value for figure in figures.monthly(line, by, group)}
        told = [cells.get(month, 0.0) for month in months]
        found[line] = told[0] if line == "mrr_opening" else told[-1] if line == "mrr_closing" else sum(told)
    return found


def _year(scribe: ReportRenderer) -> list[str]:
    return [str(month) for month in scribe.report.calendar.months[-MONTHS_TOLD:]]


def bridge(scribe: ReportRenderer) -> Drawings | None:
    """From the year's opening to its closing, a bar for each movement."""
    if not scribe.report.figures.of("mrr_opening"):
        return None
    sums = year_sums(scribe.report.figures, _year(scribe), LINES, ALL, "")
    level, bars = 0.0, []
    for line in LINES:
        amount = -sums[line] if line in LOSSES else sums[line]
        is_total = line in ("mrr_opening", "mrr_closing")
        start = 0.0 if is_total else level
        level = amount if is_total else level + amount
        written = ("+" if amount > 0 and not is_total else "") + scribe.speech.money(amount)
        kind = "total" if is_total else "gain" if amount >= 0 else "loss"
        if amount or is_total:
            bars.append(Bar(scribe.words.figure(line), start, level, written, kind))
    title = scribe.words.text("bridge", span=scribe.speech.period(scribe.report.calendar.year.label))
    return Drawings("", [Drawing(title, bar_chart(bars, title)), scribe.course("mrr_closing")], wide=True)


def _months(scribe: ReportRenderer) -> Table | None:
    """The waterfall month by month, to the last unit."""
    figures = scribe.report.figures
    if not figures.of("mrr_opening"):
        return None
    lines = [line for line in LINES if line != "mrr_fx" or any(f.value for f in figures.monthly(line))]
    rows = []
    for month in _year(scribe):
        sums = year_sums(figures, [month], lines, ALL, "")
        rows.append([Cell(scribe.speech.period(month), kind="words"), *_amounts(scribe, sums)])
    return Table(scribe.words.text("by_month"), _heads(scribe, lines, "month"), rows)


def _amounts(scribe: ReportRenderer, sums: dict[str, float]) -> list[Cell]:
    """What leaves is written with its sign."""
    signed = {line: -amount if line in (*LOSSES, "mrr_moved_out") else amount for line, amount in sums.items()}
    totals = ("mrr_opening", "mrr_closing")
    return [
        Cell(scribe.speech.exact(amount + 0.0) if amount else "0", kind="strong" if line in totals else "")
        for line, amount in signed.items()
    ]


def _heads(scribe: ReportRenderer, lines: Sequence[str], first: str) -> list[str]:
    return [scribe.words.text(first) if first else "", *(scribe.words.figure(line) for line in lines)]


def movements_table(scribe: ReportRenderer, by: str, lines: Sequence[str]) -> Table | None:
    """The year's waterfall of each group."""
    figures = scribe.report.figures
    groups = figures.groups("mrr_opening", by)
    if not groups:
        return None
    rows = [
        [
            Cell(scribe.words.group(group), kind="words"),
            *_amounts(scribe, year_sums(figures, _year(scribe), lines, by, group)),
        ]
        for group in groups
    ]
    title = scribe.words.text("movements_by", group=scribe.called(by))
    return Table(title, _heads(scribe, lines, ""), rows)


def retention_chapter(scribe: ReportRenderer) -> Chapter | None:
    """Who stays: the year, month by month, by fiscal year, by group, by cohort."""
    blocks = [
        scribe.figure_table("", RETENTION),
        scribe.courses(scribe.words.text("by_month"), RETENTION),
        _fiscal_years(scribe),
        scribe.dots("nrr"),
        *scribe.split_tables(("paying_customers", *RETENTION)),
        scribe.cohort_table("subscribing"),
        scribe.cohort_table("revenue_kept"),
    ]
    return chapter(scribe.words.text("retention"), blocks)


def _fiscal_years(scribe: ReportRenderer) -> Table | None:
    names = ("mrr_closing", *RETENTION)
    figures = scribe.report.figures
    rows = [
        [
            Cell(scribe.speech.period(year), kind="words"),
            *(scribe.cell(figures.one(name, "fiscal_year", year)) for name in names),
        ]
        for year in figures.groups("nrr", "fiscal_year")
    ]
    return Table(scribe.words.text("by_fiscal_year"), _heads(scribe, names, "fiscal_year"), rows) if rows else None
