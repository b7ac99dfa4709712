"""A small release, written by hand, with known answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np

from core.config.money import OfferAssumptions
from core.config.training import RiskLevels
from core.feature_table import FeatureColumn, FeatureTable
from core.interactions import Interactions
from core.item_attributes import ItemAttributes
from core.offers import Offer, OfferBook
from core.risk_curves import RiskCurves
from core.scores import Reason, Scores
from core.segmentation import Segmentation, SegmentDefinition
from models.recommenders.cold_start.customers import StartingPoints
from models.recommenders.cold_start.item_model import newcomers_of
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.item_lists.bought_together import BoughtTogether
from models.recommenders.item_lists.trending import trending
from models.recommenders.popularity import Popularity
from serving.release.churn_part import ChurnPart
from serving.release.context_models import ContextModels
from serving.release.customer_part import CustomerPart, Statements
from serving.release.hazard_part import HazardPart
from serving.release.item_part import ItemPart
from serving.release.offer_part import OfferPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import Release, ReleaseDescription, ReleasedModel
from serving.release.releases import Pointer, Releases
from serving.release.segment_part import SegmentPart
from serving.release.trend_part import TrendPart

CUTOFF = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
CUSTOMERS = np.array(["cyd", "ada", "bo"])
LATE = Reason("recency", "up", 1.2, 74.0, 21.0, "last purchase 74 days ago (usually 21)", "最終購入から74日(通常21日)")


def churn_part(refused: np.ndarray | None = None) -> ChurnPart:
    """Cyd is about to leave, Ada may, Bo stays."""
    scores = Scores(
        CUSTOMERS,
        np.full(3, np.datetime64(CUTOFF)),
        np.array([0.9, 0.5, 0.1]),
        90,
        low=np.array([0.8, 0.4, 0.05]),
        high=np.array([0.95, 0.6, 0.2]),
    )
    return ChurnPart.of(scores, [(LATE,), (LATE,), ()], np.array([False, True, False]), RiskLevels(), refused)


def hazard_part(refused: np.ndarray | None = None) -> HazardPart:
    """In each period cyd leaves at 50 %, ada at 20 %, bo at 1 %; cyd for the price, the others for both alike."""
    risk = 1 - (1 - np.array([[0.5], [0.2], [0.01]])) ** np.array([1, 2, 3, 4])
    shares = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    curves = RiskCurves(30, risk, risk[:, :, None] * shares[:, None, :], ("price", "support"))
    return HazardPart.of(CUSTOMERS, curves, np.array([100.0, 50.0, np.nan]), RiskLevels(), refused)


def bought() -> Interactions:
    """Everybody bought tea; Ada and Bo a cup, Bo a pot; nobody the hidden thing."""
    return Interactions(
        customer_ids=np.array(["ada", "bo", "cyd"]),
        item_ids=np.array(["cup", "hidden", "pot", "tea"]),
        indptr=np.array([0, 2, 5, 7]),
        items=np.array([3, 0, 3, 0, 2, 3, 1], dtype=np.int32),
        times=np.full(7, np.datetime64("2026-03-30T12:00:00", "s")),
        quantities=np.ones(7, dtype=np.float32),
        orders=np.arange(7),
    )


def attributes() -> ItemAttributes:
    """Drinks and vessels; the pot is the dear one, and nobody knows what the tea costs."""
    words = {"category": ["vessels", None, "vessels", "drinks"], "colour": ["red", "red", "blue", None]}
    return ItemAttributes.of(bought().item_ids, words, [5.0, 1.0, 30.1, None])


def surroundings(interactions: Interactions, items: ItemAttributes) -> ContextModels:
    """Learnt from what was bought; one order is enough to speak of two items."""
    return ContextModels(
        StartingPoints.learnt_from(interactions, {"town": np.array(["Osaka", "Tokyo", "Osaka"])}, items, 30, CUTOFF),
        BoughtTogether.learnt_from(interactions, least_support=1),
        TrendPart.of(trending(interactions, CUTOFF, 14), 14),
    )


def recommender_part(
    model: LadderRecommender | None = None, said: Statements | None = None, k: int = 2
) -> RecommenderPart:
    """By default popularity over what was bought, and nobody said anything; one item is hidden."""
    fitted = model or Popularity().fit(bought(), CUTOFF)
    titles = [{"title": name.capitalize()} for name in fitted.item_ids]
    none_new = newcomers_of(attributes(), attributes())
    items = ItemPart.of(attributes(), np.array([5.0, 1.0, 30.1, np.nan]), np.array([1]), titles)
    customers = CustomerPart.of(bought().histories, said or Statements())
    return RecommenderPart.of(fitted, none_new, customers, items, surroundings(bought(), attributes()), CUTOFF, k)


def offer_part() -> OfferPart:
    """A voucher for those at risk who return nothing, and a sample for all, which costs more than it brings."""
    book = OfferBook(
        (
            Offer("voucher", "discount", cost=1, margin=5, rule="churn_probability > 0.4 and returns_365d == 0"),
            Offer("sample", "item", item_id="tea", cost=2, margin=10),
        )
    )
    column = FeatureColumn("returns_365d", "returns", "pieces", "returns", "返品", "none", "d1")
    returns = FeatureTable(CUSTOMERS, np.full(3, np.datetime64(CUTOFF)), np.array([[0.0], [np.nan], [0.0]]), (column,))
    assumed = OfferAssumptions(acceptance_probability=0.1, save_rate=0.1, customer_value=50)
    return OfferPart.of(book, assumed, returns)


def segment_part(refused: dict[str, np.ndarray] | None = None) -> SegmentPart:
    """Ada and Bo come often; Ada is the key account, and nobody asks for more than one tier."""
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
    return SegmentPart.of(segmentation, figures, {"town": np.array(["", "Osaka", "Tokyo"])}, refused or {})


def hand_made(release_id: str = "20260401T030000Z-aaaaaa", without: tuple[str, ...] = ()) -> Release:
    """A release with everything but what is left out."""
    made = {
        "churn": churn_part,
        "hazard": hazard_part,
        "recommender": recommender_part,
        "offers": offer_part,
        "segments": segment_part,
    }
    parts = {kind: make() for kind, make in made.items() if kind not in without}
    models = {
        kind: ReleasedModel(f"kizuna.shop.{kind}", 3, "by_hand", CUTOFF, "c", "f", "d")
        for kind in ("churn", "hazard", "recommender")
        if kind not in without
    }
    description = ReleaseDescription(
        release_id=release_id,
        created_at=NOW,
        data_set="shop",
        time_zone="Asia/Tokyo",
        currency="JPY",
        cutoff=CUTOFF,
        data_digest="d",
        models=models,
        missing=dict.fromkeys(without, "its churn is a coin toss"),
    )
    return Release(
        description, msgspec.Raw(msgspec.json.encode({kind: {"model": "by_hand"} for kind in models})), **parts
    )


def put_in_force(folder: Path, release: Release, keep: int = 5) -> Path:
    """Write a release and point at it."""
    pointer = Pointer(release.description.release_id, "ada", "a test", NOW)
    return Releases(folder).add(release, pointer, keep)
