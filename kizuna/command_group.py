"""The group of all commands. A command's file is imported when that command runs, so every command starts fast."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

FOLDER = Path(__file__).parent / "commands"
FIRST_LINE = re.compile(r'"""`kizuna [^`]*`: (.+?)\.?(?:""")?$')
"How the file of a command begins: `kizuna <name>`: what it does."


class LightGroup(TyperGroup):
    """A group whose own options need no conversion."""

    def get_params(self, ctx: Any) -> Any:
        """The options. Those that Typer adds (--help, --show-completion) are False by default instead of None.

        Typer converts None by pydantic, whose import would take as long as everything else at the start.
        """
        parameters = super().get_params(ctx)
        for parameter in parameters:
            if parameter.default is None and getattr(parameter, "is_flag", False):
                parameter.default = False
        return parameters


class CommandGroup(LightGroup):
    """One command, or one group of commands, for each file of kizuna/commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {path.stem: CommandFile(path) for path in sorted(FOLDER.glob("[!_]*.py"))}


class CommandFile(TyperCommand):
    """A command whose file is not imported yet. The list of commands and shell completion need only its first line."""

    def __init__(self, path: Path) -> None:
        super().__init__(name=path.stem, short_help=_describe(path), rich_markup_mode=None)

    def load(self) -> Any:
        """The command itself: import the file and call its `register(app)`."""
        app = typer.Typer(rich_markup_mode=None)
        # Without a callback, Typer would make the only command the application itself.
        app.callback()(lambda: None)
        import_module(f"kizuna.commands.{self.name}").register(app)
        group: Any = typer.main.get_command(app)
        return group.commands[self.name]

    # Typer passes everything after the first two by keyword.
    def make_context(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, info_name: str | None, args: list[str], **extra: Any
    ) -> Any:
        """The context of the command itself: Typer runs the command that the context names."""
        return self.load().make_context(info_name, args, **extra)


def _describe(path: Path) -> str:
    """What the command in this file does, from the first line of the file."""
    with path.open(encoding="utf-8") as file:
        match = FIRST_LINE.match(file.readline())
    return f"{match[1][0].upper()}{match[1][1:]}." if match else ""
