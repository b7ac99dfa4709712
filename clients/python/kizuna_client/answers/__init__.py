"""What the service answers: JSON objects with the names and fields of its OpenAPI document.

Days and times are text in ISO 8601, amounts are in the base currency, shares and probabilities from 0 to 1.
"""

from kizuna_client.answers.churn import (
    ChurnScoreResponse,
    ComparedWith,
    CustomerCurve,
    CustomerScore,
    NoAction,
    Reason,
    RecommendedAction,
    RetentionAssumptions,
    RetentionTerms,
    RiskLevel,
    ScoredCustomer,
    UnknownCustomer,
    WithoutConsent,
)
from kizuna_client.answers.common import Answer, ModelReference
from kizuna_client.answers.customers import (
    Band,
    CustomerForecast,
    CustomerResponse,
    HealthRecord,
    KeyFigures,
    LoyaltyStanding,
    NextOrder,
    Task,
    TaskOutcome,
    TasksResponse,
    TaskState,
)
from kizuna_client.answers.offers import EligibleOffer, ExcludedOffer, NextBestOfferResponse, NoContact, OfferValue
from kizuna_client.answers.recommendations import (
    Contribution,
    Explanation,
    RecommendationsResponse,
    RecommendedItem,
    Stage,
)
from kizuna_client.answers.reports import (
    EventsResponse,
    ItemsChangeResponse,
    OutcomesResponse,
    RefusedEntry,
    StockResponse,
)

__all__ = [
    "Answer",
    "Band",
    "ChurnScoreResponse",
    "ComparedWith",
    "Contribution",
    "CustomerCurve",
    "CustomerForecast",
    "CustomerResponse",
    "CustomerScore",
    "EligibleOffer",
    "EventsResponse",
    "ExcludedOffer",
    "Explanation",
    "HealthRecord",
    "ItemsChangeResponse",
    "KeyFigures",
    "LoyaltyStanding",
    "ModelReference",
    "NextBestOfferResponse",
    "NextOrder",
    "NoAction",
    "NoContact",
    "OfferValue",
    "OutcomesResponse",
    "Reason",
    "RecommendationsResponse",
    "RecommendedAction",
    "RecommendedItem",
    "RefusedEntry",
    "RetentionAssumptions",
    "RetentionTerms",
    "RiskLevel",
    "ScoredCustomer",
    "Stage",
    "StockResponse",
    "Task",
    "TaskOutcome",
    "TaskState",
    "TasksResponse",
    "UnknownCustomer",
    "WithoutConsent",
]
