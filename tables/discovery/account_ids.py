"""Whether persons or their accounts are the customers, so that every table means the same by an id.

contacts        id  account_id        subscriptions   account_id      logins   contact_id  account_id
                1   1                                 1                        1           1
                2   1                                 2                        3           2
                3   2

The numbers of both may be the same ones, so names decide which ids are meant, not whether the ids meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from core.errors import DataError
from tables.discovery.columns import ColumnFacts, fits
from tables.discovery.consents import is_consent
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.keys import compare_ids, ids_of
from tables.discovery.lookups import UNIQUE, LookupPair, can_be_lookup, join_pair
from tables.discovery.proposal import Setting
from tables.discovery.recognition import ACCOUNT_IS_CUSTOMER, recognise
from tables.discovery.vocabulary import load_vocabulary

FEW, MOST = 0.1, 0.5
"Shares of ids that are those of another table: below the first they do not meet, above the second they do."
ACTIVE = ("subscriptions", "usage", "purchases")
"Tables that prove who is a customer."
BY_ACCOUNT = "other tables name accounts alone, so the account is the customer"
LOOKED_UP = f"{BY_ACCOUNT}; it is that of the person"


@dataclass(frozen=True)
class Ownership:
    """A source with one row for each id that another source has, and the column that says whose it is."""

    source: ExaminedSource
    key: str
    customer: str


def choose_persons_or_accounts(
    guesses: Sequence[TableGuess], sources: Sequence[ExaminedSource], *, today: date
) -> tuple[list[TableGuess], list[str], tuple[Setting, ...]]:
    """The tables, all by persons or all by accounts; notes on those left out; who the customer is, if an account.

    A table that names only an account has the person of a source with one person for each account. Where there is none,
    accounts are the customers as soon as a table that proves activity names nothing else. Contacts of a known product
    are never looked up: its header says what its ids are.
    """
    by_account = [guess for guess in guesses if _is_by_account(guess)]
    contacts = next((guess for guess in guesses if guess.table == "customers"), None)
    persons = None if contacts is None or contacts.profile else contacts
    if by_account and persons is not None and (link := _find_owners(persons, by_account, sources=sources)):
        sentence = f"{link.source.source.label} has one customer for each account"
        return *_look_up(guesses, by_account, link=link, sentence=sentence, today=today), ()
    accounts = set[str]().union(*(ids_of(guess.examined, name) for guess, name in _keys_of_accounts(guesses, contacts)))
    meeting = [guess for guess in by_account if _share(guess, "customer_id", ids=accounts) > MOST]
    names_accounts = any(guess.table in ACTIVE for guess in meeting)
    if contacts is not None and (names_accounts or _meet_accounts_alone(guesses, contacts)) and _roll_up(contacts):
        why = f"{contacts.examined.source.label} says to which account a person belongs, and other tables name accounts"
        return list(guesses), [], (Setting("customer", "account", why),)
    notes: list[str] = []
    if names_accounts:
        guesses, notes = _name_accounts(guesses, persons, accounts=accounts, today=today)
    elif meeting and persons is not None:
        notes = [_describe_dropped(guess, "names accounts and no customer") for guess in meeting]
        guesses = [guess for guess in guesses if guess not in meeting]
    return _with_accounts_as_customers(list(guesses)), notes, ()


def _roll_up(persons: TableGuess) -> bool:
    """Whether persons count for their account under `customer = "account"`: no id is one of a person and an account."""
    key, account = persons.facts("customer_id"), persons.facts("account_id")
    if key is None or account is None:
        return False
    return not ids_of(persons.examined, key.name) & ids_of(persons.examined, account.name)


def _meet_accounts_alone(guesses: Sequence[TableGuess], persons: TableGuess) -> bool:
    """Whether every table that proves activity has ids of the persons' accounts and none of persons."""
    key, account = persons.facts("customer_id"), persons.facts("account_id")
    active = [guess for guess in guesses if guess.table in ACTIVE and guess.facts("customer_id")]
    if key is None or account is None or not active:
        return False
    person_ids, account_ids = (ids_of(persons.examined, one) for one in (key.name, account.name))
    shares = [
        (_share(guess, "customer_id", ids=person_ids), _share(guess, "customer_id", ids=account_ids))
        for guess in active
    ]
    return all(of_persons < FEW and of_accounts > MOST for of_persons, of_accounts in shares)


