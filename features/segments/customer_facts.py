"""What rules can use of customers that models are not trained on: language, birthday, change of the contact person.

birthday          cutoff            next birthday
|-------------------|------ days_to_birthday ------|

role of ada: admin       role of bo: admin          cutoff
|---------------------------|-- days_since_contact_person_changed --|
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.errors import RuleError
from core.feature_names import CustomerFact
from core.feature_table import FeatureTable
from core.rules.rule import Column
from core.window import Cohort
from tables.accounts import accounts_of
from tables.contract import CONTRACT
from tables.engines.arrays import days, midnight, texts
from tables.known_at import keep_known_rows
from tables.tables import Tables

FACT_TABLES: dict[str, frozenset[str]] = {
    CustomerFact.LANGUAGE: frozenset({"customers"}),
    CustomerFact.DAYS_TO_BIRTHDAY: frozenset({"customers"}),
    CustomerFact.DAYS_SINCE_CONTACT_PERSON_CHANGED: frozenset({"customers", "accounts"}),
}
"The tables that may have each fact; one of them is enough."

MAIN_ROLES = (
    "admin", "administrator", "owner", "main contact", "primary contact", "key contact", "contact person", "contact",
    "decision maker", "担当者", "主担当", "主担当者", "窓口", "管理者", "決裁者",
)  # fmt: skip
"Roles of people who speak for their account; case, `_` and `-` do not matter."
DATES = ("valid_from", "joined_at", "recorded_time")
"Columns that say since when a row holds; the first that the table has counts."
NEVER = np.datetime64("NaT", "D")


class FactLoader(Protocol):
    """Loads one fact of customers, (n,), as known before midnight of the cutoff."""

    def __call__(self, tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> Column: ...


def load_customer_facts(tables: Tables, rows: Cohort | FeatureTable, *, names: Collection[str]) -> dict[str, Column]:
    """The named facts of each row (customer, cutoff), (n,); other names are ignored.

    Raises RuleError for a fact that the data set has no column for.
    """
    return {str(name): _load(tables, rows, load=load) for name, load in FACTS.items() if name in names}


def _load(tables: Tables, rows: Cohort | FeatureTable, *, load: FactLoader) -> Column:
    """One fact, cutoff by cutoff, in the order of the rows."""
    cutoffs = np.unique(rows.cutoffs)
    places = [np.flatnonzero(rows.cutoffs == cutoff) for cutoff in cutoffs]
    parts = [
        load(tables, rows.customer_ids[own], cutoff=cutoff.item()) for own, cutoff in zip(places, cutoffs, strict=True)
    ]
    if not parts:
        return np.empty(0, np.float64)
    return np.concatenate(parts)[np.argsort(np.concatenate(places))]


def _languages(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> Column:
    people = _read_people(tables, "language", fact=CustomerFact.LANGUAGE, cutoff=cutoff)
    spoken = people.filter(people.language.notnull())
    key = "account_id" if tables.config.customer == "account" else "customer_id"
    counts = spoken.filter(spoken[key].notnull()).group_by(key, "language").aggregate(n=_.count())
    order = ibis.window(group_by=key, order_by=[ibis.desc("n"), "language"])
    first = counts.mutate(place=ibis.row_number().over(order)).filter(_.place == 0).to_pyarrow()
    language = dict(zip(texts(first[key]).tolist(), texts(first["language"]).tolist(), strict=True))
    return np.array([language.get(one, "") for one in customer_ids.tolist()], dtype=np.str_)


def _days_to_birthday(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> Column:
    if tables.config.customer == "account":
        raise RuleError(f"a rule uses '{CustomerFact.DAYS_TO_BIRTHDAY}', and accounts have no birthday")
    people = _read_people(tables, "birth_date", fact=CustomerFact.DAYS_TO_BIRTHDAY, cutoff=cutoff)
    born = people.select("customer_id", birth_date=people.birth_date.cast("timestamp")).to_pyarrow()
    dates = dict(zip(texts(born["customer_id"]).tolist(), days(born["birth_date"]), strict=True))
    return days_to_birthday(np.array([dates.get(one, NEVER) for one in customer_ids.tolist()], "datetime64[D]"), cutoff)


def days_to_birthday(birth_dates: NDArray[np.datetime64], cutoff: date) -> NDArray[np.float64]:
    """Days from the cutoff to the next birthday, 0 to 365, (n,); NaN for NaT. 29 February is 1 March in other years."""
    today, months = np.datetime64(cutoff, "D"), birth_dates.astype("datetime64[M]")
    of_year, day = months.astype(np.int64) % 12, (birth_dates - months.astype("datetime64[D]")).astype(np.int64)
    is_known = ~np.isnat(birth_dates)

    def birthdays(year: int) -> NDArray[np.datetime64]:
        first = (np.datetime64(f"{year:04d}-01", "M") + np.where(is_known, of_year, 0)).astype("datetime64[D]")
        return first + np.where(is_known, day, 0)

    this_year = birthdays(cutoff.year)
    following = np.where(this_year >= today, this_year, birthdays(cutoff.year + 1))
    return np.where(is_known, (following - today).astype(np.float64), np.nan)


def _days_since_change(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> Column:
    changes = _find_changes(tables, cutoff)
    accounts = accounts_of(tables, customer_ids, cutoff=cutoff)
    changed = np.array([changes.get(account, NEVER) for account in accounts], "datetime64[D]")
    return np.where(np.isnat(changed), np.nan, (np.datetime64(cutoff, "D") - changed).astype(np.float64))


def _find_changes(tables: Tables, cutoff: date) -> Mapping[str, np.datetime64]:
    """By account: the day of its last change before the cutoff."""
    sources = (
        ("customers", {"account_id", "role"}, _find_new_contacts),
        ("accounts", {"account_id", "owner"}, _find_new_owners),
    )
    for name, columns, find in sources:
        present: Sequence[str] = tables[name].columns if name in tables else ()
        dating = next((one for one in DATES if one in present), None)
        if dating is not None and columns <= set(present):
            rows = keep_known_rows(tables[name], CONTRACT[name], cutoff=cutoff)
            changes = find(rows.mutate(since=rows[dating]).filter(_.since < midnight(cutoff))).to_pyarrow()
            return dict(zip(texts(changes["account_id"]).tolist(), days(changes["changed"]), strict=True))
    raise RuleError(
        f"a rule uses '{CustomerFact.DAYS_SINCE_CONTACT_PERSON_CHANGED}', which needs account_id, role and valid_from "
        "in customers, or owner and valid_from in accounts; map them under [tables.customers.columns]"
    )


def _find_new_contacts(people: ir.Table) -> ir.Table:
    """The accounts with a main contact after their first one, and since when the newest is one."""
    role = people.role.lower().replace("_", " ").replace("-", " ").strip()
    main = people.filter(role.isin(MAIN_ROLES), people.account_id.notnull())
    firsts = main.group_by("account_id", "customer_id").aggregate(since=_.since.min())
    spans = firsts.group_by("account_id").aggregate(first=_.since.min(), changed=_.since.max())
    return spans.filter(_.changed > _.first).select("account_id", "changed")


def _find_new_owners(accounts: ir.Table) -> ir.Table:
    """The accounts whose owner differs from an earlier one, and since when."""
    before = accounts.owner.lag().over(ibis.window(group_by="account_id", order_by="since"))
    moves = accounts.mutate(before=before).filter(_.owner != _.before)
    return moves.group_by("account_id").aggregate(changed=_.since.max())


def _read_people(tables: Tables, column: str, *, fact: CustomerFact, cutoff: date) -> ir.Table:
    """The customers with a column: as known at the cutoff where rows are dated, otherwise as of today."""
    for view in (tables.at(cutoff), tables.latest()):
        if "customers" in view and column in view["customers"].columns:
            return view["customers"]
    raise RuleError(f"a rule uses '{fact}', which needs {column} in customers; map it under [tables.customers.columns]")


FACTS: Mapping[CustomerFact, FactLoader] = {
    CustomerFact.LANGUAGE: _languages,
    CustomerFact.DAYS_TO_BIRTHDAY: _days_to_birthday,
    CustomerFact.DAYS_SINCE_CONTACT_PERSON_CHANGED: _days_since_change,
}
