"""The section of a churn card about money: what acting on the scores earns, and what that assumes."""

from __future__ import annotations

from core.intervals import Estimate
from core.model_card import ModelCard, RetentionProfit
from core.retention import RetentionTerms

CENT = 100
"Amounts from here on are written without decimals."


def render_money(card: ModelCard) -> str:
    """EMPC, savings, the profit of contacting some or all, and the assumptions, as Markdown; '' where unknown."""
    money = card.money
    if money is None:
        return ""
    rows = [f"| {one.contacted} | {_percent(one.share)} | {_amount(one.profit)} |" for one in money.contacts]
    return "\n".join(
        [
            f"## Money\n\nWhat retention contacts by these scores would have earned, {money.currency} per tested "
            "customer:\n",
            "| contacted | share of customers | profit |\n| --- | --- | --- |",
            *rows,
            "",
            *(f"* {line}" for line in [*_figures(card), *_assumptions(money)]),
        ]
    )


def _figures(card: ModelCard) -> list[str]:
    """EMPC with its share of customers, and savings."""
    empc, share, savings = (
        card.metric(name, split=card.evaluation_split) for name in ("empc", "empc_share", "savings")
    )
    lines: list[str] = []
    if empc is not None and share is not None:
        lines.append(f"Expected maximum profit (EMPC): {_amount(empc)}, by contacting {_percent(share)} of customers.")
    if savings is not None:
        lines.append(f"Savings against the better of contacting all or none: {_percent(savings)}.")
    return lines


def _assumptions(money: RetentionProfit) -> list[str]:
    """Each figure that the profit depends on, with its source."""
    terms = money.terms
    certainty = f"as sure as if measured on {terms.save_rate_customers:g} customers"
    return [
        f"Value of a customer: {money.value}; median {_number(terms.median_value)}.",
        f"A contact keeps {terms.save_rate:.0%} of churning customers, {certainty}: {_source(terms, 'save_rate')}.",
        f"An accepted incentive costs {_number(terms.offer_cost)}: {_source(terms, 'offer_cost')}.",
        f"A contact costs {_number(terms.contact_cost)}: {_source(terms, 'contact_cost')}.",
        "All of the value counts as lost with a churned customer; some of an inactive one may come back.",
        "The best share is chosen on the tested customers themselves, so its profit is slightly optimistic; "
        "contacting where the expected net value is above 0 is not.",
    ]


def _source(terms: RetentionTerms, figure: str) -> str:
    return terms.sources[figure]


def _amount(estimate: Estimate) -> str:
    bounds = f" [{_number(estimate.low)}, {_number(estimate.high)}]" if estimate.has_interval else ""
    return _number(estimate.value) + bounds


def _percent(estimate: Estimate) -> str:
    bounds = f" [{estimate.low:.1%}, {estimate.high:.1%}]" if estimate.has_interval else ""
    return f"{estimate.value:.1%}{bounds}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= CENT else f"{value:,.2f}"
