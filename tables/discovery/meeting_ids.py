"""Which of several ids of a log is the customer: the one by which its rows meet the subscriptions.

events          user.id  account.id         subscriptions    account.id
                u1       a1                                  a1
                u2       a1                                  a2
                u3       a2
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from tables.discovery.consents import is_consent
from tables.discovery.guesses import ColumnGuess, TableGuess
from tables.discovery.keys import compare_ids, ids_of
from tables.discovery.vocabulary import load_vocabulary

FEW, MOST = 0.1, 0.5
"Shares of ids that are those of subscriptions: below the first they do not meet, above the second they do."
ACTIVE = ("subscriptions", "usage", "purchases")
"Tables that prove who is a customer."
TABLES = ("usage", "purchases", "tickets", "surveys", "contacts")


def meet_subscriptions(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """The tables, those whose customers are none of the subscriptions' with the account as the customer if it is."""
    subscriptions = next((guess for guess in guesses if guess.table == "subscriptions"), None)
    customer = None if subscriptions is None else subscriptions.facts("customer_id")
    if subscriptions is None or customer is None or any(guess.table == "customers" for guess in guesses):
        return list(guesses)
    subscriber_ids = ids_of(subscriptions.examined, customer.name)
    return [_with_account(guess, subscriber_ids) if guess.table in TABLES else guess for guess in guesses]


def drop_contacts_of_accounts(guesses: Sequence[TableGuess]) -> tuple[list[TableGuess], list[str]]:
    """The tables without contact persons where every other table names their accounts instead, and a note on it."""
    contacts = next((guess for guess in guesses if guess.table == "customers"), None)
    key = contacts.facts("customer_id") if contacts else None
    account = contacts.facts("account_id") if contacts else None
    active = [
        (guess, facts.name) for guess in guesses if guess.table in ACTIVE and (facts := guess.facts("customer_id"))
    ]
    if contacts is None or key is None or account is None or not active:
        return list(guesses), []
    contact_ids, account_ids = (ids_of(contacts.examined, one) for one in (key.name, account.name))
    if any(_share(guess, name, subscriber_ids=contact_ids) >= FEW for guess, name in active):
        return list(guesses), []
    if not all(_share(guess, name, subscriber_ids=account_ids) > MOST for guess, name in active):
        return list(guesses), []
    tables = " and ".join(guess.table for guess, _ in active)
    label = contacts.examined.source.label
    note = f"{label}: not used, because {tables} have the ids of its {account.name}, not of {key.name}"
    consents = [facts.name for facts in contacts.examined.columns.values() if is_consent(facts)]
    if consents:
        note += (
            f"; who refuses contacts by its {' or '.join(consents)} is not on record, so check it before you write to "
            "these accounts"
        )
    return [guess for guess in guesses if guess is not contacts], [note]


def _with_account(guess: TableGuess, subscriber_ids: Set[str]) -> TableGuess:
    customer = guess.facts("customer_id")
    if customer is None or _share(guess, customer.name, subscriber_ids=subscriber_ids) >= FEW:
        return guess
    vocabulary = load_vocabulary()
    for facts in guess.examined.columns.values():
        is_account = any(
            vocabulary.rank_of(facts.name, table=table, column="account_id") is not None
            for table in (guess.table, "customers")
        )
        if (
            is_account
            and facts.name != customer.name
            and _share(guess, facts.name, subscriber_ids=subscriber_ids) > MOST
        ):
            column = ColumnGuess(column=facts.name, evidence="its ids are those of the subscriptions' customers")
            return replace(guess, columns=guess.columns | {"customer_id": column}, choices={})
    return guess


def _share(guess: TableGuess, column: str, *, subscriber_ids: Set[str]) -> float:
    overlap = compare_ids(ids_of(guess.examined, column), subscriber_ids)
    return overlap.n_shared / max(overlap.n_ids, 1)
