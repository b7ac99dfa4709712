"""`kizuna history`: shows what was live at a time, or what was changed by whom, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from core.config.data_set import Config
from core.ledger import Ledger, LedgerEntry, LedgerState
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, open_config, parse_moment
from kizuna.session import open_registry
from kizuna.terminal import print_json, print_table, progress_console, say

MAX_SHOWN = 3
"Items of one entry that the table names; --format json has all."
PLAIN = ("release", "kind", "alias", "version", "key_id", "name", "task")
"Details that the table shows."
At = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_moment, metavar="TIME", help="A day or a time; without an offset, in the data set's time zone."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna history --at 2026-09-14T10:00+09:00")
    def history(
        config: ConfigPath = DEFAULT_CONFIG,
        at: At = None,
        log: Annotated[
            bool, typer.Option("--log", help="List instead who changed what: items, stock, tasks, keys, releases.")
        ] = False,
        most: Annotated[int, typer.Option(min=1, help="Entries of --log, the newest first.")] = 50,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Show which release and model versions were live, now or at a given time."""
        settings = open_config(config, allow_cross_section=True)
        moment = _local(at or datetime.now(UTC), settings)
        if log:
            _print_log(settings, moment, most=most, output_format=output_format)
            return
        _, ledger = open_registry(settings, progress_console())
        state = ledger.at(moment)
        if output_format is OutputFormat.JSON:
            print_json(describe_state(state, moment, config=settings))
        else:
            print_state(state, moment, config=settings)


def _print_log(config: Config, moment: datetime, *, most: int, output_format: OutputFormat) -> None:
    """Print the newest entries until a moment; without the registry, so that it works where only the service runs."""
    entries = [entry for entry in Ledger(config.places.ledger).entries() if entry.at <= moment]
    newest = entries[: -most - 1 : -1]
    if output_format is OutputFormat.JSON:
        print_json({"data_set": config.name, "at": moment, "n_entries": len(entries), "entries": newest})
    elif newest:
        rows = [_describe_entry(entry, config) for entry in newest]
        print_table(Console(), [("entry", "at", "by", "event", "what"), *rows], numeric=False)
    else:
        say(Console(), "nothing was changed yet")


def _describe_entry(entry: LedgerEntry, config: Config) -> tuple[str, ...]:
    at, who, _, number = _describe(entry, config)
    return (number, at, who, entry.event.replace("_", " "), describe_details(entry.details) + _because(entry.why))


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def describe_details(details: Mapping[str, Any]) -> str:
    """What an entry is about in one line: what is plain, and old -> new; of many items the first."""
    items: dict[str, dict[str, list[Any]]] = details.get("items", {})
    if items:
        changed = [f"{one}: {_describe_changes(values)}" for one, values in items.items()]
        more = f"; {len(changed) - MAX_SHOWN:,} more items" if len(changed) > MAX_SHOWN else ""
        return "; ".join(changed[:MAX_SHOWN]) + more
    plain = [f"{name} {details[name]}" for name in PLAIN if details.get(name) is not None]
    changes = _describe_changes({name: details[name] for name in ("state", "outcome") if name in details})
    others = [f"also {' and '.join(details['others'])}"] if "others" in details else []
    return ", ".join([*plain, *([changes] if changes else []), *others])


def _describe_changes(changes: Mapping[str, list[Any]]) -> str:
    return ", ".join(f"{name} {_show(old)} -> {_show(new)}" for name, (old, new) in changes.items())


def _show(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def print_state(state: LedgerState, moment: datetime, *, config: Config) -> None:
    """Print a table with a row for each release by host and each version by alias."""
    console = Console()
    say(console, f"{config.name} at {_format(moment, config)}")
    rows = [*_rows(state, config)]
    if not rows:
        say(console, "nothing was live yet")
        return
    print_table(console, [("live", "", "since", "by", "on", "entry"), *rows], numeric=False)
    for entry in _entries(state):
        say(console, f"  {entry.sequence}: {entry.why}")


def describe_state(state: LedgerState, moment: datetime, *, config: Config) -> dict[str, Any]:
    """The state as JSON, with the whole entries of the ledger."""
    return {
        "data_set": config.name,
        "at": _local(moment, config),
        "releases": dict(sorted(state.releases.items())),
        "aliases": [
            {"kind": kind, "alias": alias, "version": entry.details["version"], "entry": entry}
            for (kind, alias), entry in sorted(state.aliases.items())
        ],
    }


def _rows(state: LedgerState, config: Config) -> Iterator[tuple[str, ...]]:
    for host, entry in sorted(state.releases.items()):
        yield (f"release on {host}", _describe_release(entry), *_describe(entry, config))
    for (kind, alias), entry in sorted(state.aliases.items()):
        version = entry.details["version"]
        yield (f"{kind} @{alias}", f"version {version}" if version else "removed", *_describe(entry, config))


def _entries(state: LedgerState) -> list[LedgerEntry]:
    """What put each live thing in place, oldest first."""
    return sorted([*state.releases.values(), *state.aliases.values()], key=lambda entry: entry.sequence)


def _describe_release(entry: LedgerEntry) -> str:
    """A release with the day before which its data end and the versions of its models."""
    details = entry.details
    cutoff = [f"cutoff {details['cutoff']}"] if "cutoff" in details else []
    models = [f"{kind} {model['version']}" for kind, model in details.get("models", {}).items()]
    return "\n".join([str(details["release"]), *cutoff, *models])


def _describe(entry: LedgerEntry, config: Config) -> tuple[str, ...]:
    local = entry.at.astimezone(config.zone).replace(tzinfo=None)  # the first line names the offset
    return local.isoformat(" ", timespec="minutes"), entry.who, entry.host, str(entry.sequence)


def _format(moment: datetime, config: Config) -> str:
    return moment.astimezone(config.zone).isoformat(" ", timespec="seconds")


def _local(moment: datetime, config: Config) -> datetime:
    """The moment in the data set's time zone, which one without an offset is read in."""
    return moment.astimezone(config.zone) if moment.tzinfo else moment.replace(tzinfo=config.zone)