def _is_by_account(guess: TableGuess) -> bool:
    """Whether a table names accounts and no customers."""
    return "customer_id" in guess.columns and guess.columns["customer_id"].evidence == ACCOUNT_IS_CUSTOMER


def _keys_of_accounts(guesses: Iterable[TableGuess], persons: TableGuess | None) -> Iterator[tuple[TableGuess, str]]:
    """The columns that list all accounts; without such tables those of the subscriptions, which is who pays."""
    listing = [guess for guess in guesses if guess.table == "accounts" or guess is persons]
    keys = [(guess, facts.name) for guess in listing if (facts := guess.facts("account_id"))]
    paying = (guess for guess in guesses if guess.table == "subscriptions" and _is_by_account(guess))
    yield from keys or ((guess, facts.name) for guess in paying if (facts := guess.facts("customer_id")))


def _share(guess: TableGuess, column: str, *, ids: Set[str]) -> float:
    """The share of the ids in a column of the contract that are among others."""
    facts = guess.facts(column)
    return 0.0 if facts is None else share_of_ids(guess.examined, facts.name, ids=ids)


def share_of_ids(examined: ExaminedSource, name: str, *, ids: Set[str]) -> float:
    """The share of the different ids in a column that are among others."""
    overlap = compare_ids(ids_of(examined, name), ids)
    return overlap.n_shared / max(overlap.n_ids, 1)


def find_account(guess: TableGuess, *, ids: Set[str]) -> ColumnFacts | None:
    """The column with the account of a table's rows, which names those ids; None where none has."""
    used = guess.columns["customer_id"].column
    vocabulary = load_vocabulary()
    for facts in guess.examined.columns.values():
        is_account = any(
            vocabulary.rank_of(facts.name, table=table, column="account_id") is not None
            for table in (guess.table, "customers")
        )
        if is_account and facts.name != used and share_of_ids(guess.examined, facts.name, ids=ids) > MOST:
            return facts
    return None


def _find_owners(
    persons: TableGuess, by_account: Sequence[TableGuess], *, sources: Sequence[ExaminedSource]
) -> Ownership | None:
    """The source that has one person for each account of some tables."""
    key = persons.facts("customer_id")
    if key is None:
        return None
    vocabulary = load_vocabulary()
    person_ids = ids_of(persons.examined, key.name)
    for source in sorted(sources, key=lambda one: one is not persons.examined):
        columns = [facts for facts in source.columns.values() if fits(facts, "id")]
        accounts = [
            facts
            for facts in columns
            if vocabulary.rank_of(facts.name, table="customers", column="account_id") is not None
            and facts.n_distinct >= UNIQUE * max(facts.n_filled, 1)
            and all(_share(guess, "customer_id", ids=ids_of(source, facts.name)) > MOST for guess in by_account)
        ]
        owners = [
            facts
            for facts in ([key] if source is persons.examined else columns)
            if facts not in accounts
            and (facts is key or vocabulary.rank_of(facts.name, table="purchases", column="customer_id") is not None)
            and share_of_ids(source, facts.name, ids=person_ids) > MOST
        ]
        if accounts and owners:
            return Ownership(source, accounts[0].name, owners[0].name)
    return None


def _look_up(
    guesses: Sequence[TableGuess], some: Sequence[TableGuess], *, link: Ownership, sentence: str, today: date
) -> tuple[list[TableGuess], list[str]]:
    """The tables, some of them with the customers that another source has for their ids, and what cannot be joined."""
    result, notes = list[TableGuess](), list[str]()
    for guess in guesses:
        if guess not in some:
            result.append(guess)
            continue
        joined = _join(guess, link, sentence=sentence, today=today)
        if isinstance(joined, TableGuess):
            result.append(joined)
        else:
            notes.append(joined)
    return result, notes


