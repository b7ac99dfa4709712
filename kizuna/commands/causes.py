"""`kizuna causes`: why customers leave, what each cause puts at stake, and what to do first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry, say

if TYPE_CHECKING:
    from core.config.data_set import Config
    from insights.causes.decomposition import Decomposition

console = Console()

Months = Annotated[int, typer.Option(min=1, help="How many of the newest months are looked at.")]
Out = Annotated[Path | None, typer.Option(help="The JSON file; by default causes.json beside the data set's models.")]
Language = Annotated[Literal["en", "ja"], typer.Option("--lang", help="In which language it is told.")]
BySegment = Annotated[
    bool,
    typer.Option(
        "--by-segment", help="Print segments, tiers, plans, attributes and months too; the JSON has them anyhow."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna causes --months 12 --lang ja")
    def causes(
        config: ConfigPath = DEFAULT_CONFIG,
        months: Months = 12,
        lang: Language = "en",
        by_segment: BySegment = False,
        out: Out = None,
    ) -> None:
        """Why customers leave: what they state, what it is laid on, the risk, the money, the interventions."""
        read = open_config(config)
        found = decomposed(read, months)
        path = out or read.places.home / "causes.json"
        write(found, path)
        tell(found, lang, by_segment)
        say(console, str(path))


def decomposed(config: Config, n_months: int) -> Decomposition:
    """The decomposition of a data set by its churn champion, and by its hazard and text models where there are any."""
    registry, _ = open_registry(config, console)
    from insights.causes.decomposition import decompose
    from insights.causes.panel import evidence_of
    from insights.causes.risk_view import TodaysRisks
    from insights.finance.loading import ExcludedRows
    from models.mlflow_store.churn_champion import additive_champion
    from models.mlflow_store.hazard_champion import champion_hazard
    from models.mlflow_store.registry import CHAMPION
    from models.mlflow_store.text_champion import text_champion
    from tables.offers import offer_book
    from tables.sources.opening import open_tables

    model, hazard, texts = additive_champion(registry), champion_hazard(registry), text_champion(registry)
    with console.status("why they left"):
        tables, left_out = open_tables(config), ExcludedRows()
        evidence = evidence_of(tables, model, texts, n_months, left_out)
        risks = TodaysRisks.told(tables, evidence, *hazard) if hazard else None
        today = evidence.today.astype("datetime64[D]").item()
        costs = {offer.offer_id: offer.cost for offer in offer_book(tables, today).offers}
        caution = registry.find("churn", CHAMPION).card.unfit
        return decompose(evidence, config, costs, left_out.counts, risks, caution)


def write(found: Decomposition, path: Path) -> None:
    """Write everything that was found as JSON; the file appears whole or not at all."""
    import msgspec

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    beside.replace(path)


def tell(found: Decomposition, language: Literal["en", "ja"], by_segment: bool) -> None:
    """Print the views side by side, the stakes and the interventions."""
    from insights.render import causes as told
    from insights.render.cause_terms import WORDS

    words = WORDS[language]
    say(console, told.headline(found, language))
    if found.caution:
        say(console, words["caution"].format(why=found.caution))
    show(words["why"], told.views(found, language))
    for line in told.basis(found, language):
        say(console, line)
    say(console, told.trust(found, language))
    if found.tones:
        show(words["tones"], told.tones(found, language, by_month=by_segment))
    show(told.stakes_title(found, language), told.stakes(found, language))
    if found.interventions:
        show(words["interventions"], told.interventions(found, language))
    else:
        say(console, words["no interventions"])
    if by_segment:
        tell_groups(found, language)
    for cause, rows in found.left_out.items():
        say(console, f"left out: {rows:,} rows, {cause}")


def tell_groups(found: Decomposition, language: Literal["en", "ja"]) -> None:
    """Print an overview of all groups, then each group's views and interventions, then months with enough churn."""
    from insights.causes.views import LEAST_LEFT
    from insights.render import cause_groups as told_groups
    from insights.render.cause_terms import WORDS

    words = WORDS[language]
    show(words["groups"], told_groups.groups(found, language))
    for portrait in told_groups.portraits(found):
        say(console, "")
        say(console, portrait.title(found, language))
        show(None, portrait.views(found, language))
        if first := portrait.first(language):
            say(console, first)
    say(console, "")
    if not all(month.too_few for month in found.group_months):
        show(words["months"].format(least=LEAST_LEFT), told_groups.months(found, language))
    for line in told_groups.too_few(found, language):
        say(console, line)
    if any(one.by not in ("all", "cause", "month") for one in found.tones):
        show(words["tones by group"], told_groups.tones(found, language))


def show(title: str | None, lines: Iterable[tuple[str, ...]]) -> None:
    """Print rows below their heading."""
    heading, *rows = lines
    printed = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for place, word in enumerate(heading):
        # A name stands whole; all else breaks before it is cut off.
        printed.add_column(word, justify="right" if place else "left", no_wrap=not place, overflow="fold")
    for row in rows:
        printed.add_row(*row)
    console.print(printed)
