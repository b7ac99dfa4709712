"""How amounts are read, what offers are assumed to do, and what a report tells of both."""

from __future__ import annotations

import re

from core.config.section import Section


class MoneySettings(Section, frozen=True):
    """How amounts are to be read in reports."""

    rates: str | None = None
    "CSV of dated exchange rates, relative to the TOML: month (2026-04), currency, rate (base currency for one of it)."
    decimals: int | None = None
    "Of the base currency, where it is not ISO 4217's (JPY has none)."
    tax_included: bool = False
    "Whether amounts hold tax; reports say so."
    fiscal_year_starts: int = 1
    "The month, 1 to 12."
    margin_rate: float = 1.0
    "Share of the revenue that is left after serving it, where subscriptions do not state their own."
    yearly_discount: float = 0.1
    "By which later revenue is worth less, for the value of a customer from the survival curve."

    def __post_init__(self) -> None:
        if not 1 <= self.fiscal_year_starts <= 12:
            raise ValueError("fiscal_year_starts is a month, 1 to 12")
        if not 0 < self.margin_rate <= 1 or self.yearly_discount < 0:
            raise ValueError("margin_rate lies above 0 and at most at 1, yearly_discount is at least 0")
        if self.decimals is not None and not 0 <= self.decimals <= 4:
            raise ValueError("decimals lie between 0 and 4")


class OfferAssumptions(Section, frozen=True):
    """What is assumed of offers where no `contacts` table tells; every answer says so."""

    acceptance_probability: float = 0.03
    answer_days: int = 14
    "Within so many days of a contact an offer is accepted or not at all; younger contacts tell nothing yet."
    save_rate: float = 0.0
    "Share of the customers who would leave that an offer of a kind in `saving_kinds` keeps."
    saving_kinds: tuple[str, ...] = ("discount", "thank_you")
    customer_value: float = 0.0
    "What a kept customer is worth over the horizon, base currency."

    def __post_init__(self) -> None:
        if not 0 <= self.acceptance_probability <= 1 or not 0 <= self.save_rate <= 1:
            raise ValueError("acceptance_probability and save_rate lie between 0 and 1")
        if self.answer_days < 1:
            raise ValueError("answer_days is at least 1")


class ReportSettings(Section, frozen=True):
    """What `kizuna report` tells apart."""

    attribute_groups: tuple[str, ...] = ()
    "By which attributes figures are split, e.g. 'accounts.industry'; those that no contract knows need [attributes]."
    tier_by: str | None = None
    "The attribute that holds a customer's tier, e.g. 'accounts.tier'."
    acquisition_channels: tuple[str, ...] = ()
    "Which channels of `spend` win customers; none named is all of them."
    months: int = 24
    "How many complete months are told one by one."
    whole_months: bool = False
    "Whether the simple LTV counts finished months only: at a churn of 3 % a month 33 of 33.3."
    ignored_events: tuple[str, ...] = ("login", "logout", "visit", "session", "page_view", "error")
    "Events of `usage` that are nothing a customer could use more of; a letter does not name them."

    def __post_init__(self) -> None:
        for name in (*self.attribute_groups, *([self.tier_by] if self.tier_by else ())):
            if not re.fullmatch(r"(accounts|customers)\.\w+", name):
                raise ValueError(f"attribute_groups and tier_by name columns such as accounts.industry, found '{name}'")
        if self.months < 1:
            raise ValueError("months is at least 1")
