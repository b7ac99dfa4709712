"""Who is who: a store card, an app and a cookie that turned out to be one customer.

    cookie-9 -> app-4 -> ada        cookie-9 is ada
    x -> y -> x                     a circle names nobody: x stays x, y stays y

Links are followed in doubling steps; a chain longer than 2 ** DOUBLINGS
counts as a circle. What is left in circles is counted by `kizuna check`.
"""

from __future__ import annotations

import ibis.expr.types as ir

from tables.engines.expressions import ibis

DOUBLINGS = 4


def newest_links(identities: ir.Table) -> ir.Table:
    """One row an alias_id: the customer_id it was last linked to."""
    order = [ibis.desc("customer_id")]
    if "recorded_time" in identities.columns:
        # A link without a time has always been known, so any dated one is newer.
        order = [ibis.desc("recorded_time", nulls_first=False), *order]
    rank = ibis.row_number().over(group_by="alias_id", order_by=order)
    links = identities.mutate(link_rank=rank).filter(ibis._.link_rank == 0)
    return links.filter(ibis._.alias_id != ibis._.customer_id).select("alias_id", "customer_id")


def followed(links: ir.Table) -> ir.Table:
    """Each alias_id with the customer_id at the end of its chain; `open_ended` where it has none."""
    ends = links
    for _ in range(DOUBLINGS):
        steps = ends.select(step_from="alias_id", step_to="customer_id")
        joined = ends.left_join(steps, [("customer_id", "step_from")])
        # The view closes the join: ibis would otherwise chain the next one onto it.
        ends = joined.select("alias_id", customer_id=ibis.coalesce(joined.step_to, joined.customer_id)).view()
    aliases = links.select(still_alias="alias_id")
    joined = ends.left_join(aliases, [("customer_id", "still_alias")])
    return joined.select("alias_id", "customer_id", open_ended=joined.still_alias.notnull())


def resolved(table: ir.Table, chains: ir.Table) -> ir.Table:
    """The table with every customer_id replaced by the customer it stands for."""
    ends = chains.filter(~ibis._.open_ended).select(known_alias="alias_id", known_as="customer_id")
    joined = table.left_join(ends, [("customer_id", "known_alias")])
    customer = ibis.coalesce(joined.known_as, joined.customer_id)
    return joined.mutate(customer_id=customer).select(*table.columns)
