"""The command line as a whole: what it imports, its version, its help, its usage errors, completion."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kizuna.command_group import FOLDER, CommandFile
from kizuna.main import run

COMMANDS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
PRINTS_NO_RESULT = {"demo", "mcp", "serve", "ui", "watch"}
"Commands that run until they are stopped."
HEAVY = {"numpy", "pandas", "mlflow", "bentoml", "duckdb", "pydantic", "rich", "msgspec", "httpx", "babel"}
"Libraries whose import takes longer than all that a help text needs."

TOML = """
name = "shop"
time_zone = "UTC"
currency = "EUR"
[tables.purchases]
path = "none.csv"
[churn]
definition = "no_purchase"
horizon_days = 28
[segments.loyal]
rule = "orders_365d > 3"
"""

PURCHASES = "[tables.purchases]\npath = 'purchases.csv'\n"


def modules_after(*arguments: str) -> set[str]:
    """The modules that a process has imported after this command line."""
    program = f"import sys; from kizuna.main import run; run({list(arguments)}); print('modules', *sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return set(output.splitlines()[-1].split())


def inner_commands(command) -> list:
    """The command, or all commands below it."""
    inner = getattr(command, "commands", None)
    return [command] if inner is None else [each for nested in inner.values() for each in inner_commands(nested)]


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["no-such-command"]])
def test_version_and_help_import_no_command_and_no_heavy_library(arguments):
    modules = modules_after(*arguments)

    assert {name for name in modules if name.startswith("kizuna.commands.")} == set()
    assert HEAVY & modules == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_its_file_and_no_engine(command):
    modules = modules_after(command, "--help")

    # A command may use another: `init` ends with a check.
    assert f"kizuna.commands.{command}" in modules
    assert "kizuna.commands.demo" not in modules - {f"kizuna.commands.{command}"}
    assert modules & {"numpy", "pandas", "mlflow", "bentoml", "duckdb", "pydantic", "httpx"} == set()


def test_the_version_is_that_of_the_installed_package(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("kizuna 0.")


def test_the_help_lists_every_command_with_a_sentence(capsys):
    assert run(["--help"]) == 0

    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.partition("Commands:")[2].splitlines()]
    described = dict(line for line in lines if len(line) == 2)
    assert all(described[command][0].isupper() for command in COMMANDS)


def test_brackets_in_a_help_text_are_printed(capsys):
    assert run(["train", "churn", "--help"]) == 0
    assert "[hazard] section" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in PRINTS_NO_RESULT])
def test_every_command_that_prints_a_result_can_print_json(name):
    for command in inner_commands(CommandFile(FOLDER / f"{name}.py").load()):
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--format" in options, command.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score"], "score needs --out, e.g. kizuna score --out"),
        (["promote"], "promote needs KIND, e.g. kizuna promote churn"),
        (["score", "--out"], "--out takes a value"),
        (["demo", "--once=3"], "--once takes no value"),
        (["report", "--otu", "x"], "report has no option --otu; did you mean '--out'?"),
        (["--verison"], "no option --verison; did you mean '--version'?"),
        (["trian"], "has no command 'trian'; did you mean 'train'?"),
        (["train", "chrun"], "train has no command 'chrun'; did you mean 'churn'?"),
        (["train", "it's"], "train has no command 'it's'; there are: churn"),
        (["score", "--out", "x.csv", "a", "b"], "score takes no further argument, found 'a b'"),
        (["ui", "--port", "abc"], "--port takes a whole number from 1 to 65535, found 'abc'"),
        (["promote", "churn", "--version", "0"], "--version takes a whole number of at least 1, found '0'"),
        (["report", "--out", "x", "--format", "pdf"], "--format takes one of html, json, found 'pdf'"),
    ],
)
def test_a_wrong_command_line_gets_one_line_and_exit_code_2(arguments, message, capsys):
    assert run(arguments) == 2

    line = capsys.readouterr().err
    assert line.startswith("kizuna: ")
    assert message in line
    assert line.count("\n") == 1
    assert "--help" in line


def test_a_configuration_that_may_not_be_read_says_so(tmp_path, monkeypatch, capsys):
    (tmp_path / "shop.toml").write_text("")
    # The tests may run as root, who may read everything.
    monkeypatch.setattr("os.access", lambda *of_file: False)

    assert run(["check", "--config", str(tmp_path / "shop.toml")]) == 2
    assert f"permission is denied to read {tmp_path / 'shop.toml'}; change its rights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("attributes = { purchases = ['shop'] }", "[attributes] purchases: attributes are columns of"),
        ("attributes = { custmers = ['city'] }", "[attributes] custmers: attributes are columns of"),
        ("as_of_today = ['city']", "as_of_today names a table and its column, such as customers.country, found 'city'"),
        ("segments = { vip = { rule = 'n_ordrs > 1' } }", "[segments.vip]: unknown name 'n_ordrs'"),
    ],
)
def test_a_name_that_the_data_set_cannot_have_is_refused_with_the_path_of_the_toml(tmp_path, text, message, capsys):
    path = tmp_path / "shop.toml"
    path.write_text(f"name = 'shop'\ntime_zone = 'Asia/Tokyo'\ncurrency = 'JPY'\nactive_days = 30\n{text}\n{PURCHASES}")

    assert run(["check", "--config", str(path)]) == 2
    assert f"kizuna: {path}: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["", ".", ".."])
def test_a_report_needs_the_name_of_a_file(out, capsys):
    assert run(["report", "--out", out]) == 2
    assert "it is a folder; name a file" in capsys.readouterr().err


def test_a_command_without_a_subcommand_shows_its_help(capsys):
    assert run(["train"]) == 2
    assert "Commands:\n  churn" in capsys.readouterr().err


def complete(words: str) -> list[str]:
    """What bash would offer after these words."""
    environment = {
        "_KIZUNA_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    program = "from kizuna.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | environment, check=False
    )
    return result.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [("kizuna re", ["recommend", "release", "report"]), ("kizuna train ch", ["churn"]), ("kizuna score --o", ["--out"]),
     ("kizuna models --format ", ["text", "json"]), ("kizuna promote re", ["recommender"]),
     ("kizuna report --lang ", ["en", "ja"]), ("kizuna train churn --model r", ["recency", "rfm"]),
     ("kizuna train value --model b", ["bg_nbd", "blend", "boosted"]), ("kizuna decide --layout h", ["hubspot"])],
)  # fmt: skip
def test_the_shell_completes_commands_options_and_values(words, offered):
    assert complete(words) == offered


def test_the_completion_script_is_printed():
    command = f"{sys.executable} -m kizuna --show-completion; true"
    printed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout

    assert "_KIZUNA_COMPLETE" in printed


def test_a_full_disk_ends_in_one_line_and_leaves_the_old_file(tmp_path, monkeypatch, capfd):
    (tmp_path / "orders.csv").write_text("customer_id,event_time,amount\n" + "ada,2026-01-01,5\n" * 30)
    out = tmp_path / "kizuna.toml"
    out.write_text("old")

    def fill_disk(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fill_disk)

    assert run(["init", str(tmp_path / "orders.csv"), "--yes", "--force", "--out", str(out)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"kizuna: {out}: no space is left on the disk")
    assert out.read_bytes() == b"old"


@pytest.mark.parametrize(
    "command",
    [
        ["campaign", "contacts"],
        ["causes"],
        ["decide"],
        ["features"],
        ["init", "exports"],
        ["recommend"],
        ["report"],
        ["report", "--customer", "ada"],
        ["report", "--segment", "loyal"],
        ["score"],
        ["segments", "--members", "loyal"],
        ["simulate"],
    ],
    ids=" ".join,
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kizuna.toml").write_text(TOML)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    writes_files = command[0] == "simulate" or "--segment" in command
    places = ["file/new"] if writes_files else ["folder.csv", "file/new.csv"]
    if command[0] == "report" and not writes_files:
        places = ["folder.html", "file/new.html"]
        (tmp_path / "folder.csv").rename("folder.html")
    messages = {"folder": "it is a folder; name a file", "file": "a part of the path is a file; write elsewhere"}

    for place in places:
        code = run([*command, "--out", place])

        assert (code, capsys.readouterr().err) == (
            2,
            f"kizuna: {place}: {messages[Path(place).parts[0].split('.')[0]]}\n",
        )
