"""Small purchase logs: one line per basket, and a checkerboard whose next items are known."""

from __future__ import annotations

import numpy as np

from core.interactions import Histories, Interactions, codes_of

HISTORY_ARRAYS = ("customer_ids", "item_ids", "indptr", "items", "times", "quantities", "orders")


def interactions(*baskets: str) -> Interactions:
    """Interactions from baskets such as "ada 2024-03-01 tea milk"; '-' is an unknown customer."""
    lines = [(who, when, item) for who, when, *items in map(str.split, baskets) for item in items]
    customer_ids = np.array(sorted({who for who, *_ in lines} - {"-"}), dtype=str)
    item_ids = np.array(sorted({item for *_, item in lines}), dtype=str)
    named = sorted(line for line in lines if line[0] != "-")
    anonymous = [line for line in lines if line[0] == "-"]
    customers = codes_of(np.array([who for who, *_ in named], dtype=str), customer_ids)
    return Interactions(
        customer_ids=customer_ids,
        item_ids=item_ids,
        indptr=np.searchsorted(customers, np.arange(len(customer_ids) + 1)).astype(np.int64),
        items=codes_of(np.array([item for *_, item in named], dtype=str), item_ids),
        times=np.array([when for _, when, _ in named], dtype="datetime64[s]"),
        quantities=np.ones(len(named), dtype=np.float32),
        orders=np.full(len(named), -1, dtype=np.int64),
        anonymous_items=codes_of(np.array([item for *_, item in anonymous], dtype=str), item_ids),
        anonymous_times=np.array([when for _, when, _ in anonymous], dtype="datetime64[s]"),
    )


def checkerboard(n: int) -> Interactions:
    """n customers and n items: customer i bought every item of the same parity as i, except item i."""
    names = [f"{number:04d}" for number in range(n)]
    return interactions(
        *(
            f"{customer} 2024-03-01 " + " ".join(names[number % 2 : number][::2] + names[number + 2 :: 2])
            for number, customer in enumerate(names)
        )
    )


def history(*item_ids: str, among: Interactions) -> Histories:
    """One history of these items, all bought on 2024-03-01."""
    return Histories.of_items([item_ids], among.item_ids, now=np.datetime64("2024-03-01", "s"))
