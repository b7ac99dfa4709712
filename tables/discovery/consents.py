"""Consents that an export keeps as a yes or no of each customer or order: `newsletter`, `email_opt_in`, メール配信.

They become a table of their own, because an attribute stops no contact:

    customers.csv   id, newsletter, joined      7 yes 2024-03-01, 8 no 2024-05-11
    consents        7 contact granted           8 contact refused

Of several columns, each one is of the channel in its name; the one for all channels is the consent to contacts at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.config.profiles import read_profile
from core.contact_state import OF_CHANNEL
from tables.consent_columns import ALWAYS, CHANNELS, DATED, are_answers, channel_of, meaning_of
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.proposal import Ask, Question, Setting
from tables.discovery.vocabulary import normalise


def is_consent(facts: ColumnFacts) -> bool:
    """Whether a column says of each row that its customer permits contacts, or refuses them."""
    if meaning_of(normalise(facts.name)) is None or not facts.n_filled:
        return False
    if facts.kind == "boolean":
        return True
    if facts.is_text:
        return are_answers(facts.values)
    return facts.is_number and {facts.low, facts.high} <= {0.0, 1.0}


def describe_boxes(guesses: Sequence[TableGuess]) -> Iterator[str]:
    """Columns that have one answer or nothing, such as a ticked box: no cell says what nothing means."""
    for guess in guesses:
        for facts in guess.examined.columns.values() if guess.table == "customers" else ():
            is_box = facts.is_text and facts.n_distinct == 1 and facts.n_filled < facts.n_rows
            if is_box and meaning_of(normalise(facts.name)) == "permits":
                yield (
                    f"{guess.examined.source.label}: {facts.name} says '{facts.values[0]}' or nothing, and who says "
                    "nothing has not refused; write no there, if it means no"
                )


def derive_consents(guesses: Sequence[TableGuess], ask: Ask) -> list[TableGuess]:
    """The table of consents in columns of customers or orders; none where there is one already."""
    tables = {guess.table: guess for guess in guesses}
    for name in ("customers", "purchases"):
        guess = tables.get(name)
        columns = [facts for facts in guess.examined.columns.values() if is_consent(facts)] if guess else []
        if guess is None or not columns or "consents" in tables or _customer_of(guess) is None:
            continue
        return [_consents_of(guess, columns[0]) if len(columns) == 1 else _consents_of_several(guess, columns, ask=ask)]
    return []


def _consents_of(guess: TableGuess, facts: ColumnFacts) -> TableGuess:
    """The consents in a column, for the purpose of contacts."""
    refuses = meaning_of(normalise(facts.name)) == "refuses"
    evidence = f"yes in {facts.name} {'refuses' if refuses else 'permits'} contacts"
    n_empty = facts.n_rows - facts.n_filled
    if n_empty:
        evidence += f"; {n_empty:,} rows without a value have not refused"
    columns = {
        "customer_id": _customer_of(guess) or guess.columns["customer_id"],
        "purpose": ColumnGuess(constant="contact", evidence="what consents to marketing and newsletters permit"),
        "granted": ColumnGuess(column=facts.name, negated=refuses, evidence=evidence),
        "event_time": _time_of(guess, [facts]),
    }
    where = _where_of(guess)
    if n_empty:
        where.append({"column": facts.name, "none_of": ("", *(word for word, _ in facts.missing))})
    return TableGuess(
        table="consents", examined=guess.examined, columns=columns, where=Setting("where", where) if where else None
    )


def _consents_of_several(guess: TableGuess, columns: list[ColumnFacts], *, ask: Ask) -> TableGuess:
    """The consents in several columns: one row for each customer and column with an answer."""
    general = [facts for facts in columns if channel_of(normalise(facts.name)) is None]
    evidence = "a consent of each column: contact is for all channels, contact:<channel> for one"
    if not general:
        general = [_choose(guess, columns, ask=ask)]
        evidence = (
            f"no column is for all channels: {general[0].name} counts for every contact, as letters and lists have no "
            "channel, the others for their own"
        )
    answers = list[Mapping[str, object]]()
    for facts in columns:
        name = normalise(facts.name)
        purpose = "contact" if facts in general else f"{OF_CHANNEL}{channel_of(name)}"
        refusal = {"negated": True} if meaning_of(name) == "refuses" else {}
        answers.append({"column": facts.name, "purpose": purpose, **refusal})
    words = tuple(dict.fromkeys(word for facts in columns for word, _ in facts.missing))
    where = [*_where_of(guess), *([{"column": "granted", "none_of": words}] if words else [])]
    return TableGuess(
        table="consents",
        examined=guess.examined,
        columns={
            "customer_id": _customer_of(guess) or guess.columns["customer_id"],
            "event_time": _time_of(guess, columns),
        },
        where=Setting("where", where) if where else None,
        answers=Setting("answers", answers, evidence),
    )


def _choose(guess: TableGuess, columns: list[ColumnFacts], *, ask: Ask) -> ColumnFacts:
    """The column that counts for contacts without a channel."""
    names = tuple(facts.name for facts in sorted(columns, key=_rank))
    text = f"{guess.examined.source.label}: which column says who may be contacted at all?"
    answer = ask(Question(text, names, names[0], "the one for the most usual channel; letters and lists have none"))
    return next(facts for facts in columns if facts.name == answer)


def _rank(facts: ColumnFacts) -> int:
    channels = list(CHANNELS)
    channel = channel_of(normalise(facts.name))
    return channels.index(channel) if channel else -1


def _where_of(guess: TableGuess) -> list[Mapping[str, object]]:
    """The rows of a profile's customers; an order that was cancelled has a consent all the same."""
    source = read_profile(guess.profile).source if guess.profile and guess.table == "customers" else {}
    return [one for one in source.get("where", ()) if one["column"] in guess.examined.columns]


