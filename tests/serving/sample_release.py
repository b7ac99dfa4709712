"""A small release, written by hand, with known answers: Ada, Bo and Cyd; tea, a cup, a pot and a hidden item."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.business_summary import (
    BusinessSummary,
    CampaignEffect,
    CampaignSummary,
    MonthlyValue,
    SummaryFigure,
    SummarySection,
)
from core.campaigns import CampaignState
from core.config.decisions import ContactPolicy, DecisionSettings
from core.config.money import OfferAssumptions, RetentionSettings
from core.config.training import RiskLevels
from core.contact_state import ContactState
from core.control_group import PermanentControlGroup
from core.customer_value import ValueForecast
from core.effects import Effects
from core.interactions import Interactions
from core.item_attributes import ItemAttributes
from core.offers import Offer, OfferBook
from core.risk_curves import RiskCurves
from core.scores import Reason, Scores
from core.segmentation import Segmentation, SegmentDefinition
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from models.policies.fatigue import assume_fatigue
from models.recommenders.cold_start.customers import ColdStartCustomers
from models.recommenders.cold_start.items import find_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.item_lists import BoughtTogether, measure_trend
from models.recommenders.popularity import Popularity
from serving.build.accounts import build_accounts
from serving.build.retention import CustomerValues, price_contacts
from serving.release.account_part import AccountPart
from serving.release.churn_part import ChurnPart
from serving.release.context_models import ContextModels, TrendPart
from serving.release.customer_part import CustomerPart, RecordedProfiles
from serving.release.hazard_part import HazardPart
from serving.release.identity_part import IdentityPart
from serving.release.item_part import ItemPart
from serving.release.lookup import IdIndex
from serving.release.offer_part import OfferCustomers, OfferPart, OfferTerms
from serving.release.predict_part import EventScores, PredictPart
from serving.release.recommender_part import RecommenderPart
from serving.release.refusals import Refusals
from serving.release.release import Release, ReleaseDescription, ReleasedModel
from serving.release.releases import Activation, Releases
from serving.release.repeat_rules import RepeatRules
from serving.release.report_part import ReportPart
from serving.release.retention_part import RetentionPart, SavingOffer
from serving.release.segment_part import Relations, SegmentPart
from serving.release.uplift_part import UpliftPart
from serving.release.value_part import ValuePart
from tests.worlds import config

CUTOFF = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
CUSTOMERS = np.array(["cyd", "ada", "bo"])
LATE = Reason(
    code="recency",
    direction="up",
    weight=1.2,
    value=74.0,
    usual_value=21.0,
    en="Last purchase 74 days ago (this customer usually buys every 21 days)",
    ja="最終購入から74日(この顧客はふだん約21日ごとに購入)",
)

PROFILES = RecordedProfiles(
    declined_recommendations=np.array(["bo"]),
    declined_contact=np.array(["cyd"]),
    preferences={"dan": {"category": ("drinks",)}, "bo": {"category": ("drinks",)}},
    attribute_groups={"eve": {"town": "Tokyo"}},
)
"Bo opted out of recommendations, Cyd of contact; Dan and Eve have no purchases."


def churn_part(opted_out: NDArray[np.str_] | None = None) -> ChurnPart:
    """Cyd is at high risk, Ada at medium, Bo at low."""
    scores = Scores(
        customer_ids=CUSTOMERS,
        cutoffs=np.full(3, np.datetime64(CUTOFF)),
        value=np.array([0.9, 0.5, 0.1]),
        horizon_days=90,
        low=np.array([0.8, 0.4, 0.05]),
        high=np.array([0.95, 0.6, 0.2]),
    )
    return ChurnPart.of(
        scores,
        [(LATE,), (LATE,), ()],
        short_history=np.array([False, True, False]),
        risk_levels=RiskLevels(),
        opted_out=opted_out,
    )


def predict_part() -> PredictPart:
    """Cyd will buy tea for certain, Ada perhaps; Bo opted out of scoring."""
    scores = Scores(
        customer_ids=CUSTOMERS,
        cutoffs=np.full(3, np.datetime64(CUTOFF)),
        value=np.array([0.9, 0.4, 0.2]),
        horizon_days=30,
        low=np.array([0.8, 0.3, 0.1]),
        high=np.array([1.0, 0.5, 0.3]),
    )
    opted_out = np.array(["bo"])
    reasons = [(LATE,), (), ()]
    tea = EventScores.of(scores, reasons, definition="a row of purchases within 30 days", opted_out=opted_out)
    return PredictPart(events={"buys_tea": tea}, opted_out=IdIndex.of(opted_out)[0])


def value_part() -> ValuePart:
    """Cyd brings in 10 a day for a year, Ada 1, and Bo is not known to the model; Eve opted out of scoring."""
    days, daily = np.array([30, 365]), np.array([10.0, 1.0, 0.0])
    curve = np.outer(daily, days)
    forecast = ValueForecast(
        days=days,
        orders=curve / 100,
        revenue=2 * curve,
        margin=1.25 * curve,
        value=curve,
        p_alive=np.array([0.9, 0.5, np.nan]),
        next_order_days=np.array([[10.0, 1.0, 60.0], [90.0, 5.0, 1e9], [np.nan] * 3]),
    )
    return ValuePart.of(
        CUSTOMERS,
        forecast,
        level_samples=np.array([0.9, 1.0, 1.1]),
        horizon_days=365,
        definition="the gross margin of purchases less returns",
        opted_out=np.array(["eve"]),
    )


def uplift_part() -> UpliftPart:
    """A voucher persuades Cyd, may do anything to Ada and puts Bo off; Eve opted out of scoring."""
    effect = np.array([[0.2], [0.0], [-0.3]])
    effects = Effects(
        customer_ids=CUSTOMERS,
        treatments=("voucher",),
        effect=effect,
        low=effect - 0.1,
        high=effect + 0.1,
        without=np.array([[0.1], [0.5], [0.6]]),
    )
    return UpliftPart.of(effects, outcome="a purchase within 14 days", opted_out=np.array(["eve"]))


def hazard_part(opted_out: NDArray[np.str_] | None = None) -> HazardPart:
    """The hazard per period is 50 % for Cyd, 20 % for Ada, 1 % for Bo; Cyd's cause is price, the others' half each."""
    risk = 1 - (1 - np.array([[0.5], [0.2], [0.01]])) ** np.array([1, 2, 3, 4])
    shares = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    curves = RiskCurves(
        period_days=30, risk=risk, by_cause=risk[:, :, None] * shares[:, None, :], causes=("price", "support")
    )
    return HazardPart.of(
        CUSTOMERS,
        curves,
        monthly_revenue=np.array([100.0, 50.0, np.nan]),
        risk_levels=RiskLevels(),
        opted_out=opted_out,
    )


def interactions() -> Interactions:
    """All three bought tea; Ada and Bo a cup, Bo a pot; Cyd the hidden item."""
    return Interactions(
        customer_ids=np.array(["ada", "bo", "cyd"]),
        item_ids=np.array(["cup", "hidden", "pot", "tea"]),
        indptr=np.array([0, 2, 5, 7]),
        items=np.array([3, 0, 3, 0, 2, 3, 1], dtype=np.int32),
        times=np.full(7, np.datetime64("2026-03-30T12:00:00", "s")),
        quantities=np.ones(7, dtype=np.float32),
        orders=np.arange(7),
    )


def item_attributes() -> ItemAttributes:
    """Drinks and vessels; the pot is the expensive one, and the price of tea is unknown."""
    words = {"category": ["vessels", None, "vessels", "drinks"], "colour": ["red", "red", "blue", None]}
    return ItemAttributes.from_columns(interactions().item_ids, words, price=[5.0, 1.0, 30.1, None])


def context_models() -> ContextModels:
    """Fitted on the interactions; one order is enough for a pair of items."""
    towns = {"town": np.array(["Osaka", "Tokyo", "Osaka"])}
    return ContextModels(
        ColdStartCustomers.fit(
            interactions(), towns, item_attributes=item_attributes(), half_life_days=30, cutoff=CUTOFF
        ),
        BoughtTogether.fit(interactions(), min_support=1),
        TrendPart.of(measure_trend(interactions(), CUTOFF, window_days=14), 14),
    )


def recommender_part(
    model: Recommender | None = None,
    profiles: RecordedProfiles | None = None,
    *,
    k: int = 2,
    rules: RepeatRules | None = None,
) -> RecommenderPart:
    """Popularity by default, with empty profiles; one item is unavailable."""
    fitted = model or Popularity().fit(interactions(), CUTOFF)
    return RecommenderPart.of(
        fitted,
        find_cold_start_items(item_attributes(), item_attributes()),
        customers=CustomerPart.of(interactions().histories, profiles or RecordedProfiles()),
        items=ItemPart.of(
            item_attributes(),
            price=np.array([5.0, 1.0, 30.1, np.nan]),
            unavailable=np.array([1]),
            descriptions=[{"title": name.capitalize()} for name in fitted.item_ids],
        ),
        context_models=context_models(),
        cutoff=CUTOFF,
        k=k,
        rules=rules,
    )


def offer_part(
    declined_contact: tuple[str, ...] = (), *, settings: DecisionSettings | None = None, control_share: float = 0.0
) -> OfferPart:
    """A voucher for customers at risk without returns, and a sample for all that costs more than it brings."""
    book = OfferBook(
        (
            Offer(
                offer_id="voucher",
                kind="discount",
                cost=1,
                margin=5,
                rule="churn_probability > 0.4 and returns_365d == 0",
            ),
            Offer(offer_id="sample", kind="item", item_id="tea", cost=2, margin=10),
        )
    )
    assumptions = OfferAssumptions(acceptance_probability=0.1, save_rate=0.1, customer_value=50)
    contacts = ContactState.unknown(CUSTOMERS)
    customers = OfferCustomers(
        contacts=replace(contacts, refuses=np.isin(CUSTOMERS, declined_contact)),
        acceptance=AcceptanceEstimates.of_rates(estimate_acceptance(book, assumptions), n_customers=3),
        variables={
            "returns_365d": np.array([0.0, np.nan, 0.0]),
            "churn_probability": np.array([0.9, 0.5, 0.1]),
        },
        languages=np.array(["ja", "", "en"]),
        line_user_ids=np.array(["U1", "", ""]),
    )
    policy = ContactPolicy(quiet_from=None, quiet_until=None)
    terms = OfferTerms(
        data_set="shop",
        book=book,
        assumptions=assumptions,
        settings=settings or DecisionSettings(),
        policy=policy,
        control=PermanentControlGroup(share=control_share, salt="shop", n_contactable=1_000),
        fatigue=assume_fatigue(0.0),
    )
    return OfferPart.of(terms, customers, refusals=Refusals.of(np.array(declined_contact, dtype=str), {}))


def segment_part(opted_out: dict[str, NDArray[np.str_]] | None = None) -> SegmentPart:
    """Ada and Bo are in segment `often`, Ada is the key account, and there is one customer tier."""
    segments = (
        SegmentDefinition(name="often", definition="frequency >= 2", action="early access"),
        SegmentDefinition(name="key", definition="1 named", action="call them"),
    )
    segmentation = Segmentation(
        customer_ids=CUSTOMERS,
        segments=segments,
        in_segment=np.array([[False, False], [True, True], [True, False]]),
        customer_tiers=(SegmentDefinition(name="gold", definition="top 40 % by value", action=""),),
        customer_tier=np.array([-1, 0, -1], np.int16),
        value=np.array([10.0, 100.0, np.nan]),
        value_kind="revenue_365d",
        churn_probability=np.array([0.9, 0.5, 0.1]),
        health=np.array([10.0, 50.0, 90.0]),
    )
    figures = {"recency_days": np.array([40.0, 2.0, 5.0]), "revenue_365d": segmentation.value}
    towns = {"town": np.array(["", "Osaka", "Tokyo"])}
    relations = Relations(
        yearly_value_kind="revenue",
        yearly_value=np.array([10.0, 1000.0, np.nan]),
        owners=["", "mori", "mori"],
        account_ids=["", "acme", "acme"],
    )
    loyalty = {
        "points_balance": np.array([np.nan, 300.0, 0.0]),
        "rank": np.array(["", "silver", ""]),
        "distance_to_next_rank": np.array([np.nan, 2000.0, np.nan]),
    }
    return SegmentPart.of(
        segmentation, figures, attributes=towns, opted_out=opted_out or {}, relations=relations, loyalty=loyalty
    )


def retention_part(capacity: int | None = None, segments: SegmentPart | None = None) -> RetentionPart:
    """A contact costs 2 and an incentive 10, a fifth of churners is kept; a voucher for 1 is open to Cyd alone.

    Ada is worth 730, Bo nothing, Cyd 4,000.
    """
    settings = RetentionSettings(save_rate=0.2, offer_cost=10, contact_cost=2, capacity=capacity)
    return price_contacts(
        config(retention=settings),
        churn_part().probability,
        worth=CustomerValues("predicted", np.array([730.0, 0.0, 4000.0])),
        offers=[SavingOffer(offer_id="voucher", kind="discount", cost=1)],
        allowed=np.array([[False], [False], [True]]),
        segments=segments or segment_part(),
        customer_ids=np.sort(CUSTOMERS),
    )


def report_part() -> ReportPart:
    """The revenue of the year with its months, and a campaign that has changed a little."""
    revenue = SummaryFigure(
        name="revenue",
        label={"en": "Revenue", "ja": "売上"},
        meaning={"en": "", "ja": ""},
        value=1234567.0,
        low=1100000.5,
        high=1300000.0,
        n=3,
        text={"en": "¥1,235k", "ja": "1,235千円"},
        interval={"en": "¥1,100k to ¥1,300k", "ja": "1,100千円~1,300千円"},
        months=(MonthlyValue("2026-02", 90000.0), MonthlyValue("2026-03", 110000.0)),
    )
    campaign = CampaignSummary(
        name="win_back",
        goal="silent customers order again",
        state=CampaignState.RUNNING,
        lines={"en": ("KPI: orders within 14 days",), "ja": ("KPI:14日以内の注文",)},
        effects=(CampaignEffect(label={"en": "orders", "ja": "注文"}, value=0.02, low=-0.01, high=0.05),),
    )
    return ReportPart(
        BusinessSummary(
            cutoff=CUTOFF,
            year="2025-04/2026-03",
            sections=(SummarySection(title={"en": "Purchases", "ja": "購買"}, figures=(revenue,)),),
            missing_report="",
            campaigns=(campaign,),
            missing_campaigns="",
            measured_at=NOW,
        )
    )


def account_part() -> AccountPart:
    """Ada and Bo belong to acme; Cyd, the only customer of cold, does not consent to scoring."""
    segments, churn = segment_part(), churn_part(np.array(["cyd"]))
    members = {"acme": [segments.index.find("ada"), segments.index.find("bo")], "cold": [segments.index.find("cyd")]}
    return build_accounts(churn, segments, members=members, risk_levels=RiskLevels(), n_decimals=2)


def identity_part() -> IdentityPart:
    """Ada's app."""
    return IdentityPart.of(np.array(["app-7"]), customers=np.array(["ada"]), linked_at=np.array([0]))


