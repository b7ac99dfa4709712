"""The request of POST /v1/recommendations."""

from __future__ import annotations

from typing import Annotated, Self

import msgspec

from core.ids import Id
from core.recommendations import RepeatPolicy
from models.recommenders.reranking.diversity import Diversity
from serving.http.schema import Attribute, AttributeValue, Count, CustomerId, ItemId, Request

Items = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=1000)]
AttributeValues = Annotated[tuple[AttributeValue, ...], msgspec.Meta(min_length=1, max_length=100)]
Price = Annotated[float, msgspec.Meta(ge=0, description="In the base currency, as in the items table.")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Cap = Annotated[int, msgspec.Meta(ge=1, le=100)]
ListItem = Annotated[Id, msgspec.Meta(description="An item's id, as in the tables; excludes the other lists.")]
"No example: tools that read the OpenAPI document would put fields that exclude one another into one request."
MaxContributions = Annotated[int, msgspec.Meta(ge=0, le=5)]

NO_DIVERSITY = Diversity()


class RecommendationsRequest(Request, frozen=True):
    """For a customer on record, a history that the caller knows, both, or neither (recent best sellers)."""

    customer_id: CustomerId | None = None
    history: Items = ()
    "Items bought since the release was built, or by a customer who is not on record."
    preferences: Annotated[dict[Attribute, AttributeValue | AttributeValues], msgspec.Meta(max_length=20)] = (
        msgspec.field(default_factory=dict)
    )
    "Stated preferences by attribute of items; they replace earlier ones for the same attribute."
    k: Count = 10
    exclude: Items = ()
    "Items that must not be recommended."
    where: Annotated[dict[Attribute, AttributeValues], msgspec.Meta(max_length=20)] = msgspec.field(
        default_factory=dict
    )
    "Only items with one of the values in each of these attributes."
    price_min: Price | None = None
    price_max: Price | None = None
    "Only items within this price range, both ends included; items without a price are then excluded."
    in_stock: bool = True
    "Only items that are available in the release and not out of stock in /v1/stock."
    repeat_policy: RepeatPolicy | None = None
    """\
    Items bought before: allowed, only when they are due to be bought again, or never. Default: the release's own, see
    `[recommender] repeat_policy`; allow for similar_to, bought_with and trending."""
    discovery: Share | None = None
    "Weight of new items against repeats, from 0 to 1. Default: the release's own, see `[recommender] discovery`."
    at_most_per_category: Cap | None = None
    diversity: Share = 0.0
    "Weight of diversity against relevance (maximal marginal relevance); 0 is relevance alone."
    contributions: MaxContributions = 1
    "Maximum number of past purchases to name per item."
    similar_to: ListItem | None = None
    "Items similar to this one, instead of personal recommendations."
    bought_with: ListItem | None = None
    "Items that share orders with this one more often than by chance, instead of personal recommendations."
    trending: bool = False
    "Items whose purchases are growing, instead of personal recommendations."

    def find_contradiction(self) -> str:
        """Which fields exclude each other; '' if none do. JSON Schema cannot express it."""
        if (self.similar_to is not None) + (self.bought_with is not None) + self.trending > 1:
            return "give at most one of similar_to, bought_with and trending"
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            return "price_min has to be at most price_max"
        return ""

    def with_defaults(self, repeat_policy: RepeatPolicy, discovery: float) -> Self:
        """The request with the release's rules for repeats where it states none."""
        policy = self.repeat_policy or ("allow" if self.is_list else repeat_policy)
        weight = discovery if self.discovery is None else self.discovery
        return msgspec.structs.replace(self, repeat_policy=policy, discovery=weight)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the rules for repeats filters or changes the precomputed items of a customer."""
        has_filters = bool(self.exclude or self.where) or self.price_min is not None or self.price_max is not None
        has_additions = bool(self.history or self.preferences)
        has_default_rules = self.in_stock and self.reranking == NO_DIVERSITY
        return has_default_rules and not (has_filters or has_additions or self.is_list)

    @property
    def is_list(self) -> bool:
        """Whether the request is for a list that is the same for all customers."""
        return self.similar_to is not None or self.bought_with is not None or self.trending

    @property
    def reranking(self) -> Diversity:
        """The settings of the diversity step."""
        return Diversity(self.at_most_per_category, self.diversity)

    @property
    def preference_lists(self) -> dict[str, tuple[str, ...]]:
        """The preferences, with single values as lists."""
        return {name: (values,) if isinstance(values, str) else values for name, values in self.preferences.items()}
