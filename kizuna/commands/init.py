"""`kizuna init`: writes the TOML of a data set from its files, with the evidence for every guess."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from core.files import replace_file, require_place
from core.i18n.translation import ENGLISH
from core.interruption import was_interrupted
from kizuna.commands.check import check, check_data, refuse_short_history
from kizuna.options import DEFAULT_CONFIG, FormatOption, OutputFormat, open_config
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from tables.discovery.proposal import Ask, Proposal, Question

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog="Example: kizuna init exports/")(init)


def init(
    sources: Annotated[
        list[str],
        typer.Argument(help="Folders, files (CSV, JSON Lines, Parquet) and database URLs.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="The TOML to write.")] = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Take the stated default wherever two readings fit.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing TOML.")] = False,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Recognise files and tables, write a commented TOML, and check it."""
    from tables.discovery.discover import propose
    from tables.discovery.inputs import find_inputs
    from tables.discovery.writing import render_toml

    require_place(out)
    if out.exists() and not force:
        raise BadInput(f"{out} exists; name another file with --out, or overwrite it with --force")
    now = datetime.now(UTC)
    inputs = find_inputs(sources)
    proposal = propose(sources, inputs, ask=answer_with(yes), today=now.date(), local_zone=_local_zone())
    with replace_file(out) as temporary:
        temporary.write_text(render_toml(proposal, out.parent), encoding="utf-8")
    variable = _export_password(proposal)
    if output_format is OutputFormat.JSON:
        _print_document(proposal, out, variable=variable)
        return
    for note in proposal.notes:
        say(console, f"note: {note}")
    say(console, f"{out}: {', '.join(section.name for section in proposal.tables)}; its comments give the evidence")
    if variable:
        say(console, f"set {variable} in the environment: the TOML does not have the password")
    check(out)


def _export_password(proposal: Proposal) -> str | None:
    """Set the variable that the TOML names instead of a database's password, so that the check can read the tables."""
    from tables.discovery.writing import PASSWORD_VARIABLE, password_of

    password = password_of(proposal)
    if password is None:
        return None
    os.environ.setdefault(PASSWORD_VARIABLE, password)
    return PASSWORD_VARIABLE


def _print_document(proposal: Proposal, out: Path, *, variable: str | None) -> None:
    """The settings with the evidence for every guess, and the check of what was written, as one JSON document."""
    import msgspec

    from features.check.document import render_json
    from tables.discovery.document import describe_proposal

    config = open_config(out, allow_cross_section=True)
    data = check_data(config, ENGLISH)
    print_json(
        {
            **describe_proposal(proposal, out),
            "password_variable": variable,
            "check": msgspec.Raw(render_json(data, ENGLISH, config=config)),
        }
    )
    refuse_short_history(data, ENGLISH)


def answer_with(yes: bool) -> Ask:
    """How questions are answered: by their default, at the terminal, or not at all."""

    def answer(question: Question) -> str:
        if yes:
            return question.default
        if not sys.stdin.isatty():
            raise explain_unanswered(question)
        return _prompt(question)

    return answer


def explain_unanswered(question: Question) -> BadInput:
    """The error for a question that gets no answer."""
    return BadInput(f"{question.text} Answer at a terminal, or take the default ({question.default}) with --yes")


def _prompt(question: Question) -> str:
    """Ask at the terminal, on the standard error, until the answer is one of the options."""
    console = progress_console()
    say(console, question.text)
    options = f" ({', '.join(question.options)})" if question.options else ""
    while True:
        try:
            answer = typer.prompt(f"  answer{options}; {question.why}", default=question.default, err=True).strip()
        except typer.Abort:  # Ctrl-C, or the input has ended: Ctrl-D, a closed window
            if was_interrupted():
                raise
            say(console, "")
            raise explain_unanswered(question) from None
        if not question.options or answer in question.options:
            return answer
        say(console, f"  '{answer}' is none of {', '.join(question.options)}")


def _local_zone() -> str | None:
    """The IANA name of this machine's time zone, if it says so; UTC says nothing about the business."""
    target = Path("/etc/localtime")
    name = os.environ.get("TZ") or "/".join(target.resolve().parts[-2:] if target.exists() else ())
    return None if name.endswith(("UTC", "Universal", "Zulu")) else name
