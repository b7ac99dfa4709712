"""`kizuna attribution`: clicks and purchases that name the recommendation which showed the item."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.i18n.formatting import format_amount, format_date, format_number, format_percent
from core.i18n.translation import ENGLISH, Language, translate
from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    CutoffAfterToday,
    FormatOption,
    LanguageOption,
    OutputFormat,
    open_config,
)
from kizuna.terminal import print_json, print_table, say, show_step

if TYPE_CHECKING:
    from core.intervals import Estimate
    from insights.attribution import Attribution, AttributionGroup

console = Console()
Days = Annotated[int, typer.Option("--days", min=1, max=3650, help="Length of the period, which ends at --cutoff.")]
HEADING = ("items shown", "customers", "clicked", "bought", "revenue", "revenue per 1,000 shown")
NOT_AN_EFFECT = (
    "This is what came of recommendations, not what they changed: some of the items would have been bought anyway."
)
UNSEEN = "{n} purchases name a recommendation that was not reported to have shown the item; they do not count."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna attribution --days 7 --lang ja")
    def attribution(
        config: ConfigPath = DEFAULT_CONFIG,
        days: Days = 28,
        cutoff: CutoffAfterToday = None,
        lang: LanguageOption = ENGLISH,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Show how often recommended items were clicked and bought, by place and channel.

        Counts what events and tables say with a recommendation_id.
        """
        from insights.attribution import attribute
        from kizuna.today import end_of_today, open_todays_tables

        settings = open_config(config)
        end = end_of_today(cutoff, settings)
        with show_step("counting clicks and purchases"):
            result = attribute(open_todays_tables(settings), end - timedelta(days=days), end=end)
        if output_format is OutputFormat.JSON:
            print_json(result)
        else:
            print_attribution(result, lang)


def print_attribution(result: Attribution, language: Language) -> None:
    """Print a table with a row for all items shown, for each place and for each channel."""
    title = translate(
        "{name}: {n} recommendations shown from {start} to {end}",
        language,
        name=result.data_set,
        n=format_number(result.recommendations, language),
        start=format_date(result.start, language),
        end=format_date(result.end - timedelta(days=1), language),
    )
    heading = ("", *(translate(word, language) for word in HEADING))
    rows = [heading, *(tuple(_cells(group, result.currency, language=language)) for group in result.groups)]
    print_table(console, rows, title=title)
    if result.unseen_purchases:
        say(console, translate(UNSEEN, language, n=format_number(result.unseen_purchases, language)))
    say(console, translate(NOT_AN_EFFECT, language))


def _cells(group: AttributionGroup, currency: str, *, language: Language) -> Iterator[str]:
    yield _name_group(group, language)
    yield format_number(group.shown, language)
    yield format_number(group.customers, language)
    yield _share(group.click_rate, language)
    yield _share(group.purchase_rate, language)
    yield _money(group.revenue, currency, language=language)
    yield _money(group.revenue_per_1000.value, currency, language=language)


def _name_group(group: AttributionGroup, language: Language) -> str:
    if group.by == "all":
        return translate("all items shown", language)
    if group.by == "position":
        return translate("place {place}", language, place=group.name)
    return group.name


def _money(amount: float, currency: str, *, language: Language) -> str:
    if not currency:
        return format_number(amount, language)
    return format_amount(amount, currency, locale=language, n_decimals=0)


def _share(rate: Estimate, language: Language) -> str:
    text, low, high = (
        format_percent(share, language, n_decimals=1) if share == share else ""  # NaN where there is no interval
        for share in (rate.value, rate.low, rate.high)
    )
    return f"{text} [{low}, {high}]" if rate.has_interval else text
