"""`kizuna causes` at the command line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from core.model_card import Caution
from features.labels.labelling import explain_other_churn
from insights.causes.decomposition import Decomposition, decompose
from kizuna.commands import causes
from kizuna.main import run
from tests.insights.causes.worlds import SETTINGS, panel
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


def test_without_a_champion_the_error_names_the_command_to_train_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, caplog
):
    caplog.set_level("ERROR", "mlflow")  # as `kizuna` sets it; another test may have imported mlflow before
    monkeypatch.chdir(tmp_path)
    Path("world.toml").write_text(TOML, encoding="utf-8")

    assert run(["causes", "--config", "world.toml"]) == 2
    error = capsys.readouterr().err
    assert "kizuna train churn" in error
    assert error.count("\n") == 1


def test_a_misspelt_key_gets_a_suggestion(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "world.toml"
    path.write_text(TOML + "[causes]\ntext_treshold = 0.4\n", encoding="utf-8")

    assert run(["causes", "--config", str(path)]) == 2
    assert "did you mean 'text_threshold'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (ENGLISH, ("Why customers churned", "call", "excluded: 1 rows, subscriptions: mrr: below zero")),
        (JAPANESE, ("解約理由", "価格", "除外:1行(subscriptions: mrr: マイナスの値)")),
    ],
)
def test_the_decomposition_is_printed_and_written_as_json(language, words: tuple[str, ...], tmp_path: Path, capsys):
    decomposition = decompose(
        panel(), config(causes=SETTINGS), offer_costs={}, excluded_rows={"subscriptions: mrr: below zero": 1}
    )

    causes.print_decomposition(decomposition, language, by_segment=True)
    causes.write(decomposition, tmp_path / "deep" / "causes.json")

    output = capsys.readouterr().out
    assert all(word in output for word in words)
    assert "Do not rely on" not in output
    assert (
        msgspec.json.decode((tmp_path / "deep" / "causes.json").read_bytes(), type=Decomposition).mrr_at_risk_by_cause
        == decomposition.mrr_at_risk_by_cause
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            ENGLISH,
            "rely on these figures: logistic is not shown to be better than its baselines: log_loss worse.",
        ),
        (JAPANESE, "モデルlogisticがベースラインより優れているとは確認できていません。"),
    ],
)
def test_an_unfit_champion_prints_a_warning_in_the_language_of_the_page(language, expected, capsys):
    caution = Caution(
        message="{model} is not shown to be better than its baselines",
        values={"kind": "churn", "model": "logistic"},
        detail="logistic is not shown to be better than its baselines: log_loss worse",
    )
    decomposition = decompose(panel(), config(causes=SETTINGS), offer_costs={}, excluded_rows={}, caution=caution)

    causes.print_decomposition(decomposition, language, by_segment=False)

    output = capsys.readouterr().out.replace("\n", " ")
    assert expected in output or expected in output.replace(" ", "")
    assert language == ENGLISH or "baselines" not in output


def test_a_champion_of_another_definition_of_churn_is_doubted(capsys):
    doubt = explain_other_churn("no usage for 30 days", config())
    decomposition = decompose(panel(), config(causes=SETTINGS), offer_costs={}, excluded_rows={}, other_churn=doubt)

    causes.print_decomposition(decomposition, ENGLISH, by_segment=False)

    assert "the champion predicts 'no usage for 30 days', but [churn] says" in capsys.readouterr().out
