"""`kizuna keys`: makes, lists, rotates and revokes the API keys of the service."""

from __future__ import annotations

import getpass
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core import environment
from core.access import BROWSER_SCOPES, ApiKey, BrowserAccess, Scope, new_key
from core.config.data_set import Config
from core.errors import BadInput, did_you_mean
from core.ledger import KEY_ADDED, KEY_REVOKED, KEY_ROTATED, Ledger
from kizuna.command_group import LightGroup
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, open_config
from kizuna.terminal import print_json, print_table, say

if TYPE_CHECKING:
    from serving.keys.store import KeyStore

KeyId = Annotated[str, typer.Argument(help="The id of the key, as `kizuna keys list` shows it.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it is in the ledger with your name and the time.")]
MAX_NAME = 64


def register(app: typer.Typer) -> None:
    """Add the group."""
    keys = typer.Typer(
        cls=LightGroup, no_args_is_help=True, help="API keys of the service. A running service notices each change."
    )
    app.add_typer(keys, name="keys")

    @keys.command(epilog="Example: kizuna keys add shop --scope recommend --scope decide --per-minute 6000")
    def add(
        name: Annotated[str, typer.Argument(help="Who will use the key, e.g. crm.")],
        scope: Annotated[
            list[str], typer.Option(help=f"What it permits: {', '.join(Scope)}; admin permits everything.")
        ],
        per_minute: Annotated[
            int | None, typer.Option(min=1, help="Requests a minute, for browsers by customer; default: no limit.")
        ] = None,
        per_day: Annotated[
            int | None, typer.Option(min=1, help="Requests a day, which begins at midnight UTC; default: no limit.")
        ] = None,
        origin: Annotated[
            list[str] | None, typer.Option(help="Makes a browser key, for pages of this origin: https://shop.example.")
        ] = None,
        public_key: Annotated[
            Path | None, typer.Option(help="PEM file, for a browser key: checks the shop's customer tokens.")
        ] = None,
        why: Why = "",
        config: ConfigPath = DEFAULT_CONFIG,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Make a key. It is shown once; only its hash is stored."""
        if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
            raise BadInput(f"a name has 1 to {MAX_NAME} printable characters, found {name!r}")
        settings, scopes = open_config(config), read_scopes(scope)
        browser = read_browser_access(origin or [], public_key, scopes=scopes)
        key, text = new_key(
            name.strip(), scopes, now=datetime.now(UTC), requests_per_minute=per_minute, requests_per_day=per_day,
            browser=browser,
        )  # fmt: skip
        open_keys(settings).add(key)
        _show(key, text, output_format=output_format)  # first: a ledger that cannot be written must not hide the key
        _record(settings, KEY_ADDED, key=key, why=why)

    @keys.command("list", epilog="Example: kizuna keys list --format json")
    def list_keys(config: ConfigPath = DEFAULT_CONFIG, output_format: FormatOption = OutputFormat.TEXT) -> None:
        """List all keys, revoked ones as well. No secret is shown."""
        now, rows = datetime.now(UTC), open_keys(open_config(config)).read()
        if output_format is OutputFormat.JSON:
            print_json([_describe(key) for key in rows])
        elif rows:
            header = ("id", "name", "scopes", "a minute", "a day", "since", "state")
            print_table(Console(), [header, *(_row(key, now=now) for key in rows)], numeric=False)
        else:
            say(Console(), "no keys: the service answers this host alone")

    @keys.command(epilog="Example: kizuna keys rotate 5f3a9c01 --grace-hours 48")
    def rotate(
        key_id: KeyId,
        grace_hours: Annotated[
            float, typer.Option(min=0, max=8760, help="How long the old secret is accepted beside the new one.")
        ] = 24,
        why: Why = "",
        config: ConfigPath = DEFAULT_CONFIG,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Give a key a new secret; the old one lasts a day longer, so that callers can change over."""
        settings, now, texts = open_config(config), datetime.now(UTC), list[str]()

        def renew(key: ApiKey) -> ApiKey:
            rotated, text = key.rotate(now=now, grace=timedelta(hours=grace_hours))
            texts.append(text)
            return rotated

        key = open_keys(settings).change(key_id, renew)
        _show(key, texts[-1], output_format=output_format)
        _record(settings, KEY_ROTATED, key=key, why=why)

    @keys.command(epilog="Example: kizuna keys revoke 5f3a9c01 --why 'the laptop was lost'")
    def revoke(
        key_id: KeyId,
        why: Why = "",
        config: ConfigPath = DEFAULT_CONFIG,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """End a key at once."""
        from msgspec.structs import replace

        settings, now = open_config(config), datetime.now(UTC)
        key = open_keys(settings).change(key_id, lambda one: replace(one, revoked_at=now))
        _record(settings, KEY_REVOKED, key=key, why=why)
        if output_format is OutputFormat.JSON:
            print_json(_describe(key))
        else:
            say(Console(), f"revoked {key.key_id} ({key.name})")


def open_keys(settings: Config) -> KeyStore:
    """The keys of a data set, where KIZUNA_DATABASE_URL says so in a database."""
    from serving.keys.opening import open_key_store

    return open_key_store(os.environ.get(environment.DATABASE_URL), settings.places.keys, data_set=settings.name)


def read_scopes(names: list[str]) -> tuple[Scope, ...]:
    """The scopes, in the order of their list. Raises BadInput for an unknown one."""
    for name in names:
        if name not in [*Scope]:
            raise BadInput(f"no scope '{name}'{did_you_mean(name, [*Scope])}")
    return tuple(scope for scope in Scope if scope in names)


def read_browser_access(
    origins: list[str], public_key: Path | None, *, scopes: tuple[Scope, ...]
) -> BrowserAccess | None:
    """What makes a key a browser key; None without options for it. Raises BadInput."""
    if not origins and public_key is None:
        return None
    if not origins or public_key is None:
        raise BadInput("a browser key needs both --origin and --public-key")
    if other := [scope for scope in scopes if scope not in BROWSER_SCOPES]:
        raise BadInput(f"a browser key may have the scopes {' and '.join(BROWSER_SCOPES)}, found {other[0]}")
    from serving.http.cross_origin import check_origin
    from serving.http.customer_tokens import load_public_key

    try:
        pem = public_key.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"--public-key: {public_key} is no text file that can be read") from None
    load_public_key(pem)
    return BrowserAccess(origins=tuple(dict.fromkeys(map(check_origin, origins))), public_key=pem)


def _record(settings: Config, event: str, *, key: ApiKey, why: str) -> None:
    """Write what was done to a key into the ledger."""
    details = {"key_id": key.key_id, "name": key.name, "scopes": [*key.scopes]}
    if key.browser is not None:
        details["origins"] = [*key.browser.origins]
    Ledger(settings.places.ledger).append(event, details, who=getpass.getuser(), why=why)


def _show(key: ApiKey, text: str, *, output_format: OutputFormat) -> None:
    if output_format is OutputFormat.JSON:
        print_json(_describe(key) | {"key": text})
        return
    console = Console()
    say(console, f"{text}")
    say(console, f"key {key.key_id} of {key.name}, for {', '.join(key.scopes)}; it is not shown again")
    if key.browser is not None:
        say(console, f"browser key: the shop signs customer tokens with aud {key.key_id}, iss {key.browser.origins[0]}")
    if key.old_until is not None:
        say(console, f"the old secret is accepted until {key.old_until:%Y-%m-%d %H:%M} UTC")


def _describe(key: ApiKey) -> dict[str, Any]:
    """A key as JSON, without hashes."""
    hidden = ("digest", "old_digest")
    return {name: getattr(key, name) for name in key.__struct_fields__ if name not in hidden}


def _row(key: ApiKey, *, now: datetime) -> tuple[str, ...]:
    state = "in use"
    if key.revoked_at is not None:
        state = f"revoked {key.revoked_at:%Y-%m-%d}"
    elif key.old_until is not None and now < key.old_until:
        hours = math.ceil((key.old_until - now).total_seconds() / 3600)
        state = f"in use; the old secret {hours} h longer"
    limits = ["no limit" if n is None else f"{n:,}" for n in (key.requests_per_minute, key.requests_per_day)]
    used_by = "" if key.browser is None else f" (browsers at {', '.join(key.browser.origins)})"
    return (key.key_id, key.name, ", ".join(key.scopes) + used_by, *limits, f"{key.created_at:%Y-%m-%d}", state)
