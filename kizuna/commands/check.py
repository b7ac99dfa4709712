"""`kizuna check`: what was read, what was excluded, and what will be wrong later."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import KizunaError, NotEnoughHistory
from core.i18n.message import describe_error
from core.i18n.translation import ENGLISH, Language, translate
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, LanguageOption, OutputFormat, open_config
from kizuna.terminal import show_step

if TYPE_CHECKING:
    from features.check.overview import DataCheck


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", epilog="Example: kizuna check --config configs/online_retail.toml")(check)


def check(
    config: ConfigPath = DEFAULT_CONFIG,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Check the data: what was read, what will be wrong later and how to mend it, and whether the history suffices."""
    settings = open_config(config, allow_cross_section=True)
    console = Console(stderr=output_format is OutputFormat.JSON)
    try:
        data = check_data(settings, lang)
    except KizunaError as error:
        error.args = (describe_error(error, lang),)
        raise
    if output_format is OutputFormat.JSON:
        from features.check.document import render_json

        sys.stdout.write(render_json(data, lang, config=settings).decode() + "\n")
    else:
        from kizuna.check_page import print_check

        print_check(console, data, config=settings, language=lang)
    refuse_short_history(data, lang)


def refuse_short_history(data: DataCheck, lang: Language) -> None:
    """Raise NotEnoughHistory where dated rows do not suffice for training."""
    if data.history is not None and data.history.problems and not data.history.is_undated:
        problems = translate("; ", lang).join(problem.translate(lang) for problem in data.history.problems)
        raise NotEnoughHistory(f"{data.data_set}, {data.history.definition}{translate(': ', lang)}{problems}")


def check_data(config: Config, language: Language) -> DataCheck:
    """Read every row and check the data set; the standard error shows that it runs."""
    with show_step(translate("reading every row", language)):
        return _check_data(config)


def _check_data(config: Config) -> DataCheck:
    """Every check of a data set, with times or without."""
    from features.check.overview import check_cross_section, check_tables
    from kizuna.today import open_todays_tables
    from tables.cross_section import open_cross_section

    if config.cross_section is not None:
        return check_cross_section(open_cross_section(config))
    return check_tables(open_todays_tables(config, is_read_often=True))