def _customer_of(guess: TableGuess) -> ColumnGuess | None:
    """The customer of each row, by the name that this export has."""
    customer = guess.columns.get("customer_id")
    if customer is None or customer.column in guess.examined.columns or not guess.profile:
        return customer
    others = read_profile(guess.profile).other_names.get(str(customer.column), ())
    name = next((other for other in others if other in guess.examined.columns), None)
    return ColumnGuess(column=name, evidence=customer.evidence) if name else None


def _time_of(guess: TableGuess, columns: Sequence[ColumnFacts]) -> ColumnGuess:
    """When consents were given or refused: their own time, or that of their row, where every row has one."""
    names = [facts.name for facts in columns]
    for column in _times(guess):
        is_of_one = len(columns) > 1 and channel_of(normalise(str(column.column))) is not None
        if not is_of_one and all(_is_complete(guess.examined, str(column.column), granted=name) for name in names):
            return column
    evidence = f"no column dates every value of {', '.join(names)}: as of today, so valid from each customer's start"
    return ColumnGuess(constant=ALWAYS, evidence=evidence)


def _times(guess: TableGuess) -> Iterator[ColumnGuess]:
    for facts in guess.examined.columns.values():
        name = normalise(facts.name)
        if facts.is_date and (meaning_of(name) or DATED.search(name)):
            yield ColumnGuess(column=facts.name, evidence="by its name, and each consent has one")
    own = guess.columns.get("event_time" if guess.table == "purchases" else "valid_from")
    if own is not None and own.column in guess.examined.columns:
        yield own


def _is_complete(examined: ExaminedSource, time: str, *, granted: str) -> bool:
    """Whether every row with a consent has a time; a refusal without one would be lost."""
    rows = examined.rows
    is_empty = {name: rows[name].cast("string").strip().nullif("").isnull() for name in (time, granted)}
    n_undated = (~is_empty[granted] & is_empty[time]).sum()
    words = dict(examined.columns[time].missing)
    return not words and not n_undated.to_pyarrow().as_py()
