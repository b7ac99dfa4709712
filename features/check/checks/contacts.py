"""Contacts that should not have been made: with customers who refuse contact, and with control groups.

    refusal              consent
    |--------------------|          a contact in between is one too many

The permanent control group begins with the first contact that has a decision_id: nothing chose it before.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _

from core.control_group import PermanentControlGroup
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.cohort import select_cohort
from features.contact_state import mark_promotional
from tables.consents import customers_refusing
from tables.engines.arrays import texts
from tables.tables import Tables


def find(data: CheckedData) -> Iterator[Finding]:
    """At most one finding of each kind."""
    tables = data.tables
    if tables is None or "contacts" not in tables:
        return
    view = tables.latest()
    if "consents" in view:
        yield from _find_refused(view)
    if "propensity" in view["contacts"].columns:
        yield from _find_impossible_propensities(view)
    if "campaign_id" in view["contacts"].columns:
        yield from _find_campaign_controls(view)
    if "decision_id" in view["contacts"].columns:
        yield from _find_permanent_controls(tables, view)


def _find_refused(view: Tables) -> Iterator[Finding]:
    """Contacts while the latest consent to contact was a refusal."""
    consents = view["consents"].filter(_.purpose.strip().lower() == "contact")
    # Of consents at one moment a refusal wins, so it comes last.
    order = ibis.window(group_by="customer_id", order_by=["event_time", ibis.desc("granted")])
    spans = consents.mutate(until=consents.event_time.lead().over(order))
    refusals = spans.filter(~_.granted).select(refuser="customer_id", since="event_time", until="until")
    made = view["contacts"].filter(_.treated)
    within = [
        made.customer_id == refusals.refuser,
        refusals.since < made.event_time,
        refusals.until.isnull() | (made.event_time < refusals.until),
    ]
    yield from _count("contacts_despite_refusal", made.semi_join(refusals, within), of=made)


def _find_impossible_propensities(view: Tables) -> Iterator[Finding]:
    """Propensities that are no probability with which chance decides; 1 is a contact that was certain."""
    recorded = view["contacts"].filter(_.propensity.notnull())
    impossible = recorded.filter((_.propensity <= 0) | (_.propensity > 1) | _.propensity.isnan())
    yield from _count("impossible_propensities", impossible, of=recorded)


def _find_campaign_controls(view: Tables) -> Iterator[Finding]:
    """Customers of the control group of a campaign who were contacted by the same campaign."""
    contacts = view["contacts"].filter(_.campaign_id.notnull())
    controls = contacts.filter(~_.treated).select("customer_id", "campaign_id").distinct()
    treated = contacts.filter(_.treated).select("customer_id", "campaign_id").distinct()
    both = controls.semi_join(treated, ["customer_id", "campaign_id"])
    yield from _count("campaign_control_contacted", both, of=controls)


def _find_permanent_controls(tables: Tables, view: Tables) -> Iterator[Finding]:
    """Promotional contacts with the permanent control group, since decisions are made."""
    policy, contacts = tables.config.contact_policy, mark_promotional(view)
    first = fetch_one(contacts.filter(_.decision_id.notnull()).aggregate(first=_.event_time.min()))["first"]
    if first is None or not policy.control_share:
        return
    group = PermanentControlGroup(
        share=policy.control_share,
        salt=policy.control_salt or tables.config.name,
        n_contactable=_count_contactable(tables),
    )
    promotional = contacts.filter(_.treated & _.promotional & (_.event_time >= ibis.literal(first, "timestamp")))
    customer_ids = texts(promotional.select("customer_id").distinct().to_pyarrow()["customer_id"])
    controls = np.sort(customer_ids[group.members(customer_ids)])
    if len(controls):
        yield Finding(
            kind="control_group_contacted",
            severity=Severity.WARNING,
            table="contacts",
            column="customer_id",
            count=len(controls),
            of=len(customer_ids),
            example=str(controls[0]),
            setting="[contact_policy] control_share",
            values={"since": first.date().isoformat()},
        )


def _count_contactable(tables: Tables) -> int:
    cutoff = tables.default_cutoff()
    customers = select_cohort(tables, [cutoff]).customer_ids
    return len(np.setdiff1d(customers, customers_refusing(tables, "contact", cutoff=cutoff)))


def _count(kind: str, rows: ir.Table, *, of: ir.Table) -> Iterator[Finding]:
    counts = fetch_one(rows.aggregate(n=rows.count(), example=rows.customer_id.min()))
    if counts["n"]:
        yield Finding(
            kind=kind,
            severity=Severity.WARNING,
            table="contacts",
            column="customer_id",
            count=int(counts["n"]),
            of=int(of.count().to_pyarrow().as_py()),
            example=counts["example"],
        )


CHECK = Check(find=find)
