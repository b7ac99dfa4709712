"""Which customers are eligible for which option, and the sentences that explain why the others are not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decisions import NoContact
from core.errors import RuleError
from core.i18n.translation import JAPANESE
from core.interactions import Histories
from core.offers import Offer
from models.policies.candidates import ALLOWED, REASONS, Option, code_of
from models.policies.eligibility import EligibilityFacts, check_eligibility, find_owned
from models.policies.excluded_customers import combine_reasons, explain_exclusions

NOON = np.datetime64("2026-04-08T12:00:00")
COLUMNS = {
    "age": np.array([20.0, 40.0, 60.0, np.nan]),
    "town": np.array(["A", "A", "B", ""]),
    "days_to_birthday": np.array([3.0, 300.0, 100.0, np.nan]),
}
NOT_VALID, NOT_ELIGIBLE = code_of(NoContact.NOT_VALID), code_of(NoContact.NOT_ELIGIBLE)


def option(
    rule: str | None = None, *, channel: str | None = None, campaign: str | None = None, **fields: Any
) -> Option:
    return Option(offer=Offer(offer_id="it", kind="item", rule=rule, **fields), channel=channel, campaign_id=campaign)


def facts(**changes: Any) -> EligibilityFacts:
    return EligibilityFacts(**{"columns": COLUMNS, "moments": np.full(4, NOON), **changes})


def eligible(*options: Option, **changes: Any) -> list[list[bool]]:
    """By option: whether each customer is eligible."""
    return (check_eligibility(options, facts(**changes)) == ALLOWED).T.tolist()


def test_a_missing_value_makes_a_customer_ineligible():
    assert eligible(option("days_to_birthday <= 7"), option("not age > 30"), option()) == [
        [True, False, False, False],
        [True, False, False, False],
        [True, True, True, True],
    ]


def test_a_rule_may_ask_for_the_channel_of_the_option():
    rule = "channel == 'mail' and age > 30"

    assert eligible(option(rule, channel="mail"), option(rule, channel="phone"), option(rule)) == [
        [False, True, True, False],
        [False, False, False, False],
        [False, False, False, False],
    ]


def test_the_audience_of_a_campaign_limits_its_offers_alone():
    audiences = {"spring": "town == 'A'"}

    assert eligible(option("age > 30", campaign="spring"), option("age > 30"), audiences=audiences) == [
        [False, True, False, False],
        [False, True, True, False],
    ]


def test_an_offer_is_valid_from_its_start_and_before_its_end():
    moments = np.array(["2026-04-08T11:59:59", "2026-04-08T12:00:00", "2026-04-09T11:59:59", "2026-04-09T12:00:00"])
    limited = option(starts_at=datetime(2026, 4, 8, 12), ends_at=datetime(2026, 4, 9, 12))

    codes = check_eligibility([limited], facts(moments=moments.astype("datetime64[s]")))

    assert codes[:, 0].tolist() == [NOT_VALID, ALLOWED, ALLOWED, NOT_VALID]


def test_dates_are_looked_at_before_rules():
    past = option("age > 100", ends_at=datetime(2026, 1, 1))

    assert (check_eligibility([past], facts()) == NOT_VALID).all()


def test_an_item_that_is_gone_or_owned_is_not_offered():
    owned = np.array([[False, True], [False, False], [False, False], [False, False]])

    assert eligible(option(item_id="tea"), option(item_id="jam"), unavailable={"tea"}, owned=owned) == [
        [False, False, False, False],
        [False, True, True, True],
    ]


def test_customers_own_the_items_that_they_have_bought():
    histories = Histories(
        customer_ids=np.array(["bo", "ada"]),
        item_ids=np.array(["jam", "tea"]),
        indptr=np.array([0, 2, 3]),
        items=np.array([1, 1, 0], np.int32),
        times=np.full(3, NOON),
        quantities=np.ones(3, np.float32),
        orders=np.full(3, -1),
    )
    options = (option(item_id="tea"), option(item_id="salt"), option(item_id="jam"), option())

    owned = find_owned(options, histories, customer_ids=np.array(["ada", "bo", "cyd"]))

    assert owned.tolist() == [[False, False, True, False], [True, False, False, False], [False, False, False, False]]


def test_a_rule_that_cannot_be_evaluated_names_its_offer():
    with pytest.raises(RuleError, match="offer 'it': a rule has an unknown name 'agee'; did you mean 'age'"):
        eligible(option("agee > 3"))


CODES = st.lists(st.integers(0, len(REASONS)), min_size=3, max_size=3)


@given(CODES, CODES)
def test_the_first_reason_of_all_is_given_in_whatever_order_they_are_looked_at(one: list[int], other: list[int]):
    first, second = np.array([one], np.int8), np.array([other], np.int8)
    combined = combine_reasons(first, second)

    assert (combined == combine_reasons(second, first)).all()
    assert ((combined == ALLOWED) == ((first == ALLOWED) & (second == ALLOWED))).all()
    assert combined.tolist() == [[min([c for c in pair if c], default=0) for pair in zip(one, other, strict=True)]]


def explain(*options: Option, policy: np.ndarray | None = None, **changes: Any):
    codes = check_eligibility(options, facts(**changes))
    return explain_exclusions(
        options, codes if policy is None else combine_reasons(policy, codes), facts=facts(**changes)
    )


def test_customers_without_any_option_count_by_the_last_of_their_reasons():
    refusing = np.array([[1, 0], [0, 0], [0, 0], [1, 1]], np.int8)

    exclusions = explain(option("age > 50"), option("age > 30"), policy=refusing)

    assert exclusions.by_reason == {NoContact.NO_CONSENT: 1, NoContact.NOT_ELIGIBLE: 1}
    assert [one.by_reason for one in exclusions.options] == [
        {NoContact.NO_CONSENT: 2, NoContact.NOT_ELIGIBLE: 1},
        {NoContact.NO_CONSENT: 1, NoContact.NOT_ELIGIBLE: 1},
    ]  # fmt: skip
    assert [one.n_allowed for one in exclusions.options] == [1, 2]
    assert [one.problem for one in exclusions.options] == [None, None]


PROBLEMS = [
    (option("age > 99"), {}, "the rule 'age > 99' excludes all 4; for 1 of them a value is missing"),
    (
        option("age > 30 and town == 'A' and days_to_birthday <= 7"),
        {},
        "of the rule 'age > 30 and town == 'A' and days_to_birthday <= 7', the clause 'days_to_birthday <= 7' excludes "
        "most, 3 of 4; for 1 of them a value is missing",
    ),
    (option("channel == 'mail'", channel="phone"), {}, "the rule 'channel == 'mail'' excludes all 4"),
    (
        option("age > 50", campaign="spring"),
        {"audiences": {"spring": "town == 'A'"}},
        "of the rule 'age > 50 and town == 'A'', the clause 'age > 50' excludes most, 3 of 4; for 1 of them a value is "
        "missing",
    ),
    (option(ends_at=datetime(2026, 1, 1)), {}, "its dates exclude the moment"),
    (option(item_id="tea"), {"unavailable": ("tea",)}, "its item 'tea' is not available"),
    (
        option("age > 50", item_id="tea"),
        {"owned": np.array([[False], [False], [True], [False]])},
        "the customers who fit its rule own its item 'tea'",
    ),
]


@pytest.mark.parametrize(("empty", "changes", "problem"), PROBLEMS)
def test_where_no_customer_is_eligible_the_clause_that_excludes_most_is_named(empty, changes, problem: str):
    (explained,) = explain(empty, **changes).options

    assert str(explained.problem) == f"No customer is eligible for offer 'it': {problem}"
    assert explained.problem is not None
    assert explained.problem.translate(JAPANESE).startswith("オファー「it」の対象となる顧客がいません")


def test_a_contact_policy_that_stops_all_customers_is_no_problem_of_the_rule():
    (explained,) = explain(option("age > 30"), policy=np.ones((4, 1), np.int8)).options

    assert (explained.n_allowed, explained.problem) == (0, None)
