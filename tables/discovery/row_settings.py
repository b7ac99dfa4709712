"""Which rows of a source are those of its table, and which ones are returns, by the words in its status."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import ibis

from tables.discovery.columns import ColumnFacts
from tables.discovery.debit_credit import zeros_of
from tables.discovery.guesses import TableGuess
from tables.discovery.order_lines import NEGATIVE
from tables.discovery.proposal import Setting
from tables.discovery.vocabulary import load_vocabulary, match_words, normalise

STATE = re.compile(
    "status$|state$|^status|^statut|^etat|^estado|^situacao|^stato|^stan($| )|^stav|^tila$|durum|^статус|"
    "订单状态|^状态|상태|ステータス$|状態$|状況$"
)
"In names of columns with the state of an order, beside those with its kind."
PLACE_OR_STATE = re.compile("state|estado|etat|stato")
PLACE = re.compile(
    "city|zip|postal|postcode|country|address|street|cidade|ciudad|cep$|endereco|direccion|pais$|ville|adresse|citta"
)
"In names of the other parts of an address."
MAX_STATES, MAX_NAMED = 60, 4
"Values that a status has at most, and unknown ones that a note names."


def settings_of_rows(guess: TableGuess) -> Iterator[Setting]:
    """Rows of purchases that are none, and returns with a positive amount, by the words in its status."""
    yield from (setting for setting in (guess.where, guess.returns, guess.answers) if setting is not None)
    if guess.table != "purchases" or guess.where is not None:
        return
    amount = guess.facts("amount")
    if amount is not None and guess.columns["amount"].is_of_own_rows:
        yield Setting(
            "where", {"column": amount.name, "none_of": ("", *zeros_of(amount))}, "lines without it are others"
        )
        return
    vocabulary = load_vocabulary()
    for facts in _statuses_of(guess):
        dropped = match_words(facts.values, vocabulary.words("status.dropped"))
        returned = match_words(facts.values, vocabulary.words("status.returned"))
        if STATE.search(normalise(facts.name)):
            # The order itself was paid back: nothing was bought in the end, unless amounts say how much.
            dropped, returned = (
                [*dropped, *([] if _amounts_tell_refunds(guess, facts, words=returned) else returned)],
                [],
            )
        if dropped:
            evidence = f"{facts.name} says that these are no purchases"
            yield Setting("where", {"column": facts.name, "none_of": tuple(dropped)}, evidence)
        if returned:
            evidence = f"{facts.name} says that these are returns"
            yield Setting("returns", {"column": facts.name, "equals": returned[0]}, evidence)
        if dropped or returned:
            return


def describe_statuses(guess: TableGuess) -> Iterator[str]:
    """States of orders whose words are unknown: their rows count as purchases, whatever they mean."""
    if guess.table != "purchases" or guess.profile or guess.where is not None:
        return
    vocabulary = load_vocabulary()
    listed = [word for name in ("dropped", "returned", "kept") for word in vocabulary.words(f"status.{name}")]
    for facts in _statuses_of(guess):
        unknown = [value for value in facts.values if value not in match_words(facts.values, listed)]
        if unknown and STATE.search(normalise(facts.name)) and not _is_place(facts.name, guess):
            words = ", ".join(f"'{value}'" for value in unknown[:MAX_NAMED])
            more = f" and {len(unknown) - MAX_NAMED} more" if len(unknown) > MAX_NAMED else ""
            yield (
                f"{guess.examined.source.label}: rows whose {facts.name} is {words}{more} count as purchases; if some "
                f'are none, add where = [{{ column = "{facts.name}", none_of = [...] }}]'
            )


def _is_place(name: str, guess: TableGuess) -> bool:
    """Whether `State` or `Estado` is that of an address, because other columns have its further parts."""
    is_of_either = PLACE_OR_STATE.fullmatch(normalise(name)) is not None
    return is_of_either and any(PLACE.search(normalise(other)) for other in guess.examined.columns)


def _statuses_of(guess: TableGuess) -> Iterator[ColumnFacts]:
    """The columns that may have a kind or a state of each order."""
    vocabulary = load_vocabulary()
    for facts in guess.examined.columns.values():
        is_named = vocabulary.has_name(facts.name, "status.names")
        if is_named and facts.n_distinct <= MAX_STATES and facts.kind in ("text", "number") and facts.is_text:
            yield facts


def _amounts_tell_refunds(guess: TableGuess, status: ColumnFacts, *, words: Sequence[str]) -> bool:
    """Whether rows with these words are right as they are: less what was paid back, or with a negative amount."""
    amount = guess.columns.get("amount")
    if amount is None or amount.minus or not words:
        return amount is not None and bool(amount.minus)
    rows = guess.examined.rows
    rows = rows.filter(rows[status.name].cast("string").strip().isin(list(words)))
    is_negative = [rows[name].cast("string").strip().re_search(NEGATIVE) for name in amount.sources]
    counts = rows.aggregate(n=rows.count(), negative=ibis.or_(*is_negative).sum()).to_pyarrow().to_pylist()[0]
    return counts["n"] > 0 and 2 * (counts["negative"] or 0) > counts["n"]
