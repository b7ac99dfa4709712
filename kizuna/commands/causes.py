"""`kizuna causes`: churn causes, the revenue at risk by cause, and which intervention to start with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.files import replace_file, require_place
from core.i18n.translation import ENGLISH, Language, describe_exclusion, translate
from core.model_kinds import CHURN
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, LanguageOption, OutputFormat, open_config
from kizuna.session import open_registry
from kizuna.terminal import print_json, print_table, progress_console, say, show_step

if TYPE_CHECKING:
    from core.config.data_set import Config
    from insights.causes.decomposition import Decomposition

console = Console()

Months = Annotated[int, typer.Option(min=1, help="Number of past months to analyse.")]
Out = Annotated[Path | None, typer.Option(help="JSON file to write. Default: causes.json in the data set's folder.")]
BySegment = Annotated[
    bool,
    typer.Option(
        "--by-segment", help="Also print segments, customer tiers, plans, attributes and months (always in the JSON)."
    ),
]
Quotes = Annotated[
    bool,
    typer.Option(
        "--quotes", help="Also print what customers wrote, by cause, without names and ids (up to 50 in the JSON)."
    ),
]
NO_INTERVENTIONS = "No interventions are configured; add them under [[causes.interventions]] in the TOML."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna causes --months 12 --lang ja")
    def causes(
        config: ConfigPath = DEFAULT_CONFIG,
        months: Months = 12,
        lang: LanguageOption = ENGLISH,
        by_segment: BySegment = False,
        quotes: Quotes = False,
        out: Out = None,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Churn causes: stated, attributed by the model, MRR at risk, and what to do first."""
        if out is not None:
            require_place(out)
        settings = open_config(config)
        path = out or settings.places.home / "causes.json"
        decomposition = decompose_churn(settings, months, with_quotes=quotes)
        write(decomposition, path)
        if output_format is OutputFormat.JSON:
            print_json(decomposition)
            return
        print_decomposition(decomposition, lang, by_segment=by_segment)
        say(console, str(path))


def decompose_churn(config: Config, n_months: int, *, with_quotes: bool = False) -> Decomposition:
    """Decompose churn by cause, with the churn champion and, where there are any, the hazard and text champions."""
    progress = progress_console()
    registry, _ = open_registry(config, progress)
    from features.labels.labelling import explain_other_churn
    from insights.causes.current_risk import HazardRisks
    from insights.causes.decomposition import decompose
    from insights.causes.panel import build_panel
    from insights.causes.quotes import collect_quotes
    from insights.finance.loading import ExcludedRows
    from kizuna.today import open_todays_tables
    from models.mlflow_store.registry import CHAMPION, load_churn_champion, load_hazard_champion, load_text_champion
    from tables.assortment import load_offer_book

    model, hazard, texts = load_churn_champion(registry), load_hazard_champion(registry), load_text_champion(registry)
    with show_step("analysing churn causes"):
        tables, excluded = open_todays_tables(config), ExcludedRows()
        panel = build_panel(tables, model, text_model=texts, n_months=n_months, excluded=excluded)
        risks = None
        if hazard:
            risks = HazardRisks.from_model(tables, panel, hazard=hazard[0], version=hazard[1])
        today = panel.today.astype("datetime64[D]").item()
        costs = {offer.offer_id: offer.cost for offer in load_offer_book(tables, today).offers}
        card = registry.find(CHURN.name, CHAMPION).card
        return decompose(
            panel,
            config,
            offer_costs=costs,
            excluded_rows=excluded.counts,
            risks=risks,
            quotes=collect_quotes(tables, panel, text_model=texts) if with_quotes else (),
            caution=card.caution,
            other_churn=explain_other_churn(card.label, config),
        )


def write(decomposition: Decomposition, path: Path) -> None:
    """Write the decomposition as JSON; the file appears whole or not at all."""
    import msgspec

    with replace_file(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(decomposition)))


def print_decomposition(decomposition: Decomposition, language: Language, *, by_segment: bool) -> None:
    """Print the three views of causes, the revenue at risk and the interventions."""
    from insights.render import causes as render

    say(console, render.headline(decomposition, language))
    if decomposition.other_churn:
        say(console, decomposition.other_churn)
    if decomposition.caution:
        say(console, render.caution(decomposition.caution, language))
    print_table(console, render.views(decomposition, language), title=translate("Why customers churned", language))
    for line in render.basis(decomposition, language):
        say(console, line)
    say(console, render.trust(decomposition, language))
    if decomposition.sentiments:
        title = translate("Sentiment of customers' texts, from -1 (angry) to 1 (delighted)", language)
        print_table(console, render.sentiments(decomposition, language, by_month=by_segment), title=title)
    print_table(
        console, render.mrr_at_risk_by_cause(decomposition, language), title=render.risk_title(decomposition, language)
    )
    if decomposition.interventions:
        print_table(
            console, render.interventions(decomposition, language), title=translate("What to do first", language)
        )
    else:
        say(console, translate(NO_INTERVENTIONS, language))
    if decomposition.quotes:
        title = translate("What customers wrote, by cause", language)
        print_table(console, render.quotes(decomposition, language), title=title, numeric=False)
    if by_segment:
        print_groups(decomposition, language)
    for problem, n_rows in decomposition.excluded_rows.items():
        reason = describe_exclusion(problem, language)
        say(console, translate("excluded: {rows} rows, {cause}", language, rows=n_rows, cause=reason))


def print_groups(decomposition: Decomposition, language: Language) -> None:
    """Print an overview of all groups, then each group's views and interventions, then months with enough churn."""
    from insights.render import cause_groups as render

    print_table(
        console, render.groups(decomposition, language), title=translate("Attributed causes by group", language)
    )
    for portrait in render.portraits(decomposition):
        say(console, "")
        say(console, portrait.title(decomposition, language))
        print_table(console, portrait.views(decomposition, language))
        if first := portrait.best_interventions(decomposition, language):
            say(console, first)
    say(console, "")
    if not all(month.too_few for month in decomposition.group_months):
        print_table(console, render.months(decomposition, language), title=render.months_title(language))
    for line in render.too_few(decomposition, language):
        say(console, line)
    if any(sentiment.by not in ("all", "cause", "month") for sentiment in decomposition.sentiments):
        title = translate("Sentiment by group, of all texts and by cause", language)
        print_table(console, render.sentiments(decomposition, language), title=title)
