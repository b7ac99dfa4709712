"""`kizuna check` at the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config.loading import read_config
from core.i18n.translation import JAPANESE, has_translation
from features.check.finding import CHECKS
from kizuna.commands import check as command
from kizuna.main import run
from tests.cross_section_worlds import leavers, write_club, write_people
from tests.features.check.messy_shop import write_messy_shop
from tests.worlds import frame, purchase_log

ROOT = Path(__file__).parents[2]
TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 20
churn = { horizon_days = 30 }
[tables.purchases]
path = "purchases.parquet"
"""


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")


def check(
    folder: Path, capsys: pytest.CaptureFixture[str], *lines: str, toml: str = TOML, options: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    pq.write_table(purchase_log(*lines), folder / "purchases.parquet")
    (folder / "world.toml").write_text(toml, encoding="utf-8")
    exit_code = run(["check", "--config", str(folder / "world.toml"), *options])
    printed = capsys.readouterr()
    return exit_code, printed.out, printed.err


def test_sufficient_data_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    exit_code, printed, _ = check(tmp_path, capsys, "ada 2024-01-01", "ada 2024-01-01", "bo 2024-05-01 7 channel=web")

    assert exit_code == 0
    for fact in (
        "Asia/Tokyo",
        "2 customers",
        "rows that repeat another row cell by cell: 1 of 3 (33.3%)",
        'if they were exported twice, drop them: duplicate_rows = "drop"',
        "Channels of purchases",
        "2024-05-01",
        "Churn: no purchase within 30 days",
        "horizon_days = 30",
        "the history is long enough",
    ):
        assert fact in printed


def test_too_short_a_history_is_reported_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    exit_code, printed, error = check(tmp_path, capsys, "ada 2024-01-01", "bo 2024-01-20")

    assert exit_code == 2
    assert "rows read" in printed
    assert "the history is too short for no_purchase" in printed
    assert "the history from 2024-01-01 leaves no training cutoff" in error


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("path", "paht"), "unknown key 'paht'; did you mean 'path'"),
        (("purchases.parquet", "gone.parquet"), "no file at"),
        (("[tables.purchases]", "[tables.purchase]"), "did you mean 'purchases'"),
    ],
)
def test_an_unreadable_configuration_prints_one_line_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str], message: str
):
    exit_code, _, error = check(tmp_path, capsys, "ada 2024-01-01", toml=TOML.replace(*wrong))

    assert exit_code == 2
    assert message in error
    assert error.count("\n") == 1


SUBSCRIBED = TOML + '[tables.subscriptions]\npath = "subscriptions.parquet"\n'


def test_excluded_and_contradictory_rows_are_listed_by_cause_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    spans = [("2024-02-01", "2024-01-01"), ("2024-01-01", "2024-03-01"), ("2024-02-01", None)]
    span = {"customer_id": "ada", "subscription_id": "s7", "plan": "pro", "mrr": 10.0}
    rows = [{**span, "started_at": began, "ended_at": ended} for began, ended in spans]
    pq.write_table(frame(*rows), tmp_path / "subscriptions.parquet")

    exit_code, printed, _ = check(tmp_path, capsys, "ada 2024-01-01", "bo 2024-05-01", toml=SUBSCRIBED)

    assert exit_code == 0
    assert "excluded: 1 of 3 rows (33.3%), ended_at: before started_at, e.g. '2024-01-01 00:00:00' (row 1)" in printed
    assert "rows that begin while an earlier row of their subscription runs: 1 of 2" in printed
    assert "17 features: support" in printed


def document_of(printed: str) -> dict[str, Any]:
    return json.loads(printed)


def test_json_has_the_findings_with_their_texts_and_the_same_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lines = ("ada 2024-01-01", "ada 2024-01-01", "bo 2024-05-01")
    exit_code, printed, _ = check(tmp_path, capsys, *lines, options=("--format", "json"))

    document = document_of(printed)
    (repeated,) = [finding for finding in document["findings"] if finding["kind"] == "identical_rows"]
    assert (exit_code, document["version"], document["churn"]["horizon_days"]) == (0, 1, 30)
    assert (repeated["check"], repeated["severity"], repeated["count"], repeated["of"]) == (
        "identical_rows",
        "warning",
        1,
        3,
    )
    assert repeated["message"] == "rows that repeat another row cell by cell: 1 of 3 (33.3%)"

    exit_code, printed, error = check(tmp_path, capsys, "ada 2024-01-01", options=("--format", "json"))
    assert (exit_code, document_of(printed)["findings"][0]["kind"]) == (2, "history_too_short")
    assert "leaves no training cutoff" in error


def test_the_page_of_the_json_describes_every_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page = (ROOT / "docs/reference/check.md").read_text(encoding="utf-8")
    spans = [{"customer_id": "ada", "subscription_id": "s", "plan": "p", "mrr": 1.0, "started_at": "2024-01-01"}]
    pq.write_table(frame(*spans), tmp_path / "subscriptions.parquet")
    _, printed, _ = check(
        tmp_path, capsys, "ada 2024-01-01 channel=web", "bo 2024-05-01", toml=SUBSCRIBED, options=("--format", "json")
    )

    assert sorted(name for name in field_names(document_of(printed)) if f"`{name}`" not in page) == []


def field_names(part: Any) -> set[str]:
    """The fields of objects, but not the keys of `columns`, `excluded` and `values`, which the data set chooses."""
    if isinstance(part, list):
        return {name for one in part for name in field_names(one)}
    if not isinstance(part, dict):
        return set()
    chosen = ("columns", "excluded", "values")
    return set(part) | {name for key, one in part.items() if key not in chosen for name in field_names(one)}


def test_the_page_names_every_check():
    page = (ROOT / "docs/reference/check.md").read_text(encoding="utf-8")

    assert [name for name in CHECKS if f"`{name}`" not in page] == []


