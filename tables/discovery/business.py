"""What the data say about the business: name, currency, time zone, and what churn can mean for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

from ibis import _

from core.errors import BadInput
from tables.contract import CONTRACT
from tables.contract_types import ColumnContract
from tables.discovery.event_purchases import is_log_of_shop, rows_of
from tables.discovery.guesses import TableGuess
from tables.discovery.languages import CURRENCIES_OF_LANGUAGE, zone_of
from tables.discovery.numbers import currencies_of, currency_of
from tables.discovery.offsets import are_offsets_of, currency_of_zone, describe_local_times, guess_zone
from tables.discovery.proposal import Ask, Question, Setting
from tables.discovery.snapshots import are_snapshots

IN_BRACKETS = re.compile(r"[(\[]([^)\]]+)[)\]]")
LAST_WORD = re.compile(
    r"[ _](eur|usd|gbp|jpy|chf|dkk|sek|nok|pln|czk|huf|cad|aud|nzd|inr|krw|cny|brl|mxn|[^a-z0-9 _]+)$", re.IGNORECASE
)
"Usual codes and signs alone: any word of three letters may be a code, such as that of Albania in total_all."
HORIZONS = (90, 60, 30, 14, 7)
DEFAULT_CURRENCY, DEFAULT_ZONE = "USD", "UTC"


def choose_name(arguments: Sequence[str]) -> str:
    """A name for the data set, from what was given first."""
    first = arguments[0].partition("?")[0]
    last = Path(first).name if "://" in first else Path(first).resolve().name
    plain = unicodedata.normalize("NFKD", last.rsplit(".", 1)[0]).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", plain.casefold()).strip("_")
    slug = re.sub(r"^[^a-z]+", "", slug)[:64].rstrip("_")
    return slug or "my_shop"


def currency_in_name(column: str) -> str | None:
    """The currency that the name of a column ends in or has in brackets: Amount (£), betrag_eur."""
    name = unicodedata.normalize("NFKC", column)
    words = [match[1].strip() for pattern in (IN_BRACKETS, LAST_WORD) if (match := pattern.search(name))]
    return next(filter(None, map(currency_of, words)), None)


def choose_currency(guesses: Sequence[TableGuess], ask: Ask, *, language: str | None) -> Setting:
    """The base currency: of a currency column, of signs in amounts, of column names, or of the language."""
    for guess in guesses:
        facts = guess.facts("currency")
        codes = [value.upper() for value in facts.values if re.fullmatch("[A-Za-z]{3}", value)] if facts else []
        if codes and facts:
            others = f"; others: {', '.join(codes[1:4])} (give [money] rates)" if len(codes) > 1 else ""
            return Setting("currency", codes[0], f"the most frequent one in {facts.name}{others}")
    for guess in guesses:
        for name in ("amount", "mrr"):
            sources = guess.columns[name].sources if name in guess.columns else ()
            for source in sources:
                facts = guess.examined.columns.get(source)
                if facts and facts.numbers and facts.numbers.currencies:
                    (code, rows), *others = facts.numbers.currencies
                    evidence = f"{rows:,} of {facts.n_filled:,} cells of {facts.name} name it"
                    evidence += f"; others name {', '.join(code for code, _ in others)}" if others else ""
                    return Setting("currency", code, evidence)
                if named := currency_in_name(source):
                    return Setting("currency", named, f"in the name of column {source}")
                if facts and facts.numbers and facts.numbers.shared_sign:
                    return _ask_currency_of_sign(facts.numbers.shared_sign, ask, column=source)
    return _choose_of_place(guesses, ask, language=language)


def _choose_of_place(guesses: Sequence[TableGuess], ask: Ask, *, language: str | None) -> Setting:
    """The currency of the time zone in the types, or of the language, where offsets may name the country."""
    if assumed := currency_of_zone(guesses):
        return Setting("currency", *assumed)
    if language is None:
        return _ask_currency(guesses, ask, default=DEFAULT_CURRENCY, why="nothing in the data says it")
    codes = CURRENCIES_OF_LANGUAGE[language]
    fitting = [code for code in codes if are_offsets_of(guesses, zone_of(code, language))]
    evidence = "the language of the column names" + (" and the offsets of the times" if fitting else "")
    if len(fitting or codes) == 1:
        return Setting("currency", (fitting or codes)[0], f"assumed from {evidence}")
    why = f"{evidence} {'fit' if fitting else 'fits'} {', '.join(fitting or codes)}"
    return _ask_currency(guesses, ask, default=(fitting or codes)[0], why=why)


def _ask_currency_of_sign(sign: str, ask: Ask, *, column: str) -> Setting:
    """The answer to the question which of the currencies with this sign it is."""
    options = currencies_of(sign)
    why = f"{sign} may be {', '.join(options)}"
    answer = ask(Question(f"{column}: which currency is {sign}?", options, options[0], why))
    return Setting("currency", answer, f"assumed: {why}" if answer == options[0] else "your answer")


def _ask_currency(guesses: Sequence[TableGuess], ask: Ask, *, default: str, why: str) -> Setting:
    """The answer to the question, which is asked where there are amounts."""
    if not any(column.kind == "number" for guess in guesses for column in _columns_of(guess)):
        return Setting("currency", default, "assumed: there are no amounts")
    answer = ask(Question("Which currency are the amounts in (ISO 4217)?", (), default, why)).upper()
    if not re.fullmatch("[A-Z]{3}", answer):
        raise BadInput(f"a currency has three letters, e.g. EUR, found '{answer}'")
    return Setting("currency", answer, f"assumed: {why}" if answer == default else "your answer")


def choose_zone(
    guesses: Sequence[TableGuess], ask: Ask, *, language: str | None, currency: str, local: str | None
) -> Setting:
    """The time zone of the business: of offsets in the times, of language or currency, or of this machine."""
    setting = _choose_zone(guesses, ask, language=language, currency=currency, local=local)
    return replace(setting, evidence="; ".join(filter(None, (setting.evidence, describe_local_times(guesses)))))


def _choose_zone(
    guesses: Sequence[TableGuess], ask: Ask, *, language: str | None, currency: str, local: str | None
) -> Setting:
    likely = zone_of(currency, language)
    guess = guess_zone(guesses, likely=likely)
    if guess is not None:
        if guess.is_certain:
            return Setting("time_zone", guess.zone, guess.evidence)
        return _ask_zone(ask, guess.zone, why=guess.evidence, evidence=guess.evidence)
    if likely:
        is_usual = currency in CURRENCIES_OF_LANGUAGE.get(language or "", ())
        source = "the language of the column names" if is_usual else f"the currency {currency}"
        return Setting("time_zone", likely, f"assumed from {source}")
    default = local if local in available_timezones() else DEFAULT_ZONE
    why = "the zone of this machine" if local in available_timezones() else "nothing in the data says it"
    if not any(column.kind in ("time", "date") for guess in guesses for column in _columns_of(guess)):
        return Setting("time_zone", default, f"assumed: there are no times; {why}")
    return _ask_zone(ask, default, why=why, evidence=f"assumed: {why}")


def _ask_zone(ask: Ask, default: str, *, why: str, evidence: str) -> Setting:
    """Ask for the zone of the business; `evidence` is that of the default. Raises BadInput for an unknown zone."""
    answer = ask(Question("In which time zone is the business (e.g. Europe/Berlin)?", (), default, why))
    if answer not in available_timezones():
        raise BadInput(f"unknown time zone '{answer}' (e.g. Europe/Berlin)")
    return Setting("time_zone", answer, evidence if answer == default else "your answer")


def _columns_of(guess: TableGuess) -> list[ColumnContract]:
    """The columns of the contract that were found."""
    return [column for column in CONTRACT[guess.table].columns if column.name in guess.columns]


@dataclass(frozen=True)
class ChurnChoice:
    """The churn definition, and the setting of who is a customer."""

    active_days: Setting
    churn: tuple[Setting, ...]


def choose_churn(guesses: Sequence[TableGuess], ask: Ask, *, today: date) -> ChurnChoice:
    """What churn means: the end of a subscription, no purchase, or no usage, with a horizon that the history allows."""
    tables = {guess.table: guess for guess in guesses}
    definitions = {
        "subscription_ended": "subscriptions" if _has_ends(tables.get("subscriptions")) else None,
        "no_purchase": "purchases" if "purchases" in tables else None,
        "no_usage": "usage" if "usage" in tables else None,
    }
    possible = [name for name, table in definitions.items() if table]
    definition, why = (possible or [_definition_without_evidence(tables)])[0], ""
    if "subscription_ended" in possible and "no_purchase" in possible:
        question = Question(
            "What is churn: the end of a subscription, or no purchase for some time?",
            ("subscription_ended", "no_purchase"),
            "subscription_ended",
            "there are subscriptions that have ended",
        )
        definition = ask(question)
        why = f"{question.why}; no_purchase is the other possibility"
    elif definition == "no_purchase" and (buyers := _describe_few_buyers(tables)):
        question = Question(
            "What is churn: no usage, or no purchase for some time?",
            ("no_usage", "no_purchase"),
            "no_usage",
            f"{buyers}, so that no_purchase would count the others as churned from the start",
        )
        definition = ask(question)
        why = buyers if definition == "no_usage" else ""
    if definition == "subscription_ended" and not possible:
        why = "there are subscriptions, but none has an end: name the column of their ends as ended_at"
    table = tables.get(definitions.get(definition) or "", next(iter(tables.values())))
    first, last = _range(table, today)
    days = (last - first).days if first and last else 0
    horizon = next((horizon for horizon in HORIZONS if 4 * horizon <= days), HORIZONS[-1])
    history = f"{table.table} from {first} to {last} ({days:,} days)" if first else "the history is unknown"
    return ChurnChoice(
        Setting("active_days", 2 * horizon, f"who is a customer: activity in this many days; {history}"),
        (
            Setting("definition", definition, why or f"from the table {table.table}"),
            Setting(
                "horizon_days", horizon, "the longest of 90, 60, 30, 14 and 7 days that the history allows four times"
            ),
            *_grace_of_snapshots(table),
        ),
    )


def _describe_few_buyers(tables: Mapping[str, TableGuess]) -> str:
    """How few users ever buy, where it is less than half of them, as in games and apps; '' otherwise.

    A log with orders beside views or carts is that of a shop, where a visitor who has not bought is no customer yet.
    """
    usage, purchases = tables.get("usage"), tables.get("purchases")
    if usage is None or purchases is None or (usage.examined is purchases.examined and is_log_of_shop(usage)):
        return ""
    columns = [guess.columns["customer_id"].column for guess in (usage, purchases) if "customer_id" in guess.columns]
    if len(columns) < 2 or None in columns:
        return ""
    users, buyers = (
        rows_of(guess).select(id=_[str(column)].cast("string").strip()).distinct()
        for guess, column in zip((usage, purchases), columns, strict=True)
    )
    n_users = int(users.count().to_pyarrow().as_py())
    n_buyers = int(users.semi_join(buyers, "id").count().to_pyarrow().as_py())
    return f"{n_buyers:,} of {n_users:,} customers with usage have a purchase" if 0 < 2 * n_buyers < n_users else ""


def _definition_without_evidence(tables: Collection[str]) -> str:
    """What churn means where nothing shows an end, a purchase or usage."""
    return "subscription_ended" if "subscriptions" in tables else "no_purchase"


def _grace_of_snapshots(table: TableGuess) -> Iterator[Setting]:
    """No pause where subscriptions are monthly snapshots: a month may be shorter than the usual grace period."""
    if are_snapshots(table):
        yield Setting("grace_days", 0, "a month without a snapshot is churn, however many days it has")


def _has_ends(guess: TableGuess | None) -> bool:
    facts = guess.facts("ended_at") if guess else None
    return (facts is not None and facts.n_filled > 0) or (guess is not None and are_snapshots(guess))


def _range(guess: TableGuess, today: date) -> tuple[date | None, date | None]:
    """First and last day of the table's events that are not in the future."""
    column = next((name for name in ("event_time", "started_at", "opened_at") if name in guess.columns), "")
    facts = guess.facts(column)
    if facts is None or facts.dates is None or facts.dates.first is None or facts.dates.last is None:
        return None, None
    return facts.dates.first, min(facts.dates.last, today)
