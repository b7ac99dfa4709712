"""Recognises which table of the contract a source is, and which of its columns are which.

Names decide first (`vocabulary.toml`), then values: a date column has dates, the key of customers is unique. A
required column without a known name is found by its values if only one column can be it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ibis.expr.types as ir

from core.config.profiles import profile_names, read_profile
from tables.contract import CONTRACT
from tables.contract_types import TableContract
from tables.discovery.candidates import MIN_ROWS_PER_NAME, describe_candidates, find_candidates
from tables.discovery.columns import ColumnFacts, fits
from tables.discovery.debit_credit import CREDIT, DEBIT, join_sides
from tables.discovery.durations import are_durations, read_durations
from tables.discovery.guesses import BY_NAME, ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.order_lines import REFUNDED, UNIT_PRICE, add_amount, add_ids_of_list, is_of_line, take_off_refunds
from tables.discovery.snapshots import SNAPSHOTS, add_months, weigh_snapshots
from tables.discovery.time_of_day import add_times_of_day
from tables.discovery.vocabulary import load_vocabulary, normalise, tax_of

SHARED = ("customer_id", "item_id", "account_id", "channel", "currency", "campaign_id", "recorded_time")
"Columns of many tables, which say little about which table it is."
CONSTANTS: Mapping[tuple[str, str], str | bool] = {
    ("subscriptions", "plan"): "subscription",
    ("usage", "event"): "visit",
    ("surveys", "kind"): "nps",
}
"Values for required columns that a source may lack."
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "contacts": ("campaign_id", "offer_id", "channel", "treated"),
    "purchases": ("amount",),
    "exposures": ("position", "recommendation_id"),
}
"Optional columns without which a source is less likely the table: what is left is in any table of events."
SOUGHT: Mapping[str, tuple[str, ...]] = {"surveys": ("score",)}
"Further optional columns that are found by their values."
ONE_EACH = "no column names a subscription, so each customer has one"
ACCOUNT_IS_CUSTOMER = "no column names a customer, so the account is the customer"
UNLIKELY = 3.0
"Taken off the score of subscriptions where an order could have all of the columns."
RARE = ("preferences", "offers", "identities", "exposures")
"Tables that few companies have."
MIN_SCORE = 2.5
SUFFICES = 2.5
"Score of ids of customers and items without a time: just enough where nothing else fits."
ITEMS = 1.0
"Score of ids of customers and items with a time but no amount: more than any event, less than one with a name."


def recognise(examined: ExaminedSource, aliases: Mapping[str, str] | None = None) -> list[TableGuess]:
    """What a source may be, the most likely table first; several tables only where profiles say so.

    `aliases` are columns that lead to a customer by way of another table, with the sentence that says so.
    """
    by_profile = [guess for name in profile_names() if (guess := _match_profile(examined, name))]
    if by_profile:
        by_width = sorted(by_profile, key=lambda guess: len(read_profile(str(guess.profile)).header))
        return list({guess.table: guess for guess in by_width}.values())
    guesses = [
        guess for contract in CONTRACT.values() if (guess := _match_table(examined, contract, aliases=aliases or {}))
    ]
    return sorted(weigh_snapshots(guesses), key=lambda guess: -guess.score)


def _match_profile(examined: ExaminedSource, name: str) -> TableGuess | None:
    """The table that a profile makes of a source whose header it knows."""
    profile = read_profile(name)
    others = profile.other_names
    if not all(any(map(examined.columns.__contains__, (name, *others.get(name, ())))) for name in profile.header):
        return None
    if (each := profile.source.get("each")) and not _has_objects(examined, each):
        return None
    columns: dict[str, ColumnGuess] = {}
    for column, written in profile.source.get("columns", {}).items():
        place = {"column": written} if isinstance(written, str) else written
        guess = ColumnGuess(
            column=place.get("column"),
            product=tuple(place.get("product", ())),
            constant=place.get("constant"),
            minus=tuple(name for name in place.get("minus", ()) if _has_column(examined, name)),
            evidence=f"profile {name}",
        )
        if all(
            any(_has_column(examined, one) for one in (source, *others.get(source, ()))) for source in guess.sources
        ):
            columns[column] = guess
    return TableGuess(table=profile.table, examined=examined, columns=columns, score=100.0, profile=name)


def _has_objects(examined: ExaminedSource, each: str) -> bool:
    """Whether a column has lists of objects."""
    if each not in examined.rows.columns:
        return False
    column = examined.rows[each]
    return isinstance(column, ir.ArrayValue) and isinstance(column[0], ir.StructValue)


def _has_column(examined: ExaminedSource, name: str) -> bool:
    return name in examined.columns or name.split(".")[0] in examined.columns


def _match_table(examined: ExaminedSource, contract: TableContract, *, aliases: Mapping[str, str]) -> TableGuess | None:
    """The source as one table of the contract; None where a required column is missing."""
    columns = match_names(examined, contract)
    alias = next((name for name in examined.columns if name in aliases), None)
    if "customer_id" in contract and "customer_id" not in columns and alias is not None:
        columns["customer_id"] = ColumnGuess(column=alias, evidence=aliases[alias])
    choices: dict[str, tuple[str, ...]] = {}
    for column in contract.columns:
        is_expected = column.name in (*EXPECTED.get(contract.name, ()), *SOUGHT.get(contract.name, ()))
        if (column.required or is_expected) and column.name not in columns:
            candidates = find_candidates(examined, column, contract=contract, columns=columns)
            if candidates:
                columns[column.name] = ColumnGuess(
                    column=candidates[0], evidence=describe_candidates(column, candidates)
                )
                choices |= {column.name: tuple(candidates)} if len(candidates) > 1 else {}
            elif (contract.name, column.name) in CONSTANTS:
                constant = CONSTANTS[contract.name, column.name]
                columns[column.name] = ColumnGuess(constant=constant, evidence="no column says it")
            elif column.required and not _suffices(examined, contract, columns=columns):
                return None
    if contract.name == "purchases" and not {"amount", "item_id"} & set(columns):
        return None
    score = _score(examined, contract, columns=columns)
    columns.pop(UNIT_PRICE, None)
    if score < MIN_SCORE or not _has_own_key(examined, contract, columns=columns):
        return None
    order = [name for name in contract.names if name in columns]
    columns = add_times_of_day(examined, columns, contract=contract)
    return TableGuess(
        table=contract.name,
        examined=examined,
        columns={name: columns[name] for name in order},
        score=score,
        choices=choices,
    )


def match_names(examined: ExaminedSource, contract: TableContract) -> dict[str, ColumnGuess]:
    """Columns whose name and values fit, the best names first; a column of the source serves one purpose."""
    vocabulary = load_vocabulary()
    kinds: dict[str, str] = {column.name: column.kind for column in contract.columns}
    if contract.name == "purchases":
        kinds |= {UNIT_PRICE: "number", REFUNDED: "number", DEBIT: "number", CREDIT: "number"}
    if "customer_id" in kinds:
        kinds.setdefault("account_id", "id")
    pairs = [
        ((rank, tax_of(facts.name) == "included"), place, column, facts)
        for place, (column, kind) in enumerate(kinds.items())
        for facts in examined.columns.values()
        if (rank := vocabulary.rank_of(facts.name, table=contract.name, column=column)) is not None
        and is_of_line(facts.name, column, examined=examined)
        and (
            _fits(facts, kind, place=f"{contract.name}.{column}")
            or (not facts.n_filled and facts.is_text and column not in contract.mandatory_columns)
        )
    ]
    columns: dict[str, ColumnGuess] = {}
    used: set[str] = set()
    for _, _, column, facts in sorted(pairs, key=lambda pair: pair[:2]):
        if column not in columns and facts.name not in used:
            columns[column] = ColumnGuess(column=facts.name)
            used.add(facts.name)
    if contract.name == "purchases":
        columns = join_sides(examined, add_ids_of_list(examined, columns))
        columns = take_off_refunds(examined, add_amount(examined, columns))
    if contract.name == "usage" and "value" in columns:
        value = examined.columns[str(columns["value"].column)]
        columns |= {} if value.is_number else {"value": read_durations(value)}
    if contract.name == "subscriptions":
        columns = add_months(examined, _with_account_as_customer(contract, columns))
        columns = _with_customer_as_subscription(examined, columns)
    return _with_account_as_customer(contract, columns)


def _fits(facts: ColumnFacts, kind: str, *, place: str) -> bool:
    """Whether values can be of a kind; those of usage may be durations, and no currency is a number."""
    if place.endswith(".currency") and facts.numbers is not None:
        return False
    return fits(facts, kind) or (place == "usage.value" and are_durations(facts))


def _with_customer_as_subscription(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The customer as the id of memberships without one, where the file's name or an end says that they are some."""
    customer = columns.get("customer_id")
    is_named = load_vocabulary().table_rank(examined.source.label.rsplit(".", 1)[0], "subscriptions") is not None
    has_months = "started_at" in columns and columns["started_at"].evidence.startswith(SNAPSHOTS)
    if "subscription_id" in columns or customer is None or not (is_named or has_months or "ended_at" in columns):
        return columns
    return columns | {"subscription_id": replace(customer, evidence=ONE_EACH)}