def test_japanese_is_japanese(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    _, printed, _ = check(tmp_path, capsys, "ada 2024-01-01", "- 2024-05-01", options=("--lang", "ja"))

    assert "顧客のない明細:2行中1行(50.0%)" in printed
    assert "解約:30日間購入なし" in printed
    assert "履歴の長さは十分です" in printed
    assert has_translation("check.no_customer", JAPANESE)


def test_of_very_many_columns_and_findings_the_page_lists_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    columns = {f"n{place:03d}": list(range(place, place + 40)) for place in range(100)}
    same = {f"s{place:02d}": [place] * 40 for place in range(13)}
    toml = write_people(tmp_path, {"left": leavers(40, 20), **columns, **same})

    assert run(["check", "--config", str(toml)]) == 0
    printed = capsys.readouterr().out

    assert "n099" in printed
    assert "and 13 more columns" in printed
    assert "s09" in printed
    assert "s10" not in printed
    assert "and 3 more findings of the kind constant_column in people; --format json lists all" in printed


def test_a_cross_section_has_its_columns_and_its_churned_customers(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    toml = write_club(tmp_path)

    assert run(["check", "--config", str(toml)]) == 0
    printed = capsys.readouterr().out
    assert "club: a cross-section, one row per customer, without dates" in printed
    assert "Churn: Left? is 'yes' in status as of 2026-04-01" in printed
    assert "600 of 600" in printed
    assert "Nothing found." in printed


def test_a_cross_section_counts_the_customers_whose_label_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    toml = write_club(tmp_path)
    status = pq.read_table(tmp_path / "status.parquet")
    left = pa.array([None, "", *status["Left?"].to_pylist()[2:]])
    pq.write_table(status.set_column(1, "Left?", left), tmp_path / "status.parquet")

    assert run(["check", "--config", str(toml)]) == 0

    printed = capsys.readouterr().out
    assert "598 customers" in printed
    assert re.search(r"note +status.Left\?: excluded: 2 of 600 rows", printed)


ENGLISH_WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
"Three words in a row are a sentence; tables, columns and settings are not."
OF_THE_DATA = "unknown height"


def test_no_english_sentence_is_left_in_japanese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    toml = str(write_messy_shop(tmp_path))
    data = command.check_data(read_config(Path(toml), {}), JAPANESE)
    monkeypatch.setattr(command, "check_data", lambda *_, **__: data)  # read once, printed twice
    assert run(["check", "--config", toml, "--lang", "ja"]) == 0
    printed = capsys.readouterr().out
    assert run(["check", "--config", toml, "--lang", "ja", "--format", "json"]) == 0
    document = document_of(capsys.readouterr().out)

    assert len({finding["kind"] for finding in document["findings"]}) >= 30
    sentences = [
        printed,
        *texts_of({**document, "tables": [{**table, "excluded": {}} for table in document["tables"]]}),
    ]
    assert [text for text in sentences if ENGLISH_WORDS.search(text.replace(OF_THE_DATA, ""))] == []


def test_too_short_a_history_is_japanese_in_japanese(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with_cutoffs = TOML.replace("[tables", "cutoffs = { test = 2024-01-19, train = [2024-01-01] }\n[tables")
    for toml in (TOML, with_cutoffs):
        _, printed, error = check(
            tmp_path, capsys, "ada 2024-01-01", "bo 2024-01-20", toml=toml, options=("--lang", "ja")
        )
        assert ENGLISH_WORDS.search(printed + error) is None


def texts_of(part: Any) -> list[str]:
    """Every text of a document, without the causes that `excluded` and findings have as keys."""
    if isinstance(part, dict):
        return [text for key, one in part.items() if key not in ("cause", "spellings") for text in texts_of(one)]
    if isinstance(part, list):
        return [text for one in part for text in texts_of(one)]
    return [part] if isinstance(part, str) else []


BROKEN = {
    "no rows": ("customer,event_time,amount\n", "purchasesは空です。"),
    "no such column": (
        "who,event_time,amount\na,2024-01-01,1\n",
        "列「customer」がありません。あるのはamount, event_time, whoです",
    ),
    "no dates": (
        "customer,event_time,amount\na,15/31/2024,1\nb,15/31/2024,1\n",
        "purchases.event_time:2件中2件が日時として読み取れません(例:'15/31/2024'、1行目)。",
    ),
    "nothing usable": (
        "customer,event_time,amount\na,2024-01-01,\n",
        "purchasesには使える行がありません:amount: 値なし(1行",
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_an_error_that_ends_the_check_is_in_its_language(tmp_path: Path, capsys, text: str, message: str):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    (tmp_path / "k.toml").write_text(
        'name = "w"\ntime_zone = "UTC"\ncurrency = "EUR"\nactive_days = 90\nchurn = { horizon_days = 30 }\n'
        '[tables.purchases]\npath = "p.csv"\ncolumns = { customer_id = "customer" }\n'
    )

    assert run(["check", "--config", str(tmp_path / "k.toml"), "--lang", "ja"]) == 2

    assert message in capsys.readouterr().err


RULE = """
[segments.loyal]
rule = "tenure_days > 365 and orders_365d > 3"
"""
PREDICTED = """
[predict.buys_tea]
table = "purchases"
horizon_days = 30
"""


@pytest.mark.parametrize("section", [RULE, PREDICTED])
def test_an_unknown_table_is_named_before_what_follows_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], section: str
):
    toml = TOML.replace("[tables.purchases]", "[tables.orders]") + section

    exit_code, _, error = check(tmp_path, capsys, "ada 2024-01-01", toml=toml)

    assert exit_code == 2
    assert "unknown table [tables.orders]; did you mean 'purchases'?" in error
