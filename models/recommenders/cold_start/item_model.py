"""Cold start of items: what has never been bought is recommended like the known items that its attributes resemble.

    likeness = mean over what is known of the new item of
               1 where the word of an attribute is the same, the lower price / the higher price

Where any words of the new item are known, a known item is a neighbour only if it shares one: a price alone says little.
"""

from __future__ import annotations

import numpy as np

from core.errors import BadInput
from core.item_attributes import ItemAttributes
from models.recommenders.cold_start.items import Newcomers, WiderRecommender, WiderScoringRecommender
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.scoring import ScoringRecommender

DISCOUNT = 0.5
"What a likeness of attributes is worth beside purchases; a judgement, because new items have no past to tune it on."

CELLS_AT_ONCE = 2**22
"Likenesses held in memory together, new x known items."


def newcomers_of(known: ItemAttributes, new: ItemAttributes, n_neighbours: int = 20) -> Newcomers:
    """The items of `new` that are not among the known ones, each with its most alike known items."""
    never_bought = new.only(~np.isin(new.item_ids, known.item_ids))
    at_once = max(1, CELLS_AT_ONCE // max(1, len(known)))
    neighbours, likeness = list[np.ndarray](), list[np.ndarray]()
    for start in range(0, len(never_bought), at_once):
        for row in attribute_likeness(_between(never_bought, start, start + at_once), known):
            nearest = np.argsort(-row, kind="stable")[:n_neighbours]
            neighbours.append(nearest[row[nearest] > 0])
            likeness.append(row[neighbours[-1]])
    return Newcomers(
        never_bought.item_ids,
        np.cumsum([0, *map(len, neighbours)], dtype=np.int64),
        np.concatenate([*neighbours, []]).astype(np.int32),
        np.concatenate([*likeness, []]).astype(np.float32),
        len(known),
    )


def attribute_likeness(items: ItemAttributes, others: ItemAttributes) -> np.ndarray:
    """(items, others) float32 from 0 to 1; see above."""
    same = np.zeros((len(items), len(others)), dtype=np.float32)
    for name in items.codes:
        codes, theirs = items.in_words_of(others, name), others.codes.get(name, np.empty(0))
        if len(theirs):
            same += (codes[:, None] == theirs) & (codes[:, None] >= 0)
    n_words = np.sum([codes >= 0 for codes in items.codes.values()], axis=0, dtype=np.int64) * np.ones(len(items))
    price, their_price = (np.where(each.price > 0, each.price, np.nan) for each in (items, others))
    closeness = np.minimum(price[:, None], their_price) / np.maximum(price[:, None], their_price)
    likeness = (same + np.nan_to_num(closeness)) / np.maximum(n_words + ~np.isnan(price), 1)[:, None]
    return np.where((same > 0) | (n_words == 0)[:, None], likeness, 0).astype(np.float32)


def with_newcomers(model: LadderRecommender, newcomers: Newcomers, discount: float = DISCOUNT) -> LadderRecommender:
    """The fitted model with the newcomers in its catalogue, and in that of the one beside it.

    Raises BadInput where the newcomers are of another catalogue.
    """
    if newcomers.n_known != len(model.item_ids) or np.isin(newcomers.item_ids, model.item_ids).any():
        raise BadInput(
            f"the newcomers are of a catalogue of {newcomers.n_known} items, {model.name} has {len(model.item_ids)}; "
            "work them out for its own items"
        )
    if not len(newcomers):
        return model
    if isinstance(model, ScoringRecommender):
        wider = WiderScoringRecommender(model, newcomers, discount)
    else:
        wider = WiderRecommender(model, newcomers, discount)
    return (
        wider
        if model.similarity_model_ is None
        else wider.with_beside(with_newcomers(model.similarity_model_, newcomers, discount))
    )


def _between(items: ItemAttributes, start: int, end: int) -> ItemAttributes:
    places = np.arange(len(items))
    return items.only((places >= start) & (places < end))
