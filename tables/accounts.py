"""People roll up to their accounts, where the account is the customer: what they did, it did, and who did it is kept.

ada (of acme) logged in    ->    customer_id acme, person_id ada
bo (of acme and of zeta at once) logged in    ->    left out: nobody can say for whom
acme has 40 seats, its spans say nothing    ->    40 on what it began last of what still runs
"""

from __future__ import annotations

import ibis.expr.types as ir

from tables.engines.expressions import Expression, ibis


def memberships(customers: Expression) -> ir.Table:
    """Which account each person belongs to, one row a person who has one."""
    known = customers.filter(customers.account_id.notnull())
    return known.select(member_id="customer_id", belongs_to="account_id")


def rolled_up(table: ir.Table, members: ir.Table, unsure: ir.Table | None = None) -> ir.Table:
    """The table with the account as customer_id and the person as person_id; who belongs to none stays a customer.

    What people of several accounts at once did is left out, unless they were known as of one before.
    """
    joined: Expression = table.left_join(members, [("customer_id", "member_id")])
    if unsure is not None:
        certain: Expression = joined.filter(joined.belongs_to.notnull())
        alone = joined.filter(joined.belongs_to.isnull()).anti_join(unsure, "customer_id")
        joined = certain.union(alone)
    customer = ibis.coalesce(joined.belongs_to, joined.customer_id)
    return joined.mutate(person_id=joined.customer_id, customer_id=customer).select(*table.columns, "person_id")


def seated(spans: ir.Table, accounts: ir.Table) -> ir.Table:
    """Spans that say nothing of seats, with the account's on the one that began last of those that run."""
    known: Expression = spans if "ended_at" in spans.columns else spans.mutate(ended_at=ibis.null("timestamp"))
    last = ibis.window(
        group_by=["customer_id", known.ended_at.isnull()], order_by=[ibis.desc("started_at"), "subscription_id", "mrr"]
    )
    placed = known.mutate(place=ibis.row_number().over(last))
    joined: Expression = placed.left_join(accounts.select("account_id", "seats"), [("customer_id", "account_id")])
    has_them = joined.ended_at.isnull() & (joined.place == 0)
    return joined.mutate(seats=ibis.ifelse(has_them, joined.seats, ibis.null("int64"))).select(*spans.columns, "seats")
