"""Prints what `kizuna check` found: the tables, the ids that meet, churn at each cutoff, and the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.config.data_set import Config
from core.i18n.formatting import format_number
from core.i18n.translation import Language, translate
from features.check.finding import Finding, Severity
from features.check.links import Link
from features.check.overview import DataCheck, TableOverview
from features.check.texts import describe_customers, describe_definition, describe_finding, format_share, join_words

MAX_CHANNELS = 8
"Channels that are listed one by one."
MAX_COLUMNS = 100
"Columns of a table that are listed one by one."
MAX_ALIKE = 10
"Findings of one kind in one table that are listed one by one."
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def print_check(console: Console, data: DataCheck, *, config: Config, language: Language) -> None:
    """Print everything; the findings come last, because a terminal shows the end."""
    _say(console, _headline(data, language), style="bold")
    _print_tables(console, data, language=language)
    _print_columns(console, data, language=language)
    _print_notes(console, data, language=language)
    _print_channels(console, data, language=language)
    _print_links(console, data, language=language)
    _print_churn(console, data, config=config, language=language)
    _print_recommendations(console, data, language=language)
    _print_missing(console, data, language=language)
    _print_findings(console, data, language=language)


def _say(console: Console, text: str, *, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _grid(*headings: str, n_left: int = 1) -> Table:
    """A table without borders; the first columns are words, the others numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_header=any(headings))
    for place, heading in enumerate(headings):
        is_word = place < n_left
        table.add_column(heading, justify="left" if is_word else "right", overflow="fold", no_wrap=not is_word)
    return table


def _title(console: Console, text: str) -> None:
    console.print()
    _say(console, text, style="bold")


def _headline(data: DataCheck, language: Language) -> str:
    text = translate(
        "{name}: times local to {zone}, money in {currency}",
        language,
        name=data.data_set,
        zone=data.time_zone,
        currency=data.currency,
    )
    if data.is_cross_section:
        return translate("{name}: a cross-section, one row per customer, without dates", language, name=data.data_set)
    return text


def _print_tables(console: Console, data: DataCheck, *, language: Language) -> None:
    counts = translate("{n} customers", language, n=data.n_customers)
    if data.n_items:
        counts += translate(", ", language) + translate("{n} items", language, n=data.n_items)
    _say(console, counts)
    console.print()
    texts = ("table", "rows read", "excluded", "first", "last", "watermark")
    headings = [translate(text, language) for text in texts]
    grid = _grid(*(headings[:3] if data.is_cross_section else headings))
    for table in data.tables:
        cells = [table.table, format_number(table.n_rows, language)]
        cells.append(format_number(sum(table.excluded.values()), language))
        if not data.is_cross_section:
            cells += [*map(_day, (table.first, table.last, table.watermark))]
        grid.add_row(*cells)
    console.print(grid)
    if data.default_cutoff is not None:
        text = "default cutoff: {day}, the first day without complete records of {tables}"
        names = translate(", ", language).join(data.cutoff_tables)
        _say(console, translate(text, language, day=_day(data.default_cutoff), tables=names))


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"


def _print_columns(console: Console, data: DataCheck, *, language: Language) -> None:
    _title(console, translate("Columns, and how many rows have no value in them", language))
    grid = _grid("", "", n_left=2)
    for table in data.tables:
        columns = list(_column_texts(table, language))
        grid.add_row(table.table, ", ".join(columns[:MAX_COLUMNS]))
        if len(columns) > MAX_COLUMNS:
            grid.add_row("", translate("and {n} more columns", language, n=len(columns) - MAX_COLUMNS))
        if table.absent:
            absent = ", ".join(table.absent)
            grid.add_row("", Text(translate("not in the source: {columns}", language, columns=absent), style="dim"))
        if table.n_line_versions:
            versions = format_number(table.n_line_versions, language)
            grid.add_row("", translate("older versions of lines: {n}", language, n=versions))
    console.print(grid)


def _column_texts(table: TableOverview, language: Language) -> Iterator[str]:
    for column, n_empty in table.columns.items():
        n_usable = table.n_rows - sum(table.excluded.values())
        share = format_share(n_empty, n_usable, language=language)
        yield f"{column} ({share})" if n_empty else column


def _print_notes(console: Console, data: DataCheck, *, language: Language) -> None:
    if not any(table.notes for table in data.tables):
        return
    _title(console, translate("How values were read where the TOML does not say", language))
    grid = _grid("", "", "", n_left=3)
    for table in data.tables:
        for note in table.notes:
            grid.add_row(f"{table.table}.{note.column}", note.text.translate(language), Text(note.setting, style="dim"))
    console.print(grid)


def _print_channels(console: Console, data: DataCheck, *, language: Language) -> None:
    for table in data.tables:
        if not table.channels:
            continue
        _title(console, translate("Channels of {table}", language, table=table.table))
        headings = ("channel", "rows", "first", "last", "watermark")
        grid = _grid(*(translate(heading, language) for heading in headings))
        for channel in table.channels[:MAX_CHANNELS]:
            days = map(_day, (channel.first, channel.last, channel.watermark))
            grid.add_row(str(channel.channel), format_number(channel.rows, language), *days)
        console.print(grid)
        more = len(table.channels) - MAX_CHANNELS
        if more > 0:
            _say(console, translate("and {n} more channels", language, n=more))


