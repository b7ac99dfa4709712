"""The command line: finds the configuration, runs one command, turns errors into one line and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import click
import typer

from core.errors import KizunaError
from kizuna import commands

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Kizuna (絆): know your customers. Churn, recommendations and next best offers from raw tables.",
)


def register_commands() -> None:
    """Each file of kizuna/commands offers `register(app)`."""
    for module in sorted(iter_modules(commands.__path__), key=lambda module: module.name):
        import_module(f"kizuna.commands.{module.name}").register(app)


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code: 0 done, 2 bad input, 1 our fault, 130 interrupted."""
    register_commands()
    try:
        return app(arguments, prog_name="kizuna", standalone_mode=False) or 0
    except KizunaError as error:
        print(f"kizuna: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.exceptions.Abort):
        print("kizuna: interrupted; nothing half-written was kept", file=sys.stderr)  # noqa: T201
        return 130
    except Exception as error:  # noqa: BLE001 - the last door: an unforeseen fault is still one line
        print(f"kizuna: internal error: {type(error).__name__}: {error}; KIZUNA_DEBUG=1 shows where", file=sys.stderr)  # noqa: T201
        return 1


def main() -> None:
    """The `kizuna` script."""
    sys.exit(run(sys.argv[1:]))