def sample_release(release_id: str = "20260401T030000Z-aaaaaa", without: tuple[str, ...] = ()) -> Release:
    """A release with all parts except those in `without`."""
    builders = {
        "churn": churn_part,
        "hazard": hazard_part,
        "recommender": recommender_part,
        "predict": predict_part,
        "value": value_part,
        "uplift": uplift_part,
        "offers": offer_part,
        "segments": segment_part,
        "retention": retention_part,
        "accounts": account_part,
        "report": report_part,
        "identities": identity_part,
    }
    parts = {kind: build() for kind, build in builders.items() if kind not in without}
    models = {
        kind: ReleasedModel(
            name=f"kizuna.shop.{kind}",
            version=3,
            model="by_hand",
            cutoff=CUTOFF,
            card_digest="c",
            features_digest="f",
            data_digest="d",
        )
        for kind in ("churn", "hazard", "recommender", "predict.buys_tea", "value", "uplift")
        if kind.partition(".")[0] not in without
    }
    description = ReleaseDescription(
        release_id=release_id,
        created_at=NOW,
        data_set="shop",
        time_zone="Asia/Tokyo",
        currency="JPY",
        n_decimals=0,
        cutoff=CUTOFF,
        data_digest="d",
        models=models,
        missing=dict.fromkeys(without, "its churn is random"),
    )
    return Release(
        description, msgspec.Raw(msgspec.json.encode({kind: {"model": "by_hand"} for kind in models})), **parts
    )


def publish(folder: Path, release: Release, *, keep: int = 5) -> Path:
    """Write a release and activate it."""
    activation = Activation(release_id=release.description.release_id, who="ada", why="a test", at=NOW)
    return Releases(folder).publish(release, activation, keep=keep)