def _with_account_as_customer(contract: TableContract, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The account as the customer of a table that names no customer."""
    account = columns.get("account_id")
    if "customer_id" in contract and "customer_id" not in columns and account is not None:
        columns = columns | {"customer_id": replace(account, evidence=ACCOUNT_IS_CUSTOMER)}
    return {name: guess for name, guess in columns.items() if name in contract or name == UNIT_PRICE}


def _score(examined: ExaminedSource, contract: TableContract, *, columns: Mapping[str, ColumnGuess]) -> float:
    """How well a source fits a table: its name, and the columns that few other tables have."""
    rank = load_vocabulary().table_rank(examined.source.label.rsplit(".", 1)[0], contract.name)
    score = 3.0 if rank is not None else 0.0
    for name, guess in columns.items():
        weight = 2.0 if name in (*contract.mandatory_columns, *EXPECTED.get(contract.name, ())) else 1.0
        weight = 0.5 if name in SHARED and name != contract.key else weight
        score += 0.0 if guess.constant is not None else weight if guess.evidence == BY_NAME else 0.75
    if contract.lists_attributes and contract.key in columns:
        known_attributes = (facts for facts in examined.columns.values() if _describes(facts, contract.name))
        score += min(1.5, 0.5 * sum(1 for _ in known_attributes))
    if any(name not in columns for name in contract.mandatory_columns):
        score += SUFFICES
    elif contract.suffices and "amount" not in columns and _suffices(examined, contract, columns=columns):
        score += ITEMS
    n_missing = sum(guess.constant is not None for guess in columns.values())
    n_missing += sum(name not in columns for name in EXPECTED.get(contract.name, ()))
    if contract.name == "subscriptions" and rank is None and not _tells_subscription(columns):
        score -= UNLIKELY
    return score - n_missing - (1.0 if contract.name in RARE else 0.0)


def _tells_subscription(columns: Mapping[str, ColumnGuess]) -> bool:
    """Whether some column is one that orders and invoices do not have: not only an id, a day and an amount."""
    plan, key = columns.get("plan"), columns.get("subscription_id")
    has_months = "started_at" in columns and columns["started_at"].evidence.startswith(SNAPSHOTS)
    is_named = key is not None and key.column is not None and normalise(key.column) != "id"
    mrr = columns["mrr"].column if "mrr" in columns else None
    is_amount = mrr is None or load_vocabulary().rank_of(mrr, table="purchases", column="amount") is not None
    return bool(plan and plan.column) or "ended_at" in columns or has_months or is_named or not is_amount


def _describes(facts: ColumnFacts, table: str) -> bool:
    """Whether a column is an attribute of the things in a table."""
    return facts.is_category or load_vocabulary().is_attribute(facts.name, table)


def _suffices(examined: ExaminedSource, contract: TableContract, *, columns: Mapping[str, ColumnGuess]) -> bool:
    """Whether a source without times or amounts has what recommendations need: ids that occur on several rows."""
    facts = [examined.columns.get(str(columns[name].column)) for name in contract.suffices if name in columns]
    repeated = [one for one in facts if one is not None and one.n_distinct < one.n_rows]
    return bool(contract.suffices) and len(repeated) == len(contract.suffices)


def _has_own_key(examined: ExaminedSource, contract: TableContract, *, columns: Mapping[str, ColumnGuess]) -> bool:
    """Whether a table of things has one row for each, or says since when each row is valid."""
    if contract.key is None:
        return True
    facts = examined.columns.get(str(columns[contract.key].column))
    title = examined.columns.get(str(columns["title"].column)) if "title" in columns else None
    if title is not None and title.n_distinct * MIN_ROWS_PER_NAME <= title.n_rows:
        return False  # a log, whose rows have an id and a name each
    return facts is not None and (facts.n_distinct >= 0.98 * facts.n_rows or "valid_from" in columns)
