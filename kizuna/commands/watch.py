"""`kizuna watch`: follows the champions in MLflow, and the challenger of an experiment; publishes when one moves."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.model_kinds import RECOMMENDER, kinds_of
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config, tracking_uri
from kizuna.session import MLFLOW_DEFAULTS, open_remote_releases
from kizuna.terminal import say

if TYPE_CHECKING:
    from core.config.data_set import Config
    from kizuna.champion_watch import Versions

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna watch --interval 60")
    def watch(
        config: ConfigPath = DEFAULT_CONFIG,
        interval: Annotated[float, typer.Option(min=1, max=86_400, help="Seconds between two looks.")] = 30,
        once: Annotated[bool, typer.Option("--once", help="Look once, publish if one has moved, and end.")] = False,
        keep: Annotated[int, typer.Option(min=1, help="Number of releases to keep on disk.")] = 5,
    ) -> None:
        """Publish a release whenever a champion, or the challenger of an experiment, moves; Ctrl-C stops it."""
        from kizuna.champion_watch import (
            ChampionWatch,
            WatchSources,
            lock_watch,
            publish_in_process,
            read_released_champions,
        )
        from serving.release.releases import Releases

        settings = open_config(config)
        folder = settings.places.releases
        releases = open_remote_releases() or Releases(folder)
        sources = WatchSources(
            champion_reader(settings),
            lambda: read_released_champions(releases),
            publish_in_process(config, keep=keep),
        )
        champions = ChampionWatch(sources, note=lambda line: say(console, line), interval_seconds=interval)
        with lock_watch(folder):
            if once:
                if not champions.look():
                    say(console, "no champion has moved since the newest release")
                return
            say(console, f"following the champions of {settings.name}, every {interval:g} s")
            champions.run()


def champion_reader(config: Config) -> Callable[[], Versions]:
    """A function that reads the version of each champion that a release can contain, from MLflow.

    With `[recommender_experiment]`, that of the challenger, too.
    """
    for name, value in MLFLOW_DEFAULTS.items():
        os.environ.setdefault(name, value)
    kinds = [kind.name for kind in kinds_of(config) if kind.is_released]

    def read() -> Versions:
        from models.mlflow_store.registry import CHAMPION, Registry
        from serving.build.inputs import challenger_version

        registry = Registry(tracking_uri(config), config.name)
        aliases = {kind: registry.aliases(kind) for kind in kinds}
        versions = {kind: versions[CHAMPION] for kind, versions in aliases.items() if CHAMPION in versions}
        if RECOMMENDER.name in versions:
            versions |= challenger_version(registry, config.recommender_experiment)
        return versions

    return read
