"""The settings with which the text of a table is read: date order, decimal mark, words for missing.

A setting that all columns share is one of the table; otherwise each column has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tables.contract import CONTRACT
from tables.discovery.calendars import describe_calendar
from tables.discovery.columns import ColumnFacts
from tables.discovery.dates import DAY_FIRST, MONTH_FIRST, DateGuess
from tables.discovery.guesses import TableGuess
from tables.discovery.months import as_first_days
from tables.discovery.no_items import find_no_items
from tables.discovery.numbers import NumberGuess
from tables.discovery.proposal import Ask, Question, Setting
from tables.discovery.snapshots import are_snapshots
from tables.discovery.time_of_day import pattern_of_clock
from tables.discovery.vocabulary import load_vocabulary, match_words

MONTH_FIRST_CURRENCIES = ("USD",)
GUEST_ROWS = 5
"How many times the rows of the median customer 0 has if it stands for guests."
TIME_KINDS = ("time", "date")
NUMBER_KINDS = ("number", "integer")


@dataclass(frozen=True)
class FormatSettings:
    """Settings of a table, and those of single columns by column of the contract."""

    of_table: tuple[Setting, ...]
    of_columns: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict[str, tuple[Setting, ...]])


def choose_formats(guess: TableGuess, ask: Ask, *, currency: str) -> FormatSettings:
    """The settings that the columns of a table need to be read."""
    kinds: dict[str, str] = {column.name: column.kind for column in CONTRACT[guess.table].columns}
    by_column: dict[str, list[Setting]] = {}
    if are_snapshots(guess):
        kinds["started_at"] = "date"
    for name, facts in _columns_read(guess):
        dates = facts.dates
        if dates and dates.month_format and kinds.get(name) == "time":
            dates = as_first_days(dates)
        if dates and dates.is_buddhist and kinds.get(name) in TIME_KINDS:
            by_column.setdefault(name, []).append(Setting("calendar", "buddhist", describe_calendar(dates)))
        if not facts.is_text:
            if dates and dates.date_format and kinds.get(name) in TIME_KINDS:
                by_column.setdefault(name, []).append(Setting("date_format", dates.date_format, dates.evidence))
            continue
        if kinds.get(name) in TIME_KINDS and dates:
            settings = _date_settings(guess, facts, dates=dates, ask=ask, currency=currency)
            by_column.setdefault(name, []).extend(_add_clock(guess, name, setting=one) for one in settings)
        if kinds.get(name, "number") in NUMBER_KINDS and facts.numbers:
            by_column.setdefault(name, []).extend(_number_settings(guess, facts, numbers=facts.numbers, ask=ask))
    return _hoist(guess, by_column, missing=_missing_settings(guess))


def _columns_read(guess: TableGuess) -> Iterator[tuple[str, ColumnFacts]]:
    """Columns of the contract with the facts of each source column behind them."""
    for name, column in guess.columns.items():
        for source in column.sources:
            if source in guess.examined.columns:
                yield name, guess.examined.columns[source]


def _date_settings(
    guess: TableGuess, facts: ColumnFacts, *, dates: DateGuess, ask: Ask, currency: str
) -> list[Setting]:
    if not dates.is_ambiguous:
        return [Setting("date_format", dates.date_format, dates.evidence)] if dates.date_format else []
    default = MONTH_FIRST if currency in MONTH_FIRST_CURRENCIES else DAY_FIRST
    why = f"usual where the currency is {currency}"
    settled = _order_elsewhere(guess)
    if settled is not None:
        default, why = settled, "as in the other dates of this file"
    question = Question(
        f"{guess.examined.source.label}, column {facts.name}: are the dates day first or month first? {dates.evidence}",
        (DAY_FIRST, MONTH_FIRST),
        default,
        why,
    )
    answer = default if settled is not None else ask(question)
    reason = why if answer == default else "your answer"
    evidence = f"{dates.evidence}, so two readings fit; taken as {_words(answer)} ({reason})"
    return [Setting("date_format", answer, evidence)]


def _add_clock(guess: TableGuess, name: str, *, setting: Setting) -> Setting:
    """A pattern of days with that of the time of day, where another column has it."""
    clock = guess.examined.columns.get(str(guess.columns[name].time_of_day))
    pattern = pattern_of_clock(guess.examined, clock) if clock else ""
    return replace(setting, value=f"{setting.value}{pattern}") if "%" in str(setting.value) else setting


def _words(order: str) -> str:
    return order.replace("_", " ")


def _order_elsewhere(guess: TableGuess) -> str | None:
    """The order of days and months in another column of the same source that leaves no doubt."""
    orders = {
        facts.dates.date_format
        for facts in guess.examined.columns.values()
        if facts.is_text
        and facts.dates
        and not facts.dates.is_ambiguous
        and facts.dates.date_format in (DAY_FIRST, MONTH_FIRST)
    }
    return orders.pop() if len(orders) == 1 else None


def _number_settings(guess: TableGuess, facts: ColumnFacts, *, numbers: NumberGuess, ask: Ask) -> list[Setting]:
    if numbers.is_usual:
        return []
    decimal, thousands, evidence = numbers.decimal, numbers.thousands, numbers.evidence
    if numbers.is_ambiguous:
        is_comma, why = _comma_elsewhere(guess, facts)
        thousand, decimals = "thousands", "decimals"
        question = Question(
            f"{guess.examined.source.label}, column {facts.name}: are its dots thousands or decimals? {evidence}",
            (thousand, decimals),
            thousand if is_comma else decimals,
            why,
        )
        answer = ask(question)
        reason = why if answer == question.default else "your answer"
        evidence = f"{evidence}, so two readings fit; taken as {answer} ({reason})"
        if answer == decimals:
            return [Setting("decimal", ".", evidence)]
    settings = [Setting("decimal", decimal, evidence)]
    usual = "." if decimal == "," else ","
    return [*settings, Setting("thousands", thousands)] if thousands != usual or decimal == "," else settings


def _comma_elsewhere(guess: TableGuess, facts: ColumnFacts) -> tuple[bool, str]:
    """Whether 1.250 is rather 1250: other columns have decimal commas, or this one has numbers without a dot."""
    others = [other.numbers for name, other in guess.examined.columns.items() if name != facts.name and other.numbers]
    if any(other.decimal == "," and not other.is_ambiguous for other in others):
        return True, "other columns have decimal commas"
    if any("." not in value for value in facts.values):
        return True, "numbers without a dot are in the same column"
    return False, "every number has a dot"


def _missing_settings(guess: TableGuess) -> dict[str, Setting]:
    """Words for missing by column of the contract."""
    settings: dict[str, Setting] = {}
    for name, facts in _columns_read(guess):
        words = dict(facts.missing)
        if name == "customer_id":
            words |= _guests(facts)
        if name == "item_id" and (codes := find_no_items(guess, facts)):
            counts = ", ".join(f"'{code}' in {rows:,} rows" for code, rows in codes.items())
            evidence = f"no items (postage, fees, discounts; their amounts count): {counts}"
            settings[name] = Setting("null_values", (*words, *codes), evidence)
            continue
        if name in settings and facts.name == guess.columns[name].time_of_day:
            continue  # The day says whether a row has a time at all.
        if words:
            counts = ", ".join(f"'{word}' in {rows:,} rows" for word, rows in words.items())
            settings[name] = Setting("null_values", tuple(words), f"no value: {counts}")
    return settings


def _guests(facts: ColumnFacts) -> dict[str, int]:
    """Words for customers without an account, with rows. A number is one only if it has far more rows than others."""
    counts = dict(facts.cells)
    if not counts:
        return {}
    usual = sorted(counts.values())[len(counts) // 2]
    words = match_words(facts.values, load_vocabulary().words("missing.customers"))
    return {word: counts[word] for word in words if not word.isdigit() or counts[word] > GUEST_ROWS * usual}


def _hoist(guess: TableGuess, by_column: dict[str, list[Setting]], *, missing: dict[str, Setting]) -> FormatSettings:
    """Settings that all columns with dates, or with numbers, share become settings of the table."""
    of_table: list[Setting] = []
    shared: set[str] = set()
    for keys, kinds in ((("date_format", "calendar"), TIME_KINDS), (("decimal", "thousands"), NUMBER_KINDS)):
        relevant = [name for name, facts in _columns_read(guess) if _is_of(guess, name, facts=facts, kinds=kinds)]
        chosen = {name: {s.key: s.value for s in by_column.get(name, []) if s.key in keys} for name in relevant}
        given = [values for values in chosen.values() if values]
        if given and all(values == given[0] for values in chosen.values()):
            first = next(name for name, values in chosen.items() if values)
            of_table += {s.key: s for s in by_column[first] if s.key in keys}.values()
            shared |= set(keys)
    products = {name for name, column in guess.columns.items() if column.product or column.minus}
    of_products = [missing[name] for name in products & set(missing)]
    if of_products:
        words = tuple(dict.fromkeys(str(word) for s in of_products if isinstance(s.value, tuple) for word in s.value))
        of_table.append(Setting("null_values", words, of_products[0].evidence))
    of_columns = {
        name: (
            *(s for s in settings if s.key not in shared),
            *([missing[name]] if name in missing and name not in products else []),
        )
        for name, settings in {**{key: list[Setting]() for key in missing}, **by_column}.items()
    }
    return FormatSettings(tuple(of_table), {name: settings for name, settings in of_columns.items() if settings})


def _is_of(guess: TableGuess, name: str, *, facts: ColumnFacts, kinds: tuple[str, ...]) -> bool:
    """Whether a text column is of these kinds, and could be read in two ways at all."""
    kind = next((column.kind for column in CONTRACT[guess.table].columns if column.name == name), "text")
    if kind not in kinds or not facts.is_text:
        return False
    return kinds is TIME_KINDS or bool(facts.numbers and not (facts.numbers.is_whole and facts.numbers.is_usual))