def _print_links(console: Console, data: DataCheck, *, language: Language) -> None:
    if not data.links:
        return
    _title(console, translate("Ids that occur in other tables", language))
    grid = _grid("", "", "", n_left=2)
    for link in data.links:
        numbers = translate("{n} of {all}", language, n=link.n_common, all=link.n_ids)
        style = "" if _meets(link) else STYLES[Severity.WARNING]
        place = f"{link.table}.{link.column}"
        grid.add_row(place, translate("in {tables}", language, tables=", ".join(link.others)), numbers, style=style)
    console.print(grid)


def _meets(link: Link) -> bool:
    return link.n_common > 0 and link.n_alike == link.n_common


def _print_churn(console: Console, data: DataCheck, *, config: Config, language: Language) -> None:
    churn = data.churn
    meaning = describe_definition(config, language)
    _title(console, translate("Churn: {definition}", language, definition=meaning))
    if not data.is_cross_section:
        names = [table.table for table in data.tables]
        customers = describe_customers(config, names, language=language)
        _say(console, translate("Customers at a cutoff: {customers}", language, customers=customers))
        settings = f"definition = {churn.definition}, horizon_days = {churn.horizon_days}, gap_days = {churn.gap_days}"
        _say(console, f"[churn] {settings}; active_days = {config.active_days}", style="dim")
    if churn.cutoffs:
        headings = ("cutoff", "customers", "churned", "share", "")
        grid = _grid(*(translate(heading, language) if heading else "" for heading in headings))
        for counts in churn.cutoffs:
            share = format_share(counts.n_churned, counts.n_customers, language=language)
            numbers = (format_number(n, language) for n in (counts.n_customers, counts.n_churned))
            use = "" if data.is_cross_section else translate("test" if counts.is_test else "training", language)
            grid.add_row(counts.cutoff.isoformat(), *numbers, share, use)
        console.print(grid)
    if data.history is not None:
        is_long = data.history.is_sufficient
        verdict = translate("the history is long enough" if is_long else "the history is too short", language)
        _say(console, verdict, style="green" if is_long else STYLES[Severity.ERROR])


def _print_recommendations(console: Console, data: DataCheck, *, language: Language) -> None:
    _title(console, translate("Recommendations", language))
    recommendations = data.recommendations
    style = "green" if recommendations.can_judge else STYLES[Severity.WARNING] if recommendations.can_recommend else ""
    _say(console, recommendations.verdict.translate(language), style=style)
    if recommendations.cost_of_incomplete_days is not None:
        _say(console, recommendations.cost_of_incomplete_days.translate(language))


def _print_missing(console: Console, data: DataCheck, *, language: Language) -> None:
    if not data.missing_tables:
        return
    _title(console, translate("Tables that would give more features, if there are any", language))
    grid = _grid("", "", n_left=2)
    for missing in data.missing_tables:
        families = ", ".join(missing.families)
        text = translate("{n} features: {families}", language, n=missing.n_features, families=families)
        grid.add_row(missing.table, text)
    console.print(grid)


def _print_findings(console: Console, data: DataCheck, *, language: Language) -> None:
    findings = data.findings
    if not findings:
        _title(console, translate("Nothing found.", language))
        return
    n_by_severity = {severity: sum(f.severity is severity for f in findings) for severity in Severity}
    counts = (f"{translate(severity.value, language)} {n}" for severity, n in n_by_severity.items() if n)
    _title(console, translate("Findings: {counts}", language, counts=join_words(tuple(counts), language)))
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    alike = Counter[tuple[str, str | None]]()
    for finding in findings:
        alike[finding.kind, finding.table] += 1
        if alike[finding.kind, finding.table] <= MAX_ALIKE:
            severity = Text(translate(finding.severity.value, language), style=STYLES[finding.severity])
            grid.add_row(severity, _describe(finding, language))
    console.print(grid)
    for (kind, table), n in alike.items():
        if n > MAX_ALIKE:
            text = "and {n} more findings of the kind {kind} in {table}; --format json lists all"
            _say(console, translate(text, language, n=n - MAX_ALIKE, kind=kind, table=table or data.data_set))


def _describe(finding: Finding, language: Language) -> Text:
    """Place and message, and the remedy with its setting on the next line."""
    texts = describe_finding(finding, language)
    text = Text()
    if texts.place:
        text.append(f"{texts.place}: ", style="bold")
    text.append(texts.message)
    if texts.example:
        text.append(translate(", ", language) + texts.example)
    if texts.remedy:
        text.append(f"\n→ {texts.remedy}", style="dim")
    if finding.setting:
        text.append(f"{': ' if texts.remedy else chr(10) + '→ '}{finding.setting}", style="dim")
    return text
