"""Whom the rules of offers and the contact policy exclude: counted by reason, by option and by clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decisions import NoContact
from core.i18n.message import Message
from core.rules.clauses import ClauseExclusion, count_exclusions, describe_empty_rule
from models.policies.candidates import ALLOWED, REASONS, Option, code_of
from models.policies.eligibility import EligibilityFacts, check_eligibility, evaluate_rule

NOT_NOW = "No customer is eligible for offer '{offer}': its dates exclude the moment"
NO_CUSTOMER = "No customer is eligible for offer '{offer}': {problem}"
NO_ITEM = "No customer is eligible for offer '{offer}': its item '{item}' is not available"
ALL_OWN = "No customer is eligible for offer '{offer}': the customers who fit its rule own its item '{item}'"


@dataclass(frozen=True, kw_only=True)
class OptionExclusions:
    """How many customers may get one option, and why the others may not."""

    option: Option
    n_customers: int
    n_allowed: int
    by_reason: Mapping[NoContact, int]
    "Customers by the first reason against the option."
    clauses: tuple[ClauseExclusion, ...]
    "Of the rules of the offer and of the audience, the clause that excludes most first."
    problem: Message | None
    "A sentence where no customer is eligible, whatever the contact policy says."


@dataclass(frozen=True, kw_only=True)
class ExcludedCustomers:
    """Why customers get none of the options."""

    by_reason: Mapping[NoContact, int]
    "Customers without an allowed option, by the last of their reasons: the one that came closest to a contact."
    options: tuple[OptionExclusions, ...]


def combine_reasons(*codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """(n, m) the first reason of several arrays of codes, in the order of `NoContact`; ALLOWED where none has one."""
    highest = np.iinfo(np.int8).max
    first = np.minimum.reduce([np.where(one == ALLOWED, highest, one) for one in codes])
    return np.where(first == highest, ALLOWED, first).astype(np.int8)


def explain_exclusions(
    options: Sequence[Option], codes: NDArray[np.int8], *, facts: EligibilityFacts
) -> ExcludedCustomers:
    """Count whom the combined codes, (n, m), exclude. Raises RuleError as `check_eligibility`."""
    last = codes.max(axis=1, initial=ALLOWED)
    excluded = last[~(codes == ALLOWED).any(axis=1)] if codes.shape[1] else last[:0]
    eligibility = check_eligibility(options, facts)
    return ExcludedCustomers(
        by_reason=_count_reasons(excluded),
        options=tuple(
            _explain(option, codes[:, place], eligibility=eligibility[:, place], facts=facts)
            for place, option in enumerate(options)
        ),
    )


def describe_empty_offers(
    options: Sequence[Option], codes: NDArray[np.int8], *, facts: EligibilityFacts
) -> list[Message]:
    """Why no customer is eligible for an offer, with the clause of its rule that excludes most.

    `codes`, (n, m), are the combined ones. Offers that are out of date are left out, and those that customers miss
    because of the contact policy.
    """
    if (codes == ALLOWED).any(axis=0).all():
        return []
    problems = [one.problem for one in explain_exclusions(options, codes, facts=facts).options]
    return [one for one in problems if one is not None and one.text != NOT_NOW]


def _count_reasons(codes: NDArray[np.int8]) -> dict[NoContact, int]:
    counts = np.bincount(codes, minlength=len(REASONS) + 1)[1:].tolist()
    return {reason: n for reason, n in zip(REASONS, counts, strict=True) if n}


def _explain(
    option: Option, codes: NDArray[np.int8], *, eligibility: NDArray[np.int8], facts: EligibilityFacts
) -> OptionExclusions:
    columns = facts.columns_for(option)
    clauses = [clause for rule in facts.rules_of(option) for clause in count_exclusions(rule, columns)]
    clauses.sort(key=lambda one: -one.n_excluded)
    is_empty = bool(len(facts)) and not (eligibility == ALLOWED).any()
    return OptionExclusions(
        option=option,
        n_customers=len(facts),
        n_allowed=int((codes == ALLOWED).sum()),
        by_reason=_count_reasons(codes),
        clauses=tuple(clauses),
        problem=_describe_problem(option, clauses, eligibility=eligibility, facts=facts) if is_empty else None,
    )


def _describe_problem(
    option: Option, clauses: list[ClauseExclusion], *, eligibility: NDArray[np.int8], facts: EligibilityFacts
) -> Message:
    offer, item = option.offer.offer_id, option.offer.item_id or ""
    if (eligibility == code_of(NoContact.NOT_VALID)).all():
        return Message(NOT_NOW, {"offer": offer})
    if item and item in facts.unavailable:
        return Message(NO_ITEM, {"offer": offer, "item": item})
    fits = np.logical_and.reduce([evaluate_rule(rule, option, facts=facts) for rule in facts.rules_of(option)])
    if np.any(fits):
        return Message(ALL_OWN, {"offer": offer, "item": item})
    rule = " and ".join(rule.text for rule in facts.rules_of(option))
    return Message(
        NO_CUSTOMER, {"offer": offer, "problem": describe_empty_rule(clauses, rule=rule, n_customers=len(facts))}
    )
