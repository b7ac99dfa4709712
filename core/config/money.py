"""`[money]`, `[offers]`, `[retention]` and `[report]`: amounts, assumptions about offers, and what a report shows."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, field

from core.config.section import (
    MOST_MONTHS,
    NonNegativeFloat,
    PositiveDays,
    PositiveFloat,
    PositiveInt,
    PositiveShare,
    Section,
    Share,
)


class MoneySettings(Section, frozen=True):
    """How reports read amounts."""

    rates: str | None = None
    "CSV of exchange rates, relative to the folder of the TOML. Columns: month (2026-04), currency, rate (to base)."
    decimals: Annotated[int, Meta(ge=0, le=4)] | None = None
    "Decimals of the base currency, if they are not those of ISO 4217 (JPY has none)."
    tax_included: bool = False
    "Whether prices and amounts bought include tax. Needs `tax_rate`; figures and features are net of it."
    tax_rate: NonNegativeFloat = 0.0
    """\
    Rate of the tax that `tax_included` takes off, e.g. 0.1 for 10 %. A row of purchases, subscriptions or items with a
    `tax_rate` of its own (0.08 or 8 for a reduced rate of 8 %) counts by that one."""
    fiscal_year_starts: Annotated[int, Meta(ge=1, le=12)] = 1
    "Month in which the fiscal year starts."
    margin_rate: PositiveShare = 1.0
    """\
    Gross margin as a share of revenue, for subscriptions without a margin_rate of their own and, in predicted value,
    for purchases without a cost."""
    yearly_discount: NonNegativeFloat = 0.1
    "Discount rate per year, for lifetime value from the survival curve."

    def __post_init__(self) -> None:
        if self.tax_included and not self.tax_rate:
            raise ValueError("tax_included needs the rate that is taken off; add e.g. tax_rate = 0.1 for 10 %")
        if self.tax_rate and not self.tax_included:
            raise ValueError(
                "tax_rate is taken off amounts that include tax; add tax_included = true, or remove tax_rate"
            )


class OfferAssumptions(Section, frozen=True):
    """What is assumed about offers without data in the `contacts` table. Every answer says so."""

    acceptance_probability: Share = 0.03
    "Probability that a customer accepts an offer."
    answer_days: PositiveDays = 14
    "Days after a contact in which an offer can be accepted. Younger contacts are not counted yet."
    save_rate: Share = 0.0
    "Share of churning customers whom an offer of `saving_kinds` keeps, until control groups of `contacts` show more."
    saving_kinds: tuple[str, ...] = ("discount", "thank_you")
    "Kinds of offers that keep customers."
    customer_value: NonNegativeFloat = 0.0
    "Value of a kept customer over the horizon, base currency."


class RetentionSettings(Section, frozen=True):
    """What a retention contact costs and keeps. Churn cards and recommended actions say what was assumed."""

    save_rate: Share | None = None
    "Share of churning customers whom a contact keeps. Default: `save_rate` of `[offers]` if above 0, otherwise 0.3."
    save_rate_customers: PositiveFloat = 20.0
    """\
    Certainty of the save rate: as if it had been measured on this many customers. EMPC is the mean over
    Beta(save_rate * save_rate_customers, (1 - save_rate) * save_rate_customers)."""
    offer_cost: NonNegativeFloat | None = None
    """\
    Cost of the incentive, base currency, for each contacted customer who takes it: those whom it keeps, and all who
    would have stayed anyway. 0 for a contact without an incentive. Default: 5 % of the median value of customers."""
    contact_cost: NonNegativeFloat | None = None
    "Cost of one contact, base currency. Default: 0.5 % of the median value of customers."
    customer_value: PositiveFloat | None = None
    """\
    Value of a kept customer, base currency, if it is the same for all. Default: the predicted value or, without a value
    model, the margin or revenue of the last 365 days; where these are unknown, `customer_value` of `[offers]`."""
    capacity: PositiveInt | None = None
    "Customers who can be contacted: those with the highest expected net value. Default: every customer where it pays."


class ReportSettings(Section, frozen=True):
    """What `kizuna report` and the letter show."""

    attribute_groups: tuple[str, ...] = ()
    "Attributes to break figures down by, e.g. 'accounts.industry'. List those outside the contract in `[attributes]`."
    tier_by: str | None = None
    "Attribute with the customer tier, e.g. 'accounts.tier'."
    acquisition_channels: tuple[str, ...] = ()
    "Channels of the `spend` table that acquire customers; empty means all."
    months: Annotated[int, Meta(ge=1, le=MOST_MONTHS)] = 24
    "Number of complete months that are shown."
    whole_months: bool = False
    "Whether the simple LTV counts finished months only: at 3 % churn a month, 33 instead of 33.3."
    targets: dict[str, float] = field(default_factory=dict)
    "What figures should be, by the name they have in the JSON, e.g. `nrr = 1.0`; the page shows whether they are."
    community_events: tuple[str, ...] = ()
    "Events of the `usage` table by which customers take part in a community, e.g. 'forum_post'."
    ignored_events: tuple[str, ...] = ("login", "logout", "visit", "session", "page_view", "error")
    "Events of the `usage` table that are not features of the product. A letter does not name them."
    contacts: dict[str, str] = field(default_factory=dict)
    'How letters name account owners, e.g. `mori = "Ken Mori (customer success)"`. Default: as in the accounts table.'
    company: str = ""
    "The business that sends letters, e.g. 'Kizuna Software KK'. A letter names it at the top and under its greeting."
    sender: str = ""
    "Who signs letters to customers without an account owner, e.g. 'Ken Mori, customer success'."
    thing_names: dict[str, str] = field(default_factory=dict)
    """\
    How letters name events and categories, e.g. `csv_export = "CSV export"`. By default an event such as csv_export
    reads 'Csv export'."""

    def __post_init__(self) -> None:
        for name in (*self.attribute_groups, *([self.tier_by] if self.tier_by else ())):
            if not re.fullmatch(r"(accounts|customers)\.\w+", name):
                raise ValueError(
                    f"attribute_groups and tier_by name a column such as accounts.industry, found '{name}'"
                )
