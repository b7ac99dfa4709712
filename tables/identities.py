"""Who the customer of a row is: aliases resolve to one customer, and people roll up to their account.

    cookie-9 -> app-4 -> ada        cookie-9 is ada
    x -> y -> x                     a circle resolves to no one: x stays x, y stays y

    ada (of acme) logged in                 customer_id acme, person_id ada
    bo (of acme and zeta at once) logged in  excluded: the account is not certain

Chains of aliases are resolved in doubling steps; one longer than 2 ** DOUBLINGS counts as a circle. `kizuna check`
counts the aliases that end in a circle.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

DOUBLINGS = 4
LINKED_AT = "linked_at"


def newest_links(identities: ir.Table) -> ir.Table:
    """One row per alias_id: the customer_id it was linked to last, and when (`linked_at`, null without a time)."""
    is_dated = "recorded_time" in identities.columns
    links = identities.mutate(linked_at=identities.recorded_time if is_dated else ibis.null("timestamp"))
    # A link without a time has always been known, so any dated one is newer.
    order = [ibis.desc(LINKED_AT, nulls_first=False), ibis.desc("customer_id")]
    links = links.mutate(link_rank=ibis.row_number().over(group_by="alias_id", order_by=order))
    links = links.filter(links.link_rank == 0)
    return links.filter(links.alias_id != links.customer_id).select("alias_id", "customer_id", LINKED_AT)


def resolve_chains(links: ir.Table) -> ir.Table:
    """Each alias_id with the customer_id at the end of its chain; `open_ended` where the chain never ends."""
    ends = links
    for _ in range(DOUBLINGS):
        steps = ends.select(step_from="alias_id", step_to="customer_id")
        joined = ends.left_join(steps, [("customer_id", "step_from")])
        # The view closes the join: ibis would otherwise chain the next one onto it.
        ends = joined.select("alias_id", customer_id=ibis.coalesce(joined.step_to, joined.customer_id)).view()
    aliases = links.select(still_alias="alias_id")
    joined = ends.left_join(aliases, [("customer_id", "still_alias")])
    return joined.select("alias_id", "customer_id", open_ended=joined.still_alias.notnull())


def replace_aliases(table: ir.Table, chains: ir.Table, *, column: str = "customer_id") -> ir.Table:
    """The table with every alias in a column replaced by its customer."""
    ends = chains.filter(~ibis._.open_ended).select(known_alias="alias_id", known_as="customer_id")
    joined = table.left_join(ends, [(column, "known_alias")])
    return joined.mutate(**{column: ibis.coalesce(joined.known_as, joined[column])}).select(*table.columns)


def memberships(customers: ir.Table) -> ir.Table:
    """The account of each person who has one, one row per person."""
    members = customers.filter(customers.account_id.notnull())
    return members.select(member_id="customer_id", belongs_to="account_id")


def roll_up(table: ir.Table, members: ir.Table, *, ambiguous: ir.Table | None = None) -> ir.Table:
    """The table with the account as customer_id and the person as person_id.

    A person without an account stays a customer. Rows of people in several accounts at once (`ambiguous`) are
    excluded, unless the person was known to belong to one account before.
    """
    joined = table.left_join(members, [("customer_id", "member_id")])
    if ambiguous is not None:
        certain = joined.filter(joined.belongs_to.notnull())
        alone = joined.filter(joined.belongs_to.isnull()).anti_join(ambiguous, "customer_id")
        joined = certain.union(alone)
    customer = ibis.coalesce(joined.belongs_to, joined.customer_id)
    return joined.mutate(person_id=joined.customer_id, customer_id=customer).select(*table.columns, "person_id")


def add_seats(subscriptions: ir.Table, accounts: ir.Table) -> ir.Table:
    """Subscriptions without seats, with the account's seats on the running one that began last."""
    if "ended_at" in subscriptions.columns:
        spans = subscriptions
    else:
        spans = subscriptions.mutate(ended_at=ibis.null("timestamp"))
    newest_first = ibis.window(
        group_by=["customer_id", spans.ended_at.isnull()], order_by=[ibis.desc("started_at"), "subscription_id", "mrr"]
    )
    ranks = spans.mutate(place=ibis.row_number().over(newest_first))
    joined = ranks.left_join(accounts.select("account_id", "seats"), [("customer_id", "account_id")])
    has_seats = joined.ended_at.isnull() & (joined.place == 0)
    seats = ibis.ifelse(has_seats, joined.seats, ibis.null("int64"))
    return joined.mutate(seats=seats).select(*subscriptions.columns, "seats")
