"""Columns without a known name that can be a column of the contract, by their values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tables.contract_types import ColumnContract, TableContract
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ColumnGuess, ExaminedSource
from tables.discovery.order_lines import is_of_line
from tables.discovery.vocabulary import normalise

TOTAL = re.compile("total|gesamt|summe|montant|importe|amount|paid|bezahlt|paye|pagado|合計|小計|金額|支払")
"Names of amounts, rather than of prices."
NOT_PAID = re.compile(
    r"\brrp\b|msrp|\blist\b|\buvp\b|catalog|discount|rabatt|remise|descuento|\btax\b|\bvat\b|mwst|shipping|versand|"
    r"delivery|\bcost|\bfees?\b|定価|希望小売|割引|値引|消費税|送料|原価"
)
"Names of prices that no customer paid, and of parts of amounts."
QUESTION = re.compile(
    "satisf|recommend|likel|score|rating|rate us|zufrieden|weiterempfehl|bewert|満足|評価|推奨|おすすめ"
)
"Names of columns with the answer to a survey, which may be the question itself."
MAX_SCORES = 101
PLAIN = re.compile(r"\d+([.]\d+)?$")
MAX_MARKS = 21
"Marks from 0 to 10 in steps of a half."
DEADLINE = re.compile(r"limit|deadline|\bdue\b|estimated|expected|expir|期限|予定")
"In the names of days that something is to happen by, not of days that it happened."
EVENT_NAMES = ("name", "type", "kind")
"Names of the column with the event that many other tables have as well."
MIN_ROWS_PER_NAME = 20
"Rows for each different name from which on these are no names of things."
MAX_CANDIDATES = 3
"More columns of amounts are measurements, not what was paid."


def find_candidates(
    examined: ExaminedSource, column: ColumnContract, *, contract: TableContract, columns: Mapping[str, ColumnGuess]
) -> list[str]:
    """Columns without a known name that can be a required column, by their values."""
    used = {source for guess in columns.values() for source in guess.sources}
    free = [
        facts
        for facts in examined.columns.values()
        if facts.name not in used and facts.n_filled and is_of_line(facts.name, column.name, examined=examined)
    ]
    if (contract.name, column.name) == ("usage", "event"):
        kinds = [facts for facts in free if normalise(facts.name) in EVENT_NAMES and facts.is_text]
        return [one.name for one in kinds if one.n_distinct * MIN_ROWS_PER_NAME <= one.n_rows][:1]
    if column.kind == "time" and column.name in (contract.happens_at, "event_time"):
        dated = [facts for facts in free if facts.is_date and facts.n_filled * 2 > facts.n_rows]
        dated = [facts for facts in dated if not DEADLINE.search(normalise(facts.name))] or dated
        return [facts.name for facts in sorted(dated, key=lambda facts: -facts.n_distinct)]
    if (contract.name, column.name) == ("surveys", "score"):
        answers = [facts for facts in free if facts.is_number and QUESTION.search(normalise(facts.name))]
        return [facts.name for facts in answers if facts.n_distinct <= MAX_SCORES][:1]
    if (contract.name, column.name) == ("purchases", "amount") and "customer_id" in columns:
        money = [facts for facts in free if facts.numbers and facts.numbers.currencies]
        money = money or [one for one in free if one.numbers and not one.numbers.is_whole and not _is_rating(one)]
        money.sort(key=lambda facts: _rank_money(normalise(facts.name)))
        return [facts.name for facts in money] if len(money) <= MAX_CANDIDATES else []
    return []


def _rank_money(name: str) -> int:
    """What was paid first, and what no customer paid last."""
    return 2 if NOT_PAID.search(name) else 1 if TOTAL.search(name) is None else 0


def _is_rating(facts: ColumnFacts) -> bool:
    """Whether numbers are marks such as 1.0 to 5.0 in steps of a half, rather than amounts."""
    values = [float(value) for value in facts.values if PLAIN.match(value)]
    return 0 < len(values) == facts.n_distinct <= MAX_MARKS and all(
        0 <= v <= 10 and (2 * v).is_integer() for v in values
    )


def describe_candidates(column: ColumnContract, candidates: list[str]) -> str:
    """Why the first of these columns is taken."""
    if column.name == "event":
        return "by its few different values"
    if column.name == "score":
        return "its name is that of an answer"
    what = "dates" if column.kind == "time" else "amounts"
    return (
        f"the only column with {what}"
        if len(candidates) == 1
        else f"the first of {len(candidates)} columns with {what}"
    )
