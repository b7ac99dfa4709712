"""`kizuna experiment`: what the second recommender of `[recommender_experiment]` changes, against the champion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

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
    from insights.recommender_experiment import ArmDifference, ExperimentReading, Figure

console = Console()
HEADING = ("", "champion", "challenger", "difference", "the challenger is")
COUNTS = {
    "customers": "customers",
    "shown": "items shown",
    "clicked": "items clicked",
    "bought": "items bought, as credited",
}
FIGURES = {
    "revenue": "revenue per customer",
    "buyers": "customers with an order",
    "credited_revenue": "revenue of recommended items per customer",
    "clicks": "items clicked per customer",
}
VERDICTS = {
    "better": "better",
    "worse": "worse",
    "not_shown": "not shown to be better",
    "too_few": "unknown: too few customers",
}
MAX_EVIDENCE = 1_000.0
"More is not written out."
TOO_FEW = "A verdict needs at least {n} customers of each arm."
ONCE = (
    "Brackets are 90 % intervals over customers. They are right for one reading: fix its day before you start, and "
    "until then go by the test below."
)
DAILY_SHOWN = (
    "The test that may be read every day shows an effect on how many customers buy: evidence {e}, of {n} needed."
)
DAILY_NOT_SHOWN = (
    "The test that may be read every day shows no effect on how many customers buy yet: evidence {e}, of {n} needed."
)
UNLIKELY_SHARES = (
    "Do not trust these figures: the challenger has {found} of the customers instead of {share}, which is not chance "
    "(p = {p}). Are `exposure` events of one arm missing?"
)
SAW_OTHER = (
    "{n} customers were shown items of the other arm, before their login or because share was changed; this makes "
    "differences smaller than they are."
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna experiment --format json")
    def experiment(
        config: ConfigPath = DEFAULT_CONFIG,
        cutoff: CutoffAfterToday = None,
        lang: LanguageOption = ENGLISH,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Compare the two recommenders of [recommender_experiment] by what their customers click and buy.

        Each customer counts from the first `exposure` of the experiment on.
        """
        from insights.recommender_experiment import read_experiment
        from kizuna.today import end_of_today, open_todays_tables

        settings = open_config(config)
        end = end_of_today(cutoff, settings)
        with show_step("comparing the recommenders"):
            reading = read_experiment(open_todays_tables(settings), end)
        if output_format is OutputFormat.JSON:
            print_json(reading)
        else:
            print_reading(reading, lang, n_decimals=settings.n_decimals)


def print_reading(reading: ExperimentReading, language: Language, *, n_decimals: int) -> None:
    """Print a table with a row for each figure, and what has to be known to read it."""
    title = translate(
        "{name}: experiment {experiment}, {start} to {end}, challenger for {share} of the customers",
        language,
        name=reading.data_set,
        experiment=reading.name,
        start=format_date(reading.start, language),
        end=format_date(reading.end - timedelta(days=1), language),
        share=format_percent(reading.share, language, n_decimals=1),
    )
    heading = tuple(translate(word, language) if word else "" for word in HEADING)
    counts = [
        (translate(word, language), *(format_number(getattr(arm, name), language) for arm in reading.arms), "", "")
        for name, word in COUNTS.items()
    ]
    writer = FigureWriter(language, reading.currency, n_decimals)
    print_table(console, [heading, *counts, *(writer.write_row(one) for one in reading.differences)], title=title)
    for line in _write_notes(reading, language):
        say(console, line)


@dataclass(frozen=True)
class FigureWriter:
    """Writes figures of customers and their differences."""

    language: Language
    currency: str
    n_decimals: int
    "Of amounts."

    def write_row(self, one: ArmDifference) -> tuple[str, ...]:
        """The cells of a figure: both arms, the difference with its interval, and the verdict."""
        means = (self._write(mean, one.figure) for mean in (one.champion, one.challenger))
        value, low, high = (
            self._write(number, one.figure, is_difference=True)
            for number in (one.difference.value, one.difference.low, one.difference.high)
        )
        difference = f"{value} [{low}, {high}]" if one.difference.has_interval else value
        return (
            translate(FIGURES[one.figure], self.language),
            *means,
            difference,
            translate(VERDICTS[one.verdict], self.language),
        )

    def _write(self, value: float, figure: Figure, *, is_difference: bool = False) -> str:
        """A mean or a difference; '–' where it is unknown."""
        if math.isnan(value):
            return "–"
        if figure == "buyers" and is_difference:
            number = format_number(100 * value, self.language, n_decimals=1, is_signed=True)
            return translate("{points} pt", self.language, points=number)
        if figure == "buyers":
            return format_percent(value, self.language, n_decimals=1)
        if figure == "clicks":
            return format_number(value, self.language, n_decimals=2, is_signed=is_difference)
        sign = "" if not is_difference else "-" if round(value, self.n_decimals) < 0 else "+"
        amount = abs(value) if is_difference else value
        return sign + format_amount(amount, self.currency, locale=self.language, n_decimals=self.n_decimals)


def _write_notes(reading: ExperimentReading, language: Language) -> Iterator[str]:
    """What has to be known to read the table."""
    from insights.campaigns.sequential import ALPHA
    from insights.recommender_experiment import MIN_CUSTOMERS

    if any(one.verdict == "too_few" for one in reading.differences):
        yield translate(TOO_FEW, language, n=MIN_CUSTOMERS)
    else:
        yield translate(ONCE, language)
    if reading.daily_test is not None:
        text = DAILY_SHOWN if reading.daily_test.is_shown else DAILY_NOT_SHOWN
        e_value = reading.daily_test.e_value
        evidence = "≥" * (e_value > MAX_EVIDENCE) + format_number(min(e_value, MAX_EVIDENCE), language, n_decimals=1)
        yield translate(text, language, e=evidence, n=round(1 / ALPHA))
    if reading.shown_other_arm:
        yield translate(SAW_OTHER, language, n=reading.shown_other_arm)
    if not reading.is_share_plausible:
        champion, challenger = (arm.customers for arm in reading.arms)
        yield translate(
            UNLIKELY_SHARES,
            language,
            found=format_percent(challenger / (champion + challenger), language, n_decimals=1),
            share=format_percent(reading.share, language, n_decimals=1),
            p=f"{reading.p_value_of_share:.1g}",
        )
