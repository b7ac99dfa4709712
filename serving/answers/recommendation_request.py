"""What may be asked of POST /v1/recommendations."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from models.recommenders.reranking.diversity import Diversity
from serving.answers.item_lists import ItemList, bought_with, on_the_rise, similar_to
from serving.answers.recommendations import Query
from serving.http.schema import Attribute, Count, CustomerId, Id, ItemId, Question, Word
from serving.release.recommender_part import RecommenderPart

Items = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=1000)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=100)]
Price = Annotated[float, msgspec.Meta(ge=0, description="In the base currency, as in the items table.")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
AtMost = Annotated[int, msgspec.Meta(ge=1, le=100)]
Beside = Annotated[Id, msgspec.Meta(description="An item's id, as in the tables; with no other list.")]
"Without an example: what reads the document would put those of fields that exclude one another into one request."
HowMany = Annotated[int, msgspec.Meta(ge=0, le=5)]


class RecommendationsQuestion(Question, frozen=True):
    """For whom: a customer on record, a history that the caller knows, both, or neither (what everybody buys)."""

    customer_id: CustomerId | None = None
    history: Items = ()
    "Items bought since the release was made, or by a customer who is not on record."
    preferences: Annotated[dict[Attribute, Word | Words], msgspec.Meta(max_length=20)] = msgspec.field(
        default_factory=dict
    )
    "What they tell us that they like, by attribute of items; replaces what was told of the same before."
    k: Count = 10
    exclude: Items = ()
    "Items that must not come back."
    where: Annotated[dict[Attribute, Words], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=dict)
    "Only items that have one of the words in each of these attributes."
    price_min: Price | None = None
    price_max: Price | None = None
    "Only items that cost between the two, themselves included; items without a price are left out."
    in_stock: bool = True
    "Only items that are neither unavailable in the release nor in the live set of /v1/stock."
    repeat_policy: Literal["allow", "due", "never"] = "allow"
    "What they bought before: may come back; only when it is time to buy it again; never."
    at_most_per_category: AtMost | None = None
    diversity: Share = 0.0
    "How much variety counts against relevance (maximal marginal relevance): 0 not at all."
    contributions: HowMany = 1
    "With so many past purchases that speak for each item, at most."
    similar_to: Beside | None = None
    "Instead of what they would like: what is like this item."
    bought_with: Beside | None = None
    "Instead of what they would like: what lands in one order with this item, more often than by chance."
    trending: bool = False
    "Instead of what they would like: what is bought more than before."

    def __post_init__(self) -> None:
        if (self.similar_to is not None) + (self.bought_with is not None) + self.trending > 1:
            raise ValueError("Expected one of `similar_to`, `bought_with` and `trending` at most")
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("Expected `price_min` to be no more than `price_max`")

    def list_of(self, part: RecommenderPart) -> ItemList | None:
        """The list that is asked for; None where it is what they would like."""
        if self.similar_to is not None:
            return similar_to(part, self.similar_to)
        if self.bought_with is not None:
            return bought_with(part, self.bought_with)
        return on_the_rise(part) if self.trending else None

    def wish(self, row: int, shown: ItemList | None) -> Query:
        """What is asked of one row of the customers on record (-1: of nobody)."""
        return Query(
            row,
            self.k,
            self.history,
            self.exclude,
            self.where,
            self.price_min,
            self.price_max,
            {name: (told,) if isinstance(told, str) else told for name, told in self.preferences.items()},
            Diversity(self.at_most_per_category, self.diversity),
            allow_seen=self.repeat_policy != "never",
            allow_not_due=self.repeat_policy != "due",
            in_stock=self.in_stock,
            n_contributions=self.contributions,
            shown=shown,
        )
