"""Which customers are eligible for each option: the offer's dates, its rule, the campaign's audience, and its item.

    starts_at <= moment < ends_at           otherwise not_valid
    rule of the offer, of the audience      false, or unknown because a value is missing: not_eligible
    item in stock, and not owned already    otherwise not_eligible

Rules are evaluated on whole columns. `explain_exclusions` counts whom they exclude.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.decisions import NoContact
from core.errors import RuleError
from core.interactions import Histories, codes_of
from core.offers import CHANNEL, Offer
from core.rules.rule import Column, Rule, parse_rule
from models.policies.candidates import ALLOWED, Option, code_of

MAX_PARSED = 4_096


@dataclass(frozen=True, kw_only=True)
class EligibilityFacts:
    """What eligibility depends on, for n customers and m options."""

    columns: Mapping[str, Column]
    "(n,) each, at least one: the variables that rules use, without `channel`."
    moments: NDArray[np.datetime64]
    "Local times of the contacts: (n,), or (n, m)."
    unavailable: Collection[str] = ()
    "Items that are out of stock or cannot be bought."
    owned: NDArray[np.bool_] | None = None
    "(n, m) whether a customer owns an option's item and would not buy it again; see `find_owned`."
    audiences: Mapping[str, str] = field(default_factory=dict[str, str])
    "The rule of each campaign's audience, by campaign; campaigns without one address all customers."

    def __len__(self) -> int:
        return len(self.moments)

    def columns_for(self, option: Option) -> dict[str, Column]:
        """The variables of all customers for the rules of one option."""
        return {**self.columns, CHANNEL: np.full(len(self), option.channel or "")}

    def rules_of(self, option: Option) -> list[Rule]:
        """The rules that a customer must fit: the offer's, and that of the campaign's audience."""
        texts = (option.offer.rule, self.audiences.get(option.campaign_id or ""))
        return [_parse(text) for text in texts if text]


def check_eligibility(options: Sequence[Option], facts: EligibilityFacts) -> NDArray[np.int8]:
    """(n, m) the code of NOT_VALID or NOT_ELIGIBLE where either holds; ALLOWED is 0.

    Raises RuleError, with the offer, for a rule that cannot be evaluated.
    """
    codes = np.full((len(facts), len(options)), ALLOWED, np.int8)
    evaluated: dict[tuple[str, str | None], NDArray[np.bool_]] = {}
    for place, option in enumerate(options):
        fits = np.full(len(facts), option.offer.item_id is None or option.offer.item_id not in facts.unavailable)
        if facts.owned is not None:
            fits &= ~facts.owned[:, place]
        for rule in facts.rules_of(option):
            key = (rule.text, option.channel if CHANNEL in rule.names() else None)
            if key not in evaluated:
                evaluated[key] = evaluate_rule(rule, option, facts=facts)
            fits &= evaluated[key]
        codes[~fits, place] = code_of(NoContact.NOT_ELIGIBLE)
        codes[~is_valid(option.offer, _moments_of(facts, place)), place] = code_of(NoContact.NOT_VALID)
    return codes


def evaluate_rule(rule: Rule, option: Option, *, facts: EligibilityFacts) -> NDArray[np.bool_]:
    """(n,) whether each customer fits. Raises RuleError, with the offer, for a rule that cannot be evaluated."""
    try:
        return rule.evaluate(facts.columns_for(option))
    except RuleError as error:
        raise RuleError(f"offer '{option.offer.offer_id}': {error}") from error


def is_valid(offer: Offer, moments: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Whether an offer can be made at each moment: from `starts_at` on, and before `ends_at`."""
    valid = np.ones(moments.shape, np.bool_)
    if offer.starts_at is not None:
        valid &= moments >= _second(offer.starts_at)
    if offer.ends_at is not None:
        valid &= moments < _second(offer.ends_at)
    return valid


def find_owned(options: Sequence[Option], histories: Histories, *, customer_ids: NDArray[np.str_]) -> NDArray[np.bool_]:
    """(n, m) whether each customer has bought the item of each option; for the repeat policy `never`.

    Customers and items without purchases own nothing, and are owned by no customer.
    """
    owned = np.zeros((len(customer_ids), len(options)), np.bool_)
    order = np.argsort(histories.customer_ids)
    rows = np.append(order, -1)[codes_of(customer_ids, histories.customer_ids[order])]
    items = codes_of(np.array([option.offer.item_id or "" for option in options]), histories.item_ids)
    for place in np.flatnonzero(items >= 0):
        has_item = np.zeros(len(histories) + 1, np.bool_)
        has_item[histories.customers[histories.items == items[place]]] = True
        owned[:, place] = has_item[rows]
    return owned


@lru_cache(MAX_PARSED)
def _parse(text: str) -> Rule:
    return parse_rule(text)


def _moments_of(facts: EligibilityFacts, place: int) -> NDArray[np.datetime64]:
    return facts.moments if facts.moments.ndim == 1 else facts.moments[:, place]


def _second(moment: datetime) -> np.datetime64:
    return np.datetime64(moment, "s")
