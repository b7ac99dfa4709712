"""Names of features, feature families and key figures that more than one package uses.

The declarations in `features/families/` take their names from this module too. A test walks the syntax tree of every
package: a feature's name or family is never repeated as a literal, and every name listed here has a declaration.
"""

from __future__ import annotations

from enum import StrEnum


class FeatureFamily(StrEnum):
    """What a marketer would call a group of features; the code of a reason."""

    RECENCY = "recency"
    FREQUENCY = "frequency"
    RHYTHM = "rhythm"
    TIMING = "timing"
    TENURE = "tenure"
    QUANTITY = "quantity"
    VARIETY = "variety"
    CONCENTRATION = "concentration"
    SPEND = "spend"
    RETURNS = "returns"
    CHANNELS = "channels"
    USAGE = "usage"
    SEATS = "seats"
    SUBSCRIPTION = "subscription"
    SUPPORT = "support"
    SENTIMENT = "sentiment"
    CONTACTS = "contacts"
    PREFERENCES = "preferences"
    POINTS = "points"
    REFERRALS = "referrals"
    COMMUNITY = "community"
    ATTRIBUTES = "attributes"
    "Listed columns of the customers and accounts tables."
    EVENT_HISTORY = "event_history"
    "Of the event that is predicted."


# Purchases
DAYS_SINCE_FIRST_PURCHASE = "days_since_first_purchase"
DAYS_SINCE_LAST_PURCHASE = "days_since_last_purchase"
MEAN_GAP_DAYS = "mean_gap_days"
NET_SPEND_365D = "net_spend_365d"
NET_SPEND_TOTAL = "net_spend_total"
ORDERS_365D = "orders_365d"
ORDERS_TOTAL = "orders_total"
RECENCY_VS_USUAL_GAP = "recency_vs_usual_gap"

# Usage
ACTIVE_SEAT_SHARE_30D = "active_seat_share_30d"
DAYS_SINCE_ADMIN_USAGE = "days_since_admin_usage"
DAYS_SINCE_FIRST_USAGE = "days_since_first_usage"
DAYS_SINCE_LAST_USAGE = "days_since_last_usage"
USAGE_DAYS_30D = "usage_days_30d"
USAGE_DAYS_90D = "usage_days_90d"
USAGE_DAYS_365D = "usage_days_365d"
USAGE_ERRORS_90D = "usage_errors_90d"
USAGE_KINDS_90D = "usage_kinds_90d"
USAGE_MEAN_GAP_DAYS = "usage_mean_gap_days"
USAGE_TREND_30D = "usage_trend_30d"

# Subscriptions
DAYS_SINCE_SUBSCRIPTION_CHANGE = "days_since_subscription_change"
DAYS_TO_RENEWAL = "days_to_renewal"
DOWNGRADES_365D = "downgrades_365d"
LONGEST_TERM_MONTHS = "longest_term_months"
MRR_CHANGE_365D = "mrr_change_365d"
MRR_NOW = "mrr_now"
REACTIVATIONS_TOTAL = "reactivations_total"
SEATS_NOW = "seats_now"
SUBSCRIPTION_TENURE_DAYS = "subscription_tenure_days"

# Points
POINTS_BALANCE = "points_balance"
POINTS_EXPIRING_30D = "points_expiring_30d"

# Support
HOURS_TO_ANSWER_90D = "hours_to_answer_90d"
TICKETS_90D = "tickets_90d"

# Surveys
LAST_NPS = "last_nps"
LAST_TICKET_SATISFACTION = "last_ticket_satisfaction"

# The history of a predicted event
DAYS_SINCE_EVENT = "days_since_event"
EVENTS_365D = "events_365d"

# Categorical features: each has words of its column as codes.
MAIN_CHANNEL = "main_channel"
MAIN_COMMUNITY_EVENT = "main_community_event"
MAIN_CONTACT_CHANNEL = "main_contact_channel"
MAIN_EVENT = "main_event"
MAIN_PLAN = "main_plan"
MAIN_TICKET_SEVERITY = "main_ticket_severity"
MAIN_TICKET_TOPIC = "main_ticket_topic"


class KeyFigure(StrEnum):
    """A figure with one name for every business; `features/segments/rule_variables.py` says which feature holds it."""

    RECENCY_DAYS = "recency_days"
    FREQUENCY = "frequency"
    REVENUE_365D = "revenue_365d"
    MRR = "mrr"
    TENURE_DAYS = "tenure_days"


class RuleVariable(StrEnum):
    """What rules can use besides features, key figures and listed attributes."""

    CHURN_PROBABILITY = "churn_probability"
    DISTANCE_TO_NEXT_RANK = "distance_to_next_rank"
    "Spend or points that are missing to the next of `[loyalty.ranks]`; missing at the highest."
    HEALTH = "health"
    PREDICTED_VALUE = "predicted_value"
    "What the value model expects within `[value] horizon_days`; missing without one."
    RANK = "rank"
    "The highest of `[loyalty.ranks]` that the customer has reached."
    NEXT_RANK = "next_rank"
    VALUE = "value"
    "MRR, or the revenue of 365 days where the business has no subscriptions."


class CustomerFact(StrEnum):
    """What rules can use of customers that models are not trained on."""

    LANGUAGE = "language"
    "Of `customers`; of an account, the one that most of its people have."
    DAYS_TO_BIRTHDAY = "days_to_birthday"
    "0 on the birthday, by `birth_date` of `customers`."
    DAYS_SINCE_CONTACT_PERSON_CHANGED = "days_since_contact_person_changed"
    """Since the account got another main contact, by the roles of its people; where `customers` has no roles with
    dates, another owner. Missing where there was no change."""
