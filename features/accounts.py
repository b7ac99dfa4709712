"""People roll up to their accounts, where the account is the customer: what they did, it did, and who did it is kept.

ada (of acme) logged in    ->    customer_id acme, person_id ada
"""

from __future__ import annotations

import ibis.expr.types as ir

from features.expressions import Expression, ibis


def memberships(customers: Expression) -> ir.Table:
    """Which account each person belongs to, one row a person who has one."""
    known = customers.filter(customers.account_id.notnull())
    return known.select(member_id="customer_id", belongs_to="account_id")


def rolled_up(table: ir.Table, members: ir.Table) -> ir.Table:
    """The table with the account as customer_id and the person as person_id; who belongs to none stays a customer."""
    joined: Expression = table.left_join(members, [("customer_id", "member_id")])
    customer = ibis.coalesce(joined.belongs_to, joined.customer_id)
    return joined.mutate(person_id=joined.customer_id, customer_id=customer).select(*table.columns, "person_id")