def _join(guess: TableGuess, link: Ownership, *, sentence: str, today: date) -> TableGuess | str:
    """A table with the customers that another source has for its ids; a note where it cannot look them up."""
    own = guess.columns["customer_id"].column
    if own is None or guess.examined.source.settings.lookup or not can_be_lookup(guess.examined, link.source):
        return _describe_dropped(guess, f"names {own or 'something'} and not {link.customer}")
    overlap = compare_ids(ids_of(guess.examined, own), ids_of(link.source, link.key))
    pair = LookupPair(guess.examined, link.source, own, link.key, overlap.n_ids, overlap.n_shared)
    evidence = f"{overlap.n_shared:,} of {overlap.n_ids:,} values of {own} are in {link.source.source.label}"
    try:
        whole = join_pair(pair, evidence, today=today)
    except DataError as fault:
        return _describe_dropped(guess, f"cannot look up its customers: {fault}")
    name = f"lookup.{link.customer}" if f"lookup.{link.customer}" in whole.columns else link.customer
    columns = {one: facts for one, facts in whole.columns.items() if one == name or one not in whole.of_lookup}
    customer = ColumnGuess(column=name, evidence=sentence)
    return replace(
        guess,
        examined=replace(whole, columns=columns, once_per_order=guess.examined.once_per_order),
        columns=guess.columns | {"customer_id": customer},
    )


def _name_accounts(
    guesses: Sequence[TableGuess], persons: TableGuess | None, *, accounts: Set[str], today: date
) -> tuple[list[TableGuess], list[str]]:
    """The tables with accounts as their customers, and notes on those that name none."""
    key, account = (persons.facts("customer_id"), persons.facts("account_id")) if persons else (None, None)
    link = Ownership(persons.examined, key.name, account.name) if persons and key and account else None
    result, notes = list[TableGuess](), list[str]()
    for guess in guesses:
        if guess is persons:
            continue
        if "customer_id" not in guess.columns or _is_by_account(guess) or guess.profile:
            result.append(guess)
        elif (facts := find_account(guess, ids=accounts)) is not None:
            column = ColumnGuess(column=facts.name, evidence=BY_ACCOUNT)
            result.append(replace(guess, columns=guess.columns | {"customer_id": column}, choices={}))
        elif link is not None:
            joined = _join(guess, link, sentence=LOOKED_UP, today=today)
            result += [joined] if isinstance(joined, TableGuess) else []
            notes += [joined] if isinstance(joined, str) else []
        elif persons is not None:
            notes.append(_describe_dropped(guess, "names persons and no account, and accounts are the customers"))
        else:
            result.append(guess)
    if persons is not None:
        is_looked_up = any(one.evidence == LOOKED_UP for guess in result for one in guess.columns.values())
        use = "used only to look up accounts" if is_looked_up else "not used"
        why = "other tables name accounts alone, so accounts are the customers"
        notes.append(_describe_persons(persons, why, use=use))
    return result, notes


def _describe_dropped(guess: TableGuess, why: str) -> str:
    return f"{guess.examined.source.label}: not used, because it {why}"


def _describe_persons(persons: TableGuess, why: str, *, use: str = "not used") -> str:
    """That persons are not the customers, and which of their refusals are lost with them."""
    label = persons.examined.source.label
    consents = [facts.name for facts in persons.examined.columns.values() if is_consent(facts)]
    refusals = (
        f"; who refuses contacts by its {' or '.join(consents)} is not on record, "
        "so check it before you write to these accounts"
    )
    return f"{label}: {use}, because {why}" + (refusals if consents else "")


def _with_accounts_as_customers(guesses: list[TableGuess]) -> list[TableGuess]:
    """The accounts as the table of customers where accounts are the customers of every other table."""
    tables = {guess.table: guess for guess in guesses}
    if "customers" in tables or "accounts" not in tables or not any(map(_is_by_account, guesses)):
        return guesses
    accounts = tables["accounts"]
    customers = next((one for one in recognise(accounts.examined) if one.table == "customers"), None)
    if customers is None:
        return guesses
    key = replace(accounts.columns["account_id"], evidence=ACCOUNT_IS_CUSTOMER)
    columns = {name: column for name, column in customers.columns.items() if name != "account_id"}
    columns |= {"customer_id": key}
    return [*(guess for guess in guesses if guess is not accounts), replace(customers, columns=columns)]
