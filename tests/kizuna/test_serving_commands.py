"""`kizuna release`, `score`, `recommend` and `serve`, as they are typed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from kizuna.commands.segments import load_earlier_risks
from kizuna.main import run
from kizuna.options import open_config
from serving.release.releases import Releases
from tests.serving.sample_release import publish, sample_release


def test_scores_and_recommendations_come_from_the_active_release(home, capfd):
    publish(home / "var/shop/releases", sample_release())

    assert run(["score", "--out", "scores.csv"]) == 0
    assert run(["recommend", "--k", "2", "--out", "recs.parquet"]) == 0
    assert (home / "scores.csv").read_text().startswith("customer_id,churn_probability")
    assert "3 customers" in capfd.readouterr().out


def test_scores_of_a_release_need_no_mlflow(home):
    publish(home / "var/shop/releases", sample_release())
    program = "import sys; from kizuna.main import run; run(['score', '--out', 's.csv']); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=home)

    assert (home / "s.csv").exists()
    assert "serving.build.exports.files" in done.stdout.split()
    assert "mlflow" not in done.stdout.split()


def test_a_rollback_activates_the_release_before_the_active_one(home, capfd):
    for release_id in ("20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"):
        publish(home / "var/shop/releases", sample_release(release_id))

    assert run(["release", "--rollback", "--reason", "wrong prices"]) == 0
    assert "activated 20260401T030000Z-aaaaaa again" in capfd.readouterr().out
    assert Releases(home / "var/shop/releases").active().why == "wrong prices"
    assert run(["release", "--rollback"]) == 2
    assert "older than the active one" in capfd.readouterr().err


def test_a_rollback_builds_nothing_so_that_options_of_a_build_are_refused(home, capfd):
    assert run(["release", "--rollback", "--cutoff", "2026-02-01"]) == 2
    assert "--rollback builds nothing" in capfd.readouterr().err


def test_earlier_scores_are_those_of_the_newest_readable_release_of_a_day(home):
    releases = home / "var/shop/releases"
    for day in (1, 5, 9):
        release = sample_release(f"2026040{day}T030000Z-aaaaaa")
        description = msgspec.structs.replace(release.description, cutoff=date(2026, 4, day))
        publish(releases, replace(release, description=description))
    settings = open_config(home / "kizuna.toml")

    def cutoff_on(day):
        return load_earlier_risks(settings, date(2026, 4, day)).cutoff

    assert [cutoff_on(day) for day in (6, 5, 4)] == [date(2026, 4, 5), date(2026, 4, 5), date(2026, 4, 1)]
    assert load_earlier_risks(settings, date(2026, 3, 1)).cutoff == date(2026, 4, 1)
    (releases / "20260405T030000Z-aaaaaa/release.json").write_text('{"format_version": 5}')
    assert cutoff_on(6) == date(2026, 4, 1)


def test_without_a_release_the_error_names_the_next_step(home, capfd):
    assert run(["score", "--out", "scores.csv"]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_an_invalid_cutoff_is_an_error(home, capfd):
    assert run(["release", "--cutoff", "2999-01-01"]) == 2
    assert "--cutoff 2999-01-01 lies in the future" in capfd.readouterr().err
    assert run(["release", "--cutoff", "yesterday"]) == 2
    assert "--cutoff takes a day such as 2026-04-01, found 'yesterday'" in capfd.readouterr().err


def test_non_local_hosts_need_without_keys(home, capfd):
    assert run(["serve", "--host", "0.0.0.0"]) == 2
    assert "--without-keys" in capfd.readouterr().err


@pytest.mark.parametrize("options", [[], ["--host", "0.0.0.0", "--without-keys"], ["--host", "localhost"]])
def test_serve_replaces_itself_with_the_server(home, monkeypatch, options):
    became: list[tuple[list[str], dict[str, str]]] = []

    def become(path: str, command: list[str], environment: dict[str, str]) -> None:
        became.append((command, environment))

    monkeypatch.setattr(os, "execve", become)

    assert run(["serve", "--port", "3001", "--workers", "2", *options]) == 0

    command, environment = became[0]
    assert environment["KIZUNA_RELEASES"] == str(home / "var/shop/releases")
    assert environment["KIZUNA_WORKERS"] == "2"
    assert command[command.index("--host") + 1] == ("0.0.0.0" if "--without-keys" in options else "127.0.0.1")


@pytest.mark.parametrize("command", ["release", "serve", "score", "recommend"])
def test_help_shows_an_example(command, capfd):
    assert run([command, "--help"]) == 0
    assert f"Example: kizuna {command}" in capfd.readouterr().out


@pytest.mark.parametrize("command", ["serve", "ui"])
def test_a_port_that_is_taken_is_one_line_with_the_fix(home, capfd, command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert run([command, "--port", str(other.getsockname()[1])]) == 2

    message = capfd.readouterr().err
    assert "choose another --port" in message
    assert message.count("\n") == 1
