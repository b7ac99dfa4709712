"""`kizuna init` on dates among which a word says that there is none, such as the end of what still runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from kizuna.main import run
from tests.kizuna.exports import discover, rows_of, write

pytestmark = pytest.mark.usefixtures("folder")


def subscriptions(word: str, *, running: int) -> str:
    """60 subscriptions of three years, of which `running` have the word as their end."""
    lines = ["customer_id,plan,start_date,end_date,monthly_price"]
    for n in range(60):
        end = word if n < running else f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}"
        lines.append(f"c{n},basic,2023-{1 + n % 12:02d}-05,{end},20")
    return write("subscriptions.csv", lines)


@pytest.mark.parametrize(("word", "running"), [("present", 25), ("継続中", 25), ("still active", 3)])
def test_a_word_among_dates_of_end_is_a_subscription_that_runs(word: str, running: int):
    toml = discover(subscriptions(word, running=running))

    ends = [row["ended_at"] for row in rows_of("subscriptions")]
    assert toml["churn"]["definition"] == "subscription_ended"
    assert ends.count(None) == running
    assert max(end for end in ends if end) == datetime(2025, 12, 24 if running < 23 else 20)
    assert f"no value: '{word}' in {running} rows" in Path("kizuna.toml").read_text(encoding="utf-8")


def test_the_error_of_a_word_among_dates_names_the_setting_that_reads_it(capsys: pytest.CaptureFixture[str]):
    discover(subscriptions("", running=25))
    subscriptions("present", running=25)
    capsys.readouterr()

    run(["check", "--config", "kizuna.toml"])

    assert "null_values" in capsys.readouterr().err


def test_where_no_subscription_has_an_end_churn_is_still_that_of_subscriptions_and_the_reason_is_stated():
    toml = discover(subscriptions("", running=60))

    assert toml["churn"]["definition"] == "subscription_ended"
    assert "none has an end: name the column of their ends as ended_at" in Path("kizuna.toml").read_text()
