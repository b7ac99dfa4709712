"""The files of docs/deployment name commands, options, variables and metrics that exist, and no secret."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from core import environment
from kizuna.main import command_line
from serving.http.metrics import ServiceMetrics

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / "docs/deployment"
UNITS = sorted(FOLDER.glob("*.service"))
GUIDES = [PROJECT / "docs/guide/deployment.md", PROJECT / "docs/guide/ja/deployment.md"]
OTHERS = {"HOME", "BENTOML_HOME", "OMP_WAIT_POLICY", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
"Variables of other programs."
OF_COMPOSE = {"KIZUNA_USER", "KIZUNA_CONFIG_FOLDER"}
"Variables that only compose.yaml itself reads."


def load_compose() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


def list_commands() -> Iterator[tuple[str, list[str]]]:
    """Every `kizuna` command line of the units and of compose.yaml, with the place it is in."""
    for unit in UNITS:
        for line in unit.read_text().splitlines():
            if line.startswith("ExecStart="):
                yield unit.name, shlex.split(line.removeprefix("ExecStart="))[1:]
    for name, service in load_compose()["services"].items():
        words = service.get("command", [])
        for command in words[2].split("&&") if words[:2] == ["sh", "-c"] else [shlex.join(words)]:
            if command.split()[:1] == ["kizuna"]:
                yield f"compose.yaml, {name}", shlex.split(command)[1:]


@pytest.mark.parametrize(("place", "words"), [pytest.param(*one, id=" ".join(one[1])) for one in list_commands()])
def test_every_command_exists_with_its_options(place: str, words: list[str]):
    commands: Any = typer.main.get_command(command_line())
    assert words[0] in commands.commands, place
    options = {option for parameter in commands.commands[words[0]].load().params for option in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= options, place


def variables_of(values: Any) -> set[str]:
    return set(values) if isinstance(values, dict) else {one.partition("=")[0] for one in values}


def list_variables() -> set[str]:
    return {value for name, value in vars(environment).items() if name.isupper() and isinstance(value, str)}


def test_every_variable_is_one_that_kizuna_or_a_program_beside_it_reads():
    names = {name for service in load_compose()["services"].values() for name in variables_of(service["environment"])}
    for unit in UNITS:
        names |= set(re.findall(r"(\w+)=", " ".join(re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE))))
    names |= set(re.findall(r"^#? ?([A-Z_]+)=", (FOLDER / "environment.example").read_text(), re.MULTILINE))

    assert {one for one in names if not one.startswith("AWS_")} <= list_variables() | OTHERS | OF_COMPOSE


def test_every_variable_of_compose_is_explained_in_the_example():
    text = (FOLDER / "compose.yaml").read_text()
    interpolated = set(re.findall(r"\$\{(\w+)", text))
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (FOLDER / "environment.example").read_text(), re.MULTILINE))

    assert interpolated - example <= {"AWS_DEFAULT_REGION"}


def test_services_of_compose_refer_to_each_other_and_publish_on_this_host_alone():
    services = load_compose()["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for name, condition in service.get("depends_on", {}).items():
            assert condition != {"condition": "service_healthy"} or "healthcheck" in services[name]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert {"postgres", "mlflow", "service-1", "service-2"} <= set(services)


def test_no_file_contains_a_secret():
    for path in FOLDER.iterdir():
        text = re.sub(r"\$\{[^}]*\}", "", path.read_text())
        assert re.findall(r"(?:PASSWORD|SECRET\w*)[=:] *(\S+)", text) == [], path.name
        assert re.findall(r"://\w+:(\w+)@", text) == [], path.name


def list_metrics() -> set[str]:
    names: set[str] = set()
    for line in ServiceMetrics().text().decode().splitlines():
        if line.startswith("# TYPE kizuna_"):
            _, _, name, kind = line.split()
            names |= {f"{name}_bucket", name} if kind == "histogram" else {name}
    return names


@pytest.mark.parametrize("path", [*GUIDES, FOLDER / "alarms.yml"], ids=lambda path: path.name)
def test_every_metric_is_one_of_the_service(path: Path):
    named = set(re.findall(r"\bkizuna_(?:request|release|metrics)\w+", path.read_text()))

    assert named
    assert named <= list_metrics()


@pytest.mark.parametrize("guide", GUIDES, ids=["en", "ja"])
def test_the_guide_lists_every_alarm_and_every_metric(guide: Path):
    groups = yaml.safe_load((FOLDER / "alarms.yml").read_text())["groups"]
    alarms = {rule["alert"] for group in groups for rule in group["rules"]}
    metrics = {name for name in list_metrics() if not name.endswith("_bucket")}
    text = guide.read_text()

    assert {one for one in alarms | metrics if f"`{one}`" not in text} == set()


def run_commands(guide: Path, nth: int, folder: Path):
    """The nth block of commands about backups, word for word."""
    section = next(one for one in guide.read_text().split("\n## ") if "pg_restore" in one)
    block = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)[nth]
    subprocess.run(["bash", "-e", "-c", block], cwd=folder, check=True)


def make_table(path: Path) -> sqlite3.Connection:
    """A database as the service has it while it runs: its newest rows are in the file -wal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("CREATE TABLE kizuna (at TEXT)")
    connection.execute("INSERT INTO kizuna VALUES ('before')")
    return connection


@pytest.mark.parametrize("guide", GUIDES, ids=["en", "ja"])
def test_what_the_commands_of_the_guide_back_up_they_restore(guide: Path, tmp_path: Path):
    names = ["my_shop/events.db", "my_shop/decisions.db", "my_shop/tasks.db", "mlflow.db"]
    files = ["my_shop/ledger.jsonl", "my_shop/keys.json", "my_shop/health/day.parquet", "my_shop/releases/stock.json"]
    files.append("mlartifacts/models/MLmodel")
    var = tmp_path / "var"
    databases = [make_table(var / name) for name in names]
    for name in files:
        (var / name).parent.mkdir(parents=True, exist_ok=True)
        (var / name).write_text("before")

    run_commands(guide, 0, tmp_path)
    for database in databases:
        database.execute("INSERT INTO kizuna VALUES ('after')")
    for name in files:
        (var / name).write_text("after")
    shutil.copytree(var, tmp_path / "crashed")  # with -wal and -shm, as a crash leaves them
    for database in databases:
        database.close()
    shutil.rmtree(var)
    (tmp_path / "crashed").rename(var)
    run_commands(guide, 3, tmp_path)

    assert {name: (var / name).read_text() for name in files} == dict.fromkeys(files, "before")
    for name in names:
        with closing(sqlite3.connect(var / name)) as restored:
            assert restored.execute("SELECT at FROM kizuna").fetchall() == [("before",)], name
    assert {oct(path.stat().st_mode & 0o077) for path in (tmp_path / "backup").rglob("*.db")} == {"0o0"}


def test_a_backup_of_a_data_set_without_health_keys_and_tasks_is_made(tmp_path: Path):
    make_table(tmp_path / "var/my_shop/events.db").close()

    run_commands(GUIDES[0], 0, tmp_path)

    assert [path.name for path in (tmp_path / "backup").rglob("*.*")] == ["events.db"]


@pytest.mark.parametrize("unit", [*UNITS, FOLDER / "kizuna-nightly.timer"], ids=lambda unit: unit.name)
def test_systemd_accepts_every_unit(unit: Path, tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for each in FOLDER.glob("kizuna*.*"):
        (tmp_path / each.name).write_text(each.read_text().replace("/opt/kizuna/.venv/bin/kizuna", "/bin/true"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", tmp_path / unit.name], capture_output=True, text=True
    )

    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []
