"""`kizuna causes` says in one line what it lacks, and its help shows an example."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from insights.causes.decomposition import Decomposition, decompose
from kizuna.commands import causes
from kizuna.main import run
from tests.insights.causes.worlds import SETTINGS, evidence
from tests.worlds import config

TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
[tables.usage]
path = "usage.parquet"
"""


@pytest.mark.parametrize("command", [["causes"], ["train", "texts"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]):
    assert run([*command, "--help"]) == 0
    assert "Example: kizuna " in capsys.readouterr().out


def test_without_a_champion_it_says_what_to_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, caplog):
    caplog.set_level("ERROR", "mlflow")  # as `kizuna` sets it; another test may have imported mlflow before
    monkeypatch.chdir(tmp_path)
    Path("world.toml").write_text(TOML, encoding="utf-8")

    assert run(["causes", "--config", "world.toml"]) == 2
    said = capsys.readouterr().err
    assert "kizuna train churn" in said
    assert said.count("\n") == 1


def test_a_misspelt_key_of_causes_names_its_neighbour(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "world.toml"
    path.write_text(TOML + "[causes]\ntext_treshold = 0.4\n", encoding="utf-8")

    assert run(["causes", "--config", str(path)]) == 2
    assert "did you mean 'text_threshold'" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "words"), [("en", ("Why they left", "call")), ("ja", ("解約の理由", "価格"))])
def test_what_was_found_is_printed_and_written(language, words: tuple[str, ...], tmp_path: Path, capsys):
    found = decompose(evidence(), config(causes=SETTINGS), {}, {"subscriptions: mrr below zero": 1})

    causes.tell(found, language, by_segment=True)
    causes.write(found, tmp_path / "deep" / "causes.json")

    said = capsys.readouterr().out
    assert all(word in said for word in (*words, "left out: 1 rows, subscriptions: mrr below zero"))
    assert "Not to be relied on" not in said
    assert (
        msgspec.json.decode((tmp_path / "deep" / "causes.json").read_bytes(), type=Decomposition).stakes == found.stakes
    )


def test_the_causes_of_a_champion_that_learnt_nothing_are_not_to_be_relied_on(capsys):
    causes.tell(decompose(evidence(), config(causes=SETTINGS), {}, {}, caution="logistic learnt nothing"), "en", False)

    assert "Not to be relied on: logistic learnt nothing" in capsys.readouterr().out
