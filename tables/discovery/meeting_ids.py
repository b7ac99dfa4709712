"""Which of several ids of a log is the customer: the one by which its rows meet the subscriptions.

events          user.id  account.id         subscriptions    account.id
                u1       a1                                  a1
                u2       a1                                  a2
                u3       a2
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from tables.discovery.account_ids import FEW, find_account, share_of_ids
from tables.discovery.guesses import ColumnGuess, TableGuess
from tables.discovery.keys import ids_of

TABLES = ("usage", "purchases", "tickets", "surveys", "contacts")


def meet_subscriptions(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """The tables, those whose customers are none of the subscriptions' with the account as the customer if it is."""
    subscriptions = next((guess for guess in guesses if guess.table == "subscriptions"), None)
    customer = None if subscriptions is None else subscriptions.facts("customer_id")
    if subscriptions is None or customer is None or any(guess.table == "customers" for guess in guesses):
        return list(guesses)
    subscriber_ids = ids_of(subscriptions.examined, customer.name)
    return [_with_account(guess, subscriber_ids) if guess.table in TABLES else guess for guess in guesses]


def _with_account(guess: TableGuess, subscriber_ids: Set[str]) -> TableGuess:
    customer = guess.facts("customer_id")
    if customer is None or share_of_ids(guess.examined, customer.name, ids=subscriber_ids) >= FEW:
        return guess
    facts = find_account(guess, ids=subscriber_ids)
    if facts is None:
        return guess
    column = ColumnGuess(column=facts.name, evidence="its ids are those of the subscriptions' customers")
    return replace(guess, columns=guess.columns | {"customer_id": column}, choices={})
